"""Walking through the text of well-formed JSON: where its members, elements and values start and end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

# The possessive quantifiers keep every match linear.
STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
#: A key with its colon and the white space around both; group 1 is the key as it is written.
KEY = re.compile(rf"[ \t\n\r]*+({STRING})[ \t\n\r]*+:[ \t\n\r]*+")
#: What stands between two items of a container; group 1 is empty behind the last one.
BETWEEN = re.compile(r"[ \t\n\r]*+(,?)[ \t\n\r]*+")
_BLANK = re.compile(r"[ \t\n\r]*+")
_plain = json.JSONDecoder()


class Member(NamedTuple):
    """One member of an object: offsets of its key's quote, of its value and of the value's end."""

    key: str
    start: int
    value: int
    end: int


def blank_end(text: str, offset: int) -> int:
    """The end of the white space at ``offset``."""
    return _BLANK.match(text, offset).end()  # type: ignore[union-attr]


def value_end(text: str, offset: int) -> int:
    """The end of the value that starts at ``offset``."""
    return _plain.raw_decode(text, offset)[1]


def key_of(quoted: str) -> str:
    """The key that is written as ``quoted``."""
    return str(json.loads(quoted)) if "\\" in quoted else quoted[1:-1]


def members(text: str, start: int) -> Iterator[Member]:
    """The members of the object that starts at ``start``, in order, repeated keys included."""
    offset = start + 1
    while (match := KEY.match(text, offset)) is not None:
        end = value_end(text, match.end())
        yield Member(key_of(match[1]), match.start(1), match.end(), end)
        offset = BETWEEN.match(text, end).end()  # type: ignore[union-attr]


def elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Start and end of each element of the array that starts at ``start``."""
    offset = blank_end(text, start + 1)
    while text[offset] != "]":
        end = value_end(text, offset)
        yield offset, end
        offset = BETWEEN.match(text, end).end()  # type: ignore[union-attr]


def line_and_column(text: str, offset: int) -> tuple[int, int]:
    """The line and column (from 1) of ``offset``."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)
