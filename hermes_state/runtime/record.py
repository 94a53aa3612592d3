"""Rows and records: which fields move, which rows can be moved, and what ties a record to its row."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

#: The agent writes all six on every row of a pool that it saves, ``null`` where there is nothing to say.
STATUS_FIELDS = (
    "last_status",
    "last_status_at",
    "last_error_code",
    "last_error_reason",
    "last_error_message",
    "last_error_reset_at",
)
#: Written only when there is something to say, in this order; ``failure_reason`` changes the length of a cooldown.
OPTIONAL_FIELDS = ("model_cooldowns", "failure_reason")
MOVED_FIELDS = STATUS_FIELDS + OPTIONAL_FIELDS
#: What one failure says, as one group; model cooldowns are facts of their own.
GROUP_FIELDS = (*STATUS_FIELDS, "failure_reason")

#: Pools in which the Photon plugin keeps rows of another shape.
PHOTON_POOLS = frozenset({"photon", "photon_project", "photon_user"})

_NOTHING: dict[str, Any] = {}
_FINGERPRINT = re.compile(r"sha256:[0-9a-f]{16}")

Row = dict[str, Any]
Record = dict[str, Any]


def identity_of(row: Any) -> str | None:
    """The id of a row as far as a record can be kept under it; None for what is no text, empty, or not there."""
    identity = row.get("id") if isinstance(row, dict) else None
    return identity if isinstance(identity, str) and identity else None


def fingerprint(row: Mapping[str, Any]) -> str | None:
    """The agent's fingerprint of a row's secret: ``sha256:`` and 16 hex digits; None for a row without one.

    A borrowed row holds no token, only the fingerprint of it, in the same form. Text of another form is not repeated:
    it might be the secret itself.
    """
    token = row.get("access_token")
    if isinstance(token, str) and token:
        return "sha256:" + hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    kept = row.get("secret_fingerprint")
    return kept if isinstance(kept, str) and _FINGERPRINT.fullmatch(kept) else None


def ties(row: Mapping[str, Any]) -> Record:
    """What a record says about the row that it belongs to; never a token."""
    source, token = row.get("source"), fingerprint(row)
    made: Record = {"source": source} if isinstance(source, str) else {}
    if token is not None:
        made["token"] = token
    return made


def is_superseded(record: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether the record is about another secret than the row holds now: the user logged in again.

    The source decides only for a record that names no secret: one secret under a new source is still the same account.
    """
    if record.get("token") is not None:
        return bool(record["token"] != fingerprint(row))
    return record.get("source") not in (None, row.get("source"))


def stays(pool: str, rows: Sequence[Any]) -> list[str]:
    """For each row of a pool why its runtime state stays inline; ``""`` for a row that can be moved.

    A row without a unique text id cannot be found again; ``dead`` is a verdict, and moving it would revive the key.
    """
    ids = [identity_of(row) for row in rows]
    counts = Counter(ids)
    return [_stays(pool, row, counts[identity]) for row, identity in zip(rows, ids, strict=True)]


def _stays(pool: str, row: Any, named_so: int) -> str:
    if not isinstance(row, dict):
        return "not_an_object"
    if pool in PHOTON_POOLS:
        return "photon"
    identity = row.get("id")
    if identity is None or identity == "":
        return "no_id"
    if not isinstance(identity, str):
        return "id_not_text"
    if named_so > 1:
        return "duplicate_id"
    return "dead" if row.get("last_status") == "dead" else ""


def told(fields: Mapping[str, Any], keys: Sequence[str] = MOVED_FIELDS) -> list[str]:
    """Which of ``keys`` say something in a row or record: null and ``{}`` say as little as a missing key."""
    return [key for key in keys if (value := fields.get(key)) or (value is not None and value != _NOTHING)]


def inline_fields(row: Mapping[str, Any]) -> list[str]:
    """The runtime fields of ``row`` that can be moved. ``ok`` and what stands beside it is not: a failure is over."""
    return told(row, ("model_cooldowns",) if row.get("last_status") == "ok" else MOVED_FIELDS)


def is_pending(row: Mapping[str, Any]) -> bool:
    """Whether a movable row holds runtime state inline. (The agent puts the nulls back at every write.)"""
    return bool(inline_fields(row))


def emptied(row: Row, keys: Sequence[str]) -> Row:
    """``row`` without what ``keys`` of it said: null where the agent writes null, the optional fields gone."""
    made = {**row, **dict.fromkeys(keys)}
    for key in OPTIONAL_FIELDS:
        if key in keys:
            del made[key]
    return made
