"""``hermes-state selftest``: every crash that can be imagined, on the user's own file system, in a temporary folder."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from hermes_state import interruption
from hermes_state.cli.asked import Asked
from hermes_state.cli.output import print_json
from hermes_state.errors import ExitCode, NotVerified, StateError, UnknownTarget
from hermes_state.selftest.run import Totals, enumerate_all
from hermes_state.selftest.workbench import place


def run(asked: Asked, within: str | None) -> int:
    """Enumerate all scenarios in a temporary folder inside ``within``; no home is looked at.

    Raises UnknownTarget, and NotVerified where the folder is full or takes no temporary one: nothing is found out then.
    """
    folder = os.path.abspath(within if within is not None else tempfile.gettempdir())
    if not os.path.isdir(folder):
        raise UnknownTarget(folder, "folder", folder)
    found: list[Totals] = []
    try:
        with place(folder) as made:
            for totals in enumerate_all(made):
                interruption.check()
                found.append(totals)
                if not asked.json:
                    _print(totals)
    except StateError:
        raise
    except OSError as error:
        reason = f"no temporary folder can be worked in there: {os.strerror(error.errno or 0)}"
        raise NotVerified(folder, reason) from error
    violations = sum(len(totals.violations) for totals in found)
    if asked.json:
        body = {"in": folder, "scenarios": [_entry(totals) for totals in found], "totals": _sum(found)}
        print_json("selftest", body, [])
    else:
        counts = _sum(found)
        print(
            f"{counts['operations']} operations, {counts['crash_points']} crash points, {counts['states']} states in "
            f"{folder}: {violations or 'no'} violation{'' if violations == 1 else 's'}"
        )
    return int(ExitCode.WRITE_FAILED if violations else ExitCode.OK)


def _sum(found: list[Totals]) -> dict[str, int]:
    """Over all scenarios, crashes during recovery included."""
    return {
        "operations": sum(totals.operations for totals in found),
        "crash_points": sum(totals.crash_points + totals.recovery_points for totals in found),
        "states": sum(totals.states + totals.recovery_states for totals in found),
        "violations": sum(len(totals.violations) for totals in found),
    }


def _entry(totals: Totals) -> dict[str, Any]:
    return {
        "scenario": totals.scenario,
        "skipped": totals.skipped or None,
        **_sum([totals]),
        "violated": sorted({name for violation in totals.violations for name in violation.names}),
    }


def _print(totals: Totals) -> None:
    if totals.skipped:
        print(f"- {totals.scenario}: skipped, {totals.skipped}")
        return
    counts = _sum([totals])
    mark = "✗" if totals.violations else "✓"
    print(
        f"{mark} {totals.scenario}: {counts['operations']} operations, {counts['crash_points']} crash points, "
        f"{counts['states']} states",
        flush=True,
    )
    for name in _entry(totals)["violated"]:
        print(f"    not kept: {name.replace('_', ' ')}")
