"""``sessions.json``: how many sessions it routes, whether it counts, and which entries agents stumble over."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

from hermes_state.errors import StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import files
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import FileFacts, Sessions
from hermes_state.models.issue import IssueKind
from hermes_state.stores.reading import Reading
from hermes_state.stores.sessions import SessionsStore, moved_to

_IDS = {
    IssueKind.UTC_OFFSET: "HS-SESS-021",
    IssueKind.PATH_LIKE: "HS-SESS-022",
    IssueKind.MISMATCH: "HS-SESS-023",
}
#: What agents stumble over; an entry that repeats another key than its own still works.
_INVALID = frozenset({"HS-SESS-020", "HS-SESS-021", "HS-SESS-022"})
#: The first version that keeps the index in state.db.
_MIRROR_SINCE = (0, 18, 2)


class SessionsLook(NamedTuple):
    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]
    sessions: Sessions | None


def look(home: Home, neighbourhood: Neighbourhood, version: str | None) -> SessionsLook:
    """Look at the sessions.json of ``home``, whose agent has ``version`` (None: not known)."""
    reading = _store(home).read()
    found = list(_findings(reading))
    sessions = None
    if isinstance(reading.document, dict):
        from hermes_state.models.sessions import entries

        count = sum(1 for _ in entries(reading.document))
        invalid = {each.pointer.split("/")[1] for each in found if each.id in _INVALID}
        sessions = Sessions(count, "mirror" if _is_mirror(home, version) else "primary", len(invalid))
    shared = neighbourhood.shared_with(home, "sessions", lambda each: _store(each).path)
    return SessionsLook([files.facts(reading, shared)], found, files.unseen(reading), sessions)


def _store(home: Home) -> SessionsStore:
    return SessionsStore(home, directory=moved_to(home))


def _findings(reading: Reading) -> Iterator[Finding]:
    yield from files.outcome(reading, "HS-SESS")
    yield from files.oddities(reading, "HS-SESS", "load no session from it")
    if not isinstance(reading.document, dict):
        return
    from hermes_state.models.sessions import check

    for issue in check(reading.document):
        _, _, *fields = issue.pointer.split("/")
        id = _IDS.get(IssueKind(issue.kind_of), "HS-SESS-020")
        yield finding(id, reading.path, issue.pointer, f"{'/'.join(fields) or 'the entry'} {issue.message}")


def _is_mirror(home: Home, version: str | None) -> bool:
    """Whether state.db has the index too; where no version is known, whether some agent ever put it there."""
    numbers = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", version or "", re.ASCII)
    if numbers is not None:
        return tuple(int(number or 0) for number in numbers.groups()) >= _MIRROR_SINCE
    path = os.path.join(home.path, "state.db")
    return os.path.isfile(path) and _has_index(path)


def _has_index(path: str) -> bool:
    """Whether the database at ``path`` has the table for the index.

    ``immutable`` keeps SQLite from locking anything and from making files beside the database; a table that was made a
    moment ago may be missed.
    """
    import sqlite3
    from urllib.parse import quote

    try:
        with closing(sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)) as database:
            tables = database.execute("SELECT 1 FROM sqlite_master WHERE type='table' AND name='gateway_routing'")
            return tables.fetchone() is not None
    except sqlite3.Error:
        return False
