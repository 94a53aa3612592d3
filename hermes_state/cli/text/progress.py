"""A progress bar for what takes long: on stderr, where somebody watches, when more than a second of work is ahead."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from hermes_state.interruption import Step

if TYPE_CHECKING:
    from rich.progress import Progress

#: Nothing is drawn before so much time has passed, for less than so much that is still ahead, or more often (seconds).
_FIRST_LOOK, _WORTH_IT, _EVERY = 0.25, 1.0, 0.1


@contextmanager
def watched(total: int, what: str) -> Iterator[Step]:
    """For the length of a ``with`` block what to call after each of ``total`` items (``what`` says what is done to
    them); None where nobody watches: off a
    terminal (either stream: a pager draws over it), and on one that cannot move its cursor.

    The bar leaves nothing behind, however the block ends.
    """
    if total < 2 or not (sys.stderr.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") in ("dumb", "unknown"):
        yield None
        return
    bar = _Bar(total, what)
    try:
        yield bar.step
    finally:
        bar.stop()


class _Bar:
    """Drawn by whoever steps: no thread of its own could draw over what is printed when a signal ends the run."""

    def __init__(self, total: int, what: str) -> None:
        self._total, self._what, self._done = total, what, 0
        self._began = self._drawn = monotonic()
        self._progress: Progress | None = None

    def step(self) -> None:
        self._done += 1
        at = monotonic()
        if self._progress is None:
            passed = at - self._began
            ahead = passed / self._done * (self._total - self._done)
            if passed < _FIRST_LOOK or ahead < _WORTH_IT:
                return
            self._progress = _progress(self._what, self._total)
            self._progress.start()
        if at - self._drawn >= _EVERY:
            self._drawn = at
            self._progress.update(self._progress.task_ids[0], completed=self._done, refresh=True)

    def stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()


def _progress(what: str, total: int) -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from hermes_state.cli.text.render import speaks_utf8

    bar = [BarColumn()] if speaks_utf8() else []
    columns = (TextColumn("{task.description}"), *bar, MofNCompleteColumn(), TimeRemainingColumn())
    made = Progress(*columns, console=Console(stderr=True, emoji=False), auto_refresh=False, transient=True)
    made.add_task(what, total=total)
    return made
