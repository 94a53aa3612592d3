"""Writing into a file that cannot be replaced: one that is mounted by itself, or whose directory may not be written.

Not atomic: a reader can meet a half-written file, and a crash can leave one. So nothing is touched before both
contents, the old and the new, are safe in a *record*, and ``recover`` can take a half-written file back to the old
content. The file is never truncated first; what is shorter is padded with newlines, which JSON and YAML readers pass
over, and cut at the end.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from hermes_state import backup, clock
from hermes_state.disk import Directory, Disk, opened
from hermes_state.errors import Refused, StateError, WriteFailed
from hermes_state.links import Location
from hermes_state.replacement import Changed, Replaced
from hermes_state.writer import Writer, this

SUFFIX = ".in-place"
_LIMIT = 1 << 30

#: Whether this process (None: not known) is still at a record that is so many seconds old.
AtWork = Callable[[Writer | None, float], bool]


class Mended(NamedTuple):
    """What ``recover`` made of one record of a write to ``path`` (``""`` where that is not known).

    ``state`` is restored, complete, untouched or unstarted when the record has done its duty and is gone;
    changed_since, foreign, running or unreadable (``record`` can be a folder of them) when both were left.
    """

    path: str
    record: str
    state: str


def folders(home: str | None) -> list[str]:
    """Where records may lie, the better place first: with the home's backups, else in the user's state directory."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return [*([os.path.join(home, *backup.FOLDER)] if home else ()), os.path.join(state, "hermes-state")]


def overwrite(
    disk: Disk,
    where: Location,
    old: bytes,
    new: bytes,
    home: str | None,
    now: float,
    unchanged: Callable[[Directory], bool],
    *,
    unrecorded: bool = False,
) -> Replaced:
    """Make ``new`` the content of the existing file at ``where``, which holds ``old``.

    ``home`` is the home whose backups keep the record, if there is one. ``now`` is in epoch seconds. ``unrecorded``
    allows to go on where no place for a record can be found, as the agent's own helper does. Raises Refused when there
    is none, Changed when ``unchanged`` says no, WriteFailed with ``content="torn"`` when the write was cut short and
    could not be undone at once.
    """
    record = _record(disk, where, old, new, home, now)
    if record is None and not unrecorded:
        raise Refused(where.path, "it can only be written in place, and there is no durable place for a recovery copy")
    content = "old"
    try:
        try:
            with opened(disk, where.directory) as at:
                if not unchanged(at):
                    raise Changed
                _pour_or_undo(disk, at, where, old, new)
                content = "new"
        except StateError:
            raise
        except OSError as error:
            raise WriteFailed(where.path, error.errno or 0, "reaching its directory", content) from error
    except BaseException as error:
        if not (isinstance(error, WriteFailed) and error.content == "torn"):
            _discard(disk, record)
        raise
    _discard(disk, record)
    return Replaced(where.path, atomic=False)


def put(disk: Disk, where: Location, new: bytes, mode: int | None) -> Replaced:
    """Make ``new`` the content of the existing file at ``where``, and ``mode`` (bits) its mode unless None.

    For callers that know neither what it holds nor of which home it is, and who lose something when they are refused:
    the record lies with the home that ``HERMES_HOME`` names, else in the user's state directory, and where neither
    will have it there is none. Raises what ``overwrite`` raises.
    """
    with opened(disk, where.directory) as at:
        old = disk.read(at, where.name, 1 << 62)
    home = os.environ.get("HERMES_HOME") or None
    done = overwrite(disk, where, old, new, home, clock.now(), lambda at: True, unrecorded=True)
    with opened(disk, where.directory) as at:
        if mode is None or stat.S_IMODE(disk.stat(at, where.name).st_mode) == mode:
            return done
        file = disk.open_for_update(at, where.name)
        try:
            disk.set_mode(file, mode)
        except PermissionError:
            return done._replace(not_kept=("mode",))
        finally:
            disk.close(file)
    return done


def _pour_or_undo(disk: Disk, at: Directory, where: Location, old: bytes, new: bytes) -> None:
    try:
        _pour(disk, at, where.name, old, new)
    except OSError as error:
        try:
            # Only as long as it is by now: where there is no space, it cannot be made longer to be made shorter.
            found = disk.read(at, where.name, len(old) + len(new))
            if found != old:  # it may not even have been possible to open it
                _pour(disk, at, where.name, found, old)
        except OSError:
            raise WriteFailed(where.path, error.errno or 0, "writing in place", "torn") from error
        raise WriteFailed(where.path, error.errno or 0, "writing in place", "old") from error


def _pour(disk: Disk, at: Directory, name: str, old: bytes, new: bytes) -> None:
    """One write over the longer of the two lengths, synced, then cut to size, synced."""
    file = disk.open_for_update(at, name)
    try:
        disk.write(file, new.ljust(len(old), b"\n"))
        disk.sync(file)
        if len(new) < len(old):
            disk.truncate(file, len(new))
            disk.sync(file)
    finally:
        disk.close(file)


def _record(disk: Disk, where: Location, old: bytes, new: bytes, home: str | None, now: float) -> str | None:
    """Both contents on disk before the file is touched; the record's path, None where it can be nowhere."""
    facts = {
        "format": "hermes-state/in-place",
        "format_version": 1,
        "writer": this()._asdict(),
        "real_path": where.path,
        "old_sha256": hashlib.sha256(old).hexdigest(),
        "new_sha256": hashlib.sha256(new).hexdigest(),
    }
    name = f"{clock.stamp(now)}-{os.urandom(2).hex()}{SUFFIX}"
    files = [("old", old), ("new", new), (backup.MANIFEST, json.dumps(facts, indent=2).encode("ascii"))]
    for folder in folders(home):
        with suppress(OSError, StateError):
            theirs = backup.owners(disk, where, home, ("old", "new"))
            return backup.store(disk, folder, name, files, home=home, theirs=theirs)
    return None


def _discard(disk: Disk, record: str | None) -> None:
    """Remove a record, its manifest first: without that it is nothing to recover from. What is left is swept later."""
    if record is not None:
        with suppress(OSError):
            backup.remove(disk, record, {"old", "new", backup.MANIFEST})


class Records(NamedTuple):
    """The records that lie about, each of an in-place write that is running or was interrupted; and the folders that
    may hold more, but cannot be listed."""

    found: list[str]
    hidden: list[Mended]


def records(disk: Disk, home: str | None) -> Records:
    """The records of a home, and those in the user's state directory."""
    known = Records([], [])
    for folder in folders(home):
        try:
            with opened(disk, os.path.realpath(folder, strict=True)) as at:
                known.found.extend(os.path.join(at.path, name) for name in disk.names(at) if name.endswith(SUFFIX))
        except (FileNotFoundError, NotADirectoryError):  # there is no such folder
            continue
        except OSError:
            known.hidden.append(Mended("", folder, "unreadable"))
    return known


def nobody_at_work(writer: Writer | None, age: float) -> bool:
    """For callers who know that no writer is left."""
    return False


def recover(disk: Disk, home: str | None, *, now: float = 0.0, at_work: AtWork = nobody_at_work) -> list[Mended]:
    """Mend every interrupted in-place write of a home, and of those recorded in the user's state directory.

    The caller holds the locks of the files; writers without a lock are spared by ``at_work``, which is asked for each
    record (``now``, in epoch seconds, is what it is old by). Running it twice changes nothing. A file that somebody
    has written since is left as it is, and its record is kept.
    """
    known = records(disk, home)
    return [*(_recovered(disk, record, now, at_work) for record in known.found), *known.hidden]


def _recovered(disk: Disk, record: str, now: float, at_work: AtWork) -> Mended:
    try:
        return _mend(disk, record, now, at_work)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Mended("", record, "unreadable")


def _mend(disk: Disk, record: str, now: float, at_work: AtWork) -> Mended:
    with opened(disk, record) as at:
        looks = disk.stat(at, ".")
        age = now - looks.st_mtime
        if backup.MANIFEST not in disk.names(at):
            if at_work(None, age):
                return Mended("", record, "running")
            facts = None
        else:
            facts = json.loads(disk.read(at, backup.MANIFEST, _LIMIT))
            old, new = disk.read(at, "old", _LIMIT), disk.read(at, "new", _LIMIT)
    if facts is None:
        _discard(disk, record)
        return Mended("", record, "unstarted")
    path = str(facts["real_path"])
    if at_work(Writer(**facts["writer"]), age):
        return Mended(path, record, "running")
    if [hashlib.sha256(data).hexdigest() for data in (old, new)] != [facts["old_sha256"], facts["new_sha256"]]:
        return Mended(path, record, "unreadable")
    try:
        state = _settled(disk, path, old, new, looks)
    except OSError:
        state = "unreadable"
    if state in ("restored", "complete", "untouched"):
        _discard(disk, record)
    return Mended(path, record, state)


def _settled(disk: Disk, path: str, old: bytes, new: bytes, record: os.stat_result) -> str:
    """Bring the file at ``path`` to one of its two contents, and say in what state it was found."""
    with opened(disk, os.path.dirname(path)) as at:
        name = os.path.basename(path)
        looks = disk.stat(at, name)
        if not stat.S_ISREG(looks.st_mode) or record.st_uid not in (0, os.geteuid(), looks.st_uid):
            return "foreign"
        if os.geteuid() == 0 and record.st_uid not in (0, looks.st_uid):
            return "foreign"  # root is not to be led by one user's record to another user's file
        found = disk.read(at, name, _LIMIT)
        if found in (old, new):
            disk.sync_entry(at, name)  # it may not have reached the disk before the crash
            return "complete" if found == new else "untouched"
        if is_mixture(found, old, new):
            _pour(disk, at, name, found, old)
            return "restored"
    return "changed_since"


def is_mixture(found: bytes, old: bytes, new: bytes) -> bool:
    """Whether an interrupted write of ``new`` over ``old`` can have left ``found``: every byte is the old one, the
    new one, or, beyond the old end, a zero that the file system put where nothing was written yet, or a newline that an
    interrupted ``recover`` put there."""
    longest = max(len(old), len(new))
    poured = new.ljust(len(old), b"\n")
    if not min(len(old), len(new)) <= len(found) <= longest:
        return False
    before, mending = old.ljust(longest, b"\0"), old.ljust(longest, b"\n")
    return all(byte in kinds for byte, *kinds in zip(found, before, poured, mending, strict=False))
