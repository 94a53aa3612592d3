"""Running a migration: one transaction for each file.

Plan, lock, plan again under the lock, make a verified backup, replace, read back. Every step can be run twice and
none spans two files, so a run that was killed is finished by running it again; nothing computed before a crash is
written after it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hermes_state import __version__, backup, locks, retention, strays
from hermes_state.disk import RealDisk
from hermes_state.errors import ForeignSection, Refused
from hermes_state.home import Home
from hermes_state.liveness import Hosts, gateway
from hermes_state.look import peek
from hermes_state.migration.changes import Change, changes
from hermes_state.migration.plan import Plan, plan
from hermes_state.migration.registry import steps
from hermes_state.migration.step import Context, Step
from hermes_state.outcomes import Outcome
from hermes_state.rehearsal import DryDisk
from hermes_state.runtime import SECTION
from hermes_state.stores.auth import AuthStore, Sharing
from hermes_state.stores.permits import Permits
from hermes_state.stores.reading import Reading
from hermes_state.stores.store import Written


@dataclass(frozen=True, slots=True)
class Options:
    """What a run was asked for. ``seconds`` is how long to wait for a lock."""

    to_base: bool = False
    dry_run: bool = False
    leave_binding: bool = False
    permits: Permits = field(default_factory=Permits)
    seconds: float = locks.DEFAULT_SECONDS


@dataclass(frozen=True, slots=True)
class FileResult:
    """What happened to one file. ``plan`` is None for a file that is not there; ``before`` and ``after`` are its
    bytes; ``atomic`` is False for one that had to be written in place; ``swept`` are strays that went."""

    kind: str
    path: str
    real_path: str
    changed: bool
    plan: Plan | None = None
    documents: tuple[Any, Any] | None = None
    backup: str | None = None
    before: bytes = b""
    after: bytes = b""
    atomic: bool = True
    swept: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def changes(self) -> list[Change]:
        """The paths that changed; worked out when asked for, as it takes longer than the change itself."""
        return changes(*self.documents) if self.documents is not None else []


def migrate_auth(
    home: Home, options: Options, now: float, sharing: Sharing | None = None, hosts: Hosts | None = None
) -> FileResult:
    """Migrate ``auth.json`` of one home (or take it back to the base layout), or only rehearse it.

    ``sharing`` and ``hosts`` are for a run over many homes, see AuthStore and ``gateway``.

    Raises FileNotOk for a file that is not ok, ForeignSection for a runtime section that is not ours, Refused (one flag
    each, see Permits), Undeclared, LockTimeout, WriteFailed, Superseded, NotVerified. A file with nothing to do is
    left as it is: no lock, no backup, no write.
    """
    store = AuthStore(home, DryDisk() if options.dry_run else None, sharing=sharing)
    context = Context(now, options.leave_binding)
    reading = store.read()
    if reading.outcome is Outcome.ABSENT:
        return _absent(store, reading)
    first = _planned(store, reading, context, options)
    if first.document is reading.document:
        return _result(store, reading, first, None, None)
    _require_stopped(store, reading, options, hosts)
    store.foresee_edits(reading, first.document, options.permits, backs_up=True)
    kept: list[str] = []
    swept: list[str] = []
    made: list[Plan] = []

    def change(document: dict[str, object]) -> dict[str, object]:
        # The same content gives the same document object and needs the same plan.
        again = document is not reading.document
        made.append(plan(store.path, document, steps("auth"), context, to_base=options.to_base) if again else first)
        return made[-1].document

    def guard(found: Reading) -> None:
        _require_stopped(store, found, options, hosts)  # one can have started while we waited for the lock
        facts = {"steps": [f"{one.step.id} {one.direction}" for one in made[-1].applied], "version": __version__}
        swept.extend(strays.sweep(store.disk, home.path, now))
        kept.append(backup.save(store.disk, home.path, [found.original()], reason="migrate", now=now, facts=facts))

    written = store.update(change, guard=guard, permits=options.permits, seconds=options.seconds)
    if written.replaced is not None and not options.dry_run:
        retention.prune(store.disk, home.path, spare=kept)
    return _result(store, written.before, made[-1], written, kept[-1] if kept and not options.dry_run else None, swept)


def _absent(store: AuthStore, reading: Reading) -> FileResult:
    """A file that is not there is nothing to do; a link that leads nowhere is something to say."""
    if reading.where is not None and reading.where.links:
        reading.require_ok()
    return FileResult(store.kind, store.path, os.path.realpath(store.path), False)


def _planned(store: AuthStore, reading: Reading, context: Context, options: Options) -> Plan:
    fault = reading.fault
    if fault is not None and fault.outcome is Outcome.INVALID and fault.pointer == f"/{SECTION}":
        raise ForeignSection(store.path, fault.message, advice=fault.hint)
    reading.require_ok()
    return plan(store.path, reading.document, steps("auth"), context, to_base=options.to_base)


def _require_stopped(store: AuthStore, reading: Reading, options: Options, hosts: Hosts | None) -> None:
    """Beside a live gateway the way back is refused: agents up to 0.19 erase what it restores at their next save."""
    if not options.to_base or options.permits.while_running:
        return
    answers = (gateway(home, hosts=hosts) for home in store.homes())
    live = next((found for found in answers if found.may_be_running), None)
    if live is not None:
        who = f"a gateway is running (pid {live.pid})" if live.state == "running" else "a gateway may be running"
        reason = f"{who}; it would erase the restored cooldowns at its next save"
        raise Refused(reading.path, reason, "--while-running")


def _result(
    store: AuthStore,
    before: Reading,
    made: Plan,
    written: Written | None,
    saved: str | None,
    swept: Sequence[str] = (),
) -> FileResult:
    assert before.where is not None
    changed = written is not None and written.replaced is not None
    return FileResult(
        kind=store.kind,
        path=store.path,
        real_path=before.where.path,
        changed=changed,
        plan=made,
        documents=(before.document, made.document) if changed else None,
        backup=saved,
        before=before.data,
        after=written.after if written is not None else before.data,
        atomic=written is None or written.replaced is None or written.replaced.atomic,
        swept=list(swept),
        warnings=_warnings(store.home.path, os.path.basename(store.path), made, written),
    )


def _taken_before(home: str, step: Step, file: str) -> str:
    """The newest backup that a run made before it did ``step`` to the file; ``""`` where none is left to tell that.

    Nothing in the file itself does: what the step makes is what other files have always been.
    """
    folder = os.path.join(home, *backup.FOLDER)
    with suppress(OSError):
        for name in reversed(backup.names(RealDisk(), home)):
            with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
                facts = json.loads(peek(os.path.join(folder, name, backup.MANIFEST)))
                files = [entry["name"] for entry in facts["files"]]
                if f"{step.id} up" in facts["steps"] and file in files and not backup.other_home(facts, home):
                    return os.path.join(folder, name)
    return ""


def _warnings(home: str, file: str, made: Plan, written: Written | None) -> list[str]:
    passed = [(step, _taken_before(home, step, file)) for step in made.skipped] if made.applied else []
    found = [
        f"{step.id} has no way back ({step.irreversible}) and is passed over; the file as it was before is in {kept}"
        for step, kept in passed
        if kept
    ]
    if written is not None and written.replaced is not None:
        if not written.replaced.atomic:
            found.append("it was written in place, not atomically: a reader in that moment could see half of it")
        if not written.replaced.durable:
            found.append("the directory cannot be synced here: a power cut could still undo the write")
        found.extend(f"the {name} of the file could not be kept" for name in written.replaced.not_kept)
    return found
