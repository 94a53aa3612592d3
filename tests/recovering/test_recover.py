"""What killed runs leave is mended and swept: ours alone, old alone, and nobody's who still works."""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from pathlib import Path

import pytest

from hermes_state import backup, inplace, recovering, strays
from hermes_state.cli import app
from hermes_state.disk import RealDisk
from hermes_state.errors import LockTimeout
from hermes_state.home import Home
from hermes_state.links import resolve
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.recovering import recover
from hermes_state.writer import this

#: No process has it: above the largest that Linux gives.
DEAD = 4194305
SAMPLE = Path(__file__).parent.parent / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"
OLD, NEW = b'{"old": 1, "x": 22}\n', b'{"new": 2, "y": 333}\n'


def later() -> float:
    return time.time() + 2 * 3600


def at(path: Path) -> Home:
    return Home(str(path), "--home", "default", str(path), None)


def stray(folder: Path, name: str = "", pid: int = DEAD) -> Path:
    path = folder / (name or f".auth.json.hermes-state.{pid}.0123abcd.tmp")
    path.write_text("sk-or-v1-test-secret")
    return path


def half_written(home: Path, at_byte: int = 12) -> Path:
    """An in-place write that was killed in its midst; its process is dead."""
    file = home / "auth.json"
    file.write_bytes(OLD)

    class Dead(Exception):
        pass

    class Dying(RealDisk):
        def open_for_update(self, at, name):
            raise Dead

    with pytest.raises(Dead):
        real = inplace._discard
        inplace._discard = lambda disk, record: None
        try:
            inplace.overwrite(Dying(), resolve(str(file)), OLD, NEW, str(home), time.time(), lambda at: True)
        finally:
            inplace._discard = real
    (record,) = inplace.records(RealDisk(), str(home)).found
    manifest = Path(record) / backup.MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(f'"pid": {os.getpid()}'.encode(), f'"pid": {DEAD}'.encode()))
    file.write_bytes(NEW[:at_byte] + OLD[at_byte:])
    return file


def test_a_half_written_file_gets_its_old_content_back(home: Path) -> None:
    file = half_written(home)
    done = recover(at(home), time.time())
    assert [one.path for one in done.mended] == [str(file)]
    assert file.read_bytes() == OLD
    assert recover(at(home), time.time()) == recovering.Recovered(at(home))


def test_a_whole_file_is_not_called_mended(home: Path) -> None:
    file = half_written(home, len(NEW))
    file.write_bytes(NEW)
    done = recover(at(home), time.time())
    assert (done.mended, [Path(path).suffix for path in done.swept]) == ((), [".in-place"])
    assert file.read_bytes() == NEW


def test_a_record_of_a_living_process_is_left(home: Path) -> None:
    half_written(home)
    (record,) = inplace.records(RealDisk(), str(home)).found
    manifest = Path(record) / backup.MANIFEST
    manifest.write_bytes(manifest.read_bytes().replace(str(DEAD).encode(), str(os.getpid()).encode()))
    done = recover(at(home), later())
    assert [one.state for one in done.left] == ["running"]
    assert os.path.exists(record)


def test_it_waits_for_the_locks_and_leaves_everything_when_it_does_not_get_them(home: Path) -> None:
    import fcntl

    file = half_written(home)
    before = file.read_bytes()
    with (home / "auth.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(LockTimeout):
            recover(at(home), time.time(), seconds=0.05)
    assert file.read_bytes() == before


def test_without_anything_to_do_it_leaves_no_trace(home: Path) -> None:
    recover(at(home), time.time())
    assert list(home.iterdir()) == []


def test_strays_are_swept_wherever_runs_make_them(home: Path, tmp_path: Path) -> None:
    away, far = tmp_path / "dotfiles", tmp_path / "limits"
    places = [home, home / "sessions", home / "rate_limits", home / "backups" / "hermes-state", away, far]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    (away / "auth.json").write_text("{}")
    (home / "auth.json").symlink_to(away / "auth.json")
    (home / "rate_limits" / "nous.json").symlink_to(far / "nous.json")
    made = [stray(place) for place in places]
    done = recover(at(home), later())
    assert sorted(done.swept) == sorted(map(str, made))
    assert not any(path.exists() for path in made)
    assert (away / "auth.json").exists()


@pytest.mark.parametrize(
    "name",
    [
        ".auth.json.hermes-state.1.0123abcd.tmp",
        f".auth.json.hermes-state.{DEAD}.0123abcd.tmp.bak",
        f".auth.json.hermes-state.{DEAD}.0123ABCD.tmp",
        f".auth.json.hermes-state.{DEAD}.0123abc.tmp",
        f"auth.json.hermes-state.{DEAD}.0123abcd.tmp",
        f".hermes-state.{DEAD}.0123abcd.tmp",
        ".auth.json.hermes-state.x.0123abcd.tmp",
        f".auth_{DEAD}.tmp",
        "auth.json.tmp",
        ".sessions_abc.tmp",
    ],
)
def test_what_is_not_ours_or_whose_process_lives_is_left(home: Path, name: str) -> None:
    path = stray(home, name)
    assert recover(at(home), later()).swept == ()
    assert path.exists()


def test_a_young_stray_is_left(home: Path) -> None:
    path = stray(home)
    assert strays.sweep(RealDisk(), str(home), time.time() + 3500) == []
    os.utime(path, (0, 0))  # renamed here a moment ago: old by its content, young by its name
    assert strays.sweep(RealDisk(), str(home), time.time() + 3500) == []
    assert strays.sweep(RealDisk(), str(home), time.time() + 3700) == [str(path)]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo, lambda path: os.symlink("auth.json", path)])
def test_only_regular_files_are_swept(home: Path, make) -> None:
    path = home / f".auth.json.hermes-state.{DEAD}.0123abcd.tmp"
    make(path)
    assert strays.sweep(RealDisk(), str(home), later()) == []
    assert path.is_symlink() or path.exists()


def test_a_backup_that_was_never_finished_is_swept_when_it_is_old(home: Path) -> None:
    folder = home / "backups" / "hermes-state"
    (folder / "20260101T000000Z-0000").mkdir(parents=True)
    (folder / "20260101T000000Z-0000" / "auth.json").write_text("{}")
    (folder / "20260101T000000Z-0001").mkdir()
    (folder / "20260101T000000Z-0001" / backup.MANIFEST).write_text("{}")
    (folder / "mine").mkdir()
    assert recover(at(home), time.time()).swept == ()
    assert recover(at(home), later()).swept == (str(folder / "20260101T000000Z-0000"),)
    assert sorted(path.name for path in folder.iterdir()) == ["20260101T000000Z-0001", "mine"]


def signed(home: Path, **facts: object) -> None:
    """Say something else of the process in the home's one record."""
    (record,) = inplace.records(RealDisk(), str(home)).found
    manifest = Path(record) / backup.MANIFEST
    said = json.loads(manifest.read_bytes())
    said["writer"] = {**this()._asdict(), **facts}
    manifest.write_text(json.dumps(said))


@pytest.mark.parametrize("verb", ["open_directory", "names"])
def test_records_that_may_be_there_and_cannot_be_looked_for_are_no_success(
    home: Path, verb: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = half_written(home)
    before = file.read_bytes()
    folder = str(home.joinpath(*backup.FOLDER))
    real = getattr(RealDisk, verb)

    def failing(self: RealDisk, at):
        if folder in (at, getattr(at, "path", "")):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(self, at)

    monkeypatch.setattr(RealDisk, verb, failing)
    assert app.run(["--home", str(home), "recover"]) == 7
    shown = capsys.readouterr()
    assert folder in shown.err
    assert "nothing to mend" not in shown.out
    assert file.read_bytes() == before


def test_a_process_that_got_the_id_of_a_dead_writer_keeps_nobody_from_mending(home: Path) -> None:
    file = half_written(home)
    mine = this().started
    assert mine is not None
    signed(home, started=mine - 1)
    assert [one.path for one in recover(at(home), time.time()).mended] == [str(file)]
    assert file.read_bytes() == OLD


def test_a_writer_of_another_boot_is_gone(home: Path) -> None:
    file = half_written(home)
    signed(home, boot="00000000-0000-4000-8000-000000000000")
    assert [one.path for one in recover(at(home), time.time()).mended] == [str(file)]


def test_a_writer_in_another_container_is_given_a_minute(home: Path) -> None:
    """Its process id says nothing here, living or not."""
    file = half_written(home)
    signed(home, space="pid:[1]", pid=DEAD)
    assert [one.state for one in recover(at(home), time.time()).left] == ["running"]
    assert [one.path for one in recover(at(home), time.time() + 61).mended] == [str(file)]


def test_a_migration_sweeps_at_its_write_and_says_so(home: Path) -> None:
    (home / "auth.json").write_bytes(SAMPLE.read_bytes())
    path = stray(home)
    rehearsed = migrate_auth(at(home), Options(dry_run=True), later())
    assert (rehearsed.swept, path.exists()) == ([str(path)], True)
    assert migrate_auth(at(home), Options(), later()).swept == [str(path)]
    assert not path.exists()
    stray(home)
    assert migrate_auth(at(home), Options(), later()).swept == []


def test_the_command_says_what_it_mended_swept_and_left(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_state.cli.commands.recover.now", later)
    file, swept = half_written(home), stray(home)
    assert app.run(["--home", str(home), "--json", "recover"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["format"], answer["errors"], answer["left"]) == ("hermes-state/recover", [], [])
    assert [one["path"] for one in answer["mended"]] == [str(file)]
    assert [one["path"] for one in answer["swept"]] == [str(swept)]
    assert app.run(["--home", str(home), "recover"]) == 0
    assert "nothing to mend, and nothing to sweep" in capsys.readouterr().out


def test_a_record_that_cannot_be_read_is_no_success(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    half_written(home)
    (record,) = inplace.records(RealDisk(), str(home)).found
    (Path(record) / "old").unlink()
    assert app.run(["--home", str(home), "--json", "recover"]) == 7
    answer = json.loads(capsys.readouterr().out)
    assert [one["reason"] for one in answer["left"]] == ["unreadable"]
    assert [error["code"] for error in answer["errors"]] == ["not_verified"]


def test_what_was_written_since_is_told_and_is_no_failure(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = half_written(home)
    file.write_bytes(b"{}")
    assert app.run(["--home", str(home), "recover"]) == 0
    assert "somebody has written the file since" in capsys.readouterr().out
    assert file.read_bytes() == b"{}"


def test_the_lock_files_are_made_as_private_as_the_home(home: Path) -> None:
    half_written(home)
    recover(at(home), time.time())
    assert {path.name for path in home.iterdir() if path.name.endswith("lock")} == {"auth.lock", ".hermes-state.lock"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir() if path.name.endswith("lock")} == {0o600}
