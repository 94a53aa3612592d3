"""``hermes-state restore``: bring files back from a backup, and say for each credential what that means."""

from __future__ import annotations

import os
from typing import Any

from hermes_state.cli.asked import Asked
from hermes_state.cli.output import error_entry, print_error, print_json
from hermes_state.clock import now
from hermes_state.disk import Disk, RealDisk
from hermes_state.errors import StateError, UnknownTarget, worst
from hermes_state.home import Home
from hermes_state.interruption import each
from hermes_state.rehearsal import DryDisk
from hermes_state.restoring import Copy, Restored, Source, find, restore, store_of
from hermes_state.stores.permits import Permits

ROWS = {
    "only_in_backup": "comes back",
    "only_now": "goes away (it is in the backup of what was replaced)",
    "token_differs": "has another token now",
    "fields_differ": "has other fields now: those of the backup come back",
}


def run(
    asked: Asked, name: str, files: list[str], *, with_tokens: bool, dry_run: bool, diff: bool, permits: Permits
) -> int:
    """Restore, or rehearse it; returns the exit code. Raises UnknownTarget, NoSuchHome and UnknownProfile."""
    home = asked.homes()[0]
    disk: Disk = DryDisk() if dry_run else RealDisk()
    source = find(disk, home.path, name)
    copies = _wanted(source, files)
    done: list[Restored] = []
    errors: list[StateError] = []

    def act(copy: Copy) -> None:
        store = store_of(home, copy.file, disk)
        done.append(
            restore(
                home,
                source,
                copy,
                store,
                with_tokens=with_tokens,
                dry_run=dry_run,
                permits=permits,
                now=now(),
                seconds=asked.lock_timeout,
            )
        )

    each(copies, act, lambda _, error: errors.append(error), lambda copy: os.path.join(home.path, copy.file))
    if asked.json:
        from hermes_state.redaction import redact

        body = {
            "dry_run": dry_run,
            "home": home.path,
            "backup": source.name,
            "other_home": redact(source.other_home) or None,
            "files": [_entry(one, diff) for one in done],
        }
        print_json("restore", body, [error_entry(error, home.path) for error in errors])
    else:
        _print(home, source, done, dry_run, diff)
        for error in errors:
            print_error(error)
    return worst([int(error.exit_code) for error in errors])


def _wanted(source: Source, files: list[str]) -> list[Copy]:
    there = [copy.file for copy in source.copies]
    for file in files:
        if file not in there:
            raise UnknownTarget(source.path, "file", file, tuple(there))
    return [copy for copy in source.copies if not files or copy.file in files]


def _entry(one: Restored, diff: bool) -> dict[str, Any]:
    from hermes_state.redaction import diff as redacted
    from hermes_state.redaction import redact

    entry: dict[str, Any] = {
        "file": one.file,
        "path": one.path,
        "changed": one.changed,
        "atomic": one.atomic,
        "backup": one.backup,
        "live_tokens_kept": one.live_tokens,
        "shared_with": list(one.shared_with),
        "links_then": None if one.links is None else list(one.links),
        "rows": [
            {"pool": redact(row.pool), "id": redact(row.id) if isinstance(row.id, str) else row.id, "what": row.what}
            for row in one.rows
        ],
    }
    if diff:
        entry["diff"] = redacted(one.before, one.after, one.file)
    return entry


def _print(home: Home, source: Source, done: list[Restored], dry_run: bool, diff: bool) -> None:
    from hermes_state.cli.text.render import console, line, mark, nothing_written, print_diff, words

    out = console()
    line(out, words(f"Home {home.path} ({home.rule})", "bold"))
    if source.other_home and done:
        line(out, mark("warning"), f"{source.name} was made of {source.other_home}, which does not have it (any more)")
    for one in done:
        state = (
            "needs no change" if not one.changed else f"{'would be' if dry_run else 'was'} restored from {source.name}"
        )
        line(out, mark("ok"), f"{os.path.basename(one.path)} {state}")
        for row in one.rows:
            line(out, " ", mark("info"), f"{row.pool} {row.id or '(no id)'}: {ROWS[row.what]}")
        for warning in _warnings(one):
            line(out, " ", mark("warning"), warning)
        if one.live_tokens:
            line(
                out, "   ", "tokens of now are kept where id and source match; --with-tokens takes those of the backup"
            )
        if one.backup is not None:
            line(out, "   ", f"backup of what was replaced: {one.backup}")
        if diff and one.changed:
            print_diff(out, one.before, one.after, one.file)
    if dry_run:
        nothing_written(out, any(one.changed for one in done))
    out.file.flush()


def _warnings(one: Restored) -> list[str]:
    found = [f"it is the file of {path} too" for path in one.shared_with]
    if one.changed and not one.atomic:
        found.append("it was written in place, not atomically: a reader in that moment could see half of it")
    if one.links:
        found.append(f"it was a link to {one.links[0]} when it was backed up, and is none, or another one, now")
    elif one.links is not None:
        found.append("it was no link when it was backed up; the link of now stays, what it leads to was restored")
    return found
