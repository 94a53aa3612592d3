"""Times in rows and records that cannot be right: what agents make of them is seldom what anybody meant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from hermes_state.clock import DAY, duration
from hermes_state.cooldown import parse_timestamp
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.auth.pools import Judged, Pool
from hermes_state.inspection.auth.remedies import Clearing
from hermes_state.inspection.commands import quoted
from hermes_state.models.issue import pointer
from hermes_state.runtime import SECTION
from hermes_state.runtime.record import MOVED_FIELDS, inline_fields, told

#: How far ahead (seconds) what was done may seem to lie: clocks disagree.
_SKEW = DAY
#: How far ahead an end may lie: the longest that an agent sets is a year (0.22, for a model outside of the plan).
_LONGEST = 366 * DAY
_FIELDS = {
    "last_status_at": _SKEW,
    "status_cleared_at": _SKEW,
    "moved_at": _SKEW,
    "cleared_at": _SKEW,
    "last_error_reset_at": _LONGEST,
}
_ENDS_BY_MODEL = ("model_cooldowns", "cleared_models")
#: Where agents take a number above this for milliseconds (``_parse_absolute_timestamp``), so that it may be one.
_SCALED, _MILLISECONDS = frozenset({"last_error_reset_at", "status_cleared_at"}), 1e12


def findings(home: Home, path: str, pool: Pool, now: float) -> Iterator[Finding]:
    """The times of ``pool`` that cannot be right at ``now`` (epoch seconds): each finding is at its place."""
    clearing = Clearing(home, pool)
    for judged in pool.judged:
        row, record = pool.rows[judged.place], _record(pool, judged.place)
        places: list[tuple[tuple[object, ...], Mapping[str, Any]]] = [
            (("credential_pool", pool.key, judged.place), row)
        ]
        if record:
            places.append(((SECTION, "pools", pool.key, row["id"]), record))
        for place, fields in places:
            for steps, why in _wrong(fields, now):
                at, message = pointer(*place, *steps), f"{pool.key} {judged.name}: {steps[0]} {why}"
                yield finding("HS-AUTH-042", path, at, message, _hint(clearing, judged, row, record))


def _record(pool: Pool, place: int) -> Mapping[str, Any]:
    """The record of the row at index ``place``; empty where it has none that is used."""
    record = pool.records.get(pool.rows[place]["id"]) if pool.stays[place] in ("", "dead") else None
    return record if isinstance(record, dict) else {}


def _hint(clearing: Clearing, judged: Judged, row: dict[str, Any], record: Mapping[str, Any]) -> str:
    says = inline_fields(row) or told(record, MOVED_FIELDS)
    clear = clearing.of(judged.place, dead=row.get("last_status") == "dead") if says else None
    return f"{quoted(clear)} puts an end to it" if clear else "remove the value by hand"


def _wrong(fields: Mapping[str, Any], now: float) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where in a row or record a time is that cannot be right, and what is wrong with it."""
    for name, most in _FIELDS.items():
        value = fields.get(name)
        if value is not None and (why := _time(name, value, now, most)) is not None:
            yield (name,), why
    for name in _ENDS_BY_MODEL:
        ends = fields.get(name)
        for model, end in ends.items() if isinstance(ends, Mapping) else ():
            if (why := _seconds(end, now, _LONGEST)) is not None:
                yield (name, str(model)), why


def _time(name: str, value: Any, now: float, most: float) -> str | None:
    if isinstance(value, str) and value.strip():
        at = parse_timestamp(value)
        return _seconds(at, now, most) if at is not None else "is a text that no agent can read as a time"
    if name in _SCALED and _is_number(value) and value > _MILLISECONDS:
        value = parse_timestamp(value)
    return _seconds(value, now, most)


def _seconds(value: Any, now: float, most: float) -> str | None:
    """What is wrong with a number of epoch seconds that may lie ``most`` seconds ahead."""
    if not _is_number(value) or value <= 0:
        return None
    if isinstance(value, float) and not isfinite(value):
        return "is not a number" if value != value else "is infinite: it never comes"
    if value > _MILLISECONDS:
        return "is in milliseconds, where seconds are meant: it lies thousands of years ahead"
    return f"lies {duration(value - now)} ahead" if value - now > most else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
