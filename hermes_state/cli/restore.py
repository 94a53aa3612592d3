"""``hermes-state restore``: bring files back from a backup, and say for each credential what that means."""

from __future__ import annotations

import os
from typing import Any

from hermes_state.cli.output import error_entry, print_error, print_json
from hermes_state.cli.shared import Asked
from hermes_state.clock import now
from hermes_state.disk import RealDisk
from hermes_state.errors import StateError, UnknownTarget, worst
from hermes_state.home import Home
from hermes_state.rehearsal import DryDisk
from hermes_state.restoring import Restored, find, restore
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.config import ConfigStore
from hermes_state.stores.permits import Permits

ROWS = {
    "only_in_backup": "comes back",
    "only_now": "goes away (it is in the backup of what was replaced)",
    "token_differs": "has another token now",
    "fields_differ": "has other fields now",
}


def run(
    asked: Asked, name: str, files: list[str], *, with_tokens: bool, dry_run: bool, diff: bool, permits: Permits
) -> int:
    """Restore, or rehearse it; returns the exit code. Raises UnknownTarget, NoSuchHome and UnknownProfile."""
    home = asked.homes()[0]
    source = find(RealDisk(), home.path, name)
    copies = [copy for copy in source.copies if not files or copy.file in files]
    for file in files:
        if file not in [copy.file for copy in source.copies]:
            raise UnknownTarget(source.path, "file", file, tuple(copy.file for copy in source.copies))
    done: list[Restored] = []
    errors: list[StateError] = []
    for copy in copies:
        disk = DryDisk() if dry_run else RealDisk()
        store = AuthStore(home, disk) if copy.file == "auth.json" else ConfigStore(home, disk)
        try:
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
        except StateError as error:
            errors.append(error)
    if asked.json:
        body = {
            "dry_run": dry_run,
            "home": home.path,
            "backup": source.name,
            "files": [_entry(one, diff) for one in done],
        }
        print_json("restore", body, [error_entry(error, home.path) for error in errors])
    else:
        _print(home, source.name, done, dry_run, diff)
        for error in errors:
            print_error(error)
    return worst([int(error.exit_code) for error in errors])


def _entry(one: Restored, diff: bool) -> dict[str, Any]:
    from hermes_state.redaction import diff as redacted

    entry: dict[str, Any] = {
        "file": one.file,
        "path": one.path,
        "changed": one.changed,
        "backup": one.backup,
        "live_tokens_kept": one.live_tokens,
        "rows": [{"pool": row.pool, "id": row.id, "what": row.what} for row in one.rows],
    }
    if diff:
        entry["diff"] = redacted(one.before, one.after, one.file)
    return entry


def _print(home: Home, name: str, done: list[Restored], dry_run: bool, diff: bool) -> None:
    from hermes_state.cli.render import console, line, mark, words
    from hermes_state.redaction import diff as redacted

    out = console()
    line(out, words(f"Home {home.path} ({home.rule})", "bold"))
    for one in done:
        state = "has nothing to do" if not one.changed else f"{'would be' if dry_run else 'was'} restored from {name}"
        line(out, mark("ok"), f"{os.path.basename(one.path)} {state}")
        for row in one.rows:
            line(out, " ", mark("info"), f"{row.pool} {row.id or '(no id)'}: {ROWS[row.what]}")
        if one.live_tokens:
            line(
                out, "   ", "tokens of now are kept where id and source match; --with-tokens takes those of the backup"
            )
        if one.backup is not None:
            line(out, "   ", f"backup of what was replaced: {one.backup}")
        if diff and one.changed:
            from hermes_state.cli.migrate import words_of_diff

            out.print(words_of_diff(redacted(one.before, one.after, one.file)), end="")
