"""Running a migration: one transaction for each file.

Plan, lock, plan again under the lock, make a verified backup, replace, read back. Every step can be run twice and
none spans two files, so a run that was killed is finished by running it again; nothing computed before a crash is
written after it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from hermes_state import __version__, backup, locks
from hermes_state.errors import ForeignSection, Refused
from hermes_state.home import Home
from hermes_state.liveness import gateway
from hermes_state.migration.changes import Change, changes
from hermes_state.migration.plan import Plan, plan
from hermes_state.migration.registry import steps
from hermes_state.migration.step import Context
from hermes_state.outcomes import Outcome
from hermes_state.rehearsal import DryDisk
from hermes_state.runtime import SECTION
from hermes_state.stores.auth import AuthStore
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
    bytes."""

    kind: str
    path: str
    real_path: str
    changed: bool
    plan: Plan | None = None
    changes: list[Change] = field(default_factory=list)
    backup: str | None = None
    before: bytes = b""
    after: bytes = b""
    warnings: list[str] = field(default_factory=list)


def migrate_auth(home: Home, options: Options, now: float) -> FileResult:
    """Migrate ``auth.json`` of one home (or take it back to the base layout), or only rehearse it.

    Raises FileNotOk for a file that is not ok, ForeignSection for a runtime section that is not ours, Refused (one flag
    each, see Permits), Undeclared, LockTimeout, WriteFailed, Superseded, NotVerified. A file with nothing to do is
    left as it is: no lock, no backup, no write.
    """
    store = AuthStore(home, DryDisk() if options.dry_run else None)
    context = Context(now, options.leave_binding)
    reading = store.read()
    if reading.outcome is Outcome.ABSENT:
        return _absent(store, reading)
    first = _planned(store, reading, context, options)
    if first.document is reading.document:
        return _result(store, reading, first, None, None)
    _require_stopped(home, reading, options)
    kept: list[str] = []
    made: list[Plan] = []

    def change(document: dict[str, object]) -> dict[str, object]:
        made.append(plan(store.path, document, steps("auth"), context, to_base=options.to_base))
        return made[-1].document

    def guard(found: Reading) -> None:
        options.permits.require(found)
        facts = {"steps": [f"{one.step.id} {one.direction}" for one in made[-1].applied], "version": __version__}
        kept.append(backup.save(store.disk, home.path, [found.original()], reason="migrate", now=now, facts=facts))

    written = store.update(change, guard=guard, seconds=options.seconds)
    if written.replaced is not None and not options.dry_run:
        backup.prune(store.disk, home.path)
    return _result(store, written.before, made[-1], written, kept[-1] if kept and not options.dry_run else None)


def _absent(store: AuthStore, reading: Reading) -> FileResult:
    link = reading.where is not None and reading.where.links
    warnings = [f"{reading.path}: {reading.fault.message}"] if link and reading.fault else []
    return FileResult(store.kind, store.path, os.path.realpath(store.path), False, warnings=warnings)


def _planned(store: AuthStore, reading: Reading, context: Context, options: Options) -> Plan:
    fault = reading.fault
    if fault is not None and fault.outcome is Outcome.INVALID and fault.pointer == f"/{SECTION}":
        raise ForeignSection(store.path, fault.message, advice=fault.hint)
    reading.require_ok()
    return plan(store.path, reading.document, steps("auth"), context, to_base=options.to_base)


def _require_stopped(home: Home, reading: Reading, options: Options) -> None:
    """Beside a live gateway the way back is refused: agents up to 0.19 erase what it restores at their next save."""
    if not options.to_base or options.permits.while_running:
        return
    found = gateway(home)
    if found.may_be_running:
        who = f"a gateway is running (pid {found.pid})" if found.state == "running" else "a gateway may be running"
        reason = f"{who}; it would erase the restored cooldowns at its next save"
        raise Refused(reading.path, reason, "--while-running")


def _result(store: AuthStore, before: Reading, made: Plan, written: Written | None, saved: str | None) -> FileResult:
    assert before.where is not None
    changed = written is not None and written.replaced is not None
    return FileResult(
        kind=store.kind,
        path=store.path,
        real_path=before.where.path,
        changed=changed,
        plan=made,
        changes=changes(before.document, made.document) if changed else [],
        backup=saved,
        before=before.data,
        after=written.after if written is not None else before.data,
        warnings=_warnings(made, written),
    )


def _warnings(made: Plan, written: Written | None) -> list[str]:
    found = [f"{step.id} has no way back ({step.irreversible}); it was passed over" for step in made.skipped]
    if written is not None and written.replaced is not None:
        if not written.replaced.durable:
            found.append("the directory cannot be synced here: a power cut could still undo the write")
        found.extend(f"the {name} of the file could not be kept" for name in written.replaced.not_kept)
    return found
