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
    return {key: text for key, text in found.items() if text.isascii()} | odd_texts(old)


def odd_texts(old: JsonText) -> dict[int, str]:
    """The texts, by identity, of the strings of ``old`` (and of objects with such names) that we would spell otherwise.

    None where an object holds a key twice: its value is not the one that each of its texts says.
    """
    if old.repeated or not _ODD.search(old.text):
        return {}
    found = _oddly_spelled(old.text, blank_end(old.text, 0), old.value)
    return {key: text for key, text in found if text.isascii()}


def _departed(text: str, start: int, old: Any, new: Any, at_root: bool) -> Iterator[tuple[int, str]]:
    """Objects and lists that have left their place in the root or one level below it."""
    if not _has_departed(old, new, at_root):  # then there is no need to look for places in the text
        return
    others = new if isinstance(new, dict) else {}
    for member in members(text, start):
        value = old[member.key]
        if not isinstance(value, dict | list):
            continue
        if member.key not in others:
            yield id(value), text[member.value : value_end(text, member.value)]
        if at_root:
            yield from _departed(text, member.value, value, others.get(member.key), False)


def _has_departed(old: Any, new: Any, at_root: bool) -> bool:
    if old is new or not isinstance(old, dict):
        return False
    others = new if isinstance(new, dict) else {}
    return any(
        isinstance(value, dict | list) and (key not in others or (at_root and _has_departed(value, others[key], False)))
        for key, value in old.items()
    )


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
