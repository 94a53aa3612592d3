"""What a file can be brought back from: all of it, or the one that is meant by a name."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote
from typing import NamedTuple

from hermes_state.disk import Disk
from hermes_state.errors import UnknownTarget
from hermes_state.outcomes import Outcome
from hermes_state.restoring import copies
from hermes_state.restoring.source import Copy, Hidden, Source

#: How many older copies are named.
_FEW = 3
#: What to do in a home without any.
_NOTHING = "there is nothing to restore from in this home: name another one with --home, or log in again"


class Survey(NamedTuple):
    """The sources of a home, newest first, and what may hide others."""

    sources: list[Source]
    hidden: list[Hidden]


def survey(disk: Disk, home: str) -> Survey:
    """What a home can be restored from. A copy that cannot be read is listed with its outcome; nothing is changed."""
    found = list(copies.every(disk, home))
    listed = [source for source in found if isinstance(source, Source)]
    hidden = [one for one in found if isinstance(one, Hidden)]
    return Survey(sorted(listed, key=lambda source: (source.at, source.name), reverse=True), hidden)


def sources(disk: Disk, home: str) -> list[Source]:
    """The sources of a home that can be looked into, newest first."""
    return survey(disk, home).sources


def find(disk: Disk, home: str, name: str) -> Source:
    """The source called ``name``, or the only one whose name begins so. Raises UnknownTarget, and FileNotOk where what
    is meant may be there but cannot be looked into: that is not to be called absent."""
    found, hidden = survey(disk, home)
    exact = [source for source in found if source.name == name]
    fitting = exact or [source for source in found if name and source.name.startswith(name)]
    for one in hidden if not exact else ():
        if one.prefix.startswith(name) or name.startswith(one.prefix):
            raise one.error
    if len(fitting) == 1:
        return fitting[0]
    known = tuple(source.name for source in (fitting or found)[:8])
    raise UnknownTarget(home, "backup", name, known, ambiguous=len(fitting) > 1, advice=_NOTHING)


def advice(disk: Disk, home: str, file: str, typed: Callable[[str], str]) -> str:
    """How to bring ``file`` back when the live one is not ok; ``""`` where there is nothing to restore it from.

    ``typed`` makes what to type of the words of a command. Of the sources with a copy that is ok the newest one is in
    the command, and the others are named with their row counts.
    """
    ours = (source for source in sources(disk, home) if not source.belongs_elsewhere())
    found = [(source.name, copy) for source in ours for copy in source.copies if copy.file == file]
    good = [(name, _counted(copy)) for name, copy in found if copy.outcome is Outcome.OK]
    if not good:
        return ""
    (newest, what), *older = good
    more = f", and {len(older) - _FEW} more" if len(older) > _FEW else ""
    others = f"; older: {', '.join(f'{name} ({what})' for name, what in older[:_FEW])}{more}" if older else ""
    return f"{typed(f'restore {quote(newest)} {quote(file)}')} brings back the newest copy ({what}){others}"


def _counted(copy: Copy) -> str:
    if copy.rows is None:
        return f"{copy.size} bytes"
    return f"{copy.rows} credential{'s' if copy.rows != 1 else ''}"
