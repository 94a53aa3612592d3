"""Values that only change their place keep their text: a token, or a message, is not spelled anew.

Numbers carry their spelling with them (``Spelled``). Strings do not, because a spelling of theirs that we would not
choose ourselves is rare; where the text has one, all strings are looked up once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from hermes_state.codec.json import JsonText
from hermes_state.codec.walk import blank_end, elements, members, value_end

# An escape that our own spelling would write otherwise: a slash, capital digits, or a character that needs none or
# has a shorter one. A backslash that is itself escaped can look like it; that only costs time.
_ODD = re.compile(r"\\(?:/|u(?:[0-9a-f]*[A-F]|00[2-7]|000[89acd]))")


def moved_texts(old: JsonText, new: Any) -> dict[int, str]:
    """The texts, by identity, of values of ``old`` that may come up elsewhere in ``new`` and must not be spelled
    anew."""
    start = blank_end(old.text, 0)
    found = dict(_departed(old.text, start, old.value, new, True))
    if _ODD.search(old.text):
        found |= dict(_oddly_spelled(old.text, start, old.value))
    return {key: text for key, text in found.items() if text.isascii()}


def _departed(text: str, start: int, old: Any, new: Any, at_root: bool) -> Iterator[tuple[int, str]]:
    """Objects and lists that have left their place in the root or one level below it."""
    if old is new or not isinstance(old, dict):
        return
    others = new if isinstance(new, dict) else {}
    left = [key for key, value in old.items() if isinstance(value, dict | list) and others.get(key) is not value]
    if not [key for key in left if key not in others or (at_root and isinstance(old[key], dict))]:
        return
    for member in members(text, start):
        if member.key in left:
            if member.key not in others:
                yield id(old[member.key]), text[member.value : value_end(text, member.value)]
            if at_root:
                yield from _departed(text, member.value, old[member.key], others.get(member.key), False)


def _oddly_spelled(text: str, start: int, value: Any) -> Iterator[tuple[int, str]]:
    """Every string, and every object of strings' names, that has an odd escape in its text."""
    if isinstance(value, str):
        whole = text[start : value_end(text, start)]
        if _ODD.search(whole):
            yield id(value), whole
    elif isinstance(value, dict):
        for member in members(text, start):
            if _ODD.search(text[member.start : member.value]):
                yield id(value), text[start : value_end(text, start)]
            yield from _oddly_spelled(text, member.value, value[member.key])
    elif isinstance(value, list):
        for element, (begin, _) in zip(value, elements(text, start), strict=True):
            yield from _oddly_spelled(text, begin, element)
