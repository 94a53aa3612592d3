"""``hermes-state check``: the findings for scripts, one on a line, and an exit code that says whether there are any."""

from __future__ import annotations

import sys

from hermes_state.cli.asked import Asked, require_kinds
from hermes_state.cli.output import print_error, print_object
from hermes_state.clock import now
from hermes_state.errors import ExitCode, UnknownTarget, worst
from hermes_state.findings import Finding, Severity
from hermes_state.inspection import inspect
from hermes_state.inspection.report import as_json

#: What ``--fail-on`` takes, and which severities it then counts.
LEVELS = {
    "info": frozenset(Severity),
    "warning": frozenset({Severity.WARNING, Severity.ERROR}),
    "error": frozenset({Severity.ERROR}),
}


def run(asked: Asked, kinds: list[str], fail_on: str) -> int:
    """Print the findings of ``fail_on`` or worse; returns 1 when there is one, and 3 when something could not be
    looked at. Raises UnknownTarget, NoSuchHome, UnknownProfile."""
    if fail_on not in LEVELS:
        raise UnknownTarget("hermes-state", "severity", fail_on, tuple(LEVELS))
    require_kinds(kinds)
    homes = asked.homes()
    with asked.watched(len(homes), "looking at homes") as step:
        report = inspect(homes, kinds=kinds or None, now=now(), after_each=step)
    counted = [found for home in report.homes for found in home.findings if found.severity in LEVELS[fail_on]]
    if asked.json:
        print_object({**as_json(report), "format": "hermes-state/check", "fail_on": fail_on})
    else:
        sys.stdout.write("".join(map(_line, counted)))
        sys.stdout.flush()
        for unseen in report.errors:
            print_error(unseen.error)
    return worst([int(ExitCode.FINDINGS)] * bool(counted) + [int(ExitCode.UNREADABLE)] * bool(report.errors))


def _line(found: Finding) -> str:
    """Severity, id, path, pointer (``-`` is the whole file) and message, with tabs between them."""
    from hermes_state.redaction import harmless

    fields = (found.severity.value, found.id, harmless(found.path), harmless(found.pointer) or "-", found.message)
    return "\t".join(fields) + "\n"
