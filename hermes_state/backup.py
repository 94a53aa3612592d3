"""Verified copies of state files, taken before a change of layout: ``<home>/backups/hermes-state/<stamp>-<4 hex>/``.

Each backup is a directory (0700) with the files (0600) and ``manifest.json``, which records what a plain copy loses:
the text of links, mode and owner. A backup counts only after it was written, synced and read back; a directory
without a manifest is one that a crash interrupted.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress
from errno import EEXIST
from types import MappingProxyType
from typing import Any, NamedTuple

from hermes_state.clock import iso, stamp
from hermes_state.disk import Directory, Disk, opened
from hermes_state.errors import NotVerified, StateError, WriteFailed
from hermes_state.links import Location
from hermes_state.look import same_place

FOLDER = ("backups", "hermes-state")
MANIFEST = "manifest.json"
FORMAT = "hermes-state/backup"
#: What a directory that a crash left without a manifest may hold of ours.
UNFINISHED = frozenset(("auth.json", "config.yaml", f"{MANIFEST}.part"))
_NAME = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{4}")
#: Into how many parts the names divide a second, and how many backups there can be of one moment.
_PARTS, _SPARE = 0xF000, 0x1000
#: The owner and group of what is left to the system.
_UNSET = (-1, -1)


class Original(NamedTuple):
    """A file as it was read: ``path`` as named, ``links`` the text of each link on the way to ``real_path``."""

    kind: str
    path: str
    links: tuple[str, ...]
    real_path: str
    mode: int
    uid: int
    gid: int
    data: bytes

    def entry(self) -> dict[str, Any]:
        return {
            "name": os.path.basename(self.path),
            "kind": self.kind,
            "path": self.path,
            "links": list(self.links),
            "real_path": self.real_path,
            "mode": f"{self.mode:04o}",
            "uid": self.uid,
            "gid": self.gid,
            "size": len(self.data),
            "sha256": hashlib.sha256(self.data).hexdigest(),
        }


def save(
    disk: Disk, home: str, originals: Sequence[Original], *, reason: str, now: float, facts: dict[str, Any]
) -> str:
    """Write, sync and read back a backup of ``originals``; returns its path. ``facts`` go into the manifest as they
    are.

    Everything made belongs to the owner of the home when run as root, but for the copy of a file that a link out of the
    home leads to: that belongs to whom the file belongs to. Raises WriteFailed or NotVerified: then no backup can be
    relied on, and nothing that needs one may go on.
    """
    manifest = {
        "format": FORMAT,
        "format_version": 1,
        "reason": reason,
        "created_at": now,
        "created": iso(now),
        "home": home,
        "real_home": os.path.realpath(home),
        **facts,
        "files": [original.entry() for original in originals],
    }
    text = json.dumps(manifest, indent=2).encode("ascii") + b"\n"
    files = [(os.path.basename(original.path), original.data) for original in originals]
    foreign = [one for one in originals if not _is_within(one.real_path, home)]
    theirs = {os.path.basename(one.path): (one.uid, one.gid) for one in foreign}
    folder = os.path.join(home, *FOLDER)
    for name in _names_for(now):
        try:
            return store(disk, folder, name, [*files, (MANIFEST, text)], home=home, theirs=theirs)
        except WriteFailed as error:
            if error.errno != EEXIST:  # another backup of the very same moment
                raise
    raise WriteFailed(folder, EEXIST, "writing the backup")


def _names_for(now: float) -> Iterator[str]:
    """What a backup made at ``now`` may be called, in the order to try: names sort by time, within a second too."""
    at = round(now, 6)
    first = int(at % 1 * _PARTS)
    yield from (f"{stamp(at)}-{number:04x}" for number in range(first, first + _SPARE))


def _is_within(path: str, home: str) -> bool:
    """Whether ``path``, which is free of links, is in the home.

    What is not can be another user's: a link of the home's owner must not make root copy it to where that owner reads.
    """
    return path.startswith(os.path.realpath(home).rstrip(os.sep) + os.sep)


def owners(disk: Disk, where: Location, home: str | None, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """``theirs`` for ``store``, where ``names`` are copies of the file at ``where``."""
    if home is None or _is_within(where.path, home):
        return {}
    with opened(disk, where.directory) as at:
        looks = disk.stat(at, where.name)
    return dict.fromkeys(names, (looks.st_uid, looks.st_gid))


def store(
    disk: Disk,
    folder: str,
    name: str,
    files: Sequence[tuple[str, bytes]],
    *,
    home: str | None = None,
    theirs: Mapping[str, tuple[int, int]] = MappingProxyType({}),
) -> str:
    """Write ``files`` into a new directory ``folder/name``, sync and read them back; returns its path.

    The last file is the manifest, which makes the directory count: it gets its name only when everything is on the
    disk, itself included, so that no crash leaves a manifest of files that are not there. Missing parents are made;
    everything made belongs, as root, to the owner of ``home`` if it is in there, else to that of the nearest directory
    that was there; the files in ``theirs`` belong to the uid and gid that stand there. Raises WriteFailed and
    NotVerified; nothing is left then.
    """
    *contents, (manifest, facts) = files
    staged = [*contents, (f"{manifest}.part", facts)]
    try:
        path, owner = _make(disk, os.path.join(folder, name), home)
        try:
            with opened(disk, path) as at:
                for entry, data in staged:
                    _write(disk, at, entry, data, owner if owner == _UNSET else theirs.get(entry, owner))
                disk.sync_directory(at)
                for entry, data in staged:
                    if disk.read(at, entry, len(data)) != data:
                        raise NotVerified(os.path.join(path, entry), "the backup reads back differently")
                disk.rename(at, f"{manifest}.part", at, manifest)
                disk.sync_directory(at)
        except BaseException:
            with suppress(OSError):  # an unfinished copy of secrets is of no use to anybody
                remove(disk, path, {name for name, _ in files})
            raise
    except StateError:
        raise
    except OSError as error:
        raise WriteFailed(folder, error.errno or 0, "writing the backup") from error
    return path


def remove(disk: Disk, path: str, known: Set[str]) -> bool:
    """Remove what is ``known`` of a directory that ``store`` made, and the directory where nothing else is in it;
    returns whether it went.

    What ``store`` had not yet named the manifest is known too. The manifest goes first and for good before the rest
    does: a crash in between leaves one that does not count. Where there is a manifest that is not among what is known,
    nothing is touched: it is not what it was taken for.
    """
    folder, name = os.path.split(path)
    known = {*known, f"{MANIFEST}.part"}
    with opened(disk, folder) as above:
        with opened(disk, path) as at:
            entries = disk.names(at)
            if MANIFEST in entries:
                if MANIFEST not in known:
                    return False
                disk.unlink(at, MANIFEST)
                disk.sync_directory(at)
            for entry in entries:
                if entry != MANIFEST and entry in known:
                    disk.unlink(at, entry)
        if not known >= set(entries):
            return False
        disk.remove_directory(above, name)
        disk.sync_directory(above)
    return True


def other_home(facts: Mapping[str, Any], home: str) -> str:
    """The home that a backup with a manifest of these ``facts`` was made of, if that is not the one at ``home``; else,
    or where the manifest does not say, ``""``.

    A folder of backups can be linked into several homes, and a home can be copied or moved with its backups.
    """
    recorded = facts.get("real_home", facts.get("home"))
    return recorded if isinstance(recorded, str) and not same_place(recorded, home) else ""


def _owner(disk: Disk, at: Directory, home: str | None) -> tuple[int, int]:
    """Who everything made below ``at`` belongs to; -1 leaves it to the system.

    The home's owner only inside of the home: its links are that user's, and must not make root give away what is not.
    """
    if os.geteuid() != 0:
        return _UNSET
    found = disk.stat(at, ".")
    if home is not None and _is_within(at.path, home):
        with opened(disk, os.path.realpath(home)) as top:
            found = disk.stat(top, ".")
    return found.st_uid, found.st_gid


def _make(disk: Disk, path: str, home: str | None) -> tuple[str, tuple[int, int]]:
    """Make the directory ``path`` and the parents that are missing, each synced into the one above.

    Returns its real path and the owner of all that is made.
    """
    missing = [os.path.basename(path)]
    parent = os.path.dirname(path)
    while not os.path.lexists(parent):
        missing.append(os.path.basename(parent))
        parent = os.path.dirname(parent)
    real = os.path.realpath(parent, strict=True)
    owner = _UNSET
    for depth, name in enumerate(reversed(missing)):
        with opened(disk, real) as at:
            if depth == 0:
                owner = _owner(disk, at, home)
            disk.make_directory(at, name, *owner)
            disk.sync_directory(at)
        real = os.path.join(real, name)
    return real, owner


def _write(disk: Disk, at: Directory, name: str, data: bytes, owner: tuple[int, int]) -> None:
    file = disk.create(at, name)
    try:
        disk.write(file, data)
        if owner != _UNSET:
            disk.set_owner(file, *owner)
        disk.sync(file)
    finally:
        disk.close(file)


def names(disk: Disk, home: str) -> list[str]:
    """The names of all backups of a home, oldest first; foreign entries of the folder are left out.

    Raises OSError when there is a folder and it cannot be listed.
    """
    try:
        with opened(disk, os.path.realpath(os.path.join(home, *FOLDER), strict=True)) as at:
            return [name for name in disk.names(at) if _NAME.fullmatch(name)]
    except FileNotFoundError:
        return []
