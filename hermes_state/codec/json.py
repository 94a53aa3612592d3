"""JSON text with positions.

A document is read once into plain values; what changes afterwards is found by comparing those values with the new ones
and written as edits to the original text (``rewrite``). Text that no edit touches stays byte for byte as it was: tokens
are never serialised again, so they cannot change.
"""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hermes_state.codec.diagnosis import MAX_DEPTH, depth, not_json, not_utf8, too_deep, too_long_number
from hermes_state.codec.fault import BadText
from hermes_state.codec.walk import blank_end, elements, line_and_column, members
from hermes_state.outcomes import Fault, Outcome

# An escaped backslash (so that what follows it is not taken for an escape), a pair of surrogates, or half of one.
_HALVES = re.compile(
    r"\\(?:\\|u[dD](?:[89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|([89a-fA-F][0-9a-fA-F]{2})))"
)


class Spelled(float):
    """A float that is not written as Python writes it (1.50, 1E5), and remembers how: it can be moved as it is."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Spelled:
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return (Spelled, (self.text,))


class JsonText(NamedTuple):
    """A parsed text: ``repeated`` says that an object holds a key twice, ``odd_numbers`` that NaN or Infinity occur."""

    text: str
    value: Any
    bom: bool = False
    repeated: bool = False
    odd_numbers: bool = False
    lone_surrogates: bool = False

    def encode(self, text: str) -> bytes:
        """``text`` as the bytes of a file. A byte order mark is not put back: agents up to 0.19 empty such a file."""
        return text.encode("utf-8")

    def repeated_keys(self) -> list[tuple[tuple[str | int, ...], int]]:
        """Pointer and line of each key that an object has once more. Costs a walk; nothing if ``repeated`` is False."""
        return list(_repeated(self.text, blank_end(self.text, 0), ())) if self.repeated else []


def parse(data: bytes) -> JsonText:
    """Read JSON. Raises BadText (empty or corrupt, with line and column) and never anything else."""
    if not data:
        raise BadText(Fault(Outcome.EMPTY, "it has no content at all"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf8(data, error) from None
    bom = text.startswith("\ufeff")
    text = text[1:] if bom else text
    if depth(data) > MAX_DEPTH and (wrong := too_deep(text)) is not None:
        raise wrong
    notes: set[str] = set()

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            notes.add("repeated")
        return built

    def constant(name: str) -> float:
        notes.add("odd")
        return float(name)

    decoder = json.JSONDecoder(object_pairs_hook=build, parse_float=_float, parse_constant=constant)
    try:
        with collector_paused():
            value = decoder.decode(text)
    except json.JSONDecodeError as error:
        raise not_json(text, error) from None
    except ValueError:
        raise too_long_number(text) from None
    lone = any(match.group(1) for match in _HALVES.finditer(text))
    return JsonText(text, value, bom, "repeated" in notes, "odd" in notes, lone)


def _float(text: str) -> float:
    value = float(text)
    return value if repr(value) == text else Spelled(text)


@contextmanager
def collector_paused() -> Iterator[None]:
    """For work that only makes objects: a collection in between finds nothing, and on 100 MB takes most of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _repeated(text: str, start: int, at: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], int]]:
    if text[start] == "{":
        seen: set[str] = set()
        for member in members(text, start):
            if member.key in seen:
                yield (*at, member.key), line_and_column(text, member.start)[0]
            seen.add(member.key)
            yield from _repeated(text, member.value, (*at, member.key))
    elif text[start] == "[":
        for index, (element, _) in enumerate(elements(text, start)):
            yield from _repeated(text, element, (*at, index))
