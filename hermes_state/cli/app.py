"""The program: commands, their options, and what becomes of errors. Heavy imports happen inside the command that
runs."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from hermes_state.cli.command import Group, command
from hermes_state.cli.parameters import (
    BreakHardLink,
    ChangeOwner,
    Credential,
    Diff,
    DryRun,
    Files,
    InPlace,
    Kinds,
    Model,
    Provider,
    ReplaceReadOnly,
    Stamp,
)
from hermes_state.cli.shared import asked, completed_by
from hermes_state.interruption import at_once

app = typer.Typer(
    cls=Group,
    name="hermes-state",
    add_completion=True,
    no_args_is_help=True,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def program(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version, and those of what it depends on.")
    ] = False,
) -> None:
    """Inspect, repair and migrate the state files of Hermes Agent, without losing anything.

    These are the files in a Hermes home (~/.hermes, HERMES_HOME, a profile): auth.json with the credentials and their
    cooldowns, sessions.json, config.yaml, and the breakers, in which agents remember rate limits. Start with
    'inspect', which changes nothing.
    """
    if version:
        from hermes_state.cli.commands.versions import print_versions

        print_versions(as_json=asked(context).json)
        raise typer.Exit
    if context.invoked_subcommand is None:
        context.fail("Missing command.")


@command(
    "inspect",
    ("why does a provider not answer?", "hermes-state inspect"),
    ("the root home and all profiles", "hermes-state inspect --all-profiles"),
    ("only the credentials, for a script", "hermes-state inspect auth --json"),
)
def inspect(context: typer.Context, kinds: Kinds = None) -> int:
    """Show why a provider does not answer, and the truth about every state file. Changes nothing.

    For each provider it says whether the agent can use it now, with how many credentials, when the next one comes
    back, and what to type to clear what blocks it. Then come credentials, breakers, files, and findings: what is
    wrong or worth knowing, and what to do about it.

    It exits with 0 whatever it finds, as long as it can look; 'check' is the command for scripts.
    """
    from hermes_state.cli.commands.inspect import run

    with at_once():
        return run(asked(context), kinds or [])


@command(
    "check",
    ("is anything wrong? the exit code says it", "hermes-state check"),
    ("all profiles, and only what is an error", "hermes-state check --all-profiles --fail-on error"),
    ("only config.yaml, down to remarks", "hermes-state check config --fail-on info"),
)
def check(
    context: typer.Context,
    kinds: Kinds = None,
    fail_on: Annotated[
        str,
        typer.Option(
            "--fail-on",
            metavar="SEVERITY",
            help="What counts: error; warning and worse; or info, which is everything.",
            show_default=True,
            autocompletion=completed_by("severity"),
        ),
    ] = "warning",
) -> int:
    """Say whether anything is wrong, for scripts: by the exit code, and in silence when nothing is. Changes nothing.

    It prints the findings of 'inspect' that count, one on a line: severity, id, path, place in the file (a JSON
    pointer, or - for the whole file) and message, with a tab between them. A pending migration and an expired breaker
    are of severity info, so they do not count unless asked for.

    It exits with 1 when a finding counts, with 3 when something could not be looked at, and else with 0.
    """
    from hermes_state.cli.commands.check import run

    with at_once():
        return run(asked(context), kinds or [], fail_on)


@command(
    "migrate",
    ("see what would happen, with the changed lines", "hermes-state migrate --dry-run --diff"),
    ("do it, but leave cooldowns that still bind", "hermes-state migrate --leave-binding"),
    ("is there something to do? exit code 1 if so", "hermes-state migrate --check"),
    ("the way back", "hermes-state migrate --to base"),
)
def migrate(
    context: typer.Context,
    kinds: Kinds = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="base",
            help="Go back to the layout that agents write themselves.",
            autocompletion=completed_by("layout"),
        ),
    ] = None,
    dry_run: DryRun = False,
    diff: Diff = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether there is something to do: exit code 1 if so.")
    ] = False,
    leave_binding: Annotated[
        bool, typer.Option("--leave-binding", help="Leave cooldowns that have not ended where agents see them.")
    ] = False,
    break_hard_link: BreakHardLink = False,
    replace_read_only: ReplaceReadOnly = False,
    change_owner: ChangeOwner = False,
    while_running: Annotated[
        bool, typer.Option("--while-running", help="Go back to base beside a live gateway, which may undo that.")
    ] = False,
    in_place: InPlace = False,
) -> int:
    """Move cooldowns out of the credentials in auth.json into a section of their own, after a verified backup.

    Agents note in the credential itself (in credential_pool) why it failed and how long it must rest. This moves such
    notes into the section credential_pool_runtime of the same file; everything else, tokens above all, stays byte for
    byte. '--to base' moves them back.

    Agents do not read that section: a credential whose cooldown has not ended is used again at once. Each one is
    named, with the time left; --leave-binding leaves them as they are.
    """
    from hermes_state.cli.commands.migrate import run
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


@command(
    "clear-breaker",
    ("Nous says that it is rate limited, and it is not", "hermes-state clear-breaker nous"),
    ("what would be cleared, in every profile?", "hermes-state clear-breaker --all --all-profiles --dry-run"),
)
def clear_breaker(
    context: typer.Context,
    provider: Annotated[
        str | None,
        typer.Argument(
            metavar="PROVIDER",
            help="Whose breaker: nous or nous-anonymous.",
            show_default=False,
            autocompletion=completed_by("breaker"),
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The breakers of all providers, instead of PROVIDER.")] = False,
    dry_run: DryRun = False,
) -> int:
    """Clear the breaker of a provider, so that agents ask the provider again at once.

    A breaker is a file in rate_limits/ in which agents remember that a provider is rate limited; while it lasts, none
    of them asks. It is removed, verified on disk to be gone, and what else blocks the provider is named.
    """
    from hermes_state.cli.commands.clear_breaker import run

    if (provider is None) == (not every):
        raise typer.BadParameter("name one provider, or say --all", param_hint="PROVIDER")
    return run(asked(context), provider, dry_run=dry_run)


@command(
    "clear-cooldown",
    ("all credentials of a provider", "hermes-state clear-cooldown openrouter"),
    ("the second one only (or its id, or its label)", "hermes-state clear-cooldown openrouter 2"),
    ("both switches of Nous: the credentials and the breaker", "hermes-state clear-cooldown nous --breaker"),
    ("what would be cleared?", "hermes-state clear-cooldown openrouter --dry-run"),
)
def clear_cooldown(
    context: typer.Context,
    provider: Provider,
    credential: Credential = None,
    model: Model = None,
    breaker: Annotated[bool, typer.Option("--breaker", help="Clear the provider's breaker too.")] = False,
    dead: Annotated[
        bool, typer.Option("--dead", help="Clear dead credentials too: agents gave them up, and a new login is better.")
    ] = False,
    dry_run: DryRun = False,
    break_hard_link: BreakHardLink = False,
    replace_read_only: ReplaceReadOnly = False,
    change_owner: ChangeOwner = False,
    in_place: InPlace = False,
) -> int:
    """End the cooldowns of a provider's credentials: verified on disk, truly counted, remembered.

    After a failure (a quota, a rate limit, a login that was refused) a credential cools down: until then agents leave
    it alone. Without CREDENTIAL all of the provider's are cleared. What still blocks the provider afterwards is named,
    with the next thing to type, and so is a running agent that could write its mark back: that then counts for nothing
    here, and the next clear or migrate takes it out, but agents that start in between go by it.

    A profile that has no credentials for a provider uses those of the root home; then these are cleared, for every
    profile that uses them.
    """
    from hermes_state.clearing.targets import Target
    from hermes_state.cli.commands.clear_cooldown import run
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


@command(
    "backups",
    ("what is there?", "hermes-state backups"),
    ("of every profile", "hermes-state backups --all-profiles"),
)
def backups(context: typer.Context) -> int:
    """List what files can be brought back from: our backups, and copies that agents left. Changes nothing.

    The names in the first column are what 'restore' takes.
    """
    from hermes_state.cli.commands.backups import run

    with at_once():
        return run(asked(context))


@command(
    "restore",
    ("see what would change (a name may be shortened)", "hermes-state restore 20260102 --dry-run --diff"),
    ("bring back the one file", "hermes-state restore 20260102T030405Z-1a2b auth.json"),
)
def restore(
    context: typer.Context,
    stamp: Stamp,
    files: Files = None,
    with_tokens: Annotated[
        bool, typer.Option("--with-tokens", help="Take the tokens of the backup too, which may be spent by now.")
    ] = False,
    dry_run: DryRun = False,
    diff: Diff = False,
    break_hard_link: BreakHardLink = False,
    replace_read_only: ReplaceReadOnly = False,
    change_owner: ChangeOwner = False,
    while_running: Annotated[
        bool, typer.Option("--while-running", help="Restore beside a live gateway, which may undo that.")
    ] = False,
    in_place: InPlace = False,
) -> int:
    """Bring files back from a backup; what they replace is backed up first.

    Agents renew the tokens of logins while they work, and the old ones are void then. So a credential that is both in
    the backup and in the present file keeps its present token, unless --with-tokens is given; everything else comes
    from the backup.
    """
    from hermes_state.cli.commands.restore import run
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


@command(
    "recover",
    ("after a crash or a power cut", "hermes-state recover"),
    ("in every profile", "hermes-state recover --all-profiles"),
)
def recover(context: typer.Context) -> int:
    """Mend what a crash left behind: writes that were cut short, and temporary files of killed runs.

    Only writes with --in-place can be cut short; all others are whole or did not happen. Temporary files go when they
    are ours and older than an hour.
    """
    from hermes_state.cli.commands.recover import run

    return run(asked(context))


@command(
    "schema",
    ("what may be in auth.json?", "hermes-state schema auth"),
    ("what does a script get from inspect?", "hermes-state schema inspect"),
)
def schema(
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND|COMMAND",
            help="auth, sessions, config or breaker; or a command, for what it prints with --json.",
            show_default=False,
            autocompletion=completed_by("schema"),
        ),
    ],
) -> int:
    """Print the JSON Schema of one kind of file, or of a command's output. Reads no home.

    A schema says which keys there may be, and what they may hold. That of a command tells scripts what they can rely
    on in what it prints with --json; that of 'error' is for what is printed where a command could not begin, that of
    'version' for --version --json.
    """
    from hermes_state.cli.commands.schema import run

    with at_once():
        return run(asked(context), kind)


@command(
    "selftest",
    ("in the system's temporary folder", "hermes-state selftest"),
    ("on the file system of the home", "hermes-state selftest --in ~"),
)
def selftest(
    context: typer.Context,
    within: Annotated[
        str | None,
        typer.Option("--in", metavar="DIR", help="Make the temporary folder here (default: the system's own)."),
    ] = None,
) -> int:
    """Try every crash on this file system, in a temporary folder: nothing may be lost. No home is touched.

    Each write of this program is stopped at every possible point, and what a disk may then hold is tried out: the old
    or the new content has to be there, whole. It exits with 7 when something was lost.
    """
    from hermes_state.cli.commands.selftest import run

    return run(asked(context), within)


def main() -> NoReturn:
    """Run the program and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A name that the terminal's encoding has no letters for is shown as an escape, not answered with an error.
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the program with ``arguments``; returns its exit code. Nothing is raised."""
    from hermes_state.cli.ending import ended

    return ended(lambda: app(args=arguments, prog_name="hermes-state", standalone_mode=False), "--json" in arguments)
