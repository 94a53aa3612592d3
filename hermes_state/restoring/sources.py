"""What a file can be brought back from.

Besides our own backups: ``auth.json.corrupt`` (the agent's one slot for a file that it could not read), its
``state-snapshots/<stamp>/`` (``hermes backup -q``) and its ``backups/config/`` (0.22).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from hermes_state import backup
from hermes_state.codec.fault import BadText
from hermes_state.codec.json import parse
from hermes_state.disk import Disk, opened
from hermes_state.errors import UnknownTarget
from hermes_state.outcomes import Outcome

#: The files that restore may bring back. sessions.json is the gateway's own: it rewrites it whole.
FILES = ("auth.json", "config.yaml")
_LIMIT = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of a source. ``rows`` counts the credentials of an auth.json that can be read, else None."""

    file: str
    path: str
    outcome: Outcome
    size: int
    rows: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to restore from: ``name`` is what to type, ``origin`` is hermes-state or agent, ``at`` epoch
    seconds."""

    name: str
    origin: str
    path: str
    at: float
    reason: str
    copies: tuple[Copy, ...]


def sources(disk: Disk, home: str) -> list[Source]:
    """All sources of a home, newest first. What cannot be read is listed with its outcome; nothing is changed."""
    found = [*_ours(disk, home), *_snapshots(disk, home), *_single(disk, home)]
    return sorted(found, key=lambda source: (-source.at, source.name))


def find(disk: Disk, home: str, name: str) -> Source:
    """The source called ``name``, or the only one whose name begins so. Raises UnknownTarget."""
    every = sources(disk, home)
    exact = [source for source in every if source.name == name]
    fitting = exact or [source for source in every if name and source.name.startswith(name)]
    if len(fitting) == 1:
        return fitting[0]
    known = tuple(source.name for source in (fitting or every)[:8])
    raise UnknownTarget(home, "backup", name, known, ambiguous=len(fitting) > 1)


def _ours(disk: Disk, home: str) -> Iterator[Source]:
    for name in backup.names(disk, home):
        path = os.path.join(os.path.realpath(os.path.join(home, *backup.FOLDER)), name)
        with suppress(OSError, ValueError, KeyError, TypeError), opened(disk, path) as at:
            manifest = json.loads(disk.read(at, backup.MANIFEST, 1 << 20))
            files = [str(entry["name"]) for entry in manifest["files"]]
            copies = tuple(_copy(disk, path, file) for file in files if file in FILES)
            yield Source(name, "hermes-state", path, float(manifest["created_at"]), str(manifest["reason"]), copies)


def _snapshots(disk: Disk, home: str) -> Iterator[Source]:
    folder = os.path.realpath(os.path.join(home, "state-snapshots"))
    for name in _names(disk, folder):
        path = os.path.join(folder, name)
        copies = tuple(_copy(disk, path, file) for file in FILES if os.path.isfile(os.path.join(path, file)))
        if copies:
            yield Source(f"state-snapshots/{name}", "agent", path, _when(path), "snapshot", copies)


def _single(disk: Disk, home: str) -> Iterator[Source]:
    """Copies of one file, each a source of its own."""
    real = os.path.realpath(home)
    if os.path.isfile(os.path.join(real, "auth.json.corrupt")):
        copy = _copy(disk, real, "auth.json.corrupt", "auth.json")
        yield Source("auth.json.corrupt", "agent", copy.path, _when(copy.path), "could not be read", (copy,))
    folder = os.path.join(real, "backups", "config")
    for name in _names(disk, folder):
        if name.startswith("config.yaml."):
            copy = _copy(disk, folder, name, "config.yaml")
            yield Source(f"backups/config/{name}", "agent", copy.path, _when(copy.path), "config", (copy,))


def _names(disk: Disk, folder: str) -> list[str]:
    try:
        with opened(disk, folder) as at:
            return disk.names(at)
    except OSError:
        return []


def _when(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def _copy(disk: Disk, folder: str, name: str, file: str | None = None) -> Copy:
    path, meant = os.path.join(folder, name), file or name
    try:
        with opened(disk, folder) as at:
            data = disk.read(at, name, _LIMIT)
    except OSError:
        return Copy(meant, path, Outcome.UNREADABLE, 0, None)
    if meant != "auth.json":
        return Copy(meant, path, Outcome.OK if data else Outcome.EMPTY, len(data), None)
    try:
        document = parse(data).value
    except BadText as error:
        return Copy(meant, path, error.fault.outcome, len(data), None)
    pools = document.get("credential_pool") if isinstance(document, dict) else None
    rows = sum(len(pool) for pool in pools.values() if isinstance(pool, list)) if isinstance(pools, dict) else 0
    return Copy(meant, path, Outcome.OK if isinstance(document, dict) else Outcome.INVALID, len(data), rows)
