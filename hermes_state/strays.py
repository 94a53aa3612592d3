"""What killed runs leave lying: our own temporary files, and backups that were never finished. Nothing else is touched.

A stray has our name (``.<file>.hermes-state.<pid>.<8 hex>.tmp``), is a regular file, is older than an hour, and the
process in its name does not live. All of it, because another process id space (a container) can make either of the last
two wrong.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress

from hermes_state import backup
from hermes_state.clock import HOUR
from hermes_state.disk import Disk, opened
from hermes_state.writer import alive

_NAME = re.compile(r"\..+\.hermes-state\.([0-9]{1,10})\.[0-9a-f]{8}\.tmp", re.DOTALL)
#: Where in a home our temporary files are made, and the files whose links lead to other such places.
_FOLDERS = ("", "sessions", "rate_limits", os.path.join(*backup.FOLDER))
_FILES = ("auth.json", "config.yaml", os.path.join("sessions", "sessions.json"))


def find(disk: Disk, home: str, now: float) -> list[str]:
    """The strays of the home at ``home`` as of ``now`` (epoch seconds): temporary files, and unfinished backups."""
    return [*_temporary(disk, home, now), *_unfinished(disk, home, now)]


def sweep(disk: Disk, home: str, now: float) -> list[str]:
    """Remove the strays of a home; returns the paths of those that went. Never raises OSError."""
    swept: list[str] = []
    for path in find(disk, home, now):
        with suppress(OSError):
            if path.endswith(".tmp"):
                folder, name = os.path.split(path)
                with opened(disk, folder) as at:
                    disk.unlink(at, name)
                    disk.sync_directory(at)
            elif not backup.remove(disk, path, backup.UNFINISHED):
                continue  # somebody put something there: that stays, and the folder
            swept.append(path)
    return swept


def places(home: str) -> list[str]:
    """The real directories in which runs on a home make temporary files: its own, and those behind its links."""
    named = [os.path.join(home, folder) for folder in _FOLDERS]
    linked = [os.path.join(home, file) for file in _FILES]
    with suppress(OSError):
        folder = os.path.join(home, "rate_limits")
        linked += (os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".json"))
    named += (os.path.dirname(os.path.realpath(path)) for path in linked if os.path.islink(path))
    return list(dict.fromkeys(os.path.realpath(path) for path in named if os.path.isdir(path)))


def _temporary(disk: Disk, home: str, now: float) -> Iterator[str]:
    for place in places(home):
        with suppress(OSError), opened(disk, place) as at:
            for name in disk.names(at):
                match = _NAME.fullmatch(name)
                if match is None or alive(int(match[1])):
                    continue
                looks = disk.stat(at, name)
                if stat.S_ISREG(looks.st_mode) and _is_old(looks, now):
                    yield os.path.join(place, name)


def _unfinished(disk: Disk, home: str, now: float) -> Iterator[str]:
    names: list[str] = []
    with suppress(OSError):
        names = backup.names(disk, home)
    for name in names:
        path = os.path.join(os.path.realpath(os.path.join(home, *backup.FOLDER)), name)
        with suppress(OSError), opened(disk, path) as at:
            entries = disk.names(at)
            is_ours = not entries or not backup.UNFINISHED.isdisjoint(entries)
            if is_ours and backup.MANIFEST not in entries and _is_old(disk.stat(at, "."), now):
                yield path


def _is_old(looks: os.stat_result, now: float) -> bool:
    # A file that was renamed to this name has its old time of writing, but a new time of change.
    return max(looks.st_mtime, looks.st_ctime) < now - HOUR
