"""Parameters of the commands: what several take, in the same words, and what files in the home can complete."""

from __future__ import annotations

from typing import Annotated

import typer

from hermes_state.cli.shared import completed_by

Kinds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KIND]...",
        help="Only these kinds of file: auth, sessions, config, breaker (default: all).",
        show_default=False,
        autocompletion=completed_by("kind"),
    ),
]
Provider = Annotated[
    str,
    typer.Argument(
        metavar="PROVIDER",
        help="Whose cooldowns: openrouter, nous, anthropic, ... ('inspect' lists them).",
        show_default=False,
        autocompletion=completed_by("provider"),
    ),
]
Credential = Annotated[
    str | None,
    typer.Argument(
        metavar="[CREDENTIAL]",
        help="Only this one: its id, else its label, else (in one file) its place in the pool, from 1.",
        show_default=False,
        autocompletion=completed_by("credential"),
    ),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Clear only the cooldown for this model.",
        autocompletion=completed_by("model"),
    ),
]
Stamp = Annotated[
    str,
    typer.Argument(
        metavar="STAMP",
        help="A name that 'backups' lists, or its beginning.",
        show_default=False,
        autocompletion=completed_by("backup"),
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[FILE]...",
        help="Only these files: auth.json, config.yaml (default: all in the backup).",
        show_default=False,
        autocompletion=completed_by("file"),
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would happen; create and change nothing.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show the changed lines too, secrets as fingerprints.")]
# What commands refuse by themselves, and the flag that allows it.
BreakHardLink = Annotated[
    bool,
    typer.Option("--break-hard-link", help="Replace a file that has other names too; those keep the old content."),
]
ReplaceReadOnly = Annotated[bool, typer.Option("--replace-read-only", help="Replace a file that is read-only.")]
ChangeOwner = Annotated[
    bool, typer.Option("--change-owner", help="Replace a file of another user; it belongs to you then.")
]
InPlace = Annotated[
    bool,
    typer.Option(
        "--in-place", help="Overwrite a file that cannot be replaced, as one that is mounted by itself; not atomic."
    ),
]
