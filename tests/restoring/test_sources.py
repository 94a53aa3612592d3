"""What a file can be brought back from: our backups and the copies that agents leave, each with its outcome."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import zipfile
from pathlib import Path

import pytest

from hermes_state import retention, strays
from hermes_state.cli import app
from hermes_state.disk import Directory, RealDisk
from hermes_state.errors import FileNotOk
from hermes_state.home import Home
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.outcomes import Outcome
from hermes_state.restoring import advice, copies, find, sources
from tests.ground.places import snapshot

NOW = 1795250000.0
SAMPLE = (Path(__file__).parent.parent / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json").read_bytes()
ROWS = len(json.loads(SAMPLE)["credential_pool"]["openrouter"])


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def archive(path: Path, **members: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name.replace("_", "."), data)
    return path


def listed(home: Path) -> dict[str, list[tuple[str, str, int | None]]]:
    return {
        source.name: [(copy.file, copy.outcome.value, copy.rows) for copy in source.copies]
        for source in sources(RealDisk(), str(home))
    }


def test_a_home_without_any_has_none(home: Path) -> None:
    assert listed(home) == {}
    assert advice(RealDisk(), str(home), "auth.json", str) == ""


def test_every_kind_of_copy_is_listed_with_its_rows(home: Path) -> None:
    put(home / "auth.json", SAMPLE)
    ours = os.path.basename(migrate_auth(Home(str(home), "", "default", str(home), None), Options(), NOW).backup or "")
    put(home / "auth.json.corrupt", SAMPLE)
    put(home / "state-snapshots" / "20260101-000000" / "auth.json", SAMPLE)
    put(home / "state-snapshots" / "20260101-000000" / "config.yaml", b"model: test\n")
    put(home / "state-snapshots" / "20260101-000001" / "cron.json", b"{}")
    put(home / "backups" / "config" / "config.yaml.good.20260101-000000", b"model: test\n")
    archive(home / "backups" / "pre-update-2026-01-01-000000.zip", auth_json=SAMPLE, config_yaml=b"a: 1\n")
    before = snapshot(home)
    auth, config = ("auth.json", "ok", ROWS), ("config.yaml", "ok", None)
    assert listed(home) == {
        ours: [auth],
        "auth.json.corrupt": [auth],
        "state-snapshots/20260101-000000": [auth, config],
        "backups/config/config.yaml.good.20260101-000000": [config],
        "backups/pre-update-2026-01-01-000000.zip": [auth, config],
    }
    assert snapshot(home) == before


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"", "empty"),
        (b'{"half', "corrupt"),
        (b"[]", "invalid"),
        (b'{"providers": {}, "credential_pool_runtime": {"schema": 9, "pools": {}}}', "too_new"),
    ],
)
def test_a_copy_that_is_not_ok_says_so(home: Path, data: bytes, outcome: str) -> None:
    put(home / "auth.json.corrupt", data)
    archive(home / "backups" / "pre-migration-2026-01-01-000000.zip", auth_json=data)
    assert {copies[0][1] for copies in listed(home).values()} == {outcome}
    assert advice(RealDisk(), str(home), "auth.json", str) == ""


@pytest.mark.parametrize("data", [b"model: [1\n", b"- a list\n", b"a: \x00\n"])
def test_a_settings_copy_that_no_agent_could_read_says_so(home: Path, data: bytes) -> None:
    put(home / "state-snapshots" / "one" / "config.yaml", data)
    ((_, outcome, _),) = listed(home)["state-snapshots/one"]
    assert outcome != Outcome.OK


def test_broken_archives_are_no_reason_to_fail(home: Path) -> None:
    put(home / "backups" / "pre-update-1.zip", b"not a zip")
    whole = archive(home / "backups" / "pre-update-2.zip", auth_json=SAMPLE).read_bytes()
    middle = whole.index(b"auth.json") + 40
    put(home / "backups" / "pre-update-2.zip", whole[:middle] + b"\0\xff\0\xff" + whole[middle + 4 :])
    archive(home / "backups" / "pre-update-3.zip", else_txt=b"")
    archive(home / "backups" / "somebodys.zip", auth_json=SAMPLE)
    (home / "backups" / "pre-update-4.zip").mkdir()
    assert listed(home) == {"backups/pre-update-2.zip": [("auth.json", "unreadable", None)]}
    assert app.run(["--home", str(home), "restore", "backups/pre-update-2.zip"]) == 3


def test_what_lies_about_in_the_backups_folder_is_no_source(home: Path) -> None:
    folder = home / "backups" / "hermes-state"
    for name in ("20260101T000000Z-0000", "20260101T000000Z-0001", "20260101T000000Z-0002", "mine"):
        put(folder / name / "auth.json", SAMPLE)
    put(folder / "20260101T000000Z-0001" / "manifest.json", b"{}")
    put(folder / "20260101T000000Z-0002" / "manifest.json", b"\xff")
    assert listed(home) == {}


def test_a_member_of_an_archive_is_restored(home: Path) -> None:
    put(home / "auth.json", b"")
    archive(home / "backups" / "pre-update-1.zip", auth_json=SAMPLE)
    assert app.run(["--home", str(home), "restore", "backups/pre-update-1.zip"]) == 0
    assert (home / "auth.json").read_bytes() == SAMPLE


def test_the_advice_names_the_newest_first_with_their_rows(home: Path) -> None:
    for turn, name in enumerate("abcdef"):
        folder = put(home / "state-snapshots" / name / "auth.json", SAMPLE).parent
        os.utime(folder, (turn, turn))
    put(home / "auth.json.corrupt", b"{")
    said = advice(RealDisk(), str(home), "auth.json", "`hermes-state {}`".format)
    command = "`hermes-state restore state-snapshots/f auth.json`"
    assert said.startswith(f"{command} brings back the newest copy ({ROWS} credentials)")
    assert f"older: state-snapshots/e ({ROWS} credentials), state-snapshots/d" in said
    assert said.endswith(", and 2 more") and "corrupt" not in said


def test_the_command_lists_them_newest_first(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for turn, name in enumerate("ab"):
        folder = put(home / "state-snapshots" / name / "auth.json", SAMPLE).parent
        os.utime(folder, (turn, turn))
    assert app.run(["--home", str(home), "--json", "backups"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["homes"]
    assert [entry["name"] for entry in answer["backups"]] == ["state-snapshots/b", "state-snapshots/a"]
    assert answer["backups"][0]["files"][0]["rows"] == ROWS
    assert app.run(["--home", str(home), "backups"]) == 0
    assert f"auth.json with {ROWS} credentials" in capsys.readouterr().out


@pytest.mark.agent
@pytest.mark.parametrize("version", ["0.19.0", "0.22.2"])
def test_a_snapshot_of_a_real_agent_can_be_restored(home: Path, version: str) -> None:
    folder = os.environ.get("HERMES_STATE_AGENTS")
    hermes = Path(folder or "/nonexistent") / version / "bin" / "hermes"
    if not hermes.exists():
        pytest.skip(f"no agent {version}: HERMES_STATE_AGENTS is not set (make agents)")
    put(home / "auth.json", SAMPLE)
    env = {"PATH": os.environ["PATH"], "HOME": str(home.parent), "HERMES_HOME": str(home)}
    made = subprocess.run(
        [str(hermes), "backup", "-q"],
        env=env,
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-2000:]
    (name,) = [name for name in listed(home) if name.startswith("state-snapshots/")]
    put(home / "auth.json", b"")
    assert app.run(["--home", str(home), "restore", name, "auth.json"]) == 0
    assert (home / "auth.json").read_bytes() == SAMPLE
    assert find(RealDisk(), str(home), name).origin == "agent"


def unlistable(monkeypatch: pytest.MonkeyPatch, folder: Path, number: int = errno.EIO) -> None:
    """Opening ``folder``, or reading in it, fails (root may enter everything, so modes alone will not do)."""
    real = RealDisk.open_directory

    def failing(self: RealDisk, path: str) -> Directory:
        if path == str(folder):
            raise OSError(number, os.strerror(number), path)
        return real(self, path)

    monkeypatch.setattr(RealDisk, "open_directory", failing)


@pytest.fixture
def ours(home: Path) -> Path:
    put(home / "auth.json", SAMPLE)
    return Path(migrate_auth(Home(str(home), "", "default", str(home), None), Options(), NOW).backup or "")


@pytest.mark.parametrize("what", ["the folder of backups", "one backup"])
def test_a_backup_that_cannot_be_looked_into_is_not_called_absent(
    ours: Path, home: Path, what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ours.parent if what == "the folder of backups" else ours
    unlistable(monkeypatch, folder)
    assert app.run(["--home", str(home), "restore", ours.name]) == 3
    assert str(folder) in capsys.readouterr().err
    assert app.run(["--home", str(home), "backups", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert [(error["path"], error["code"]) for error in said["errors"]] == [(str(folder), "file_not_ok")]
    assert app.run(["--home", str(home), "backups"]) == 3
    shown = capsys.readouterr()
    assert str(folder) in shown.err
    assert "nothing to restore" not in shown.out


def test_what_cannot_be_looked_into_hides_nothing_that_is_named_whole(
    ours: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots = home / "state-snapshots"
    put(snapshots / "20260101-000000" / "auth.json", SAMPLE)
    unlistable(monkeypatch, snapshots)
    assert find(RealDisk(), str(home), ours.name).name == ours.name
    assert find(RealDisk(), str(home), ours.name[:8]).name == ours.name
    with pytest.raises(FileNotOk):
        find(RealDisk(), str(home), "state-snapshots/20260101-000000")


def test_a_manifest_that_is_none_makes_the_backup_corrupt_not_absent(ours: Path, home: Path) -> None:
    (ours / "manifest.json").write_bytes(b'{"half')
    assert app.run(["--home", str(home), "restore", ours.name]) == 4
    assert sources(RealDisk(), str(home)) == []


@pytest.mark.parametrize("at", ["Infinity", "NaN", '"inf"', "1" + 400 * "0", "null"])
def test_a_manifest_without_a_possible_time_makes_the_backup_corrupt(ours: Path, home: Path, at: str) -> None:
    manifest = ours / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace(f'"created_at": {NOW}', f'"created_at": {at}'))
    assert manifest.read_text() != text
    assert app.run(["--home", str(home), "backups"]) == 4
    assert app.run(["--home", str(home), "--json", "backups"]) == 4


def test_a_manifest_that_is_nested_without_end_makes_the_backup_corrupt(ours: Path, home: Path) -> None:
    (ours / "manifest.json").write_bytes(b"[" * 200_000)
    assert app.run(["--home", str(home), "restore", ours.name]) == 4


@pytest.mark.parametrize("mode", ["-1", 40 * "7", "99", "10777"])
def test_a_manifest_with_an_impossible_mode_makes_the_backup_corrupt(ours: Path, home: Path, mode: str) -> None:
    manifest = ours / "manifest.json"
    manifest.write_text(re.sub(r'"mode": "[0-7]+"', f'"mode": "{mode}"', manifest.read_text()))
    (home / "auth.json").unlink()
    assert app.run(["--home", str(home), "restore", ours.name]) == 4
    assert not (home / "auth.json").exists()


def test_a_file_that_comes_back_is_no_setuid_file_whatever_the_manifest_says(ours: Path, home: Path) -> None:
    manifest = ours / "manifest.json"
    manifest.write_text(re.sub(r'"mode": "[0-7]+"', '"mode": "6640"', manifest.read_text()))
    (home / "auth.json").unlink()
    assert app.run(["--home", str(home), "restore", ours.name]) == 0
    assert (home / "auth.json").stat().st_mode & 0o7777 == 0o640


def test_copies_of_a_time_that_no_calendar_has_are_listed(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(home / "auth.json.corrupt", SAMPLE)
    monkeypatch.setattr(copies, "_when", lambda path: 2.0**55)  # tmpfs keeps such a time, not every file system does
    assert app.run(["--home", str(home), "backups"]) == 0
    assert "after the year 9999" in capsys.readouterr().out


def test_a_reason_is_shown_without_the_secret_that_somebody_wrote_into_it(
    ours: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = "sk-or-v1-test-0123456789abcdef"
    manifest = ours / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"reason": "migrate"', f'"reason": "{secret}"'))
    for form in ([], ["--json"]):
        assert app.run(["--home", str(home), *form, "backups"]) == 0
        said = capsys.readouterr().out
        assert "[secret " in said and secret not in said


def test_a_backup_that_was_never_finished_is_none(ours: Path, home: Path) -> None:
    (ours / "manifest.json").unlink()
    assert app.run(["--home", str(home), "restore", ours.name]) == 2


def test_archives_that_are_none_are_not_called_absent(home: Path) -> None:
    put(home / "backups" / "pre-update-2026-01-01-000000.zip", b"no archive")
    with pytest.raises(FileNotOk) as caught:
        find(RealDisk(), str(home), "backups/pre-update-2026-01-01-000000.zip")
    assert caught.value.exit_code == 4


def test_pruning_and_sweeping_pass_over_backups_that_cannot_be_listed(
    ours: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlistable(monkeypatch, ours.parent)
    assert retention.prune(RealDisk(), str(home), keep=0) == []
    assert strays.find(RealDisk(), str(home), NOW) == []
