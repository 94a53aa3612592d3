"""What a command may do that it refuses by itself: one flag for each refusal, and no flag for all of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from typing import NamedTuple

from hermes_state.errors import NotReplaceable, Refused
from hermes_state.home import Home
from hermes_state.liveness import gateway
from hermes_state.obstacle import SEALED
from hermes_state.stores.reading import Reading


class Permits(NamedTuple):
    """The flags given: each field is the flag of that name."""

    break_hard_link: bool = False
    replace_read_only: bool = False
    change_owner: bool = False
    while_running: bool = False
    in_place: bool = False

    def require(self, reading: Reading, homes: Sequence[Home], obstacle: str) -> None:
        """Raise Refused where writing the file that was read would do harm that no flag allows.

        ``obstacle`` is why it can only be written in place, if at all, or ``""``; ``homes`` are those whose file it is.
        In place, other names of the file get the new content too and its owner stays, so these two need no flag there;
        but a reader can meet half of it, so for ``auth.json`` nothing allows that beside a live gateway.
        """
        looks = reading.stat
        if looks is None:
            return
        if not looks.st_mode & stat.S_IWUSR and not self.replace_read_only:
            raise Refused(
                reading.path, f"it is read-only (mode {stat.S_IMODE(looks.st_mode):04o})", "--replace-read-only"
            )
        if obstacle == SEALED:
            raise Refused(reading.path, obstacle, advice="mount it writable, or change what is mounted there")
        if obstacle:
            self._require_in_place(reading, homes, obstacle)
            return
        if looks.st_nlink > 1 and not self.break_hard_link:
            raise Refused(
                reading.path,
                f"it has {looks.st_nlink} names (hard links); the others would keep the old content",
                "--break-hard-link",
            )
        if os.geteuid() not in (0, looks.st_uid) and not self.change_owner:
            raise Refused(
                reading.path,
                f"it belongs to user {looks.st_uid}, who would lose it: a replaced file is yours",
                "--change-owner",
            )

    def _require_in_place(self, reading: Reading, homes: Sequence[Home], obstacle: str) -> None:
        live = next((home for home in homes if gateway(home).may_be_running), None)
        if reading.kind == "auth" and live is not None:
            raise Refused(
                reading.path,
                f"{obstacle}, so it can only be written in place, and the gateway of {live.path} is or may be running: "
                "it could read half of it and lose the rest",
                advice="stop the gateway first; beside a live one no flag allows this, --while-running neither",
            )
        if not self.in_place:
            raise NotReplaceable(reading.path, obstacle)
