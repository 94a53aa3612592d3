"""The copies of state files that lie in a home, each with what it holds.

Besides our own backups: ``auth.json.corrupt`` (the agent's one slot for a file that it could not read), its
``state-snapshots/<stamp>/`` (``hermes backup -q``), and in its ``backups/`` the archives that it makes before updates
and migrations and (0.22) its copies of ``config.yaml`` (``hermes_cli/backup.py``, ``hermes_cli/config_backups.py``).
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isfinite

from hermes_state import backup
from hermes_state.disk import Disk, opened
from hermes_state.errors import FileNotOk
from hermes_state.home import Home
from hermes_state.outcomes import Fault, Outcome
from hermes_state.restoring.source import Copy, Hidden, Source, altered
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.config import ConfigStore
from hermes_state.stores.reading import JSON_LIMIT, Reading
from hermes_state.stores.store import Store

#: The files that restore may bring back. sessions.json is the gateway's own: it rewrites it whole.
FILES = ("auth.json", "config.yaml")
#: What agents call their archives in ``backups/``.
_ARCHIVES = ("pre-update-", "pre-migration-", "hermes-backup-")
_BROKEN = (ValueError, KeyError, TypeError, OverflowError, RecursionError, zipfile.BadZipFile)
#: Who may read, write and enter; the bits above (setuid and such) are not brought back.
_MODE = 0o777


def every(disk: Disk, home: str) -> Iterator[Source | Hidden]:
    """All that a home can be restored from. A copy that cannot be read is among it, with its outcome; nothing is
    changed."""
    yield from _ours(disk, home)
    yield from _snapshots(disk, home)
    yield from _archives(disk, home)
    yield from _single(disk, home)


def content(disk: Disk, copy: Copy) -> bytes:
    """The bytes of a copy. Raises OSError as the system does, and for an archive that is broken."""
    folder, name = os.path.split(copy.path)
    if not copy.member:
        with opened(disk, os.path.realpath(folder, strict=True)) as at:
            return disk.read(at, name, JSON_LIMIT)
    try:
        with zipfile.ZipFile(copy.path) as archive, archive.open(copy.member) as member:
            return member.read(JSON_LIMIT + 1)
    except OSError:
        raise
    except Exception as error:  # each way to compress has errors of its own
        raise OSError(f"the archive is broken: {error}") from error


def store_of(home: Home, file: str, disk: Disk | None = None) -> Store:
    """The store of one of FILES."""
    return AuthStore(home, disk) if file == "auth.json" else ConfigStore(home, disk)


def _ours(disk: Disk, home: str) -> Iterator[Source | Hidden]:
    folder = os.path.join(home, *backup.FOLDER)
    try:
        names = backup.names(disk, home)
    except OSError as error:
        yield Hidden("", _unreadable(folder, error))
        return
    for name in names:
        path = os.path.join(os.path.realpath(folder), name)
        try:
            with opened(disk, path) as at:
                manifest = disk.read(at, backup.MANIFEST, 1 << 20)
            yield _backup(disk, home, name, path, manifest)
        except (FileNotFoundError, NotADirectoryError):  # one that was never finished, or no backup at all
            continue
        except OSError as error:
            yield Hidden(name, _unreadable(path, error))
        except _BROKEN:
            yield Hidden(name, FileNotOk(path, Fault(Outcome.CORRUPT, "its manifest is not that of a backup")))


def _backup(disk: Disk, home: str, name: str, path: str, manifest: bytes) -> Source:
    facts = json.loads(manifest)
    copies = tuple(
        _copy(
            disk,
            home,
            os.path.join(path, str(entry["name"])),
            mode=_mode(str(entry["mode"])) if "mode" in entry else None,
            links=tuple(map(str, entry.get("links", ()))),
            sha256=str(entry["sha256"]) if "sha256" in entry else None,
        )
        for entry in facts["files"]
        if entry["name"] in FILES
    )
    at = float(facts["created_at"])
    if not isfinite(at):
        raise ValueError(at)
    return Source(name, "hermes-state", path, at, str(facts["reason"]), copies, backup.other_home(facts, home))


def _mode(text: str) -> int:
    """The bits of a mode as manifests spell it. Raises ValueError for what is none."""
    mode = int(text, 8)
    if not 0 <= mode <= 0o7777:
        raise ValueError(text)
    return mode & _MODE


def _snapshots(disk: Disk, home: str) -> Iterator[Source | Hidden]:
    folder = os.path.realpath(os.path.join(home, "state-snapshots"))
    for name in _names(disk, folder):
        if isinstance(name, FileNotOk):
            yield Hidden("state-snapshots/", name)
            continue
        path = os.path.join(folder, name)
        copies = tuple(
            _copy(disk, home, os.path.join(path, file)) for file in FILES if os.path.isfile(os.path.join(path, file))
        )
        if copies:
            yield Source(f"state-snapshots/{name}", "agent", path, _when(path), "snapshot", copies)


def _archives(disk: Disk, home: str) -> Iterator[Source | Hidden]:
    folder = os.path.realpath(os.path.join(home, "backups"))
    for name in _names(disk, folder):
        if isinstance(name, FileNotOk):
            yield Hidden("backups/", name)
            continue
        path = os.path.join(folder, name)
        if not name.startswith(_ARCHIVES) or not name.endswith(".zip") or not os.path.isfile(path):
            continue
        copies: tuple[Copy, ...] = ()
        try:
            with zipfile.ZipFile(path) as archive:
                inside = [file for file in FILES if file in archive.namelist()]
            copies = tuple(_copy(disk, home, path, file, member=file) for file in inside)
        except OSError as error:
            yield Hidden(f"backups/{name}", _unreadable(path, error))
        except _BROKEN:
            yield Hidden(f"backups/{name}", FileNotOk(path, Fault(Outcome.CORRUPT, "it is not a zip archive")))
        if copies:
            yield Source(f"backups/{name}", "agent", path, _when(path), name.rpartition("-20")[0], copies)


def _single(disk: Disk, home: str) -> Iterator[Source | Hidden]:
    """Copies of one file, each a source of its own."""
    real = os.path.realpath(home)
    if os.path.isfile(os.path.join(real, "auth.json.corrupt")):
        copy = _copy(disk, home, os.path.join(real, "auth.json.corrupt"), "auth.json")
        yield Source("auth.json.corrupt", "agent", copy.path, _when(copy.path), "could not be read", (copy,))
    folder = os.path.join(real, "backups", "config")
    for name in _names(disk, folder):
        if isinstance(name, FileNotOk):
            yield Hidden("backups/config/", name)
        elif name.startswith("config.yaml."):
            copy = _copy(disk, home, os.path.join(folder, name), "config.yaml")
            yield Source(f"backups/config/{name}", "agent", copy.path, _when(copy.path), "config", (copy,))


def _names(disk: Disk, folder: str) -> Sequence[str | FileNotOk]:
    """The entries of a folder, none where there is no such folder, and what is wrong with one that cannot be listed."""
    try:
        with opened(disk, folder) as at:
            return disk.names(at)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        return [_unreadable(folder, error)]


def _unreadable(path: str, error: OSError) -> FileNotOk:
    message = error.strerror if isinstance(error.strerror, str) else str(error)
    return FileNotOk(path, Fault(Outcome.UNREADABLE, message, errno=error.errno))


def _when(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _copy(
    disk: Disk,
    home: str,
    path: str,
    file: str = "",
    *,
    mode: int | None = None,
    links: tuple[str, ...] = (),
    member: str = "",
    sha256: str | None = None,
) -> Copy:
    """What a copy holds, read as the file itself would be."""
    meant = file or os.path.basename(path)
    unread = Copy(meant, path, Outcome.OK, 0, None, mode, links, member, sha256=sha256)
    try:
        data = content(disk, unread)
    except OSError as error:
        return _with(unread, Fault(Outcome.UNREADABLE, error.strerror or str(error), errno=error.errno))
    if (wrong := altered(unread, data)) is not None:
        return _with(unread, wrong, len(data))
    found = store_of(Home(home, "a copy", "custom", home, None), meant, disk).judge(path, data)
    rows = _rows(meant, found)
    return replace(unread, outcome=found.outcome, size=len(data), rows=rows, fault=found.fault)


def _with(copy: Copy, fault: Fault, size: int = 0) -> Copy:
    return replace(copy, outcome=fault.outcome, size=size, fault=fault)


def _rows(file: str, found: Reading) -> int | None:
    if file != "auth.json" or found.outcome not in (Outcome.OK, Outcome.TOO_NEW):
        return None
    pools = found.document.get("credential_pool")
    return sum(len(pool) for pool in pools.values() if isinstance(pool, list)) if isinstance(pools, dict) else 0
