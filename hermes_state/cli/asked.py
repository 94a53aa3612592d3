"""What a command was asked for by the options that all of them share: which homes, and how to answer."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hermes_state.interruption import unwatched
from hermes_state.outcomes import KINDS

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from hermes_state.home import Home
    from hermes_state.interruption import Step

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

    def watched(self, total: int, what: str) -> AbstractContextManager[Step]:
        """What to call after each of ``total`` items, where somebody watches (see progress); scripts do not."""
        if self.json:
            return unwatched(total, what)
        from hermes_state.cli.text.progress import watched

        return watched(total, what)


def require_kinds(kinds: list[str]) -> None:
    """Raise UnknownTarget for what is no kind of file."""
    from hermes_state.errors import UnknownTarget

    for kind in kinds:
        if kind not in KINDS:
            raise UnknownTarget("hermes-state", "kind", kind, KINDS)
