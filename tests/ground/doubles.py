"""Disks for tests: one that says what is done to it, and one that fails where it is told to."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from hermes_state.disk import Directory, Disk, File, RealDisk

VERBS = frozenset(name for name in vars(Disk) if not name.startswith("_"))


class WatchedDisk(RealDisk):
    """The real disk; ``watch(verb, arguments)`` is called before each verb and may raise in its place.

    A verb that another verb uses is part of that one.
    """

    def __init__(self, watch: Callable[[str, tuple[Any, ...]], None]) -> None:
        super().__init__()
        self._watch = watch
        self._inside = False

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in VERBS or self._inside:
            return found

        def verb(*arguments: Any) -> Any:
            self._watch(name, arguments)
            self._inside = True
            try:
                return found(*arguments)
            finally:
                self._inside = False

        return verb


class RecordingDisk(WatchedDisk):
    """``calls`` lists each verb with the path that it was for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        super().__init__(self._record)

    def _record(self, verb: str, arguments: tuple[Any, ...]) -> None:
        self.calls.append((verb, _path(arguments)))

    def changes(self) -> list[tuple[str, str]]:
        """The calls without those that only look."""
        return [call for call in self.calls if call[0] not in ("stat", "read", "names", "xattrs")]


class FailingDisk(WatchedDisk):
    """Fails with ``number`` (an errno) when ``verb`` is called for the ``nth`` time (from 1), or at every call (0)."""

    def __init__(self, verb: str, number: int, nth: int = 0) -> None:
        self.verb, self.number, self.nth, self.seen = verb, number, nth, 0
        super().__init__(self._fail)

    def _fail(self, verb: str, arguments: tuple[Any, ...]) -> None:
        if verb != self.verb:
            return
        self.seen += 1
        if self.nth in (0, self.seen):
            raise OSError(self.number, os.strerror(self.number), _path(arguments))


def _path(arguments: tuple[Any, ...]) -> str:
    match arguments:
        case (Directory() as at, str(name), *_):
            return os.path.join(at.path, name)
        case (Directory() as at, *_):
            return at.path
        case (File() as file, *_):
            return os.path.join(file.at.path, file.name)
        case _:
            return str(arguments[0])
