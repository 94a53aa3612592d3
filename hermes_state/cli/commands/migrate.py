"""``hermes-state migrate``: one result for each home, as JSON or as text."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hermes_state.cli.asked import Asked, require_kinds
from hermes_state.cli.output import error_entry, print_error, print_json
from hermes_state.clock import duration, now
from hermes_state.errors import ExitCode, StateError, worst
from hermes_state.home import Home
from hermes_state.interruption import Step, each
from hermes_state.liveness import Hosts
from hermes_state.migration.run import FileResult, Options, migrate_auth
from hermes_state.stores.auth import Sharing
from hermes_state.stores.permits import Permits

if TYPE_CHECKING:
    from rich.console import Console

#: Why a row stayed as it is, in words.
REASONS = {
    "dead": "dead is a verdict, not a cooldown: it stays where the agent looks for it",
    "binding": "its cooldown still binds, and --leave-binding was given",
    "no_id": "it has no id by which it could be found again",
    "id_not_text": "its id is not text",
    "duplicate_id": "another row of this pool has the same id",
    "not_an_object": "it is not an object",
    "photon": "it belongs to the Photon plugin",
    "record_malformed": "its record in the section is not an object",
    "section_malformed": "this pool's part of the section is not an object",
}

#: What becomes of a record, in words that hold for a rehearsal too.
NOTES = {
    "inline_is_later": "an agent marked it again after the last migration: the later mark counts",
    "record_is_later": "an agent wrote an older mark back: the later one, in the section, counts",
    "united": "an agent wrote the same mark back: both say one thing",
    "ended_by_ok": "the agent has found it usable since: its record goes",
    "ended_by_dead": "the agent has given it up since: its record goes",
    "ended_by_reset": "it was reset since: its record goes",
    "written_back": "a running agent wrote back a cooldown that had been cleared: it stays cleared",
    "superseded": "the row has another secret now (a new login, or a refresh): the record of the old one goes",
    "orphan": "this record's row is gone; the record stays until it has ended",
    "orphan_dropped": "this record's row is gone and the record has ended: it goes",
}


#: Notes of records that a way back cannot bring back.
DROPPED = ("superseded", "ended_by_ok", "ended_by_dead", "ended_by_reset", "orphan_dropped", "written_back")


@dataclass(slots=True)
class HomeResult:
    home: Home
    files: list[FileResult] = field(default_factory=list)
    errors: list[StateError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def run(
    asked: Asked,
    kinds: list[str],
    *,
    to_base: bool,
    dry_run: bool,
    diff: bool,
    check: bool,
    leave_binding: bool,
    permits: Permits,
) -> int:
    """Migrate, or rehearse it; returns the exit code. Raises UnknownTarget, NoSuchHome and UnknownProfile."""
    require_kinds(kinds)
    options = Options(to_base, dry_run or check, leave_binding, permits, asked.lock_timeout)
    homes = asked.homes()
    with asked.watched(len(homes), "rehearsing" if options.dry_run else "migrating homes") as step:
        results = _all(homes, kinds, options, step)
    if asked.json:
        _print_json(results, options, diff)
    else:
        _print_text(results, options, diff, check)
    codes = [int(error.exit_code) for result in results for error in result.errors]
    if check and any(file.changed for result in results for file in result.files):
        codes.append(int(ExitCode.FINDINGS))
    return worst(codes)


def _all(homes: list[Home], kinds: list[str], options: Options, step: Step) -> list[HomeResult]:
    """Each home in turn; a real file that several homes share is migrated once. One home's fault stops no other."""
    done: dict[str, str] = {}
    sharing, hosts = Sharing(), Hosts()

    def migrate(result: HomeResult) -> None:
        home = result.home
        real = os.path.realpath(os.path.join(home.path, "auth.json"))
        result.warnings.extend(f"there are no migrations for {kind}" for kind in kinds if kind != "auth")
        if kinds and "auth" not in kinds:
            return
        if real in done:
            result.warnings.append(f"auth.json is the file of {done[real]}: what is said there is said of it")
            return
        done[real] = home.path
        result.files.append(migrate_auth(home, options, now(), sharing, hosts))

    results = [HomeResult(home) for home in homes]
    each(results, migrate, lambda result, error: result.errors.append(error), lambda result: result.home.path, step)
    return results


def _print_json(results: list[HomeResult], options: Options, diff: bool) -> None:
    body = {"dry_run": options.dry_run, "homes": [_home_entry(result, diff) for result in results]}
    errors = [{**error_entry(error, result.home.path), "kind": "auth"} for result in results for error in result.errors]
    print_json("migrate", body, errors)


def _home_entry(result: HomeResult, diff: bool) -> dict[str, Any]:
    return {
        "path": result.home.path,
        "home_rule": result.home.rule,
        "profile": result.home.profile,
        "changed": any(file.changed for file in result.files),
        "backup": next((file.backup for file in result.files if file.backup), None),
        "files": [_file_entry(file, diff) for file in result.files],
        "warnings": [
            *({"message": message} for message in result.warnings),
            *(warning for file in result.files for warning in _warning_entries(file)),
        ],
    }


def _file_entry(file: FileResult, diff: bool) -> dict[str, Any]:
    from hermes_state.redaction import diff as redacted_diff
    from hermes_state.redaction import redact, redact_pointer

    plan = file.plan
    entry: dict[str, Any] = {
        "kind": file.kind,
        "path": file.path,
        "real_path": file.real_path,
        "changed": file.changed,
        "atomic": file.atomic,
        "swept": file.swept,
        "steps": [
            {"id": one.step.id, "title": one.step.title, "direction": one.direction}
            for one in (plan.applied if plan else [])
        ],
        "changes": [
            {"op": one.op, "path": redact_pointer(one.path)}
            | ({"from": redact_pointer(one.origin)} if one.origin is not None else {})
            for one in file.changes
        ],
        "left": [
            {"pool": redact(one.pool), "id": redact(one.id) if one.id else None, "reason": one.reason}
            for one in (plan.left if plan else [])
        ],
        "binding_moved": [
            {"pool": redact(one.pool), "id": redact(one.id), "remaining_seconds": _finite(one.remaining)}
            for one in _binding(file)
        ],
    }
    if diff:
        entry["diff"] = redacted_diff(file.before, file.after, os.path.basename(file.path))
    return entry


def _finite(seconds: float) -> float | None:
    """JSON has no infinity: null is "without end"."""
    return seconds if seconds != float("inf") else None


def _binding(file: FileResult) -> list[Any]:
    return [one for one in (file.plan.moved if file.plan else []) if one.remaining > 0]


def _warning_entries(file: FileResult) -> list[dict[str, Any]]:
    from hermes_state.redaction import redact

    entries: list[dict[str, Any]] = [{"message": message} for message in file.warnings]
    entries.extend(
        {
            "message": f"still cools down for {duration(one.remaining)}; once moved, a stock agent uses it at once",
            "pool": redact(one.pool),
            "id": redact(one.id),
        }
        for one in _binding(file)
    )
    if file.plan is not None:
        entries.extend(
            {"message": NOTES[note.what], "pool": redact(note.pool), "id": redact(note.id)}
            for note in file.plan.notes
            if note.what in NOTES
        )
    return entries


def _print_text(results: list[HomeResult], options: Options, diff: bool, check: bool) -> None:
    from hermes_state.cli.text.render import console, line, mark, print_diff, words

    out = console()
    for result in results:
        line(out, words(f"Home {result.home.path} ({result.home.rule})", "bold"))
        for message in result.warnings:
            line(out, mark("info"), message)
        for file in result.files:
            _print_file(out, result.home, file, options, check)
            if diff and file.changed:
                print_diff(out, file.before, file.after, os.path.basename(file.path))
        out.file.flush()
        for error in result.errors:
            print_error(error)


def _print_file(out: Console, home: Home, file: FileResult, options: Options, check: bool) -> None:
    from hermes_state.cli.text.render import line, mark

    name = os.path.basename(file.path)
    link = f" -> {file.real_path}" if os.path.islink(file.path) else ""
    if not file.changed:
        state = "is not there: nothing to do" if file.plan is None else "needs no change"
        line(out, mark("ok"), f"{name}{link} {state}")
    else:
        would = "would be" if options.dry_run else "was"
        line(out, mark("warning" if options.dry_run else "ok"), f"{name}{link} {would} migrated")
        for one in file.plan.applied if file.plan else []:
            undo = "undo: " if one.direction == "down" else ""
            line(out, "   ", f"{one.step.id}: {undo}{one.step.title}")
        line(out, "   ", _counts(file))
    for warning in _warning_entries(file):
        row = f"{warning['pool']} {warning['id']}: " if "pool" in warning else ""
        line(out, " ", mark("warning"), row + warning["message"])
    for left in file.plan.left if file.plan else []:
        who = f"{left.pool} {left.id or f'row {left.index}'}"
        line(out, " ", mark("info"), f"{who} left: {REASONS[left.reason]}")
    if file.changed and not check:
        _print_way_back(out, home, file, options)


def _counts(file: FileResult) -> str:
    counted = {op: sum(1 for change in file.changes if change.op == op) for op in ("add", "move", "replace", "remove")}
    done = {"add": "added", "move": "moved", "replace": "replaced", "remove": "removed"}
    moved = len(file.plan.moved) if file.plan else 0
    rows = f"{moved} credential{'s' if moved != 1 else ''} moved; " if moved else ""
    return f"{rows}paths: " + ", ".join(f"{count} {done[op]}" for op, count in counted.items() if count)


def _print_way_back(out: Console, home: Home, file: FileResult, options: Options) -> None:
    from hermes_state.cli.text.render import line

    if options.dry_run:
        line(out, "   ", "nothing was written; run it again without --dry-run")
        return
    if file.backup is not None:
        line(out, "   ", f"backup: {file.backup}")
    for path in file.swept:
        line(out, "   ", f"swept a stray of a killed run: {path}")
    from hermes_state.inspection.commands import command

    plan = file.plan
    if plan is not None and plan.moved and any(one.step.down for one in plan.applied) and not options.to_base:
        line(out, "   ", f"to go back: {command(home, 'migrate --to base')}")
    if plan is not None and any(note.what in DROPPED for note in plan.notes):
        line(out, "   ", "what went for good is in the backup only")
