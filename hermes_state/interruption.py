"""A wish to end, kept until it can be granted without leaving anything half done.

Whoever writes says where it is safe to stop (``check``); whoever only looks may be stopped anywhere (``at_once``). A
library never stops by itself: only the command line turns signals into wishes (``cli/signals.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TypeVar

from hermes_state.errors import StateError, Stopped

_wished = 0
_at_once = False

Item = TypeVar("Item")
#: What to call after each item of a long run; None where nobody watches.
Step = Callable[[], None] | None
#: Gives the step for so many items of what is said, for the length of a ``with`` block.
Watch = Callable[[int, str], AbstractContextManager[Step]]


class Interrupted(BaseException):
    """The run ends here, by the signal of that ``number``: nothing is half done, no lock or temporary file stays."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def wish(number: int) -> None:
    """Ask for an end by signal ``number``: at the next safe place, or here where that is anywhere. May raise
    Interrupted."""
    global _wished  # noqa: PLW0603 - a process has one set of signals
    _wished = _wished or number
    if _at_once:
        raise Interrupted(_wished)


def wished() -> int:
    """The number of the first signal that asked for an end; 0 when none did."""
    return _wished


def forget() -> None:
    """Take the wish back: it has been granted."""
    global _wished  # noqa: PLW0603
    _wished = 0


def check() -> None:
    """A safe place: nothing is half done here. Raises Interrupted when an end is wished for."""
    if _wished:
        raise Interrupted(_wished)


@contextmanager
def at_once() -> Iterator[None]:
    """For the length of a ``with`` block nothing is written, so every place is a safe one."""
    global _at_once  # noqa: PLW0603
    check()
    _at_once = True
    try:
        yield
    finally:
        _at_once = False


def each(
    items: Sequence[Item],
    act: Callable[[Item], None],
    failed: Callable[[Item, StateError], None],
    path: Callable[[Item], str],
    after: Step = None,
) -> None:
    """Call ``act`` for each item, ``failed`` with the error of one that raised a StateError, and ``after`` in any case.

    Between items, and wherever ``act`` checks, is a safe place to end. Then ``failed`` gets Stopped, with the item's
    ``path``, for the item that was not finished and for all after it.
    """
    by = ""
    for item in items:
        try:
            if not by:
                check()
                act(item)
        except StateError as error:
            failed(item, error)
        except Interrupted as interrupted:
            by = name(interrupted.number)
        if by:
            failed(item, Stopped(path(item), by))
        elif after is not None:
            after()


def unwatched(total: int, what: str) -> AbstractContextManager[Step]:
    """The Watch of a run that nobody watches."""
    return nullcontext()


def name(number: int) -> str:
    """``SIGTERM`` for 15."""
    from signal import Signals

    return Signals(number).name
