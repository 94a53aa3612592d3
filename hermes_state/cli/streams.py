"""stdout and stderr as a run has them: a stream that fails must not look like a failure of what was done."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast


class Unheard(Exception):
    """What was said on stdout could not be written: its disk is full, the terminal is gone."""


class _Stream:
    """A stream that is not written to again once that has failed. ``quiet``: then nothing is raised, and neither is it
    where the reader of a pipe has gone: it has seen enough, and the command goes on to its own exit code."""

    def __init__(self, stream: TextIO, quiet: bool) -> None:
        self._stream, self._quiet, self.lost = stream, quiet, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        return self._tried(lambda: self._stream.write(text)) or 0

    def flush(self) -> None:
        self._tried(self._stream.flush)

    def _tried(self, act: Any) -> Any:
        if self.lost:
            return None
        try:
            return act()
        except OSError as error:
            self.lost = True
            if self._quiet or isinstance(error, BrokenPipeError):
                return None
            raise Unheard(error.strerror) from error


@contextmanager
def watched() -> Iterator[None]:
    """For the length of a ``with`` block a failing stdout raises Unheard, and a failing stderr nothing, since there is
    nobody left to tell. One that was closed before, or whose reader has gone, takes everything."""
    before = sys.stdout, sys.stderr
    out, err = (stream if stream is not None else io.StringIO() for stream in before)
    made = _Stream(out, quiet=False), _Stream(err, quiet=True)
    sys.stdout, sys.stderr = (cast(TextIO, each) for each in made)
    try:
        yield
    finally:
        # Python would complain once more when it flushes a lost stream at its end, and give another exit code.
        sys.stdout, sys.stderr = (
            cast(TextIO, None if each.lost else stream) for each, stream in zip(made, before, strict=True)
        )
