"""The exit codes as one table: the help, the README, the manual page and the tests all have them from here."""

from __future__ import annotations

from typing import NamedTuple

from hermes_state.errors import SEVEREST_FIRST, ExitCode


class Exit(NamedTuple):
    """What it means that a run ended with one of ``codes``."""

    codes: tuple[ExitCode, ...]
    meaning: str

    @property
    def numbers(self) -> str:
        """``129, 130, 143``"""
        return ", ".join(str(int(code)) for code in self.codes)


EXITS = (
    Exit((ExitCode.OK,), "done, or nothing to do (inspect: whatever it found)"),
    Exit((ExitCode.FINDINGS,), "check: there are findings; migrate --check: something is pending"),
    Exit((ExitCode.USAGE,), "usage; unknown or ambiguous profile, provider, credential, backup or kind"),
    Exit((ExitCode.UNREADABLE,), "unreadable, no permission, no such home"),
    Exit((ExitCode.CORRUPT,), "corrupt or invalid"),
    Exit((ExitCode.REFUSED,), "refused: a flag or another act is needed"),
    Exit((ExitCode.LOCKED,), "a lock was held for longer than --lock-timeout"),
    Exit((ExitCode.WRITE_FAILED,), "a write failed, was superseded, or could not be verified"),
    Exit((ExitCode.INTERNAL,), "a defect of hermes-state"),
    Exit(
        (ExitCode.HUNG_UP, ExitCode.INTERRUPTED, ExitCode.TERMINATED),
        "ended by a signal: SIGHUP, SIGINT, SIGTERM",
    ),
)

_OF_ONE_HOME = [code for code in SEVEREST_FIRST if code < ExitCode.HUNG_UP and code != ExitCode.USAGE]
WORST = f"Over several homes the worst one wins: {', '.join(map(str, _OF_ONE_HOME))}."
