"""The options that every command takes, before or after its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typer import Context
from typer.core import TyperOption

from hermes_state.cli.asked import LOCK_SECONDS, Asked


def asked(context: Context) -> Asked:
    """What the shared options of the running command say. Raises a usage error when two contradict."""
    root = context.find_root()
    if not isinstance(root.obj, Asked):
        root.obj = Asked()
    if root.obj.profile is not None and root.obj.all_profiles:
        context.fail("--profile and --all-profiles exclude each other")
    if not 0 <= root.obj.lock_timeout < float("inf"):
        context.fail("--lock-timeout is a number of seconds, 0 or more")
    return root.obj


def _remember(context: Context, parameter: Any, value: Any) -> Any:
    if value is not None and value is not False:
        root = context.find_root()
        if not isinstance(root.obj, Asked):
            root.obj = Asked()
        setattr(root.obj, parameter.name, value)
    return value


def options() -> list[TyperOption]:
    """The shared options, for one command or for the program itself."""

    def option(*names: str, kind: Any = None, metavar: str | None = None, help: str, offers: str = "") -> TyperOption:
        return TyperOption(
            param_decls=list(names),
            type=kind,
            is_flag=kind is None,
            default=False if kind is None else None,
            metavar=metavar,
            help=help,
            expose_value=False,
            callback=_remember,
            # Before --version, which answers in the form that --json asks for.
            is_eager=True,
            autocompletion=completed_by(offers) if offers else None,
        )

    return [
        option(
            "--home",
            kind=str,
            metavar="DIR",
            help="Work on this Hermes home (default: the one that hermes itself would use).",
        ),
        option(
            "--profile",
            "-p",
            kind=str,
            metavar="NAME",
            help="Work on the home of this profile.",
            offers="profile",
        ),
        option("--all-profiles", help="Work on the root home and on the homes of all its profiles."),
        option("--json", help="Print one JSON object on stdout, for scripts."),
        option(
            "--lock-timeout",
            kind=float,
            metavar="SECONDS",
            help=f"Wait so long for a lock that another process holds (default {LOCK_SECONDS:g}).",
        ),
    ]


def completed_by(what: str) -> Callable[[Context, list[str], str], list[Any]]:
    """What a shell may offer for a parameter; ``what`` is one of ``completion.SOURCES``."""

    def complete(ctx: Context, args: list[str], incomplete: str) -> list[Any]:
        from hermes_state.cli.completion import offers

        return offers(what, ctx, incomplete)

    return complete
