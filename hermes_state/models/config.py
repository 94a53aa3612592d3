"""What is wrong with a ``config.yaml``: settings of the wrong type, and roots that no agent knows.

The sections and their types are in ``views/config.py``. Agents take what they understand of a file and pass over the
rest in silence, so nothing here keeps a file from being used; it says what its owner cannot see.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hermes_state.models.issue import Issue, IssueKind, pointer
from hermes_state.models.rules import faults, published, rule, wrong_type

VERSION_KEY = "_config_version"

_MISREAD = "is true or false, not a string"
_HINT = "; on, off, yes and no are words only in quotes"


def check(value: object) -> list[Issue]:
    """Everything of the wrong type in ``value``, the content of a config.yaml as YAML gives it; never raises."""
    if not isinstance(value, dict):
        return [wrong_type(value, "an object", kind_of=IssueKind.ENVELOPE)]
    issues = list(_odd_keys(value, ()))
    for issue in faults(rule("config"), _with_text_keys(value)):
        hint = _HINT if issue.message == _MISREAD else ""
        issues.append(issue._replace(message=issue.message + hint))
    return issues


def unknown_keys(value: object) -> list[str]:
    """The keys at the root that no agent from 0.13 to 0.22 reads. They are allowed, and most often a typing error.

    Agents leave keys with a leading underscore alone. A key that is no text is given as JSON spells it.
    """
    if not isinstance(value, dict):
        return []
    known = published("config")["properties"]
    return [
        key if isinstance(key, str) else json.dumps(key, default=str)
        for key in value
        if key not in known and not (isinstance(key, str) and key.startswith("_"))
    ]


def version(value: object) -> int:
    """How far the file was migrated, as agents from 0.16 on read ``_config_version``; 0 when it is missing.

    A truth value, a negative number and what is no whole number count as 0; text that is one, and the whole part of a
    number, count as that. On an infinity, where the agents fail, it is 0 too.
    """
    stamp: Any = value.get(VERSION_KEY) if isinstance(value, dict) else None
    if isinstance(stamp, bool):
        return 0
    try:
        return max(0, int(stamp))
    except (TypeError, ValueError, OverflowError):
        return 0


def _odd_keys(value: object, at: tuple[object, ...]) -> Iterator[Issue]:
    """Keys that were meant as text and are not: ``on:`` is the key true."""
    if isinstance(value, dict):
        for key, below in value.items():
            if key is None or isinstance(key, bool):
                message = f"is a key that YAML reads as {json.dumps(key)}: as text it needs quotes"
                yield Issue(pointer(*at, key), message, IssueKind.VALUE)
            yield from _odd_keys(below, (*at, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _odd_keys(below, (*at, index))


def _with_text_keys(value: Any) -> Any:
    """``value`` with keys as pointers show them: a schema knows text only, and ``2070:`` may well name a provider."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(below) for key, below in value.items()}
    return [_with_text_keys(below) for below in value] if isinstance(value, list) else value
