"""Issues: what is wrong with one document, place by place, in plain words.

An issue says where and what, never the value that was found: the value may be a token.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class IssueKind(StrEnum):
    """What sort of thing is wrong; callers choose severities and finding ids by it."""

    ENVELOPE = "envelope"
    """Something that every edit of the file needs has the wrong shape: the outcome of the file is ``invalid``."""
    FOREIGN = "foreign"
    """The runtime section was written by something that is not this package."""
    TOO_NEW = "too_new"
    """The runtime section was written by a later version of this package."""
    EMPTY_STORE = "empty_store"
    """The agent takes the whole file for empty and writes over it."""
    MISSING = "missing"
    TYPE = "type"
    VALUE = "value"
    """Of the right JSON type, but not a value that the agent could have written or can use."""
    NON_FINITE = "non_finite"
    """NaN or an infinity where a time or a length of time belongs."""
    UTC_OFFSET = "utc_offset"
    """A timestamp with an offset or ``Z`` where the agent computes with local times without one."""
    PATH_LIKE = "path_like"
    """An id that could leave its directory when it is used as a file name."""
    MISMATCH = "mismatch"
    """Two places of the file that should say the same do not."""


class Issue(NamedTuple):
    """One thing that is wrong: ``pointer`` (RFC 6901, ``""`` is the whole file), a message and an ``IssueKind``."""

    pointer: str
    message: str
    kind_of: str


def pointer(*steps: object) -> str:
    """The JSON pointer (RFC 6901) that takes ``steps``: object keys and list indexes, from the root."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def json_type(value: object) -> str:
    """What ``value`` is, in the words of messages: ``null``, ``a string``, ``an object`` ..."""
    if value is None:
        return "null"
    for types, words in _WORDS:
        if isinstance(value, types):
            return words
    return "something that JSON does not know"


#: bool before int: in Python it is one.
_WORDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "a string"),
    (dict, "an object"),
    (list, "a list"),
)
