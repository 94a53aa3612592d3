"""What is said of the runtime section: what it holds, and where it and the rows disagree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.commands import command, quoted
from hermes_state.inspection.report import Section
from hermes_state.models.issue import json_type, pointer
from hermes_state.outcomes import Outcome
from hermes_state.runtime import SECTION, Note, overlay, section_of
from hermes_state.runtime.merge import What
from hermes_state.runtime.record import told
from hermes_state.stores.reading import Reading

if TYPE_CHECKING:
    from hermes_state.migration.plan import Plan

#: Pool and id of what a migration sees to.
Mended = set[tuple[str, str]]

#: What the lens notes -> finding id, and what has happened. The rest of a message names the row.
_NOTES = {
    What.INLINE_IS_LATER: ("HS-AUTH-020", "an agent marked it again after its state was moved: the inline mark counts"),
    What.RECORD_IS_LATER: ("HS-AUTH-021", "its inline mark is older than the one in the section, which counts"),
    What.UNITED: ("HS-AUTH-022", "row and section hold parts of one failure; both count"),
    What.WRITTEN_BACK: ("HS-AUTH-023", "a running agent wrote back the cooldown that was cleared; it does not count"),
    What.ENDED_BY_OK: ("HS-AUTH-024", "the row says ok since, so its record has ended"),
    What.ENDED_BY_DEAD: ("HS-AUTH-024", "the row is dead since, so its record has ended"),
    What.ENDED_BY_RESET: ("HS-AUTH-024", "the agent reset it since, so its record has ended"),
    What.SUPERSEDED: ("HS-AUTH-025", "it has another secret since (a new login), so its record has ended"),
    What.ORPHAN: (
        "HS-AUTH-026",
        "its row is gone; it is used for no other row, and dropped by migrate once it has ended",
    ),
}


#: Notes of records that go for good.
_ENDED = (What.ENDED_BY_OK, What.ENDED_BY_DEAD, What.ENDED_BY_RESET, What.SUPERSEDED, What.ORPHAN_DROPPED)


def usable_section(reading: Reading) -> dict[str, Any] | None:
    """The section whose records can be read: None where there is none, or it is foreign or too new."""
    document = reading.document
    if reading.outcome is Outcome.TOO_NEW or not isinstance(document, dict):
        return None
    try:
        return section_of(document)
    except ValueError:
        return None


def facts(reading: Reading) -> Section | None:
    """What the section holds; None where there is none of ours."""
    if reading.outcome is Outcome.TOO_NEW:
        return Section(reading.document[SECTION]["schema"], None, None)
    section = usable_section(reading)
    if section is None:
        return None
    every = [
        record for records in section["pools"].values() if isinstance(records, dict) for record in records.values()
    ]
    records = [record for record in every if isinstance(record, dict)]
    tombstones = sum("cleared_at" in record or "cleared_models" in record for record in records)
    return Section(section["schema"], sum(bool(told(record)) for record in records), tombstones)


def mended(plan: Plan | None) -> Mended:
    """What ``migrate`` sees to, by pool and id, where ``plan`` is what it would do (None: it refuses the file)."""
    notes = plan.notes if plan is not None else []
    return {(note.pool, note.id) for note in notes if note.what is not What.ORPHAN}


def pending(plan: Plan) -> str:
    """What ``plan`` would do to the section and to what belongs in it, in words."""
    moved, ended = len(plan.moved), sum(note.what in _ENDED for note in plan.notes)
    back = sum(note.what is What.WRITTEN_BACK for note in plan.notes)
    parts = [
        f"move the inline cooldowns of {moved} credential{'s' if moved != 1 else ''} into {SECTION}" if moved else "",
        f"remove {back} cooldown{'s' if back != 1 else ''} that a running agent wrote back" if back else "",
        f"drop {ended} record{'s' if ended != 1 else ''} of {SECTION} that no longer count{'s' * (ended == 1)}"
        if ended
        else "",
    ]
    return " and ".join(filter(None, parts)) or f"bring {SECTION} up to date with the rows"


def disagreements(home: Home, path: str, pool: Pool, mended: Mended) -> Iterator[Finding]:
    """Where the section and the rows of a pool disagree, and what of its records cannot be used."""
    yield from (_noted(home, path, note, mended) for note in pool.merged.notes)
    for left in pool.merged.left:
        if left.reason == "record_malformed" and left.id is not None:
            message = f"{pool.key} {left.id}: its record is no object and is not used; the row stays as it is"
            yield finding("HS-AUTH-027", path, _place(pool.key, left.id), message, "remove the record by hand")


def without_pool(
    home: Home, path: str, section: dict[str, Any], pools: set[str], now: float, mended: Mended
) -> Iterator[Finding]:
    """What the section holds for pools that do not exist, and pools of it that are no objects."""
    for key, records in section["pools"].items():
        if not isinstance(records, dict):
            message = (
                f"what the section holds for {key} is {json_type(records)}, not an object: its rows stay as they are"
            )
            yield finding("HS-AUTH-027", path, _place(key), message, "remove it by hand")
        elif key not in pools:
            yield from (_noted(home, path, note, mended) for note in overlay(key, [], records, now).notes)


def _noted(home: Home, path: str, note: Note, mended: Mended) -> Finding:
    id, what = _NOTES[note.what]
    hint = f"{quoted(command(home, 'migrate'))} tidies it up" if (note.pool, note.id) in mended else ""
    if note.what is What.ORPHAN and not hint:
        hint = "nothing has to be done"
    return finding(id, path, _place(note.pool, note.id), f"{note.pool} {note.id}: {what}", hint)


def _place(*steps: str) -> str:
    return pointer(SECTION, "pools", *steps)
