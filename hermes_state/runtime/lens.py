"""``split``, ``overlay`` and ``forget``: the lens on one pool.

Laws, tested as properties: overlay after split gives the rows back; split after overlay changes nothing; split twice is
split once. What does not change, lists and objects alike, is returned as the very same object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from operator import is_
from typing import Any, NamedTuple, TypeVar

from hermes_state.codec.comparison import same
from hermes_state.cooldown import Rule, model_ends, until
from hermes_state.runtime.merge import What, cleared_ends, counting, is_cleared, merge, standing, without_model
from hermes_state.runtime.record import (
    OPTIONAL_FIELDS,
    STATUS_FIELDS,
    Record,
    Row,
    emptied,
    identity_of,
    inline_fields,
    is_pending,
    is_superseded,
    stays,
    ties,
    told,
)


@dataclass(frozen=True, slots=True)
class Left:
    """A row whose runtime state stays where it is. ``index`` is its place in the pool; ``id`` is None if it has none.

    Reasons are those of ``stays``; ``record_malformed`` and ``section_malformed`` where the section holds no object for
    the row or for its pool; ``binding`` where ``keep`` said so.
    """

    pool: str
    index: int
    id: str | None
    reason: str


class Note(NamedTuple):
    """What happened to the record of one row."""

    pool: str
    id: str
    what: What


class Moved(NamedTuple):
    """A row whose runtime state was moved; ``remaining`` is above zero (seconds) while its cooldown still binds.

    It is ``inf`` where the agent would wait for ever.
    """

    pool: str
    id: str
    remaining: float


@dataclass(frozen=True, slots=True)
class Split:
    rows: list[Any]
    records: dict[str, Any]
    left: list[Left] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Overlaid:
    rows: list[Any]
    records: dict[str, Any]
    left: list[Left] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


Done = TypeVar("Done", Split, Overlaid)


def split(
    pool: str,
    rows: list[Any],
    records: dict[str, Any],
    now: float,
    keep: Callable[[float], bool] = lambda remaining: False,
) -> Split:
    """Move runtime state out of ``rows`` into ``records``; ``now`` is in epoch seconds.

    ``keep`` says, given the seconds for which a row's cooldown still binds, whether the row stays as it is.
    """
    done = Split(list(rows), dict(records))
    for index, row, record in _movable(pool, done, now, True):
        leaving = inline_fields(row)
        if not leaving:
            continue
        remaining = binding_seconds(row, now)
        if remaining > 0 and keep(remaining):
            done.left.append(Left(pool, index, row["id"], "binding"))
            continue
        done.records[row["id"]], what = merge(record, row, leaving, now)
        done.rows[index] = emptied(row, leaving)
        done.moved.append(Moved(pool, row["id"], remaining))
        if what:
            done.notes.append(Note(pool, row["id"], what))
    return _finished(pool, done, rows, records)


def overlay(pool: str, rows: list[Any], records: dict[str, Any], now: float) -> Overlaid:
    """Put the runtime state of ``records`` back into ``rows``; ``now`` is in epoch seconds.

    A later inline mark is kept, and a tombstone still takes away what was written back after it. What is left of
    ``records`` cannot be put into a row: orphans, malformed records, records of rows that cannot be told apart.
    """
    done = Overlaid(list(rows), dict(records))
    for index, row, record in _movable(pool, done, now, False):
        done.records.pop(row["id"], None)
        if record is None:
            continue
        leaving = inline_fields(row)
        merged, what = merge(record, row, leaving, now) if leaving else (record, None)
        if what:
            done.notes.append(Note(pool, row["id"], what))
        outdated = set(leaving).difference(told(merged))
        dressed = _dressed(emptied(row, [*outdated]), merged)
        done.rows[index] = row if same(dressed, row) else dressed
    return _finished(pool, done, rows, records)


def forget(row: Row, record: Any, now: float, model: str | None = None) -> tuple[Row, Record]:
    """Clear ``row`` so that it stays cleared: nothing inline, and a tombstone in place of its ``record``.

    ``status_cleared_at`` is stamped inline, where running agents from 0.22 on need it to drop what they remember.
    ``now`` (epoch seconds) must not be before the marks that it ends: take it under the lock.

    With ``model`` only that model's cooldown is cleared, and nothing is stamped, which would clear the rest too; the
    record is empty when there is nothing to write down.
    """
    known = record if isinstance(record, dict) and not is_superseded(record, row) else {}
    ends = cleared_ends(row, known, model)
    cleared: Record = {"cleared_models": ends} if ends else {}
    if model is None:
        bare = emptied(row, inline_fields(row))
        return _placed(bare, "status_cleared_at", now, STATUS_FIELDS[-1]), {**ties(row), "cleared_at": now, **cleared}
    rest = without_model(known, model)
    return without_model(row, model), {**(rest or ties(row)), **cleared} if cleared else rest


def binding_seconds(row: Row, now: float) -> float:
    """For how many seconds the inline cooldowns of ``row`` still keep some agent from using it; 0.0 if they do not."""
    # What other rules add (siblings, billing, resets) only shortens a cooldown: the longest end is that of 0.15.
    ends = [now, *model_ends(row).values()] if row.get("model_cooldowns") else [now]
    if row.get("last_status") == "exhausted" and (mark := until(row, (), Rule.V15).at) is not None:
        ends.append(mark)
    return max(ends) - now


def shared(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """``old`` itself when ``new`` holds the very same values in the same order."""
    return old if list(old) == list(new) and all(map(is_, old.values(), new.values())) else new


def _movable(
    pool: str, done: Split | Overlaid, now: float, splitting: bool
) -> Iterator[tuple[int, Row, Record | None]]:
    """Each row that can be moved, and its record: what of both still counts. ``done`` is told about the others."""
    for index, (row, reason) in enumerate(zip(done.rows, stays(pool, done.rows), strict=True)):
        identity = identity_of(row)
        record = done.records.get(identity) if identity else None
        if reason == "dead" and isinstance(record, dict) and not is_cleared(row, record):
            del done.records[row["id"]]
            done.notes.append(Note(pool, row["id"], What.ENDED_BY_DEAD))
            record = None
        if isinstance(record, dict) and reason in ("", "dead"):
            yield _settled(pool, index, record, done, now)
        elif record is None and not reason:
            yield index, row, None
        elif record is not None or (splitting and (reason == "not_an_object" or is_pending(row))):
            done.left.append(Left(pool, index, identity, reason or "record_malformed"))


def _settled(
    pool: str, index: int, record: Record, done: Split | Overlaid, now: float
) -> tuple[int, Row, Record | None]:
    """One row with a record: what has ended is taken out of both, and noted."""
    row = done.rows[index]
    stands, what = standing(record, row, now)
    if what:
        done.notes.append(Note(pool, row["id"], what))
    if stands is None:
        del done.records[row["id"]]
        return index, row, None
    done.records[row["id"]] = stands
    counts = counting(row, stands)
    if counts is not row:
        done.rows[index] = counts
        done.notes.append(Note(pool, row["id"], What.WRITTEN_BACK))
    return index, counts, stands


def _finished(pool: str, done: Done, rows: list[Any], records: dict[str, Any]) -> Done:
    """``done`` with its orphans noted, and with the lists that it was made from where nothing changed."""
    living = {identity_of(row) for row in rows} if done.records else set()
    done.notes.extend(Note(pool, identity, What.ORPHAN) for identity in done.records if identity not in living)
    made = rows if all(map(is_, rows, done.rows)) else done.rows
    return replace(done, rows=made, records=shared(records, done.records))


def _dressed(row: Row, record: Record) -> Row:
    """``row`` with what ``record`` says, each field where it was before."""
    made = {**row, **{key: record[key] for key in told(record, STATUS_FIELDS)}}
    after = record.get("after")
    places = after if isinstance(after, dict) else {}
    for key in told(record, OPTIONAL_FIELDS):
        made = _placed(made, key, record[key], places.get(key, key))  # after itself: at the end
    return made


def _placed(row: Row, key: str, value: Any, after: object) -> Row:
    """``row`` with ``key`` set: in its place if it is there, else after ``after`` (None: in front), else at the end."""
    names: list[object] = [None, *row]
    if key in row or after not in names:
        return {**row, key: value}
    items = list(row.items())
    items.insert(names.index(after), (key, value))
    return dict(items)
