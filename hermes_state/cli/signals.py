"""SIGINT, SIGTERM and SIGHUP end a run at a safe place, and never with success."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from hermes_state import interruption

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def listening() -> Iterator[None]:
    """For the length of a ``with`` block signals are wishes to end. One that is ignored (``nohup``) stays so."""
    usual = {}
    if threading.current_thread() is threading.main_thread():
        usual = {number: signal.getsignal(number) for number in _SIGNALS}
        for number, handler in usual.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, _handle)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)
        interruption.forget()


def _handle(number: int, frame: FrameType | None) -> None:
    interruption.wish(number)


def exit_code(number: int) -> int:
    """The exit code of a run that the signal ``number`` ended."""
    return 128 + number
