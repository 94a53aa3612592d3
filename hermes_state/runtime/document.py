"""The lens on a whole auth.json document: every pool, and the section with its orphans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from hermes_state.clock import DAY
from hermes_state.codec.comparison import same
from hermes_state.cooldown import latest_end, parse_timestamp
from hermes_state.runtime.lens import Left, Moved, Note, Overlaid, Split, overlay, shared, split
from hermes_state.runtime.merge import What
from hermes_state.runtime.record import MOVED_FIELDS, identity_of, told

SECTION = "credential_pool_runtime"
SCHEMA = 1

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parted:
    """A document after ``part``: the same object when there was nothing to do."""

    document: Document
    left: list[Left] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Joined:
    """A document after ``join``."""

    document: Document
    left: list[Left] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def empty_section() -> Document:
    return {"schema": SCHEMA, "pools": {}}


def section_of(document: Document) -> Document | None:
    """The runtime section, None when there is none. A later ``schema`` is returned too: the store refuses such a file.

    Raises ValueError when it is not ours (no whole number ``schema`` from 1 on, or no object ``pools``), and says why.
    """
    if SECTION not in document:
        return None
    section = document[SECTION]
    if not isinstance(section, dict):
        raise ValueError("it is not an object")
    if type(section.get("schema")) is not int or section["schema"] < 1:
        raise ValueError("its 'schema' is no whole number from 1 on")
    if not isinstance(section.get("pools"), dict):
        raise ValueError("it has no object 'pools'")
    return section


def part(document: Document, now: float, keep: Callable[[float], bool] = lambda remaining: False) -> Parted:
    """Move the runtime state of all pools into the section; orphans that have ended are dropped from it.

    ``now`` is in epoch seconds; ``keep`` is that of ``split``. Raises ValueError for a section that is not ours.
    """
    section = section_of(document)
    made = Parted(document)
    pools: Document = {}
    records: Document = {}
    for key, rows, recorded in _pools(document, section, made.left):
        done = split(key, rows, recorded, now, keep)
        pools[key] = done.rows
        records[key] = _without_ended(done, now, made.notes)
        made.left.extend(done.left)
        made.moved.extend(done.moved)
    return replace(made, document=_with(document, section, pools, records, lasting=True))


def join(document: Document, now: float) -> Joined:
    """Put all runtime state back inline; the section goes when nothing but orphans that have ended is left in it.

    ``now`` is in epoch seconds. Raises ValueError for a section that is not ours.
    """
    section = section_of(document)
    made = Joined(document)
    if section is None:
        return made
    pools: Document = {}
    records: Document = {}
    for key, rows, recorded in _pools(document, section, made.left):
        done = overlay(key, rows, recorded, now)
        pools[key] = done.rows
        records[key] = _without_ended(done, now, made.notes)
        made.left.extend(done.left)
    return replace(made, document=_with(document, section, pools, records, lasting=False))


def _pools(document: Document, section: Document | None, left: list[Left]) -> Iterator[tuple[str, list[Any], Document]]:
    """Key, rows and records of each pool that either side knows; of a malformed one only ``left`` hears."""
    pools = document.get("credential_pool")
    if not isinstance(pools, dict | None):
        return
    rows_of, records_of = pools or {}, section["pools"] if section else {}
    for key in dict.fromkeys((*rows_of, *records_of)):
        rows, records = rows_of.get(key, []), records_of.get(key, {})
        if isinstance(rows, list) and isinstance(records, dict):
            yield key, rows, records
        elif isinstance(rows, list):
            left.extend(Left(key, at, identity_of(row), "section_malformed") for at, row in enumerate(rows))


def _without_ended(done: Split | Overlaid, now: float, notes: list[Note]) -> Document:
    """The records without the orphans that have ended; ``notes`` tells which."""
    ended = {note.id for note in done.notes if note.what is What.ORPHAN and _has_ended(done.records[note.id], now)}
    notes.extend(note._replace(what=What.ORPHAN_DROPPED) if note.id in ended else note for note in done.notes)
    if not ended:
        return done.records
    return {identity: record for identity, record in done.records.items() if identity not in ended}


def _has_ended(orphan: Any, now: float) -> bool:
    """Past its latest end or, where none is known, a day after it was moved. A tombstone ends with its row."""
    if not isinstance(orphan, dict):
        return orphan is None
    end = latest_end(orphan)
    if end is None:
        moved_at = parse_timestamp(orphan.get("moved_at"))
        end = moved_at + DAY if moved_at is not None else now
    return not end > now


def _with(document: Document, section: Document | None, pools: Document, records: Document, lasting: bool) -> Document:
    """``document`` with other rows and records, sharing all that stays; the same object when nothing changed.

    A section that says nothing any more goes, unless it is ``lasting``.
    """
    made = dict(document)
    rows = document.get("credential_pool")
    if isinstance(rows, dict):
        made["credential_pool"] = shared(rows, {key: pools.get(key, value) for key, value in rows.items()})
    old = section["pools"] if section else {}
    held = shared(old, {key: found for key, found in {**old, **records}.items() if found or found is old.get(key)})
    foreign = section is not None and section.keys() > empty_section().keys()
    if not (lasting or foreign or any(held.values())):
        made.pop(SECTION, None)
    elif held is not old:
        made[SECTION] = {**(section or empty_section()), "pools": held}
    return shared(document, made)


def same_document(a: Document, b: Document) -> bool:
    """The one definition of "the same state": values, order of rows and order of keys are equal.

    Runtime fields of rows that are null or ``{}`` count as absent, and ``updated_at``, which every save of the agent
    stamps, is ignored.
    """
    return same(_essence(a), _essence(b))


def _essence(document: Document) -> Document:
    made = {key: value for key, value in document.items() if key != "updated_at"}
    pools = made.get("credential_pool")
    if isinstance(pools, dict):
        made["credential_pool"] = {
            key: [_telling(row) for row in rows] if isinstance(rows, list) else rows for key, rows in pools.items()
        }
    return made


def _telling(row: Any) -> Any:
    if not isinstance(row, dict):
        return row
    silent = {key for key in MOVED_FIELDS if key in row}.difference(told(row))
    return {key: value for key, value in row.items() if key not in silent} if silent else row
