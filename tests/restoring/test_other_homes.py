"""Several homes, one folder of backups: each restores and removes what is its own, and says whose the rest is."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from hermes_state import backup, retention, strays
from hermes_state.cli import app
from hermes_state.disk import RealDisk
from hermes_state.home import Home
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.restoring import advice
from tests.ground.places import snapshot

NOW = 1795250000.0
SAMPLE = (Path(__file__).parent.parent / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json").read_bytes()
OTHER = SAMPLE.replace(b"sk-or-v1-test-", b"sk-or-v1-test-other-")


def at(path: Path) -> Home:
    return Home(str(path), "--home", "default", str(path), None)


def migrated(home: Path, now: float = NOW) -> str:
    """The name of the backup that a migration made."""
    done = migrate_auth(at(home), Options(), now)
    assert done.backup is not None
    return os.path.basename(done.backup)


def save(home: Path, now: float) -> str:
    """The name of a backup of ``auth.json``."""
    path = str(home / "auth.json")
    original = backup.Original("auth", path, (), path, 0o600, os.geteuid(), os.getegid(), SAMPLE)
    made = backup.save(RealDisk(), str(home), [original], reason="migrate", now=now, facts={"steps": []})
    return os.path.basename(made)


@pytest.fixture
def other(home: Path, tmp_path: Path) -> Path:
    """A second home, whose folder of backups is that of ``home``; each has credentials of its own."""
    path = tmp_path / "the other"
    path.mkdir(mode=0o700)
    (home / "backups").mkdir()
    (path / "backups").symlink_to(home / "backups")
    for where, data in ((home, SAMPLE), (path, OTHER)):
        (where / "auth.json").write_bytes(data)
    return path


# --- restoring --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--with-tokens"], ["--while-running"]])
def test_a_backup_of_another_home_is_refused_with_the_command_that_restores_it_there(
    home: Path, other: Path, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = migrated(home)
    before = snapshot(other)
    assert app.run(["--home", str(other), "--json", "restore", name, *more]) == 5
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error["code"] == "refused"
    assert str(home) in error["message"] and str(other) in error["message"]
    assert error["hint"] == f"restore it there: hermes-state --home {home} restore {name}"
    assert snapshot(other) == before
    assert app.run(["--home", str(home), "restore", name]) == 0
    assert (home / "auth.json").read_bytes() == SAMPLE


def test_the_command_for_a_home_with_a_blank_in_its_name_can_be_typed(
    home: Path, other: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = migrated(other)
    assert app.run(["--home", str(home), "restore", name]) == 5
    assert f"hermes-state --home '{other}' restore {name}" in capsys.readouterr().err


def test_the_list_says_of_which_home_a_backup_is(home: Path, other: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = migrated(home), migrated(other, NOW + 1)
    assert app.run(["--home", str(other), "--json", "backups"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)["homes"]
    assert {one["name"]: one["other_home"] for one in answer["backups"]} == {first: str(home), second: None}
    assert app.run(["--home", str(other), "backups"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.count(", of ") == 1


def test_no_command_is_advised_that_would_be_refused(home: Path, other: Path) -> None:
    ours = migrated(other)
    migrated(home, NOW + 1)
    said = advice(RealDisk(), str(other), "auth.json", str)
    assert said.startswith(f"restore {ours} auth.json") and "older" not in said


def test_no_shell_offers_what_would_be_refused(
    home: Path, other: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    migrated(home)
    ours = migrated(other, NOW + 1)
    monkeypatch.setenv("_HERMES_STATE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"hermes-state\n--home\n'{other}'\nrestore\n")
    monkeypatch.setenv("COMP_CWORD", "4")
    with pytest.raises(SystemExit):
        app.run([])
    assert capsys.readouterr().out.split() == [ours]


def test_by_another_path_it_is_the_same_home(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "auth.json").write_bytes(SAMPLE)
    (tmp_path / "link").symlink_to(home)
    name = migrated(tmp_path / "link")
    for path in (home, tmp_path / "link"):
        assert app.run(["--home", str(path), "--json", "restore", name]) == 0
        assert json.loads(capsys.readouterr().out)["other_home"] is None


def test_a_link_that_led_to_another_home_then_makes_its_backup_another_homes(
    home: Path, other: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(home)
    name = migrated(tmp_path / "link")
    (tmp_path / "link").unlink()
    (tmp_path / "link").symlink_to(other)
    assert app.run(["--home", str(tmp_path / "link"), "restore", name]) == 5
    assert (other / "auth.json").read_bytes() == OTHER


@pytest.mark.parametrize("again", [False, True], ids=["moved", "and a new one is there"])
def test_a_home_that_was_moved_is_restored_with_a_warning(
    home: Path, tmp_path: Path, again: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "auth.json").write_bytes(SAMPLE)
    name = migrated(home)
    moved = tmp_path / "moved"
    home.rename(moved)
    if again:
        home.mkdir()
    assert app.run(["--home", str(moved), "--json", "restore", name, "--dry-run"]) == 0
    assert json.loads(capsys.readouterr().out)["other_home"] == str(home)
    assert app.run(["--home", str(moved), "restore", name]) == 0
    assert f"{name} was made of {home}, which does not have it (any more)" in capsys.readouterr().out
    assert (moved / "auth.json").read_bytes() == SAMPLE


def test_in_a_copy_of_a_home_the_backups_are_those_of_the_home(home: Path, tmp_path: Path) -> None:
    (home / "auth.json").write_bytes(SAMPLE)
    name = migrated(home)
    shutil.copytree(home, tmp_path / "copy")
    assert app.run(["--home", str(tmp_path / "copy"), "restore", name]) == 5


def test_a_backup_from_before_real_paths_were_recorded_is_known_by_its_home(home: Path, other: Path) -> None:
    name = migrated(home)
    manifest = home / "backups" / "hermes-state" / name / "manifest.json"
    facts = json.loads(manifest.read_bytes())
    del facts["real_home"]
    manifest.write_text(json.dumps(facts))
    assert app.run(["--home", str(other), "restore", name]) == 5
    assert app.run(["--home", str(home), "restore", name]) == 0


@pytest.mark.parametrize("recorded", ["nul\\u0000", "\\ud800", ""])
def test_a_manifest_can_name_any_home(home: Path, recorded: str) -> None:
    (home / "auth.json").write_bytes(SAMPLE)
    name = migrated(home)
    manifest = home / "backups" / "hermes-state" / name / "manifest.json"
    text = manifest.read_text()
    manifest.write_text(text.replace(f'"real_home": "{home}"', f'"real_home": "{recorded}"'))
    assert manifest.read_text() != text
    assert app.run(["--home", str(home), "--json", "backups"]) == 0
    assert app.run(["--home", str(home), "backups"]) == 0
    assert app.run(["--home", str(home), "restore", name]) == 0


# --- the digest -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [OTHER, SAMPLE + b" ", b"", b'{"half'], ids=range(4))
def test_a_copy_that_is_not_what_was_backed_up_is_corrupt(
    home: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "auth.json").write_bytes(SAMPLE)
    name = migrated(home)
    (home / "backups" / "hermes-state" / name / "auth.json").write_bytes(data)
    before = (home / "auth.json").read_bytes()
    assert app.run(["--home", str(home), "--json", "restore", name, "--with-tokens"]) == 4
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert (error["code"], "SHA-256" in error["message"]) == ("file_not_ok", True)
    assert "hermes-state backups" in error["hint"]
    assert (home / "auth.json").read_bytes() == before
    app.run(["--home", str(home), "--json", "backups"])
    (entry,) = json.loads(capsys.readouterr().out)["homes"][0]["backups"][0]["files"]
    assert (entry["outcome"], entry["size"], entry["rows"]) == ("corrupt", len(data), None)
    assert advice(RealDisk(), str(home), "auth.json", str) == ""


def test_a_copy_that_changes_after_it_was_looked_at_is_not_restored(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "auth.json").write_bytes(SAMPLE)
    name = migrated(home)
    copy = home / "backups" / "hermes-state" / name / "auth.json"
    real, reads = RealDisk.read, []

    def read(self: RealDisk, at, entry: str, limit: int) -> bytes:
        data = real(self, at, entry, limit)
        if os.path.join(at.path, entry) == str(copy):
            reads.append(1)
            return data if len(reads) == 1 else OTHER
        return data

    monkeypatch.setattr(RealDisk, "read", read)
    before = (home / "auth.json").read_bytes()
    assert app.run(["--home", str(home), "restore", name]) == 4
    assert (len(reads), (home / "auth.json").read_bytes()) == (2, before)


# --- what may be removed ----------------------------------------------------------------------------------------------


def test_only_backups_of_the_same_home_are_counted_and_removed(home: Path, other: Path) -> None:
    theirs = [save(home, NOW + number) for number in range(5)]
    ours = [save(other, NOW + 10 + number) for number in range(5)]
    assert retention.prune(RealDisk(), str(other), keep=2) == ours[:3]
    assert backup.names(RealDisk(), str(home)) == [*theirs, *ours[3:]]
    assert retention.prune(RealDisk(), str(home), keep=2) == theirs[:3]


def test_what_somebody_put_into_a_backup_stays_and_its_folder(home: Path) -> None:
    folder = home / "backups" / "hermes-state"
    names = [save(home, NOW + number) for number in range(4)]
    (folder / names[0] / "notes.txt").write_text("mine")
    (folder / names[1] / "sub").mkdir()
    assert retention.prune(RealDisk(), str(home), keep=1) == names[2:3]
    assert [path.name for path in (folder / names[0]).iterdir()] == ["notes.txt"]
    assert [path.name for path in (folder / names[1]).iterdir()] == ["sub"]


@pytest.mark.parametrize("manifest", [None, "{}", '{"half', "[]", '{"format": "theirs", "home": "", "files": []}'])
def test_folders_that_only_look_like_ours_keep_what_is_in_them(home: Path, manifest: str | None) -> None:
    folder = home / "backups" / "hermes-state"
    for number in range(31):
        foreign = folder / f"202001{number + 1:02}T000000Z-abcd"
        foreign.mkdir(parents=True)
        (foreign / "thesis.txt").write_text("mine")
        if manifest is not None:
            (foreign / "manifest.json").write_text(manifest)
            (foreign / "auth.json").write_text("theirs")
    before = snapshot(folder)
    save(home, NOW)
    save(home, NOW + 1)
    assert retention.prune(RealDisk(), str(home), keep=1) != []
    assert strays.sweep(RealDisk(), str(home), NOW * 2) == []
    after = snapshot(folder)
    assert {path: look[0] for path, look in before.items() if look[0]} == {
        path: look[0] for path, look in after.items() if look[0] and path in before
    }


def test_of_a_folder_without_manifest_only_what_we_make_goes(home: Path) -> None:
    folder = home / "backups" / "hermes-state"
    for name in ("20200101T000000Z-0000", "20200101T000001Z-0000"):
        (folder / name).mkdir(parents=True)
        (folder / name / "auth.json").write_bytes(SAMPLE)
        (folder / name / "manifest.json.part").write_bytes(b"{")
    (folder / "20200101T000001Z-0000" / "notes.txt").write_text("mine")
    save(home, NOW)
    assert retention.prune(RealDisk(), str(home), keep=1) == ["20200101T000000Z-0000"]
    assert [path.name for path in (folder / "20200101T000001Z-0000").iterdir()] == ["notes.txt"]


def test_a_manifest_leads_out_of_its_folder_in_no_way(home: Path) -> None:
    (home / "auth.json").write_bytes(SAMPLE)
    names = [save(home, NOW + number) for number in range(2)]
    manifest = home / "backups" / "hermes-state" / names[0] / "manifest.json"
    facts = json.loads(manifest.read_bytes())
    facts["files"] += [{"name": "../../../auth.json"}, {"name": str(home / "auth.json")}]
    manifest.write_text(json.dumps(facts))
    assert retention.prune(RealDisk(), str(home), keep=1) == names[:1]
    assert (home / "auth.json").read_bytes() == SAMPLE
