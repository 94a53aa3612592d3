"""``selftest``: what was tried, and whether anything could get lost."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hermes_state.models.outputs.part import Count, Output, Part


class Scenario(Part):
    """One act, and every crash that can hit it."""

    scenario: str
    """What was done."""
    skipped: str | None
    """Why it could not be tried here; null where it was."""
    operations: Count
    """Steps that it takes on disk."""
    crash_points: Count
    """Places between them where a crash was played, those of the recovery included."""
    states: Count
    """Different disks that a crash can leave."""
    violations: Count
    """Disks on which a promise was not kept."""
    violated: list[str]
    """The promises that were not kept."""


class Totals(Part):
    """Over all scenarios."""

    operations: Count
    """Steps on disk."""
    crash_points: Count
    """Places where a crash was played."""
    states: Count
    """Different disks that a crash can leave."""
    violations: Count
    """Disks on which a promise was not kept."""


class SelftestOutput(Output):
    """What selftest --json prints."""

    format: Literal["hermes-state/selftest"]
    """Which output this is."""
    in_: Annotated[str, Field(alias="in")]
    """The folder in which the temporary one was made."""
    scenarios: list[Scenario]
    """What was tried."""
    totals: Totals
    """Over all of it."""
