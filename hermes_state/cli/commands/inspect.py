"""``hermes-state inspect``: the report as JSON, or for people: one home on one screen, many homes as an overview."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hermes_state.cli.asked import Asked, require_kinds
from hermes_state.clock import now
from hermes_state.errors import ExitCode

if TYPE_CHECKING:
    from hermes_state.inspection.report import Report


def run(asked: Asked, kinds: list[str]) -> int:
    """Print the report; returns 0 as long as everything could be looked at. Raises UnknownTarget, NoSuchHome,
    UnknownProfile."""
    from hermes_state.inspection import inspect

    require_kinds(kinds)
    homes, at = asked.homes(), now()
    with asked.watched(len(homes), "looking at homes") as step:
        report = inspect(homes, kinds=kinds or None, now=at, after_each=step)
    if asked.json:
        from hermes_state.cli.output import print_object
        from hermes_state.inspection.report import as_json

        print_object(as_json(report))
    else:
        _print(report, at)
    return int(ExitCode.UNREADABLE if report.errors else ExitCode.OK)


def _print(report: Report, at: float) -> None:
    from hermes_state.cli.output import print_error
    from hermes_state.cli.text.overview import print_overview
    from hermes_state.cli.text.render import console
    from hermes_state.cli.text.screen import print_home

    out = console()
    if len(report.homes) == 1:
        print_home(out, report.homes[0], at)
    else:
        print_overview(out, report, at)
    out.file.flush()
    for unseen in report.errors:
        print_error(unseen.error)
