"""``hermes-state`` or an agent, started as its command is, in the still world of the documentation.

The time is what HERMES_DOCS_NOW says (epoch seconds), chance depends on it, and no process of this machine is seen:
so a page's commands print the same everywhere. With HERMES_DOCS_CUT it is killed in the middle of writing in place.
Run as: launcher.py hermes-state|hermes ARGUMENTS.
"""

from __future__ import annotations

import hashlib
import importlib
import itertools
import os
import signal
import sys
import time

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOW = float(os.environ.pop("HERMES_DOCS_NOW"))
PROCESSES = os.environ.pop("HERMES_DOCS_PROC")
CUT = os.environ.pop("HERMES_DOCS_CUT", "")
_drawn = itertools.count()


def _now() -> float:
    return NOW


def _chance(size: int) -> bytes:
    return hashlib.shake_256(f"{NOW} {next(_drawn)}".encode()).digest(size)


def _cut(file: int, data: bytes, offset: int) -> int:
    if not os.readlink(f"/proc/self/fd/{file}").endswith("/.hermes/auth.json"):
        return _pwrite(file, data, offset)
    written = _pwrite(file, data[: len(data) // 2], offset)
    os.kill(os.getpid(), signal.SIGKILL)
    return written


_pwrite = os.pwrite


def hermes_state(arguments: list[str]) -> int:
    """Run our command; returns its exit code."""
    os.urandom = _chance
    if CUT:
        os.pwrite = _cut  # type: ignore[assignment]
    sys.path.insert(0, PROJECT)
    from hermes_state import processes

    class Nobody(processes.Processes):
        def __init__(self, proc_root: str = "/proc") -> None:
            super().__init__(PROCESSES)

    processes.Processes = Nobody  # type: ignore[misc]
    from hermes_state.cli.app import run

    return run(arguments)


def hermes() -> None:
    """Run the agent's command, whose environment this interpreter is of."""
    sys.dont_write_bytecode = True
    sys.argv[0] = "hermes"
    importlib.import_module("hermes_cli.main").main()


if __name__ == "__main__":
    # Not the package's: a script's own folder is on the path, and has modules of its own.
    sys.path.pop(0)
    time.time = _now
    program = sys.argv.pop(1)
    if program == "hermes-state":
        sys.exit(hermes_state(sys.argv[1:]))
    hermes()
