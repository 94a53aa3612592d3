"""How many backups a home keeps, and what may be removed of the others.

A folder of backups can be shared by several homes, and people put things beside ours: only a backup with our manifest,
made of this very home, goes, and of it only the files that its manifest lists.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress

from hermes_state import backup
from hermes_state.disk import Disk, opened

KEEP = 20
#: The most that is read of a manifest (bytes).
_LIMIT = 1 << 20


def prune(disk: Disk, home: str, keep: int = KEEP, spare: Sequence[str] = ()) -> list[str]:
    """Remove what is older than the newest ``keep`` backups of ``home``; returns the names removed. Nothing of
    ``spare`` is touched: paths of backups that were just made, by a clock that may have gone back.

    A directory that a crash left without a manifest is no backup: it takes nobody's place, and goes when it is older
    than those that are kept. Whatever else lies in a directory stays, and the directory with it. What cannot be looked
    into or removed stays, until the next time; so do the backups of a home that was moved since, which are another's.
    """
    try:
        found = backup.names(disk, home)
    except OSError:
        return []
    folder = os.path.realpath(os.path.join(home, *backup.FOLDER))
    whole = {name: files for name in found if (files := _files(disk, os.path.join(folder, name), home))}
    counted = list(whole)
    removed: list[str] = []
    older = found[: found.index(counted[-keep])] if len(counted) >= keep else []
    for name in (name for name in older if name not in map(os.path.basename, spare)):
        with suppress(OSError):
            if backup.remove(disk, os.path.join(folder, name), whole.get(name, backup.UNFINISHED)):
                removed.append(name)
    return removed


def _files(disk: Disk, path: str, home: str) -> frozenset[str]:
    """The files of a backup of ``home``, its manifest among them; none for all that is not one."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        with opened(disk, path) as at:
            facts = json.loads(disk.read(at, backup.MANIFEST, _LIMIT))
        if facts["format"] == backup.FORMAT and facts["home"] and not backup.other_home(facts, home):
            return frozenset((backup.MANIFEST, *(str(entry["name"]) for entry in facts["files"])))
    return frozenset()
