"""How reading one state file ended: the eight outcomes and the facts that go with them.

The outcomes are kept apart everywhere (types, messages, exit codes, tests) because confusing two of them is how
credentials get lost: a file that cannot be read is not an empty file, and an empty file is not an absent one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

#: The kinds of file that a schema owns.
KINDS = ("auth", "sessions", "config", "breaker")


class Outcome(StrEnum):
    """How reading a state file ended. Only ``ENOENT`` is ``ABSENT``; any other ``OSError`` is ``UNREADABLE``."""

    OK = "ok"
    ABSENT = "absent"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    CORRUPT = "corrupt"
    TOO_LARGE = "too_large"
    TOO_NEW = "too_new"
    INVALID = "invalid"


class Fault(NamedTuple):
    """Why an outcome is not ``ok``.

    ``pointer`` is a JSON pointer into the document (``""`` is the whole file); ``line`` and ``column`` count from 1 and
    are None where the fault has no place in the text; ``errno`` is set for operating-system faults only.
    """

    outcome: Outcome
    message: str
    pointer: str = ""
    line: int | None = None
    column: int | None = None
    errno: int | None = None
    hint: str = ""

    def where(self) -> str:
        """The position as people write it (``line 3, column 7``), or ``""`` where there is none."""
        if self.line is None:
            return ""
        return f"line {self.line}" if self.column is None else f"line {self.line}, column {self.column}"
