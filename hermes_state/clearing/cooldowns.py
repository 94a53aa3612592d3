"""Clearing cooldowns so that they stay cleared: in the file that has the rows, verified on disk, truly counted.

``hermes auth reset`` says that it did so where nothing happened (0.20), or where a running agent soon writes back what
it remembers (up to 0.19). Here every clear leaves a tombstone in the runtime section, by which a mark that was written
back is known as such, and the stamp ``status_cleared_at`` in the row, at which agents from 0.22 on forget theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hermes_state.clearing.targets import Owner, Target, also_of, chosen, owner_of, unknown
from hermes_state.clock import now
from hermes_state.cooldown import Rule, Status, marked_at
from hermes_state.disk import Disk, RealDisk
from hermes_state.errors import NotVerified, StateError, Superseded, UnknownTarget
from hermes_state.home import Home
from hermes_state.inspection import verdict
from hermes_state.inspection.auth.pools import Pool, judge
from hermes_state.inspection.report import Credential
from hermes_state.locks import DEFAULT_SECONDS
from hermes_state.rehearsal import DryDisk
from hermes_state.runtime import SECTION, empty_section, forget, section_of
from hermes_state.runtime.record import inline_fields
from hermes_state.stores.auth import AuthStore, Sharing
from hermes_state.stores.permits import Permits

Document = dict[str, Any]

#: Why a credential was left that only ``--dead`` means.
DEAD = "dead"
_BOM = b"\xef\xbb\xbf"
#: Why no tombstone can be kept for a row, by the lens's reasons for leaving it where it is.
_NO_TOMBSTONE = {
    "no_id": "it has no id",
    "id_not_text": "its id is not a text",
    "duplicate_id": "another row has the same id",
}


class Cleared(NamedTuple):
    """One credential that was cleared. ``number`` counts from 1 in its pool; ``was`` is what it was before.

    ``note`` says what is worth knowing: mostly nothing.
    """

    number: int
    was: Credential
    note: str = ""


class Left(NamedTuple):
    """A credential that was meant and was left as it is; ``reason`` is ``dead`` or ``not_an_object``."""

    pool: str
    number: int
    id: str | int | None
    label: str | None
    reason: str


class CooldownsCleared(NamedTuple):
    """What a clear did to one file, or in a dry run would do.

    ``matched`` counts the rows that were meant: those in ``cleared`` and in ``left``, and those that had nothing to
    clear. ``verified`` tells that the file was read again and holds nothing of what was to be cleared; where it does,
    ``problem`` says so. ``also_of`` are other homes whose credentials these are too. ``after`` is the pool as the
    clear leaves it, and ``lifted`` what the verdict on it says no more.
    """

    home: Home
    owner: Owner
    matched: int
    cleared: tuple[Cleared, ...]
    left: tuple[Left, ...]
    notes: tuple[str, ...]
    also_of: tuple[Home, ...]
    after: Pool
    lifted: frozenset[str]
    verified: bool = False
    problem: StateError | None = None

    @property
    def path(self) -> str:
        return self.owner.path

    @property
    def idle(self) -> int:
        """How many of the rows that were meant had nothing to clear."""
        return self.matched - len(self.cleared) - len(self.left)


class Plan(NamedTuple):
    """``document`` is the very same object when there is nothing to clear."""

    document: Document
    matched: int
    cleared: tuple[Cleared, ...]
    left: tuple[Left, ...]
    after: Pool
    lifted: frozenset[str]


def clear_cooldowns(
    home: Home,
    target: Target,
    *,
    dry_run: bool,
    permits: Permits,
    clock: Callable[[], float],
    rule: Rule | None = None,
    disk: Disk | None = None,
    seconds: float = DEFAULT_SECONDS,
    sharing: Sharing | None = None,
) -> CooldownsCleared:
    """Clear what ``target`` means in the file that has the rows: the home's, else, as the agent reads, its root's.

    ``rule`` is that of the home's agent, by which the ends of cooldowns are told. ``clock`` (epoch seconds) is read
    under the lock, so that a mark which is made while we wait for it is earlier than the clear. ``sharing`` is for
    a run over many homes, see AuthStore. Raises UnknownTarget, FileNotOk, ForeignSection, Refused, LockTimeout,
    WriteFailed, Superseded and NotVerified: then nothing was cleared.
    """
    used: Disk = disk if disk is not None else DryDisk() if dry_run else RealDisk()
    owner = owner_of(home, target.provider, used)
    if owner is None:
        raise unknown([home], target.provider)
    chosen(owner.rows, target, owner.path)  # no lock file is made for a name that fits nothing
    store = AuthStore(owner.home, used, sharing=sharing)
    first = store.read()
    first.require_ok()
    foreseen = plan(first.document, owner, target, now(), rule).document
    if foreseen is not first.document:
        store.foresee_edits(first, foreseen, permits)
    made: list[Plan] = []

    def change(document: Document) -> Document:
        made[:] = [plan(document, owner, target, clock(), rule)]
        return made[0].document

    written = store.update(change, permits=permits, seconds=seconds)
    done = made[0]
    marked = written.replaced is not None and written.before.data.startswith(_BOM)
    note = "the byte order mark goes: agents before 0.20 take a file that begins with one for corrupt"
    result = CooldownsCleared(
        home,
        owner,
        done.matched,
        done.cleared,
        done.left,
        (note,) if marked else (),
        also_of(home, owner, used, sharing),
        done.after,
        done.lifted,
    )
    if dry_run:
        return result
    problem = _problem(store, owner, target, done.cleared, clock(), rule) if done.cleared else None
    return result._replace(verified=problem is None, problem=problem)


def plan(document: Document, owner: Owner, target: Target, now: float, rule: Rule | None) -> Plan:
    """The document without what ``target`` means, as of ``now`` (epoch seconds). Raises UnknownTarget."""
    pools = document.get("credential_pool")
    rows = pools.get(owner.pool) if isinstance(pools, dict) else None
    if not isinstance(rows, list) or not rows:
        raise UnknownTarget(owner.path, "provider", target.provider)
    meant = chosen(rows, target, owner.path)
    section = section_of(document) or empty_section()
    recorded = section["pools"].get(owner.pool, {})
    records = recorded if isinstance(recorded, dict) else {}
    pool = judge(owner.pool, rows, records, now, rule, owner.store)
    credentials = {each.place: each.credential for each in pool.judged}
    new_rows, new_records = list(rows), dict(records)
    cleared, left = [], []
    for place in meant:
        found = credentials.get(place)
        if found is None:
            left.append(Left(owner.pool, place + 1, None, None, "not_an_object"))
        elif target.model is None and found.status is Status.DEAD and not target.dead:
            left.append(Left(owner.pool, place + 1, found.id, found.label, DEAD))
        elif _has_something(pool, place, target.model):
            reason = _no_tombstone(pool, place, recorded)
            identity = rows[place].get("id")
            record = None if reason else records.get(identity)
            new_rows[place], tombstone = forget(rows[place], record, now, target.model)
            if not reason and tombstone:
                new_records[identity] = tombstone
            elif not reason:
                new_records.pop(identity, None)
            mark = pool.merged.rows[place] if target.model is None else {}
            cleared.append(Cleared(place + 1, found, _note(mark, reason, now)))
    made = _with(document, section, owner.pool, new_rows, new_records if new_records != records else None)
    after = judge(owner.pool, new_rows, new_records, now, rule, owner.store)
    return Plan(
        made if cleared else document,
        len(meant),
        tuple(cleared),
        tuple(left),
        after,
        frozenset(_blocks(pool, owner, now) - _blocks(after, owner, now)),
    )


def _has_something(pool: Pool, place: int, model: str | None) -> bool:
    """Whether a row says something that can be cleared, or its record does; an old mark counts, an ``ok`` does not."""
    for row in (pool.rows[place], pool.merged.rows[place]):
        ends = row.get("model_cooldowns")
        if inline_fields(row) if model is None else isinstance(ends, dict) and model in ends:
            return True
    return False


def _no_tombstone(pool: Pool, place: int, recorded: Any) -> str:
    """Why the section can keep no tombstone for a row; ``""`` where it can."""
    reason = _NO_TOMBSTONE.get(pool.stays[place], "")
    if reason:
        return reason
    if not isinstance(recorded, dict):
        return "this pool's part of the section is not an object"
    record = recorded.get(pool.rows[place]["id"])
    return "" if record is None or isinstance(record, dict) else "its record in the section is not an object"


def _note(row: Document, reason: str, now: float) -> str:
    if reason:
        return f"{reason}: a running agent that writes its mark back blocks it again"
    marked = marked_at(row)
    if isinstance(marked, float) and marked > now:
        return "its mark is from the future: if a running agent writes it back, it counts as a new one"
    return ""


def _with(document: Document, section: Document, pool: str, rows: list[Any], records: Document | None) -> Document:
    made = {**document, "credential_pool": {**document["credential_pool"], pool: rows}}
    if records is not None:
        made[SECTION] = {**section, "pools": {**section["pools"], pool: records}}
    return made


def _blocks(pool: Pool, owner: Owner, now: float) -> set[str]:
    return {block.what for block in verdict.of_pool(pool, owner.home, now, None).blocked_by}


def _problem(
    store: AuthStore, owner: Owner, target: Target, cleared: Sequence[Cleared], now: float, rule: Rule | None
) -> StateError | None:
    """What the file says of the cleared credentials now, read again without a lock, that it should not say any more."""
    reading = store.read()
    try:
        reading.require_ok()
        again = plan(reading.document, owner, target, now, rule).cleared
    except UnknownTarget:  # somebody removed them
        return None
    except StateError as error:
        return NotVerified(store.path, f"right after the clear {error.message}")
    back = set(map(_name, again)).intersection(map(_name, cleared))
    if not back:
        return None
    return Superseded(
        store.path, f"an agent marked {owner.pool} {', '.join(sorted(back))} again, right after the clear"
    )


def _name(one: Cleared) -> str:
    return str(one.was.id) if one.was.id not in (None, "") else f"row {one.number}"
