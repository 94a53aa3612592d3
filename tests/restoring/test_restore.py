"""Restoring: any live file, with the tokens of now, and never without a copy of what is replaced."""

from __future__ import annotations

import json
import os
import re
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hermes_state.cli import app
from hermes_state.codec.json import JsonText, parse
from hermes_state.disk import RealDisk
from hermes_state.edit import Edit
from hermes_state.errors import FileNotOk, NotVerified, Refused, WriteFailed
from hermes_state.home import Home
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.outcomes import Outcome
from hermes_state.restoring import Restored, find, restore, sources, store_of
from hermes_state.restoring.credentials import RowDifference
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.permits import Permits
from hermes_state.stores.store import Held
from tests.ground.places import snapshot

NOW = 1795250000.0
SAMPLE = Path(__file__).parent.parent / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"
SECRETS = re.compile(r"sk-or-v1-test-|rt-test|at-test|-new-token")


def at(path: Path, profile: str = "default", root: Path | None = None) -> Home:
    return Home(str(path), "--home", profile, str(root or path), None)


@pytest.fixture
def auth(home: Path) -> Path:
    path = home / "auth.json"
    path.write_bytes(SAMPLE.read_bytes())
    path.chmod(0o600)
    return path


@pytest.fixture
def stamp(auth: Path) -> str:
    """The name of a backup of ``auth.json``, which is migrated since."""
    result = migrate_auth(at(auth.parent), Options(), NOW)
    assert result.backup is not None
    return os.path.basename(result.backup)


def bring_back(home: Path, name: str, file: str = "auth.json", **more: object) -> Restored:
    here = at(home)
    source = find(RealDisk(), str(home), name)
    (copy,) = [copy for copy in source.copies if copy.file == file]
    options: dict = {"with_tokens": False, "dry_run": False, "permits": Permits(), "now": NOW + 5} | more
    return restore(here, source, copy, store_of(here, file), **options)


def changed(path: Path, change: Callable[[dict], None]) -> None:
    document = json.loads(path.read_bytes())
    change(document)
    path.write_text(json.dumps(document))


def rows(document: dict) -> list[dict]:
    found: list[dict] = document["credential_pool"]["openrouter"]
    return found


# --- the live file ----------------------------------------------------------------------------------------------------


def test_the_bytes_come_back_and_what_was_replaced_is_kept(auth: Path, stamp: str) -> None:
    migrated = auth.read_bytes()
    done = bring_back(auth.parent, stamp)
    assert done.changed and not done.live_tokens
    assert auth.read_bytes() == SAMPLE.read_bytes()
    assert done.backup is not None
    assert (Path(done.backup) / "auth.json").read_bytes() == migrated
    bring_back(auth.parent, os.path.basename(done.backup))
    assert auth.read_bytes() == migrated


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"credential_pool": {"openrouter": [',
        b"[]",
        b"\x00\x00\x00",
        b'{"a": "\xff"}',
        b'{"providers": {}, "credential_pool": []}',
        b'{"providers": {}, "credential_pool_runtime": {"schema": 99, "pools": {}}}',
        b'{"providers": {}, "credential_pool_runtime": "foreign"}',
        b"[" * 5000,
    ],
    ids=range(9),
)
def test_a_live_file_in_any_state_is_replaced_and_kept(auth: Path, stamp: str, data: bytes) -> None:
    auth.write_bytes(data)
    assert AuthStore(at(auth.parent)).read().outcome is not Outcome.OK
    done = bring_back(auth.parent, stamp)
    assert auth.read_bytes() == SAMPLE.read_bytes()
    assert done.backup is not None
    assert (Path(done.backup) / "auth.json").read_bytes() == data


def test_a_live_file_that_is_too_large_is_replaced_and_kept_whole(
    auth: Path, stamp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = SAMPLE.read_bytes() + b" " * 100_000
    auth.write_bytes(large)
    monkeypatch.setattr(AuthStore, "limit", 50_000)
    assert AuthStore(at(auth.parent)).read().outcome is Outcome.TOO_LARGE
    done = bring_back(auth.parent, stamp)
    assert auth.read_bytes() == SAMPLE.read_bytes()
    assert done.backup is not None
    assert (Path(done.backup) / "auth.json").read_bytes() == large


def test_a_file_that_is_gone_comes_back_with_its_mode(auth: Path) -> None:
    auth.chmod(0o640)
    name = os.path.basename(migrate_auth(at(auth.parent), Options(), NOW).backup or "")
    auth.unlink()
    done = bring_back(auth.parent, name)
    assert (done.backup, stat.S_IMODE(auth.stat().st_mode)) == (None, 0o640)
    assert auth.read_bytes() == SAMPLE.read_bytes()


def test_an_existing_file_keeps_its_own_mode(auth: Path, stamp: str) -> None:
    auth.chmod(0o640)
    bring_back(auth.parent, stamp)
    assert stat.S_IMODE(auth.stat().st_mode) == 0o640


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink(path.name, path)])
def test_what_is_no_file_is_refused(auth: Path, stamp: str, make: Callable[[Path], None]) -> None:
    auth.unlink()
    make(auth)
    before = snapshot(auth.parent / "backups")
    with pytest.raises(FileNotOk) as caught:
        bring_back(auth.parent, stamp)
    assert caught.value.fault.outcome is Outcome.UNREADABLE
    assert snapshot(auth.parent / "backups") == before


def test_live_tokens_keep_their_bytes_however_they_are_spelled(auth: Path, stamp: str) -> None:
    odd = rb'"sk-or-v1-test-\u0041\/\u00E9"'
    live = re.sub(rb'("access_token": )"[^"]*"', lambda match: match[1] + odd, auth.read_bytes(), count=1)
    auth.write_bytes(live)
    done = bring_back(auth.parent, stamp)
    assert (done.live_tokens, auth.read_bytes().count(odd)) == (True, 1)
    assert rows(json.loads(auth.read_bytes()))[0]["access_token"] == "sk-or-v1-test-A/é"


def test_a_live_key_that_stands_twice_gives_the_token_that_counts(auth: Path, stamp: str) -> None:
    first, last = rb'"access_token": "sk-or-v1-test-\u0041"', rb'"access_token": "sk-or-v1-test-B"'
    live = re.sub(rb'"access_token": "[^"]*"', lambda match: first + b", " + last, auth.read_bytes(), count=1)
    auth.write_bytes(live)
    bring_back(auth.parent, stamp)
    assert last in auth.read_bytes()
    assert rb"\u0041" not in auth.read_bytes()


def test_a_copy_with_a_key_twice_where_a_live_token_would_go_is_refused_with_its_line(auth: Path) -> None:
    copy = auth.with_name("auth.json.corrupt")
    copy.write_bytes(re.sub(rb'("access_token": "[^"]*")', rb"\1, \1", SAMPLE.read_bytes(), count=1))
    changed(auth, lambda document: rows(document)[0].update(access_token="sk-or-v1-test-new-token"))
    before = auth.read_bytes()
    with pytest.raises(FileNotOk, match=r"line \d+.*access_token") as caught:
        bring_back(auth.parent, "auth.json.corrupt")
    assert (caught.value.path, auth.read_bytes()) == (str(copy), before)


def test_a_text_that_would_not_say_what_it_should_is_not_written(
    auth: Path, stamp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(text: JsonText, wanted: object, *, other: JsonText) -> list[Edit]:
        return [Edit(text.text.index("sk-or-v1-test-"), 2, "no")]

    monkeypatch.setattr(sys.modules[restore.__module__], "rewrite", wrong)
    before = auth.read_bytes()
    with pytest.raises(NotVerified):
        bring_back(auth.parent, stamp)
    assert auth.read_bytes() == before


def test_the_same_bytes_are_nothing_to_do(auth: Path, stamp: str) -> None:
    auth.write_bytes(SAMPLE.read_bytes())
    before = snapshot(auth.parent / "backups"), auth.stat().st_mtime_ns
    done = bring_back(auth.parent, stamp)
    assert (done.changed, done.backup) == (False, None)
    assert (snapshot(auth.parent / "backups"), auth.stat().st_mtime_ns) == before


def test_a_dry_run_creates_and_changes_nothing(auth: Path, stamp: str) -> None:
    (auth.parent / "auth.lock").unlink()
    before = snapshot(auth.parent)
    assert app.run(["--home", str(auth.parent), "restore", stamp, "--dry-run", "--diff"]) == 0
    assert snapshot(auth.parent) == before


def test_it_is_refused_beside_a_live_gateway_without_the_flag(auth: Path, stamp: str) -> None:
    before = auth.read_bytes()
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    record = {"pid": os.getpid(), "kind": "hermes-gateway", "gateway_state": "running", "start_time": started}
    (auth.parent / "gateway_state.json").write_text(json.dumps(record))
    with pytest.raises(Refused) as caught:
        bring_back(auth.parent, stamp)
    assert caught.value.flag == "--while-running"
    assert auth.read_bytes() == before
    bring_back(auth.parent, stamp, permits=Permits(while_running=True))
    assert auth.read_bytes() == SAMPLE.read_bytes()


def test_without_a_backup_of_what_is_there_nothing_is_restored(auth: Path, stamp: str, tmp_path: Path) -> None:
    folder = auth.parent / "backups"
    (auth.parent / "auth.json.corrupt").write_bytes(SAMPLE.read_bytes())
    folder.rename(tmp_path / "elsewhere")
    folder.write_text("in the way")
    before = auth.read_bytes()
    with pytest.raises(WriteFailed) as caught:
        bring_back(auth.parent, "auth.json.corrupt")
    assert caught.value.exit_code == 7
    assert auth.read_bytes() == before


@pytest.mark.parametrize("way", ["in the way", "full"])
def test_without_a_verified_backup_there_is_no_migration(
    auth: Path, way: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if way == "in the way":
        (auth.parent / "backups").write_text("")
    else:

        def full(self: RealDisk, at: object, name: str, uid: int = -1, gid: int = -1) -> None:
            raise OSError(28, os.strerror(28), name)

        monkeypatch.setattr(RealDisk, "make_directory", full)
    before = auth.read_bytes(), auth.stat().st_mtime_ns, auth.stat().st_ino
    assert app.run(["--home", str(auth.parent), "--json", "migrate"]) == 7
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert "writing the backup" in error["message"]
    assert (auth.read_bytes(), auth.stat().st_mtime_ns, auth.stat().st_ino) == before


def test_a_backup_that_reads_back_differently_stops_the_migration(
    auth: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = RealDisk.read

    def lying(self: RealDisk, at, name: str, limit: int) -> bytes:
        data = real(self, at, name, limit)
        return data[:-1] if "hermes-state" in at.path else data

    monkeypatch.setattr(RealDisk, "read", lying)
    before = auth.read_bytes()
    assert app.run(["--home", str(auth.parent), "--json", "migrate"]) == 7
    assert json.loads(capsys.readouterr().out)["errors"][0]["code"] == "not_verified"
    assert auth.read_bytes() == before


# --- tokens and rows --------------------------------------------------------------------------------------------------


def test_tokens_of_now_stay_where_id_and_source_match(auth: Path, stamp: str) -> None:
    def refresh(document: dict) -> None:
        rows(document)[0] |= {"access_token": "sk-or-v1-new-token", "refresh_token": "rt-new-token"}

    changed(auth, refresh)
    done = bring_back(auth.parent, stamp)
    document = json.loads(auth.read_bytes())
    wanted = json.loads(SAMPLE.read_bytes())
    assert done.live_tokens
    assert (rows(document)[0]["access_token"], rows(document)[0]["refresh_token"]) == (
        "sk-or-v1-new-token",
        "rt-new-token",
    )
    assert rows(document)[1:] == rows(wanted)[1:]


def test_what_the_backup_held_against_a_token_that_is_gone_is_not_held_against_the_new_one(
    auth: Path, stamp: str
) -> None:
    wanted = json.loads(SAMPLE.read_bytes())
    assert rows(wanted)[0]["last_status"] == "exhausted"
    changed(auth, lambda document: rows(document)[0].update(access_token="sk-or-v1-new-token", last_error_code=402))
    bring_back(auth.parent, stamp)
    restored = rows(json.loads(auth.read_bytes()))[0]
    assert (restored["last_status"], restored["last_error_code"]) == (None, 402)
    assert list(restored) == list(rows(wanted)[0])


def test_with_tokens_the_bytes_come_back_as_they_were(auth: Path, stamp: str) -> None:
    changed(auth, lambda document: rows(document)[0].update(access_token="sk-or-v1-new-token"))
    done = bring_back(auth.parent, stamp, with_tokens=True)
    assert not done.live_tokens
    assert auth.read_bytes() == SAMPLE.read_bytes()


@pytest.mark.parametrize("change", [{"id": "0f0f0f"}, {"source": "env:OPENROUTER_API_KEY"}])
def test_a_token_of_another_credential_is_not_taken(auth: Path, stamp: str, change: dict[str, str]) -> None:
    changed(auth, lambda document: rows(document)[0].update(access_token="sk-or-v1-new-token", **change))
    bring_back(auth.parent, stamp)
    assert auth.read_bytes() == SAMPLE.read_bytes()


@pytest.mark.parametrize(
    "spelling",
    [r"sk-\u0041\/\u00e9-new-token", r"sk-\ud83d\ude00-new-token", r"sk-\ud800-new-token", r"\"\\\b\f\n\r\t\u0000"],
)
def test_a_live_token_has_the_same_value_however_it_is_spelled(auth: Path, stamp: str, spelling: str) -> None:
    text = auth.read_text()
    token = rows(json.loads(text))[0]["access_token"]
    auth.write_text(text.replace(json.dumps(token), f'"{spelling}"'))
    live = rows(parse(auth.read_bytes()).value)[0]["access_token"]
    bring_back(auth.parent, stamp)
    assert rows(parse(auth.read_bytes()).value)[0]["access_token"] == live


def test_every_row_that_differs_is_told_and_how(auth: Path, stamp: str) -> None:
    before = rows(json.loads(SAMPLE.read_bytes()))

    def change(document: dict) -> None:
        gone, token, *_ = rows(document)
        rows(document)[:] = [
            {**gone, "id": "0a0a0a"},
            {**token, "access_token": "sk-or-v1-new-token"},
            {"label": "without id"},
        ]

    changed(auth, change)
    told = bring_back(auth.parent, stamp, dry_run=False).rows
    assert told == [
        RowDifference("openrouter", before[0]["id"], "only_in_backup"),
        RowDifference("openrouter", before[1]["id"], "token_differs"),
        RowDifference("openrouter", "0a0a0a", "only_now"),
        RowDifference("openrouter", None, "only_now"),
    ]


def test_tokens_that_a_writer_without_a_lock_brings_meanwhile_are_the_live_ones(
    auth: Path, stamp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Held._is_unchanged
    seen: list[int] = []

    def interfere(self: Held, where) -> bool:
        if not seen:
            seen.append(1)
            changed(auth, lambda document: rows(document)[0].update(access_token="sk-or-v1-new-token"))
        return real(self, where)

    monkeypatch.setattr(Held, "_is_unchanged", interfere)
    bring_back(auth.parent, stamp)
    assert rows(json.loads(auth.read_bytes()))[0]["access_token"] == "sk-or-v1-new-token"


# --- links and shared files -------------------------------------------------------------------------------------------


def test_a_link_stays_and_what_it_leads_to_is_restored(auth: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.json"
    auth.rename(real)
    auth.symlink_to("../dotfiles.json")
    name = os.path.basename(migrate_auth(at(auth.parent), Options(), NOW).backup or "")
    done = bring_back(auth.parent, name)
    assert (os.readlink(auth), done.links) == ("../dotfiles.json", None)
    assert real.read_bytes() == SAMPLE.read_bytes()


def test_a_link_that_became_a_file_is_told(auth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    auth.rename(tmp_path / "dotfiles.json")
    auth.symlink_to("../dotfiles.json")
    name = os.path.basename(migrate_auth(at(auth.parent), Options(), NOW).backup or "")
    auth.unlink()
    auth.write_bytes(b"{}")
    assert bring_back(auth.parent, name, dry_run=False).links == ("../dotfiles.json",)
    auth.write_bytes(b"{}")
    assert app.run(["--home", str(auth.parent), "restore", name]) == 0
    assert "it was a link to ../dotfiles.json when it was backed up" in capsys.readouterr().out


def test_other_homes_with_the_same_file_are_named(auth: Path, stamp: str) -> None:
    profile = auth.parent / "profiles" / "work"
    profile.mkdir(parents=True)
    (profile / "auth.json").symlink_to(auth)
    done = bring_back(auth.parent, stamp)
    assert done.shared_with == (str(profile),)
    assert (profile / "auth.lock").exists()


# --- the command ------------------------------------------------------------------------------------------------------


def test_the_command_tells_everything_but_no_secret(auth: Path, stamp: str, capsys: pytest.CaptureFixture[str]) -> None:
    changed(auth, lambda document: rows(document)[0].update(access_token="sk-or-v1-new-token"))
    live = auth.read_bytes()
    for flags in (["--json", "--dry-run", "--diff"], ["--dry-run", "--diff"], ["--json", "--diff"]):
        auth.write_bytes(live)
        assert app.run(["--home", str(auth.parent), "restore", stamp[:15], *flags]) == 0
        out, err = capsys.readouterr()
        assert not SECRETS.search(out + err)
        if "--json" in flags:
            (file,) = json.loads(out)["files"]
            assert (file["changed"], file["live_tokens_kept"], file["atomic"]) == (True, True, True)
            assert (file["backup"] is None) is ("--dry-run" in flags)
            assert file["rows"][0]["what"] == "token_differs"
            assert "credential_pool_runtime" in file["diff"]
        else:
            assert "would be restored" in out and "has another token now" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["20000101"], 2), (["{stamp}", "sessions.json"], 2), (["{stamp}", "auth.json"], 0), ([""], 2)],
)
def test_unknown_backups_and_files_are_usage_errors(auth: Path, stamp: str, arguments: list[str], code: int) -> None:
    given = [argument.format(stamp=stamp) for argument in arguments]
    assert app.run(["--home", str(auth.parent), "restore", *given]) == code


def test_a_name_that_fits_several_is_a_usage_error(auth: Path, stamp: str, capsys: pytest.CaptureFixture[str]) -> None:
    migrate_auth(at(auth.parent), Options(to_base=True), NOW + 1)
    assert app.run(["--home", str(auth.parent), "restore", stamp[:4]]) == 2
    assert "fits several" in capsys.readouterr().err


def test_all_profiles_make_no_sense_here(auth: Path, stamp: str) -> None:
    assert app.run(["--home", str(auth.parent), "--all-profiles", "restore", stamp]) == 2


def test_a_copy_that_is_not_ok_is_not_restored(auth: Path) -> None:
    (auth.parent / "auth.json.corrupt").write_bytes(b'{"half')
    before = auth.read_bytes()
    assert app.run(["--home", str(auth.parent), "restore", "auth.json.corrupt"]) == 4
    assert auth.read_bytes() == before


def test_the_newest_twenty_backups_are_kept(auth: Path, stamp: str) -> None:
    for turn in range(25):
        name = sources(RealDisk(), str(auth.parent))[0].name
        bring_back(auth.parent, name, now=time.time() + turn)
    assert len([source for source in sources(RealDisk(), str(auth.parent))]) == 20
