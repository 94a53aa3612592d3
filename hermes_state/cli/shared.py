"""The options that every command takes, before or after its name, and the homes that they mean."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typer import Context
from typer.core import TyperCommand, TyperGroup, TyperOption

from hermes_state.outcomes import KINDS

if TYPE_CHECKING:
    from hermes_state.home import Home

LOCK_SECONDS = 30.0


@dataclass(slots=True)
class Asked:
    """What the shared options say; an option after the command's name wins over the same one before it."""

    home: str | None = None
    profile: str | None = None
    all_profiles: bool = False
    json: bool = False
    lock_timeout: float = LOCK_SECONDS

    def homes(self) -> list[Home]:
        """The homes to work on. Raises NoSuchHome and UnknownProfile."""
        from hermes_state.home import all_homes, find

        home = find(self.home, self.profile, os.environ)
        return all_homes(home) if self.all_profiles else [home]


def require_kinds(kinds: list[str]) -> None:
    """Raise UnknownTarget for what is no kind of file."""
    from hermes_state.errors import UnknownTarget

    for kind in kinds:
        if kind not in KINDS:
            raise UnknownTarget("hermes-state", "kind", kind, KINDS)


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


def _options() -> list[TyperOption]:
    def option(*names: str, kind: Any = None, metavar: str | None = None, help: str) -> TyperOption:
        return TyperOption(
            param_decls=list(names),
            type=kind,
            is_flag=kind is None,
            default=False if kind is None else None,
            metavar=metavar,
            help=help,
            expose_value=False,
            callback=_remember,
            rich_help_panel="Which home, and how to answer",
        )

    return [
        option("--home", kind=str, metavar="DIR", help="The Hermes home to work on, taken literally."),
        option("--profile", "-p", kind=str, metavar="NAME", help="Work on this profile's home."),
        option("--all-profiles", help="Work on the root home and all its profiles."),
        option("--json", help="Print one JSON object on stdout instead of text."),
        option(
            "--lock-timeout",
            kind=float,
            metavar="SECONDS",
            help=f"How long to wait for a lock that somebody holds (default {LOCK_SECONDS:g}).",
        ),
    ]


class Command(TyperCommand):
    """A command with the shared options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_options())


class Group(TyperGroup):
    """The program, with the shared options before the command's name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(_options())
