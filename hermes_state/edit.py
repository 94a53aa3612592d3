"""Edits to a text: which characters go and what comes in their place.

Working on edits instead of on re-serialised documents is what keeps every byte that nobody asked to change as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Edit(NamedTuple):
    """Replace ``length`` characters at ``offset`` with ``text``; offsets count characters of the original text."""

    offset: int
    length: int
    text: str


def apply(text: str, edits: Iterable[Edit]) -> str:
    """``text`` with all edits made. At one offset, what is only put in comes before what replaces, else as given.

    Raises ValueError when two edits overlap or one reaches outside the text: both are programming errors, and guessing
    would corrupt a file.
    """
    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.offset, edit.length > 0)):
        end = edit.offset + edit.length
        if edit.offset < done or edit.length < 0 or end > len(text):
            raise ValueError(f"edit at {edit.offset} (length {edit.length}) overlaps another or leaves the text")
        pieces.append(text[done : edit.offset])
        pieces.append(edit.text)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)
