"""Nodes: a YAML text as a tree that knows where everything stands, and notes on what is odd about it."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

#: Keys and list indexes from the root; keys may be anything that a key may be in YAML.
Pointer = tuple[Hashable, ...]


class Kind(StrEnum):
    SCALAR = "scalar"
    SEQUENCE = "sequence"
    MAPPING = "mapping"
    ALIAS = "alias"


class NoteKind(StrEnum):
    """What is odd about a file that can be read."""

    REPEATED_KEY = "repeated_key"
    """A key stands there again. Agents up to 0.20 use the last one, 0.22 refuses the file."""
    READERS_DISAGREE = "readers_disagree"
    """Text without quotes that agents up to 0.20 take for text, and 0.22 for a number or a truth value."""
    LONE_SURROGATE = "lone_surrogate"
    """An escape makes half a character; no file can hold the text that it is in."""


class Note(NamedTuple):
    """Something odd at ``pointer``; ``line`` and ``column`` count from 1."""

    kind: NoteKind
    pointer: Pointer
    line: int
    column: int


@dataclass(slots=True, eq=False)
class Node:
    """A place in the text, from ``start`` to ``end`` (offsets), its anchor and tag included.

    A block collection or block scalar ends where the next thing starts: white space and comments may come before that.
    """

    kind: Kind
    start: int
    end: int
    line: int
    column: int
    value: Any = None
    style: str = ""
    """A scalar's quote or ``|`` or ``>``; ``{`` for a collection in brackets; else empty."""
    anchor: str = ""
    items: list[Node] = field(default_factory=list)
    """Of a sequence."""
    entries: list[tuple[Node, Node]] = field(default_factory=list)
    """Keys and values of a mapping in the order of the text, merge keys and repeated keys included."""
    target: Node | None = None
    """What an alias stands for."""
    aliased: bool = False
    """Whether some alias stands for this node."""
    merge: bool = False
    """Whether this is the merge key ``<<``."""
    size: int = 1
    height: int = 0

    def find(self, key: Hashable) -> list[tuple[Node, Node]]:
        """The entries of a mapping whose key is ``key``: several when it is repeated, none when it was merged in."""
        return [entry for entry in self.entries if not entry[0].merge and entry[0].value == key]

    def merged(self) -> Iterator[Node]:
        """What the value of a merge key brings in, the first in rank last."""
        node = self.target or self
        for each in reversed(node.items) if node.kind is Kind.SEQUENCE else (node,):
            yield each.target or each
