"""What is true when a row and its record both hold runtime data: somebody wrote inline after the move.

Three questions, in this order: what of the record still stands, what of the row counts, what do the two say together.
All are decided by the times of the marks, never by the place where they are. A later mark replaces the whole group;
marks of one time are one fact and are united (agents that know less write the same mark back with fields missing).
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any

from hermes_state.cooldown import NoTime, marked_at, model_ends, parse_timestamp
from hermes_state.runtime.record import (
    GROUP_FIELDS,
    MOVED_FIELDS,
    OPTIONAL_FIELDS,
    Record,
    Row,
    emptied,
    is_superseded,
    ties,
    told,
)

#: What this module writes into a record beside its ties; what else is in one is carried along.
_OWN_FIELDS = frozenset({*MOVED_FIELDS, "moved_at", "cleared_at", "cleared_models", "after"})


class What(StrEnum):
    """What happened to a record, or between it and its row."""

    #: Both held a mark; the one named was later and replaced the other.
    INLINE_IS_LATER = "inline_is_later"
    RECORD_IS_LATER = "record_is_later"
    #: Both held parts of one failure, or model cooldowns.
    UNITED = "united"
    #: A running agent had written back what a clear had ended; it was taken away again.
    WRITTEN_BACK = "written_back"
    #: What the row says now ended the record.
    ENDED_BY_OK = "ended_by_ok"
    ENDED_BY_DEAD = "ended_by_dead"
    #: An agent's own reset, after the move.
    ENDED_BY_RESET = "ended_by_reset"
    #: The row has another secret: the user logged in again.
    SUPERSEDED = "superseded"
    #: The row is gone. Orphans are never applied to another row, and are dropped once they have ended.
    ORPHAN = "orphan"
    ORPHAN_DROPPED = "orphan_dropped"


def standing(record: Record, row: Row, now: float) -> tuple[Record | None, What | None]:
    """What of ``record`` still holds for ``row``, and what ended the rest; the very same object when all of it does."""
    if is_superseded(record, row):
        return None, What.SUPERSEDED
    if "status_cleared_at" in row and _is_reset(record, row, now) and told(record):
        return _without(record, MOVED_FIELDS), What.ENDED_BY_RESET
    if row.get("last_status") == "ok" and told(record, GROUP_FIELDS):
        return _without(record, GROUP_FIELDS), What.ENDED_BY_OK
    return record, None


def counting(row: Row, record: Record) -> Row:
    """``row`` without what a running agent wrote back after a clear; the very same object when there is nothing."""
    if "cleared_at" not in record and "cleared_models" not in record:
        return row
    made = emptied(row, told(row, GROUP_FIELDS)) if is_cleared(row, record) else row
    cleared, ends = record.get("cleared_models"), row.get("model_cooldowns")
    if isinstance(cleared, dict) and isinstance(ends, dict):
        fresh = {model: end for model, end in ends.items() if model not in cleared or _end(end) > _end(cleared[model])}
        if len(fresh) < len(ends):
            made = {**made, "model_cooldowns": fresh} if fresh else emptied(made, ("model_cooldowns",))
    return made


def is_cleared(row: Row, record: Record) -> bool:
    """Whether a clear ended the mark in ``row``: it is not later. A mark without a time cannot be shown to be."""
    cleared_at = parse_timestamp(record.get("cleared_at"))
    if cleared_at is None or row.get("last_status") == "ok" or not told(row, GROUP_FIELDS):
        return False
    marked = marked_at(row)
    return (isinstance(marked, NoTime) or marked <= cleared_at) and not is_superseded(record, row)


def merge(record: Record | None, row: Row, leaving: Sequence[str], now: float) -> tuple[Record, What | None]:
    """The record that says all that is true of ``row``; the very same object if it does already.

    ``record`` must stand, ``row`` must count, and ``leaving`` are its runtime fields that can be moved.
    """
    if record is None:
        return _fresh(row, leaving, now), None
    written = {key: row[key] for key in leaving}
    recorded = {key: record[key] for key in told(record)}
    facts, what = _facts(recorded, written, parse_timestamp(record.get("moved_at")))
    if facts == recorded:
        return record, what
    made = {key: value for key, value in record.items() if key not in _OWN_FIELDS}
    facts = {key: facts[key] for key in MOVED_FIELDS if key in facts}
    return {**made, "moved_at": now, **_clears(record, facts), **facts, **_places(facts, row, leaving, record)}, what


def _fresh(row: Row, leaving: Sequence[str], now: float) -> Record:
    """The first record of a row. Nearly all rows of a move need just this, so it is kept quick."""
    made = ties(row)
    made["moved_at"] = now
    for key in leaving:
        made[key] = row[key]
    if leaving[-1] in OPTIONAL_FIELDS:
        made |= _places(made, row, leaving, {})
    return made


def cleared_ends(row: Row, record: Record, model: str | None) -> dict[str, Any]:
    """What a clear of all models, or of one, writes down: their ends, and those that earlier clears wrote down."""
    ends: dict[str, Any] = {}
    for fields, key in ((record, "cleared_models"), (record, "model_cooldowns"), (row, "model_cooldowns")):
        found = fields.get(key)
        for name, end in found.items() if isinstance(found, dict) else ():
            if (key == "cleared_models" or model in (None, name)) and _end(end) > _end(ends.get(name)):
                ends[name] = end
    return ends


def without_model(fields: Row | Record, model: str) -> dict[str, Any]:
    """A row or record without the cooldown of ``model``; the very same object when it has none."""
    ends = fields.get("model_cooldowns")
    if not isinstance(ends, dict) or model not in ends:
        return fields
    rest = {name: end for name, end in ends.items() if name != model}
    return {**fields, "model_cooldowns": rest} if rest else emptied(fields, ("model_cooldowns",))


def _facts(recorded: Record, written: Record, moved_at: float | None) -> tuple[Record, What | None]:
    """What the facts of a record and those of its row say together."""
    if not recorded:
        return written, None
    ours, theirs = dict(written), dict(recorded)
    ends = [side.pop("model_cooldowns") for side in (theirs, ours) if "model_cooldowns" in side]
    group, what = _group(theirs, ours, moved_at)
    if len(ends) > 1:
        ends, what = [_later_ends(*ends)], what or What.UNITED
    return {**group, **({"model_cooldowns": ends[0]} if ends else {})}, what


def _group(recorded: Record, written: Record, moved_at: float | None) -> tuple[Record, What | None]:
    """The failure that counts, of two."""
    if not written or not recorded:
        return dict(written or recorded), None
    ours, theirs = _rank(written, moved_at), _rank(recorded, moved_at)
    if ours > theirs:
        return written, What.INLINE_IS_LATER
    if ours < theirs:
        return recorded, What.RECORD_IS_LATER
    return recorded | {key: value for key, value in written.items() if value != recorded.get(key)}, What.UNITED


def _rank(group: Record, moved_at: float | None) -> tuple[bool, float]:
    """Says which of two groups is the later; groups of one rank are one fact.

    What agents leave behind after a clear (a reason, a message) is no mark and gives way to one. Where a mark has no
    time, ``moved_at`` stands in: the record's is no later than that, an inline one no earlier. A time that cannot be
    parsed never wins.
    """
    marked = marked_at(group)
    if marked is NoTime.MISSING and moved_at is not None:
        marked = moved_at
    return "last_status" in group or "last_status_at" in group, -math.inf if isinstance(marked, NoTime) else marked


def _later_ends(recorded: Any, written: Any) -> Any:
    """Model cooldowns of both sides, the later end of each model. What is no object gives way to one."""
    if not isinstance(written, dict):
        return recorded
    if not isinstance(recorded, dict):
        return written
    united = dict(recorded)
    for model, end in written.items():
        if model not in united or _end(end) > _end(united[model]):
            united[model] = end
    return united


def _end(value: Any) -> float:
    """The end of a model's cooldown as a number to compare; what is none is earlier than all that are."""
    return model_ends({"model_cooldowns": {"": value}}).get("", -math.inf)


def _clears(record: Record, facts: Record) -> Record:
    """The traces of a clear that stay: a mark ends that of a mark, a model's cooldown that of the same model."""
    made: Record = {}
    if "cleared_at" in record and not told(facts, GROUP_FIELDS):
        made["cleared_at"] = record["cleared_at"]
    cleared, ends = record.get("cleared_models"), facts.get("model_cooldowns")
    if isinstance(cleared, dict):
        kept = {model: end for model, end in cleared.items() if not isinstance(ends, dict) or model not in ends}
        made |= {"cleared_models": kept} if kept else {}
    return made


def _places(facts: Record, row: Row, leaving: Sequence[str], record: Record) -> Record:
    """Which key each optional field followed in the row (None: it was the first), for those that were not at its end.

    They leave the last one first and come back the first one first, so each step back undoes its step.
    """
    before = record.get("after")
    known = before if isinstance(before, dict) else {}
    after = {key: known[key] for key in OPTIONAL_FIELDS if key in facts and key in known and key not in leaving}
    names = list(row)
    for key in reversed(OPTIONAL_FIELDS):
        if key in leaving:
            place = names.index(key)
            if place + 1 < len(names):
                after[key] = names[place - 1] if place else None
            del names[place]
    return {"after": after} if after else {}


def _is_reset(record: Record, row: Row, now: float) -> bool:
    """Whether an agent (0.22) reset the row after the record was made; a time in the future is a broken clock's."""
    reset, moved_at = parse_timestamp(row["status_cleared_at"]), parse_timestamp(record.get("moved_at"))
    return reset is not None and moved_at is not None and moved_at < reset <= now


def _without(record: Record, gone: Collection[str]) -> Record | None:
    """``record`` without some facts; None when it then has nothing to say."""
    made = {key: value for key, value in record.items() if key not in gone}
    if not told(made):
        made = {key: value for key, value in made.items() if key not in ("moved_at", "after")}
    return made if told(made, (*MOVED_FIELDS, "cleared_at", "cleared_models")) else None
