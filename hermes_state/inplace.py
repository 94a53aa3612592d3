"""Writing into a file that cannot be replaced: one that is mounted by itself, or whose directory may not be written.

Not atomic: a reader can meet a half-written file, and a crash can leave one. So nothing is touched before both
contents, the old and the new, are safe in a *record*, and ``recover`` can take a half-written file back to the old
content. The file is never truncated first; what is shorter is padded with newlines, which JSON and YAML readers pass
over, and cut at the end.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from hermes_state import backup
from hermes_state.atomic import Changed, Replaced
from hermes_state.clock import stamp
from hermes_state.disk import Directory, Disk, opened
from hermes_state.errors import Refused, StateError, WriteFailed
from hermes_state.links import Location

SUFFIX = ".in-place"
_FORMAT = "hermes-state/in-place"
_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True)
class Mended:
    """What ``recover`` found for one record: ``state`` is restored, complete, untouched, unstarted or changed_since."""

    path: str
    record: str
    state: str


def folders(home: str) -> list[str]:
    """Where records may lie, the better place first: with the home's backups, else in the user's state directory."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return [os.path.join(home, *backup.FOLDER), os.path.join(state, "hermes-state")]


def overwrite(
    disk: Disk, where: Location, old: bytes, new: bytes, home: str, now: float, unchanged: Callable[[Directory], bool]
) -> Replaced:
    """Make ``new`` the content of the existing file at ``where``, which holds ``old``.

    Raises Refused when no durable place for the record can be found, Changed when ``unchanged`` says no, WriteFailed
    with ``content="torn"`` when the write was cut short and could not be undone at once.
    """
    record = _record(disk, where, old, new, home, now)
    try:
        with opened(disk, where.directory) as at:
            if not unchanged(at):
                raise Changed
            try:
                _pour(disk, at, where.name, old, new)
            except OSError as error:
                try:
                    _pour(disk, at, where.name, new, old)
                except OSError:
                    raise WriteFailed(where.path, error.errno or 0, "writing in place", "torn") from error
                raise WriteFailed(where.path, error.errno or 0, "writing in place", "old") from error
    except WriteFailed as error:
        if error.content != "torn":
            _discard(disk, record)
        raise
    except BaseException:
        _discard(disk, record)
        raise
    _discard(disk, record)
    return Replaced(where.path, atomic=False)


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


def _record(disk: Disk, where: Location, old: bytes, new: bytes, home: str, now: float) -> str:
    """Both contents on disk before the file is touched; returns the record's path."""
    facts = {
        "format": _FORMAT,
        "format_version": 1,
        "real_path": where.path,
        "old_sha256": hashlib.sha256(old).hexdigest(),
        "new_sha256": hashlib.sha256(new).hexdigest(),
    }
    manifest = json.dumps(facts, indent=2).encode("ascii")
    name = f"{stamp(now)}-{os.urandom(2).hex()}{SUFFIX}"
    for folder in folders(home):
        with suppress(OSError, StateError):
            return backup.store(disk, folder, name, [("old", old), ("new", new), (backup.MANIFEST, manifest)])
    raise Refused(where.path, "it can only be written in place, and there is no durable place for a recovery copy")


def _discard(disk: Disk, record: str) -> None:
    """Remove a record, its manifest first: without that it is nothing to recover from. What is left is swept later."""
    with suppress(OSError):
        backup.remove(disk, record)


def records(disk: Disk, home: str) -> Iterator[str]:
    """The records that lie about: each an in-place write that is running, or was interrupted."""
    for folder in folders(home):
        with suppress(OSError), opened(disk, os.path.realpath(folder, strict=True)) as at:
            yield from (os.path.join(at.path, name) for name in disk.names(at) if name.endswith(SUFFIX))


def recover(disk: Disk, home: str) -> list[Mended]:
    """Mend every interrupted in-place write of a home. The caller holds the locks of the files; running it twice
    changes nothing. A file that somebody has written since is left as it is, and its record is kept."""
    return [_mend(disk, record) for record in list(records(disk, home))]


def _mend(disk: Disk, record: str) -> Mended:
    with opened(disk, record) as at:
        if backup.MANIFEST not in disk.names(at):
            path, old, new = "", b"", b""
        else:
            path = json.loads(disk.read(at, backup.MANIFEST, _LIMIT))["real_path"]
            old, new = disk.read(at, "old", _LIMIT), disk.read(at, "new", _LIMIT)
    if not path:
        _discard(disk, record)
        return Mended("", record, "unstarted")
    with opened(disk, os.path.dirname(path)) as at:
        name = os.path.basename(path)
        found = disk.read(at, name, _LIMIT)
        if found in (old, new):
            disk.sync_entry(at, name)  # it may not have reached the disk before the crash
            state = "complete" if found == new else "untouched"
        elif is_mixture(found, old, new):
            _pour(disk, at, name, found, old)
            state = "restored"
        else:
            return Mended(path, record, "changed_since")
    _discard(disk, record)
    return Mended(path, record, state)


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


def cannot_replace(error: OSError) -> bool:
    """Whether a failed replacement may succeed in place: the file is mounted by itself, or its directory is closed to
    us."""
    return error.errno in (errno.EBUSY, errno.EXDEV, errno.EACCES, errno.EPERM, errno.EROFS)
