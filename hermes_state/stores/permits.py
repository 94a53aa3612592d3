"""What a command may do that it refuses by itself: one flag for each refusal, and no flag for all of them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from hermes_state.errors import Refused
from hermes_state.stores.reading import Reading


@dataclass(frozen=True, slots=True)
class Permits:
    """The flags given: each field is the flag of that name."""

    break_hard_link: bool = False
    replace_read_only: bool = False
    change_owner: bool = False
    while_running: bool = False

    def require(self, reading: Reading) -> None:
        """Raise Refused where replacing the file that was read would do harm that no flag allows."""
        looks = reading.stat
        if looks is None:
            return
        if looks.st_nlink > 1 and not self.break_hard_link:
            raise Refused(
                reading.path,
                f"it has {looks.st_nlink} names (hard links); the others would keep the old content",
                "--break-hard-link",
            )
        if not looks.st_mode & stat.S_IWUSR and not self.replace_read_only:
            raise Refused(
                reading.path, f"it is read-only (mode {stat.S_IMODE(looks.st_mode):04o})", "--replace-read-only"
            )
        if os.geteuid() not in (0, looks.st_uid) and not self.change_owner:
            raise Refused(
                reading.path,
                f"it belongs to user {looks.st_uid}, who would lose it: a replaced file is yours",
                "--change-owner",
            )
