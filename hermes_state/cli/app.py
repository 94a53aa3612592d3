"""The program: commands, their options, and what becomes of errors. Heavy imports happen inside the command that
runs."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from hermes_state import __version__
from hermes_state.cli.shared import Command, Group, asked

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
    break_hard_link: Annotated[
        bool, typer.Option("--break-hard-link", help="Replace a file that has other names; those keep the old content.")
    ] = False,
    replace_read_only: Annotated[
        bool, typer.Option("--replace-read-only", help="Replace a file that is read-only.")
    ] = False,
    change_owner: Annotated[
        bool, typer.Option("--change-owner", help="Replace another user's file; it becomes yours.")
    ] = False,
    while_running: Annotated[
        bool, typer.Option("--while-running", help="Go back to base beside a live gateway (it may undo that).")
    ] = False,
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
        permits=Permits(break_hard_link, replace_read_only, change_owner, while_running),
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


def main() -> NoReturn:
    """Run the program and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the program with ``arguments``; returns its exit code. Nothing is raised."""
    from hermes_state.errors import ExitCode, StateError

    wants_json = "--json" in arguments
    try:
        code = app(args=arguments, prog_name="hermes-state", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except StateError as error:
        return _failed(error, wants_json)
    except BrokenPipeError:
        # Whoever read our output has seen enough. Python would complain once more when it closes the stream.
        sys.stdout = None  # type: ignore[assignment]
        return int(ExitCode.OK)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        if hasattr(error, "format_message"):
            return _misused(error, wants_json)
        from hermes_state.cli.output import print_unexpected

        return int(print_unexpected(error))


def _failed(error: BaseException, wants_json: bool) -> int:
    from hermes_state.cli.output import error_entry, print_error, print_json
    from hermes_state.errors import StateError

    assert isinstance(error, StateError)
    if wants_json:
        print_json("error", {}, [error_entry(error)])
    print_error(error)
    return int(error.exit_code)


def _misused(error: Exception, wants_json: bool) -> int:
    """A usage error of the command line, as text and, where asked for, as JSON."""
    from hermes_state.cli.output import print_json

    message = error.format_message()  # type: ignore[attr-defined]
    if wants_json:
        entry = {"code": "usage", "kind": "", "home": None, "path": "", "pointer": "", "message": message, "hint": ""}
        print_json("error", {}, [entry])
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "hermes-state"
    sys.stderr.write(f"hermes-state: {message}\n  {where} --help says more\n")
    return 2
