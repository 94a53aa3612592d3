"""Writing in place: recorded first, undone where it fails, mended where it was cut short."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from hermes_state import backup, inplace
from hermes_state.disk import Disk, RealDisk, opened
from hermes_state.errors import Refused, WriteFailed
from hermes_state.inplace import Mended, is_mixture, overwrite, records, recover
from hermes_state.links import resolve
from hermes_state.replacement import Changed
from hermes_state.writer import Writer, this
from tests.ground.doubles import FailingDisk, RecordingDisk, WatchedDisk

NOW = 1795250000.0
OLD, NEW, LONG = b'{"old": 1}\n', b'{"n": 2}', b'{"a much longer content": [1, 2, 3]}\n'


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "auth.json"
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def write(file: Path, new: bytes, disk: Disk | None = None, home: Path | None = None, **more):
    where = resolve(str(file))
    return overwrite(disk or RealDisk(), where, OLD, new, str(home or file.parent), NOW, lambda at: True, **more)


def crash_after(file: Path, verb: str, nth: int, new: bytes) -> None:
    """Do as a killed process does: the ``nth`` call of ``verb`` is the last one."""

    class Killed(BaseException):
        pass

    class Dying(RecordingDisk):
        dead = False

        def _record(self, name, arguments):
            if self.dead:
                raise Killed
            super()._record(name, arguments)
            if [call for call, _ in self.calls].count(verb) == nth and name == verb:
                self.dead = True

    with pytest.raises((Killed, WriteFailed, Refused)):
        write(file, new, Dying())
    assert records(RealDisk(), str(file.parent)).found


@pytest.mark.parametrize("new", [NEW, LONG, OLD.replace(b"1", b"2"), b""])
def test_the_content_is_new_and_everything_else_as_it_was(file: Path, new: bytes) -> None:
    before = file.stat()
    done = write(file, new)
    after = file.stat()
    assert (file.read_bytes(), done.atomic, done.path) == (new, False, str(file))
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert records(RealDisk(), str(file.parent)).found == []


def test_both_contents_are_on_disk_before_the_file_is_touched(file: Path) -> None:
    disk = RecordingDisk()
    write(file, LONG, disk)
    verbs = [verb for verb, path in disk.changes()]
    recorded = verbs[: verbs.index("open_for_update")]
    assert [recorded.count(verb) for verb in ("create", "sync", "rename")] == [3, 3, 1]
    assert "sync_directory" in recorded[recorded.index("rename") :]


def test_it_is_never_cut_before_the_new_content_is_synced(file: Path) -> None:
    disk = RecordingDisk()
    write(file, NEW, disk)
    verbs = [verb for verb, path in disk.changes() if path == str(file)]
    assert verbs[:6] == ["open_for_update", "write", "sync", "truncate", "sync", "close"]


def test_the_record_lies_with_the_backups_and_is_private(file: Path) -> None:
    old = os.umask(0)
    try:
        crash_after(file, "open_for_update", 1, NEW)
    finally:
        os.umask(old)
    (record,) = records(RealDisk(), str(file.parent)).found
    assert Path(record).parent == file.parent / "backups" / "hermes-state"
    assert stat.S_IMODE(os.stat(record).st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in Path(record).iterdir()} == {0o600}
    facts = json.loads((Path(record) / backup.MANIFEST).read_bytes())
    assert facts["real_path"] == str(file) and Writer(**facts["writer"]) == this()


def test_the_users_state_directory_keeps_the_record_where_the_home_cannot(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (file.parent / "backups").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    crash_after(file, "open_for_update", 1, NEW)
    (record,) = records(RealDisk(), str(file.parent)).found
    assert Path(record).parent == tmp_path / "state" / "hermes-state"


def test_without_a_place_for_a_record_it_is_refused(file: Path, tmp_path: Path) -> None:
    (file.parent / "backups").write_text("in the way")
    (tmp_path / ".local").write_text("in the way")
    with pytest.raises(Refused, match="no durable place"):
        write(file, NEW)
    assert file.read_bytes() == OLD
    assert write(file, NEW, unrecorded=True).atomic is False
    assert file.read_bytes() == NEW


def test_a_file_that_changed_meanwhile_is_left_and_no_record_stays(file: Path) -> None:
    with pytest.raises(Changed):
        overwrite(RealDisk(), resolve(str(file)), OLD, NEW, str(file.parent), NOW, lambda at: False)
    assert file.read_bytes() == OLD
    assert records(RealDisk(), str(file.parent)).found == []


def test_a_write_that_fails_is_undone(file: Path) -> None:
    writes_of_the_record = 3
    disk = FailingDisk("write", errno.ENOSPC, writes_of_the_record + 1)
    with pytest.raises(WriteFailed) as caught:
        write(file, LONG, disk)
    assert (caught.value.content, caught.value.errno) == ("old", errno.ENOSPC)
    assert file.read_bytes() == OLD
    assert records(RealDisk(), str(file.parent)).found == []


def test_a_write_that_cannot_be_undone_keeps_its_record_and_says_what_to_do(file: Path) -> None:
    def fail(verb: str, arguments: tuple[Any, ...]) -> None:
        if verb == "sync" and arguments[0].name == file.name:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(WriteFailed) as caught:
        write(file, LONG, WatchedDisk(fail))
    assert caught.value.content == "torn"
    assert caught.value.hint == "run: hermes-state recover"
    assert len(records(RealDisk(), str(file.parent)).found) == 1


def test_a_file_that_cannot_even_be_opened_is_as_it_was_and_nothing_has_to_be_recovered(file: Path) -> None:
    with pytest.raises(WriteFailed) as caught:
        write(file, LONG, FailingDisk("open_for_update", errno.EROFS))
    assert (caught.value.content, caught.value.errno) == ("old", errno.EROFS)
    assert caught.value.hint == "mount it writable, or run this where it is"
    assert file.read_bytes() == OLD
    assert records(RealDisk(), str(file.parent)).found == []


@pytest.mark.parametrize("cut", range(len(LONG) + 1))
def test_every_prefix_of_an_interrupted_write_is_mended(file: Path, cut: int) -> None:
    crash_after(file, "open_for_update", 1, LONG)
    file.write_bytes(LONG[:cut] + OLD[cut:])
    (mended,) = recover(RealDisk(), str(file.parent))
    found = file.read_bytes()
    assert found == (LONG if mended.state == "complete" else OLD)
    assert mended.path == str(file)
    assert recover(RealDisk(), str(file.parent)) == []
    assert file.read_bytes() == found


def test_a_shorter_content_that_was_not_cut_yet_is_taken_back(file: Path) -> None:
    crash_after(file, "open_for_update", 1, NEW)
    file.write_bytes(NEW.ljust(len(OLD), b"\n"))
    assert [one.state for one in recover(RealDisk(), str(file.parent))] == ["restored"]
    assert file.read_bytes() == OLD


def test_what_somebody_has_written_since_is_left_and_so_is_the_record(file: Path) -> None:
    crash_after(file, "open_for_update", 1, NEW)
    file.write_bytes(b'{"someone": "else"}')
    for _ in range(2):
        (mended,) = recover(RealDisk(), str(file.parent))
        assert (mended.state, mended.path) == ("changed_since", str(file))
    assert file.read_bytes() == b'{"someone": "else"}'


def test_a_writer_that_is_still_at_it_is_spared(file: Path) -> None:
    crash_after(file, "open_for_update", 1, LONG)
    file.write_bytes(LONG[:4] + OLD[4:])
    asked: list[Writer | None] = []

    def at_work(writer: Writer | None, age: float) -> bool:
        asked.append(writer)
        return True

    assert [one.state for one in recover(RealDisk(), str(file.parent), now=NOW, at_work=at_work)] == ["running"]
    assert asked == [this()]
    assert file.read_bytes() == LONG[:4] + OLD[4:]


def test_a_record_that_was_never_finished_touches_nothing(file: Path) -> None:
    crash_after(file, "open_for_update", 1, NEW)
    (record,) = records(RealDisk(), str(file.parent)).found
    (Path(record) / backup.MANIFEST).unlink()
    file.write_bytes(NEW)
    spared = recover(RealDisk(), str(file.parent), now=NOW, at_work=lambda writer, age: writer is None)
    assert [one.state for one in spared] == ["running"]
    assert recover(RealDisk(), str(file.parent)) == [Mended("", record, "unstarted")]
    assert file.read_bytes() == NEW
    assert not os.path.exists(record)


@pytest.mark.parametrize("name", ["old", "new", backup.MANIFEST])
@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b"[" * 200_000, b'{"real_path": 1}'])
def test_a_damaged_record_touches_nothing(file: Path, name: str, data: bytes) -> None:
    crash_after(file, "open_for_update", 1, LONG)
    (record,) = records(RealDisk(), str(file.parent)).found
    (Path(record) / name).write_bytes(data)
    file.write_bytes(LONG[:4] + OLD[4:])
    assert [one.state for one in recover(RealDisk(), str(file.parent))] == ["unreadable"]
    assert file.read_bytes() == LONG[:4] + OLD[4:]


def test_a_record_of_a_file_that_is_gone_makes_no_file(file: Path) -> None:
    crash_after(file, "open_for_update", 1, NEW)
    file.unlink()
    assert [one.state for one in recover(RealDisk(), str(file.parent))] == ["unreadable"]
    assert not file.exists()


def test_root_is_not_led_to_the_file_of_another_user(file: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    crash_after(file, "open_for_update", 1, LONG)
    (record,) = records(RealDisk(), str(file.parent)).found
    os.chown(record, 1234, 1234)
    file.write_bytes(LONG[:4] + OLD[4:])
    assert [one.state for one in recover(RealDisk(), str(file.parent))] == ["foreign"]
    os.chown(file, 1234, 1234)
    assert [one.state for one in recover(RealDisk(), str(file.parent))] == ["restored"]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (OLD, True),
        (LONG, True),
        (OLD + bytes(4), True),
        (OLD + b"\n\n", True),
        (OLD[:-1], False),
        (LONG + b"x", False),
        (b"x" * len(OLD), False),
        (b'{"aldmmmm}\n', False),
    ],
)
def test_only_what_the_two_contents_can_make_is_a_mixture(found: bytes, expected: bool) -> None:
    assert is_mixture(found, OLD, LONG) is expected


def test_a_content_of_unknown_place_is_recorded_with_the_home_that_the_environment_names(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = backup.store

    def noted(disk, folder, name, files, **more):
        seen.append(folder)
        return real(disk, folder, name, files, **more)

    monkeypatch.setattr(backup, "store", noted)
    monkeypatch.setenv("HERMES_HOME", str(file.parent))
    inplace.put(RealDisk(), resolve(str(file)), NEW, None)
    monkeypatch.delenv("HERMES_HOME")
    inplace.put(RealDisk(), resolve(str(file)), LONG, 0o600)
    assert [os.path.relpath(folder, file.parent.parent) for folder in seen] == [
        ".hermes/backups/hermes-state",
        ".local/state/hermes-state",
    ]
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (LONG, 0o600)


def test_the_real_disk_opens_a_file_for_update_without_cutting_it(file: Path) -> None:
    disk = RealDisk()
    with opened(disk, str(file.parent)) as at:
        disk.close(disk.open_for_update(at, file.name))
    assert file.read_bytes() == OLD
