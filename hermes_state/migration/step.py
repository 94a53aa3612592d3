"""The vocabulary that migration files are written in.

A migration file is one step for one kind of file. It is pure and frozen on release: no clock, no environment, no
files; it imports this vocabulary and ``hermes_state.runtime``, nothing else. It defines::

    TITLE = "what the step does, for people"
    TOUCHES = ("/credential_pool/*/*/last_status", ...)   # every path that it may change; '*' is any one name or index
    def pending(document) -> bool
    def up(document, context) -> Result
    def down(document, context) -> Result                 # the exact inverse, or:
    IRREVERSIBLE = "why there is no way back"
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hermes_state.runtime import Left, Moved, Note

Document = dict[str, Any]


class Context(NamedTuple):
    """What a step may know besides the document. ``now`` is in epoch seconds and never changes during a run."""

    now: float
    leave_binding: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a step made of a document: the very same object when there was nothing to do."""

    document: Document
    left: list[Left] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


class Step(NamedTuple):
    """A loaded migration file. ``id`` is its file name without the ending; kind and number come from it."""

    id: str
    kind: str
    number: int
    title: str
    touches: tuple[str, ...]
    pending: Callable[[Document], bool]
    up: Callable[[Document, Context], Result]
    down: Callable[[Document, Context], Result] | None
    irreversible: str = ""
