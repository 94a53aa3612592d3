"""How a JSON text is laid out, and how new values are spelled in it.

What goes in is ASCII: agents up to 0.19 read a file with the locale's encoding.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from json.encoder import encode_basestring_ascii as _quoted
from math import isfinite
from typing import Any, NamedTuple

from hermes_state.codec.json import Spelled
from hermes_state.codec.walk import BETWEEN, KEY, blank_end, value_end


class Style(NamedTuple):
    """How a text is laid out: ``unit`` is one step of indentation, None for a text on one line. ``colon`` and ``comma``
    have their white space with them; ``comma`` is for items on one line."""

    unit: str | None
    newline: str
    comma: str
    colon: str


def style_of(text: str) -> Style:
    """The layout of ``text``, read off the first items of its root."""
    start = blank_end(text, 0)
    first = value = blank_end(text, start + 1)
    if text[start] not in "[{" or text[first] in "]}":
        return Style("  ", "\n", ", ", ": ")
    colon = ": "
    if (key := KEY.match(text, first)) is not None and text[start] == "{":
        value = key.end()
        after_key = text[key.end(1) : value]
        colon = ":" + after_key[len(after_key.rstrip()) :]
    gap = text[start + 1 : first]
    if "\n" in gap:
        newline = "\r\n" if "\r\n" in gap else "\n"
        return Style(gap.rpartition("\n")[2] or "  ", newline, colon.replace(":", ","), colon)
    between = BETWEEN.match(text, value_end(text, value))
    comma = between[0] if between and between[1] else colon.replace(":", ",")
    return Style(None, "", comma, colon)


def spell(value: Any, style: Style, indent: str | None, moved: dict[int, str] | None = None) -> str:
    """``value`` as JSON; ``indent`` is the indentation of the line that it begins on (None: all on one line).

    ``moved`` has the text of values, by identity, that only change their place: it is taken as it is.
    """
    if moved and id(value) in moved:
        return moved[id(value)]
    scalar = _SCALARS.get(value.__class__)
    if scalar is not None:
        return scalar(value)
    inner = None if indent is None or style.unit is None else indent + style.unit
    colon = style.colon
    way: Callable[..., Any] = _any_way if moved else _SCALARS.get

    def below(item: Any) -> str:
        return spell(item, style, inner, moved)

    if isinstance(value, dict):
        items = [f"{_quoted(key)}{colon}{way(item.__class__, below)(item)}" for key, item in value.items()]
        return _wrapped("{", items, "}", style, indent)
    if isinstance(value, list):
        return _wrapped("[", list(map(below, value)), "]", style, indent)
    return json.dumps(value)  # a subclass, or a TypeError


#: By class, because a section has as many scalars as rows have fields.
_SCALARS: dict[type, Callable[[Any], str]] = {
    str: _quoted,
    int: int.__repr__,
    bool: lambda value: "true" if value else "false",
    float: lambda value: repr(value) if isfinite(value) else json.dumps(value),
    Spelled: lambda value: str(value.text),
    type(None): lambda value: "null",
}


def _any_way(kind: type, otherwise: Callable[[Any], str]) -> Callable[[Any], str]:
    return otherwise


def _wrapped(opening: str, items: list[str], closing: str, style: Style, indent: str | None) -> str:
    if not items:
        return opening + closing
    if indent is None or style.unit is None:
        return opening + style.comma.join(items) + closing
    lead = style.newline + indent + style.unit
    return opening + lead + f",{lead}".join(items) + style.newline + indent + closing
