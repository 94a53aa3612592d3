"""Rows on which the agent fails: it then has no credential at all from their pool, healthy ones included.

What makes it fail while it computes a cooldown is told by ``cooldown``; here is the rest, as seen on the agents 0.13,
0.15, 0.19 and 0.22 (``agent/credential_pool.py``: ``load_pool``, ``from_dict``, ``select``).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hermes_state.cooldown import Rule, selection_raises
from hermes_state.models.issue import json_type


class Refusal(NamedTuple):
    """The row at index ``place`` makes the agent fail on its pool, because of ``field`` (empty: because of the row)."""

    place: int
    field: str
    reason: str


def refusals(rows: Sequence[Any], now: float, rule: Rule | None) -> list[Refusal]:
    """The rows on which an agent of ``rule`` fails at ``now`` (epoch seconds); for None those on which all do."""
    rules = tuple(Rule) if rule is None else (rule,)
    found = []
    for index, row in enumerate(rows):
        refusal = None
        for each in rules:
            refusal = _refusal(index, row, now, each)
            if refusal is None:
                break
        if refusal is not None:
            found.append(refusal)
    return found or list(_unsortable(rows))


def _refusal(index: int, row: Any, now: float, rule: Rule) -> Refusal | None:
    if not isinstance(row, dict):
        return Refusal(index, "", f"it is {json_type(row)}, not an object")
    source = row.get("source", "")
    if not isinstance(source, str) and not (source is None and rule is Rule.V15):
        return Refusal(index, "source", f"it is {json_type(source)}, not a string")
    if rule >= Rule.V16 and row.get("id") and not isinstance(row["id"], Hashable):  # ids go into a set (0.19)
        return Refusal(index, "id", f"it is {json_type(row['id'])}")
    if rule >= Rule.V22 and not isinstance(row.get("request_count", 0), int | float):
        return Refusal(index, "request_count", f"it is {json_type(row['request_count'])}, not a number")
    if selection_raises(row, now, rule):
        return Refusal(index, "", "its status or one of its times is of a type that the agent cannot compute with")
    return None


def _unsortable(rows: Sequence[Mapping[str, Any]]) -> Iterator[Refusal]:
    """The row whose ``priority`` keeps the agent from sorting the pool. One row alone needs no sorting."""
    try:
        sorted(row.get("priority", 0) for row in rows)
    except TypeError:
        for index, row in enumerate(rows):
            value = row.get("priority", 0)
            if not isinstance(value, int | float):
                yield Refusal(index, "priority", f"it is {json_type(value)}, not a number")
                return
