"""The program: commands, their options, and what becomes of errors. Heavy imports happen inside the command that
runs."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from hermes_state import __version__
from hermes_state.cli.shared import Command, Group, asked
from hermes_state.interruption import at_once

app = typer.Typer(
    cls=Group,
    name="hermes-state",
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Kinds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KIND]...", help="Only these kinds of file: auth, sessions, config, breaker.", show_default=False
    ),
]
# What commands refuse by themselves, and the flag that allows it.
BreakHardLink = Annotated[
    bool, typer.Option("--break-hard-link", help="Replace a file that has other names; those keep the old content.")
]
ReplaceReadOnly = Annotated[bool, typer.Option("--replace-read-only", help="Replace a file that is read-only.")]
ChangeOwner = Annotated[bool, typer.Option("--change-owner", help="Replace another user's file; it becomes yours.")]
InPlace = Annotated[
    bool, typer.Option("--in-place", help="Write into a file that cannot be replaced (a bind mount); not atomic.")
]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"hermes-state {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Inspect, migrate and repair the state files of Hermes Agent, without losing anything."""


@app.command("inspect", cls=Command)
def inspect(context: typer.Context, kinds: Kinds = None) -> int:
    """Show the truth about every state file, and why a provider does not answer. Changes nothing.

    Example: hermes-state inspect --all-profiles
    """
    from hermes_state.cli.inspect import run

    with at_once():
        return run(asked(context), kinds or [])


@app.command("migrate", cls=Command)
def migrate(
    context: typer.Context,
    kinds: Kinds = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="base", help="Go back to the layout that agents write themselves.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; create and change nothing.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the changed lines, secrets as fingerprints.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether there is something to do: exit 1 if so.")
    ] = False,
    leave_binding: Annotated[
        bool, typer.Option("--leave-binding", help="Leave cooldowns that still bind where stock agents see them.")
    ] = False,
    break_hard_link: BreakHardLink = False,
    replace_read_only: ReplaceReadOnly = False,
    change_owner: ChangeOwner = False,
    while_running: Annotated[
        bool, typer.Option("--while-running", help="Go back to base beside a live gateway (it may undo that).")
    ] = False,
    in_place: InPlace = False,
) -> int:
    """Move inline cooldowns out of credential_pool into credential_pool_runtime, after a verified backup.

    Example: hermes-state migrate --dry-run --diff
    """
    from hermes_state.cli.migrate import run
    from hermes_state.stores.permits import Permits

    if to not in (None, "base"):
        raise typer.BadParameter("the only layout to go back to is 'base'", param_hint="--to")
    return run(
        asked(context),
        kinds or [],
        to_base=to == "base",
        dry_run=dry_run,
        diff=diff,
        check=check,
        leave_binding=leave_binding,
        permits=Permits(break_hard_link, replace_read_only, change_owner, while_running, in_place),
    )


@app.command("clear-breaker", cls=Command)
def clear_breaker(
    context: typer.Context,
    provider: Annotated[
        str | None, typer.Argument(metavar="PROVIDER", help="Whose breaker: nous, nous-anonymous.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The breakers of all providers.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be cleared; clear nothing.")] = False,
) -> int:
    """Clear the rate-limit breaker of a provider, so that the agent asks it again at once.

    Example: hermes-state clear-breaker nous
    """
    from hermes_state.cli.clear_breaker import run

    if (provider is None) == (not every):
        raise typer.BadParameter("name one provider, or say --all", param_hint="PROVIDER")
    return run(asked(context), provider, dry_run=dry_run)


@app.command("clear-cooldown", cls=Command)
def clear_cooldown(
    context: typer.Context,
    provider: Annotated[
        str, typer.Argument(metavar="PROVIDER", help="Whose cooldowns: openrouter, nous, ...", show_default=False)
    ],
    credential: Annotated[
        str | None,
        typer.Argument(
            metavar="[CREDENTIAL]", help="Only this one: its id, else its label, else its number.", show_default=False
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="MODEL", help="Clear only the cooldown for this model.")
    ] = None,
    breaker: Annotated[bool, typer.Option("--breaker", help="Clear the provider's breaker too.")] = False,
    dead: Annotated[
        bool, typer.Option("--dead", help="Clear dead credentials too, which agents gave up; a new login mends them.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be cleared; create and change nothing.")
    ] = False,
    break_hard_link: BreakHardLink = False,
    replace_read_only: ReplaceReadOnly = False,
    change_owner: ChangeOwner = False,
    in_place: InPlace = False,
) -> int:
    """Clear the cooldowns of a provider, so that they stay cleared: verified on disk, truly counted.

    Works on the profile's own credentials or, where it has none, on those that it borrows from the root home.

    Example: hermes-state clear-cooldown openrouter
    """
    from hermes_state.clearing.targets import Target
    from hermes_state.cli.clear_cooldown import run
    from hermes_state.stores.permits import Permits

    if model is not None and dead:
        raise typer.BadParameter("it clears one model's cooldown, --dead whole credentials", param_hint="--model")
    return run(
        asked(context),
        Target(provider, credential, model, dead),
        breaker=breaker,
        dry_run=dry_run,
        permits=Permits(break_hard_link, replace_read_only, change_owner, in_place=in_place),
    )


@app.command("backups", cls=Command)
def backups(context: typer.Context) -> int:
    """List what files can be brought back from: our backups, and copies that agents left. Changes nothing.

    Example: hermes-state backups
    """
    from hermes_state.cli.backups import run

    with at_once():
        return run(asked(context))


@app.command("restore", cls=Command)
def restore(
    context: typer.Context,
    stamp: Annotated[
        str, typer.Argument(metavar="STAMP", help="A name that 'backups' lists, or its beginning.", show_default=False)
    ],
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE]...", help="Only these files: auth.json, config.yaml.", show_default=False),
    ] = None,
    with_tokens: Annotated[
        bool, typer.Option("--with-tokens", help="Take the tokens of the backup too (they may be spent by now).")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen; create and change nothing.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show the changed lines, secrets as fingerprints.")] = False,
    break_hard_link: BreakHardLink = False,
    replace_read_only: ReplaceReadOnly = False,
    change_owner: ChangeOwner = False,
    while_running: Annotated[
        bool, typer.Option("--while-running", help="Restore beside a live gateway (it may undo that).")
    ] = False,
    in_place: InPlace = False,
) -> int:
    """Bring files back from a backup, with the tokens of now; what is replaced is backed up first.

    Example: hermes-state restore 20260102T030405Z-1a2b --dry-run --diff
    """
    from hermes_state.cli.restore import run
    from hermes_state.stores.permits import Permits

    options = asked(context)
    if options.all_profiles:
        raise typer.BadParameter("a backup is of one home: name it with --home or --profile", param_hint="STAMP")
    return run(
        options,
        stamp,
        files or [],
        with_tokens=with_tokens,
        dry_run=dry_run,
        diff=diff,
        permits=Permits(break_hard_link, replace_read_only, change_owner, while_running, in_place),
    )


@app.command("recover", cls=Command)
def recover(context: typer.Context) -> int:
    """Mend in-place writes that were interrupted, and sweep what killed runs left lying.

    Example: hermes-state recover --all-profiles
    """
    from hermes_state.cli.recover import run

    return run(asked(context))


@app.command("schema", cls=Command)
def schema(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="auth, sessions, config or breaker.", show_default=False)],
) -> int:
    """Print the JSON Schema of one kind of file.

    Example: hermes-state schema auth
    """
    from hermes_state.cli.schema import run

    return run(asked(context), kind)


@app.command("selftest", cls=Command)
def selftest(
    context: typer.Context,
    within: Annotated[
        str | None,
        typer.Option("--in", metavar="DIR", help="Make the temporary folder here (default: the system's own)."),
    ] = None,
) -> int:
    """Try every crash on this file system, in a temporary folder: nothing may be lost. No home is touched.

    Example: hermes-state selftest --in ~
    """
    from hermes_state.cli.selftest import run

    return run(asked(context), within)


def main() -> NoReturn:
    """Run the program and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the program with ``arguments``; returns its exit code. Nothing is raised."""
    from hermes_state.cli.ending import ended

    return ended(lambda: app(args=arguments, prog_name="hermes-state", standalone_mode=False), "--json" in arguments)
