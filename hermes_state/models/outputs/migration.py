"""``migrate``: what was changed, what was left and why, and the way back."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hermes_state.models.outputs.part import Kind, Output, Part, Seconds, StepId


class Step(Part):
    """A migration step that was applied."""

    id: StepId
    """Which step."""
    title: str
    """What it does, for people."""
    direction: Literal["up", "down"]
    """up: to the new layout. down: back to the one that agents write."""


class Change(Part):
    """A value that was added, removed or replaced."""

    op: Literal["add", "remove", "replace"]
    """What was done."""
    path: str
    """Where, a JSON pointer."""


class Move(Part):
    """A value that was moved."""

    op: Literal["move"]
    """What was done."""
    path: str
    """Where to, a JSON pointer."""
    from_: Annotated[str, Field(alias="from")]
    """Where from, a JSON pointer."""


class Left(Part):
    """A row whose runtime state stays where it is."""

    pool: str
    """The key of its pool."""
    id: str | None
    """Its id; null where it has none that is text."""
    reason: Literal[
        "dead",
        "binding",
        "no_id",
        "id_not_text",
        "duplicate_id",
        "not_an_object",
        "photon",
        "record_malformed",
        "section_malformed",
    ]
    """Why."""


class Binding(Part):
    """A row whose cooldown was moved although it still binds: a stock agent uses the credential at once."""

    pool: str
    """The key of its pool."""
    id: str
    """Its id."""
    remaining_seconds: Annotated[Seconds, Field(gt=0)] | None
    """Seconds until the cooldown ends; null is: for ever."""


class Warned(Part):
    """Something to know about the home, or a file of it."""

    message: str
    """What, for people."""


class WarnedOfRow(Part):
    """Something to know about one row."""

    message: str
    """What, for people."""
    pool: str
    """The key of its pool."""
    id: str
    """Its id."""


class MigratedFile(Part):
    """What was done to one file, or with dry_run would be."""

    kind: Kind
    """What kind of file it is."""
    path: str
    """Where the agent looks for it."""
    real_path: str
    """The file behind its links, which is the one that is written."""
    changed: bool
    """Whether its content changed."""
    atomic: bool
    """false where it was written in place: a reader in that moment could see half of it."""
    swept: list[str]
    """Strays of killed runs that were taken away."""
    steps: list[Step]
    """The steps that had something to do, in the order in which they were applied."""
    changes: list[Change | Move]
    """What they changed."""
    left: list[Left]
    """Rows that stay as they are."""
    binding_moved: list[Binding]
    """Cooldowns that were moved although they still bind."""
    diff: str = ""
    """Only with --diff: the changed lines as a unified diff, with fingerprints in place of secrets."""


class MigratedHome(Part):
    """What was done to one home, or with dry_run would be."""

    path: str
    """The directory."""
    home_rule: str
    """What made it the home to work on, for people."""
    profile: str
    """Its profile; that of a root home is default."""
    changed: bool
    """Whether any of its files changed."""
    backup: str | None
    """The folder with the files as they were; null where nothing was changed, and with dry_run."""
    files: list[MigratedFile]
    """Its files that have migrations. A file that several homes share is told of once."""
    warnings: list[Warned | WarnedOfRow]
    """What to know about it."""


class MigrateOutput(Output):
    """What migrate --json prints."""

    format: Literal["hermes-state/migrate"]
    """Which output this is."""
    dry_run: bool
    """Whether it was a rehearsal (--dry-run, --check): nothing was written."""
    homes: list[MigratedHome]
    """The homes that were worked on, the root first."""
