"""``hermes-state clear-breaker``: what was cleared, proven on disk, and what still blocks the provider."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from hermes_state.clearing.breakers import Blocking, ClearReport, as_json, clear_breakers
from hermes_state.cli.asked import Asked
from hermes_state.cli.output import error_entry, print_error, print_json
from hermes_state.clock import duration, now
from hermes_state.home import Home
from hermes_state.interruption import Watch, unwatched


def run(asked: Asked, provider: str | None, *, dry_run: bool) -> int:
    """Clear the breaker of ``provider`` (None: of all) in each home; returns the exit code.

    Raises UnknownTarget, NoSuchHome and UnknownProfile.
    """
    homes = asked.homes()
    blocking = partial(still_blocked, watch=asked.watched)
    report = clear_breakers(homes, provider, dry_run=dry_run, now=now(), still_blocked=blocking, watch=asked.watched)
    if asked.json:
        entries = [{**error_entry(failed.error, failed.home), "kind": "breaker"} for failed in report.errors]
        print_json("clear-breaker", as_json(report), entries)
    else:
        _print(homes, report, provider)
    return int(report.exit_code)


def still_blocked(asked: Sequence[tuple[Home, str]], watch: Watch = unwatched) -> list[Blocking]:
    """What else keeps agents of each home from the provider: none of its rows while one of them can be used."""
    from hermes_state.clearing.standing import standings

    named = [(home, "nous" if provider.startswith("nous") else provider) for home, provider in asked]
    found = standings(named, now(), watch)
    return [
        Blocking(each.home.path, block)
        for each in found
        for block in (*each.switches, *(() if each.usable else each.others))
    ]


def _print(homes: list[Home], report: ClearReport, provider: str | None) -> None:
    from hermes_state.cli.text.render import console, line, mark, nothing_written, verbatim, words

    out = console()
    for home in homes:
        line(out, words(f"Home {home.path} ({home.rule})", "bold"))
        for one in (one for one in report.cleared if one.home == home.path):
            left = one.was.remaining_seconds
            ahead = f", {duration(left)} left" if left is not None and left > 0 else ""
            done = "would be cleared" if report.dry_run else "was cleared"
            line(out, mark("ok"), f"the breaker of {one.provider} {done} (it was {one.was.state}{ahead})")
            if one.removed != one.path and not one.note:
                line(out, " ", mark("info"), words("its link stays; removed is"), verbatim(one.removed))
            if one.note:
                line(out, " ", mark("info"), one.note)
        for stays in (one for one in report.left if one.home == home.path):
            line(out, mark("info"), f"{stays.provider}: {stays.reason}")
    if provider is None and not (report.cleared or report.left or report.errors):
        line(out, mark("info"), "there are no breakers: nothing to do")
    for block in dict.fromkeys(one.block for one in report.still_blocked_by):  # homes can share a file
        clear = f"; clear it: {block.clear_with}" if block.clear_with else ""
        line(out, mark("warning"), f"still blocked by {block.what} ({block.path}){clear}")
    if report.dry_run:
        nothing_written(out, bool(report.cleared))
    out.file.flush()
    for failed in report.errors:
        print_error(failed.error)
