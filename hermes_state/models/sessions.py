"""What is wrong with a ``sessions/sessions.json``: the fields and their meanings are in ``views/sessions.py``.

Entries are independent: the gateway skips a bad one, and so a fault in one entry says nothing about the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from hermes_state.models.issue import Issue, IssueKind, pointer
from hermes_state.models.rules import faults, rule, wrong_type

#: What a text breaks: the words and the kind of the issue.
Broken = tuple[str, IssueKind]

_PATH = ("could be used as a path out of its directory; agents from 0.18 on skip the entry", IssueKind.PATH_LIKE)
_OFFSET = ("has a UTC offset; the agent compares it with local times that have none, and fails", IssueKind.UTC_OFFSET)
_NO_TIME = ("is not an ISO 8601 time", IssueKind.VALUE)


def check(value: object) -> list[Issue]:
    """Everything that is wrong with ``value`` as the content of a sessions.json; never raises on JSON values."""
    if not isinstance(value, dict):
        return [wrong_type(value, "an object", kind_of=IssueKind.ENVELOPE)]
    an_entry = rule("sessions", "/$defs/Entry", forms=False)
    issues: list[Issue] = []
    for key, entry in entries(value):
        issues += faults(an_entry, entry, key)
        if isinstance(entry, dict):
            issues += _broken_rules(key, entry)
    return issues


def entries(document: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The entries of ``document``; agents from 0.18 on skip every key that begins with an underscore."""
    return ((key, entry) for key, entry in document.items() if not key.startswith("_"))


def broken_by_key(text: str) -> Broken | None:
    """Why no agent accepts ``text`` as a session key, if so: only its beginning and ``..`` can lead elsewhere."""
    return _PATH if ".." in text or text[:1] in ("/", "\\") or _has_drive(text) else None


def broken_by_id(text: str) -> Broken | None:
    """Why no agent accepts ``text`` as a session id, if so: it is used as a file name."""
    return _PATH if ".." in text or "/" in text or "\\" in text or _has_drive(text) else None


def broken_by_time(text: str) -> Broken | None:
    """Why the agent cannot use ``text`` as a local time, if so: it reads ISO 8601 and computes without offsets."""
    try:
        return None if datetime.fromisoformat(text).tzinfo is None else _OFFSET
    except ValueError:
        return _NO_TIME


#: The agent's rules about texts, which say more than the patterns of the schema.
_RULES: dict[str, Callable[[str], Broken | None]] = {
    "session_key": broken_by_key,
    "session_id": broken_by_id,
    "created_at": broken_by_time,
    "updated_at": broken_by_time,
    "last_resume_marked_at": broken_by_time,
    "active_turn_started_at": broken_by_time,
}


def _broken_rules(key: str, entry: dict[str, Any]) -> Iterator[Issue]:
    """What types cannot say. Values of the wrong type are left to the types."""
    own = entry.get("session_key")
    if own != key and isinstance(own, str):
        yield Issue(pointer(key, "session_key"), "differs from the key of the entry", IssueKind.MISMATCH)
    for name, broken_by in _RULES.items():
        text = entry.get(name)
        if isinstance(text, str) and (broken := broken_by(text)):
            yield Issue(pointer(key, name), *broken)


def _has_drive(text: str) -> bool:
    return text[1:2] == ":" and text[0].isalpha()
