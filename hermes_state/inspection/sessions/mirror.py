"""Whether ``sessions.json`` and the index in ``state.db``, which it mirrors since 0.18.2, say the same.

A gateway writes the database first and the file right after it. When it starts it takes the database's entries, and
from the file those of chats that the database does not know (``gateway/session.py``, 0.18.2 to 0.22).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from hermes_state.findings import Finding, finding
from hermes_state.inspection.commands import file_command, quoted
from hermes_state.inspection.sessions.routing import Index, Routes
from hermes_state.models.issue import pointer
from hermes_state.stores.reading import Reading


class Difference(NamedTuple):
    """How many chats the file has, which ones only one side knows, and which have another session on each side."""

    here: int
    only_file: list[str]
    only_index: list[str]
    other: list[str]

    @property
    def chats(self) -> list[str]:
        return [*self.only_file, *self.only_index, *self.other]


def findings(
    path: str, reading: Reading, index: Index, doubtful: frozenset[str], gateway_may_run: bool
) -> Iterator[Finding]:
    """What a user should know of the file that was read and the ``index`` in the database at ``path``.

    ``doubtful`` are the entries of the file that agents may skip.
    """
    if isinstance(reading.document, dict) and index.routes:
        yield from _disagreement(reading, index, doubtful, gateway_may_run)
    if index.is_settled:
        yield from _state(path, reading, index)


def _disagreement(reading: Reading, index: Index, doubtful: frozenset[str], gateway_may_run: bool) -> Iterator[Finding]:
    """Where the two differ. An index without rows for this directory is not asked: it was not begun yet."""
    found = _differences(reading.document, index.routes, doubtful)
    if not found.chats or not _is_unchanged(reading):
        return
    example = found.chats[0]
    at = pointer(example) if example in reading.document else ""
    what = (
        f"chats here: {found.here}, in state.db: {len(index.routes)}; only here: {len(found.only_file)}, only there: "
        f"{len(found.only_index)}, with another session there: {len(found.other)} (such as {example})"
    )
    if index.is_settled:
        yield finding("HS-SESS-026", reading.path, at, f"{what}; state.db wins", _reconciling(reading.path, found))
    elif not gateway_may_run:
        reason = "what agents wrote last may not be in state.db yet"
        yield finding("HS-SESS-027", reading.path, at, f"{what}; {reason}", "the next start of the gateway settles it")


def _reconciling(path: str, found: Difference) -> str:
    if not found.only_file:
        return "nothing is lost: the gateway writes this file anew when a chat begins or ends"
    away = quoted(file_command("mv", path, f"{path}.old"))
    return (
        "a gateway that starts takes the chats back that are only here; to have it forget them, stop it, "
        f"and then {away}: it writes the file anew"
    )


def _is_unchanged(reading: Reading) -> bool:
    """Whether the file is still the one that was read: a gateway writes the database first."""
    try:
        looks = os.stat(reading.path)
    except OSError:
        return False
    seen: Any = reading.stat
    return (looks.st_ino, looks.st_size, looks.st_mtime_ns) == (seen.st_ino, seen.st_size, seen.st_mtime_ns)


def _state(path: str, reading: Reading, index: Index) -> Iterator[Finding]:
    """What is to be said of the index in the database at ``path`` as such."""
    if index.fault:
        message = f"{index.fault}; a gateway that cannot read it goes by sessions.json alone"
        yield finding("HS-SESS-028", path, "", message)
    elif index.elsewhere and not index.routes:
        other = max(index.elsewhere, key=lambda scope: index.elsewhere[scope])
        count, mine = sum(index.elsewhere.values()), os.path.dirname(reading.path)
        message = (
            f"its routes ({count}) are those of {other}, not of {mine}: "
            "a gateway that knows the directory by this name passes over them and takes sessions.json"
        )
        yield finding("HS-SESS-029", path, "", message)


def _differences(document: dict[str, Any], index: Routes, doubtful: frozenset[str]) -> Difference:
    """Where a file's ``document`` and the ``index`` differ, ``doubtful`` entries aside.

    Only the keys and their sessions are compared: since 0.20 the rest of the file may lag.
    """
    from hermes_state.models.sessions import entries

    here, only_file, other = 0, [], []
    for key, entry in entries(document):
        if not isinstance(entry, dict):
            continue
        here += 1
        if key not in index:
            only_file.append(key)
        elif index[key] != entry.get("session_id"):
            other.append(key)
    certain = [sorted(key for key in keys if key not in doubtful) for keys in (only_file, other)]
    return Difference(here, certain[0], sorted(key for key in index if key not in document), certain[1])
