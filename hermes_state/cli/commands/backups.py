"""``hermes-state backups``: what a file can be brought back from."""

from __future__ import annotations

from typing import Any

from hermes_state.cli.asked import Asked
from hermes_state.cli.output import error_entry, print_error, print_json
from hermes_state.clock import iso
from hermes_state.disk import RealDisk
from hermes_state.errors import worst
from hermes_state.restoring import Source, survey


def run(asked: Asked) -> int:
    """List the backups of each home, newest first; returns the exit code, 0 unless something cannot be looked into.

    Raises NoSuchHome and UnknownProfile.
    """
    found = [(home, survey(RealDisk(), home.path)) for home in asked.homes()]
    errors = [(home, one.error) for home, listed in found for one in listed.hidden]
    code = worst([int(error.exit_code) for _, error in errors])
    if asked.json:
        homes = [
            {"path": home.path, "profile": home.profile, "backups": [_entry(one) for one in listed.sources]}
            for home, listed in found
        ]
        print_json("backups", {"homes": homes}, [error_entry(error, home.path) for home, error in errors])
        return code
    from hermes_state.cli.text.render import console, line, print_table, words

    out = console()
    for home, listed in found:
        line(out, words(f"Home {home.path} ({home.rule})", "bold"))
        if listed.sources:
            print_table(out, [_row(one) for one in listed.sources], head=("", "NAME", "FROM", "WHEN", "WHAT"))
        elif not listed.hidden:
            line(out, " ", "there is nothing to restore from")
    out.file.flush()
    for _, error in errors:
        print_error(error)
    return code


def _entry(source: Source) -> dict[str, Any]:
    from hermes_state.redaction import redact

    return {
        "name": source.name,
        "origin": source.origin,
        "path": source.path,
        "created_at": source.at,
        "reason": redact(source.reason),
        "other_home": redact(source.other_home) or None,
        "files": [
            {"file": copy.file, "path": copy.path, "outcome": copy.outcome.value, "size": copy.size, "rows": copy.rows}
            for copy in source.copies
        ],
    }


def _row(source: Source) -> list[Any]:
    from hermes_state.cli.text.render import counted, mark

    what = []
    for copy in source.copies:
        rows = f" with {counted(copy.rows, 'credential')}" if copy.rows is not None else ""
        what.append(f"{copy.file}{rows}" if copy.outcome == "ok" else f"{copy.file} ({copy.outcome.value})")
    fine = all(copy.outcome == "ok" for copy in source.copies)
    origin = f"{source.origin}: {source.reason}{f', of {source.other_home}' if source.other_home else ''}"
    return [mark("ok" if fine else "error"), source.name, origin, iso(source.at), ", ".join(what) or "nothing"]
