"""Deleting a file that others write without a lock: take it, look at what was taken, delete that.

A file that is read and then deleted may be another one by then: a limit that an agent has just met. So it is renamed
first, to a name that nobody else uses, and looked at there. Only what was shown before is deleted; anything else is put
back, unless a still newer one is there. A crash in between leaves the file under a name that no agent reads.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from hermes_state.atomic import NO_SYNC
from hermes_state.disk import Directory, Disk, opened
from hermes_state.errors import NotVerified, StateError, Superseded, WriteFailed
from hermes_state.links import Location
from hermes_state.stores.breaker import LIMIT, Looks


def take(disk: Disk, path: str, where: Location, looks: Looks, data: bytes | None) -> str | None:
    """Take the entry at ``where`` and delete it, if it still is what was looked at: ``data``, else its ``looks``.

    ``path`` is how the user knows it. Returns a note, mostly ``""``, when it is gone from the disk, and None when there
    was nothing to take any more. Raises WriteFailed (it is where it was), Superseded (an agent wrote a new limit, which
    is there) and NotVerified (it is out of the agents' way, but not proven to be gone for good).
    """
    staged = f".{where.name}.hermes-state.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    doing = "opening its directory"
    try:
        with opened(disk, where.directory) as at:
            doing = "taking it"
            try:
                disk.rename(at, where.name, at, staged)
            except FileNotFoundError:
                return None
            try:
                doing = "looking at what was taken"
                if not _is_same(disk, at, staged, looks, data):
                    raise Superseded(path, "an agent wrote a new limit in that moment, which stays")
                doing = "deleting it"
                disk.unlink(at, staged)
            except BaseException:
                _put_back(disk, at, staged, where.name, path)
                raise
            return _prove_gone(disk, at, where.name, path)
    except StateError:
        raise
    except OSError as error:
        raise WriteFailed(path, error.errno or 0, doing) from error


def _is_same(disk: Disk, at: Directory, name: str, looks: Looks, data: bytes | None) -> bool:
    """Equal bytes are the same limit, whoever wrote them; of what could not be read the looks must do."""
    found = disk.stat(at, name)
    if data is None or not stat.S_ISREG(found.st_mode):
        return Looks.of(found) == looks
    return disk.read(at, name, LIMIT) == data


def _put_back(disk: Disk, at: Directory, staged: str, name: str, path: str) -> None:
    """Undo the taking; where an agent has written a still newer limit by now, that one stays and the taken one goes."""
    try:
        disk.rename_no_replace(at, staged, at, name)
    except FileNotFoundError:  # interrupted after it was deleted
        return
    except FileExistsError:
        with suppress(OSError):  # what is left under that name blocks nobody
            disk.unlink(at, staged)
    except OSError as error:
        reason = f"it was renamed to {staged} and could not be put back: {os.strerror(error.errno or 0)}"
        raise NotVerified(path, reason) from error
    with suppress(OSError):
        disk.sync_directory(at)


def _prove_gone(disk: Disk, at: Directory, name: str, path: str) -> str:
    note = ""
    try:
        disk.sync_directory(at)
    except OSError as error:
        if error.errno not in NO_SYNC:
            reason = f"it was deleted, but a power cut could bring it back: {os.strerror(error.errno or 0)}"
            raise NotVerified(path, reason) from error
        note = "the directory cannot be synced here: a power cut could bring it back"
    try:
        disk.stat(at, name)
    except FileNotFoundError:
        return note
    except OSError as error:
        reason = f"it was deleted, but cannot be looked at: {os.strerror(error.errno or 0)}"
        raise NotVerified(path, reason) from error
    raise Superseded(path, "it was cleared, and an agent wrote a new limit at once")
