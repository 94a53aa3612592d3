"""The process that writes, as another one recognises it later: a process id alone may be somebody else's by then."""

from __future__ import annotations

import os
from typing import NamedTuple

from hermes_state.look import peek

_BOOT = "/proc/sys/kernel/random/boot_id"
_SPACE = "/proc/self/ns/pid"


class Writer(NamedTuple):
    """A process. ``started`` is when, in clock ticks since boot (None: not known); ``boot`` is the kernel's name of
    that boot, and ``space`` that of the space which the process id is from (``""``: not known)."""

    pid: int
    started: int | None = None
    boot: str = ""
    space: str = ""


def this() -> Writer:
    """The running process; without ``/proc`` its id is all that is known."""
    pid = os.getpid()
    try:
        boot = peek(_BOOT).decode("ascii").strip()
        return Writer(pid, _state(pid)[1], boot, os.readlink(_SPACE))
    except (OSError, ValueError):
        return Writer(pid)


def alive(pid: int) -> bool:
    """Whether a process of this id lives, as far as can be seen from here; one that only waits to be buried does
    not."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # somebody else's, which is alive enough
    except (OSError, OverflowError):
        return False
    return _state(pid)[0] not in ("Z", "X")


def lives(writer: Writer) -> bool | None:
    """Whether the very process lives; None when that cannot be seen from here, as its id is from another space.

    One of another boot does not: this machine's own is over, and another machine's means a network file system.
    """
    here = this()
    if writer.boot and here.boot and writer.boot != here.boot:
        return False
    if writer.space and here.space and writer.space != here.space:
        return None
    if not alive(writer.pid):
        return False
    started = _state(writer.pid)[1]
    return writer.started is None or started is None or writer.started == started


def _state(pid: int) -> tuple[str, int | None]:
    """The process's state (a letter) and start; ``""`` and None when they are not shown."""
    try:
        # They stand behind the name, which is in brackets and may hold anything.
        fields = peek(f"/proc/{pid}/stat").rpartition(b")")[2].split()
        return fields[0].decode("ascii"), int(fields[19])
    except (OSError, ValueError, IndexError):
        return "", None
