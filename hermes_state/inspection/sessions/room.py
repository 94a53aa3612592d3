"""``sessions.json``: how many sessions it routes, whether it counts, and which entries agents stumble over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from hermes_state import clock
from hermes_state.errors import StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import files
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import FileFacts, Sessions
from hermes_state.inspection.sessions import gateway, pairing
from hermes_state.inspection.versions import before, numbers
from hermes_state.models.issue import IssueKind, pointer
from hermes_state.stores.reading import Reading
from hermes_state.stores.sessions import SessionsStore, moved_to

if TYPE_CHECKING:
    from hermes_state.inspection.sessions.routing import Index

DATABASE = "state.db"
_IDS = {
    IssueKind.UTC_OFFSET: "HS-SESS-021",
    IssueKind.PATH_LIKE: "HS-SESS-022",
    IssueKind.MISMATCH: "HS-SESS-023",
}
#: What agents stumble over; an entry that repeats another key than its own still works.
_INVALID = frozenset({"HS-SESS-020", "HS-SESS-021", "HS-SESS-022"})
#: The first versions that keep the index in state.db, and that pass over notes (keys with an underscore).
_MIRROR_SINCE, _NOTES_SINCE = (0, 18, 2), (0, 18)
#: Seconds ahead that no local time of any place is, however it is read here.
_AHEAD = 2 * clock.DAY
_TIMES = ("created_at", "updated_at")


class SessionsLook(NamedTuple):
    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]
    sessions: Sessions | None


def look(home: Home, neighbourhood: Neighbourhood, version: str | None, now: float) -> SessionsLook:
    """Look at the sessions.json of ``home``, and at what the gateway keeps about its chats, at ``now``.

    ``version`` is that of the home's agent (None: not known), ``now`` is in epoch seconds.
    """
    reading = _store(home).read()
    found = list(_findings(home, reading))
    sessions = None
    index, database = None, os.path.join(home.path, DATABASE)
    if not before(version, *_MIRROR_SINCE) and os.path.isfile(database):
        from hermes_state.inspection.sessions import routing

        index = routing.look(database, os.path.realpath(os.path.dirname(reading.path)), now)
    if isinstance(reading.document, dict):
        from hermes_state.models.sessions import entries

        invalid = frozenset(_key(each.pointer) for each in found if each.id in _INVALID)
        count = sum(1 for _ in entries(reading.document))
        sessions = Sessions(count, "mirror" if _is_mirror(version, index) else "primary", len(invalid))
        found += _future(reading, now)
        found += _notes(reading, version)
    else:
        invalid = frozenset()
    if index is not None:
        from hermes_state.inspection.sessions import mirror

        found += mirror.findings(database, reading, index, invalid, neighbourhood.gateways[home.path].may_be_running)
    found += gateway.findings(home, version, now)
    found += pairing.findings(home, now)
    shared = neighbourhood.shared_with(home, "sessions", lambda each: _store(each).path)
    return SessionsLook([files.facts(reading, shared)], found, files.unseen(reading), sessions)


def _is_mirror(version: str | None, index: Index | None) -> bool:
    """Whether state.db has the index too; where no version is known, whether some agent ever put it there."""
    known = numbers(version)
    return known >= _MIRROR_SINCE if known is not None else index is not None and not index.fault


def _store(home: Home) -> SessionsStore:
    return SessionsStore(home, directory=moved_to(home))


def _key(at: str) -> str:
    """The chat that a JSON pointer leads into."""
    return at.split("/")[1].replace("~1", "/").replace("~0", "~")


def _findings(home: Home, reading: Reading) -> Iterator[Finding]:
    yield from files.outcome(home, reading, "HS-SESS")
    yield from files.oddities(reading, "HS-SESS", "load no session from it")
    if not isinstance(reading.document, dict):
        return
    from hermes_state.models.sessions import check

    for issue in check(reading.document):
        _, _, *fields = issue.pointer.split("/")
        id = _IDS.get(IssueKind(issue.kind_of), "HS-SESS-020")
        yield finding(id, reading.path, issue.pointer, f"{'/'.join(fields) or 'the entry'} {issue.message}")


def _future(reading: Reading, now: float) -> Iterator[Finding]:
    """Times that lie ahead of every clock: such an entry is never idle, and never pruned."""
    from hermes_state.models.sessions import entries

    horizon = datetime.fromisoformat(clock.iso(now + _AHEAD)[:-1])
    day = horizon.date().isoformat()
    for key, entry in entries(reading.document):
        if isinstance(entry, dict):
            for name in _TIMES:
                text = entry.get(name)
                # Texts of one form sort by time, so that most are never parsed.
                if isinstance(text, str) and text >= day and _is_later(text, horizon):
                    message = f"{name} lies in the future: the gateway takes the chat for active until then"
                    hint = "stop the gateway and correct the time by hand, or send /new in the chat"
                    yield finding("HS-SESS-024", reading.path, pointer(key, name), message, hint)


def _is_later(text: str, horizon: datetime) -> bool:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None) > horizon
    except ValueError:
        return False


def _notes(reading: Reading, version: str | None) -> Iterator[Finding]:
    """The first thing that is no entry, which ends the loading of agents before 0.18."""
    if not before(version, *_NOTES_SINCE):
        return
    keys = list(reading.document)
    for place, key in enumerate(keys):
        if not isinstance(reading.document[key], dict):
            lost = len(keys) - place - 1
            message = (
                f"agent {version} stops loading here: it does not see what follows (entries: {lost}), "
                "and its next save drops it"
            )
            hint = "stop the gateway and remove this key by hand, or use an agent from 0.18 on"
            yield finding("HS-SESS-025", reading.path, pointer(key), message, hint)
            return
