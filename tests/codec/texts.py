"""JSON texts in any layout, changes to their values, and a slow reader that says where everything stands."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any, NamedTuple

from hypothesis import strategies as st

from hermes_state.codec.json import parse

LAYOUTS = ("indent 2", "indent 4", "tab", "CRLF", "spaced", "compact", "wild")
_UNITS = {"indent 2": "  ", "indent 4": "    ", "tab": "\t", "CRLF": "  "}
_NUMBERS = (
    "0",
    "-0",
    "1",
    "-17",
    "429",
    "1.5",
    "1.50",
    "1E5",
    "1e+5",
    "-0.0",
    "0.0",
    "1760000000.25",
    "1.76e9",
    "1e400",
    "NaN",
)
_STRINGS = (
    "",
    "a",
    '"\\/\b\f\n\r\t',
    "café",
    "✓ ⚠",
    "😀",
    "a}b{c]d[e",
    '","',
    '": "',
    "\\",
    "\\ud800",
    "sk-or-v1-test-ü+/=",
)
_KEYS = ("id", "a", "b", "last_status", 'x"y', "ü", "a/b", "a~b", "", "{", "\\", "\n")
_SHORT = {'"': '"', "\\": "\\", "/": "/", "\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t"}


class Number(NamedTuple):
    """A number as it is written."""

    text: str


_scalars = (
    st.none()
    | st.booleans()
    | st.sampled_from(_NUMBERS).map(Number)
    | st.sampled_from(_STRINGS)
    | st.text(max_size=4, alphabet=st.characters(exclude_categories=["Cs"]))
)
_rows = st.lists(
    st.dictionaries(st.sampled_from(_KEYS[:5]), _scalars, min_size=1, max_size=4).map(
        lambda row: {**row, "label": "x"}
    ),
    max_size=5,
).map(lambda rows: [{"id": f"{index:06x}", **row} for index, row in enumerate(rows)])
#: Values with numbers as they are to be written.
trees = st.recursive(
    _scalars | _rows,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(_KEYS), below, max_size=5),
    max_leaves=25,
)


def written(tree: Any, layout: str, chance: random.Random) -> str:
    """``tree`` as JSON in ``layout``; how strings are escaped is left to ``chance``."""
    text = _written(tree, layout, chance, "")
    return f"{chance.choice(('', ' ', chr(10)))}{text}{chance.choice(('', chr(10), ' '))}"


def _written(tree: Any, layout: str, chance: random.Random, indent: str) -> str:
    if isinstance(tree, Number):
        return tree.text
    if isinstance(tree, str):
        return _quoted(tree, chance)
    if not isinstance(tree, dict | list):
        return json.dumps(tree)
    inner = indent + _UNITS.get(layout, "")
    if isinstance(tree, list):
        items = [_written(item, layout, chance, inner) for item in tree]
    else:
        colon = _blank(chance) + ":" + _blank(chance) if layout == "wild" else ":" if layout == "compact" else ": "
        items = [_quoted(key, chance) + colon + _written(item, layout, chance, inner) for key, item in tree.items()]
    opening, closing = "[]" if isinstance(tree, list) else "{}"
    if layout == "wild":
        return opening + _blank(chance) + f"{_blank(chance)},{_blank(chance)}".join(items) + _blank(chance) + closing
    if not items or layout not in _UNITS:
        return opening + ("," if layout == "compact" else ", ").join(items) + closing
    newline = "\r\n" if layout == "CRLF" else "\n"
    return f"{opening}{newline}{inner}{f',{newline}{inner}'.join(items)}{newline}{indent}{closing}"


def _blank(chance: random.Random) -> str:
    return chance.choice(("", "", " ", "\n", "\t", "\r\n  "))


def _quoted(text: str, chance: random.Random) -> str:
    return '"' + "".join(_letter(letter, chance) for letter in text) + '"'


def _letter(letter: str, chance: random.Random) -> str:
    ways = ["".join(f"\\u{unit:04x}" if chance.random() < 0.5 else f"\\u{unit:04X}" for unit in _utf16(letter))]
    if letter in _SHORT:
        ways.append("\\" + _SHORT[letter])
    if letter >= " " and letter not in '"\\':
        ways += [letter] * 3
    return chance.choice(ways)


def _utf16(letter: str) -> list[int]:
    data = letter.encode("utf-16-be", "surrogatepass")
    return [int.from_bytes(data[place : place + 2], "big") for place in range(0, len(data), 2)]


# --- changes ----------------------------------------------------------------------------------------------------------


def changed(value: Any, chance: random.Random) -> Any:
    """A new value with a few changes somewhere in it, which shares what it did not touch; ``value`` stays as it is."""
    if isinstance(value, dict) and chance.random() < 0.9:
        return _changed_object(value, chance)
    if isinstance(value, list) and chance.random() < 0.9:
        return _changed_list(value, chance)
    return _fresh(chance)


def _changed_object(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    items = list(value.items())
    for _ in range(chance.randint(1, 3)):
        act = chance.choice(("set", "below", "below", "insert", "remove", "clear", "shuffle"))
        place = chance.randrange(len(items)) if items else 0
        if act == "insert":
            items.insert(
                chance.randint(0, len(items)), (chance.choice(_KEYS) + chance.choice(("", "2")), _fresh(chance))
            )
            items = list(dict(items).items())
        elif act == "clear" and chance.random() < 0.2:
            items = []
        elif act == "shuffle" and chance.random() < 0.3:
            chance.shuffle(items)
        elif items and act == "remove":
            del items[place]
        elif items and act in ("set", "below"):
            key, old = items[place]
            items[place] = (key, _fresh(chance) if act == "set" else changed(old, chance))
    return dict(items)


def _changed_list(value: list[Any], chance: random.Random) -> list[Any]:
    items = list(value)
    for _ in range(chance.randint(1, 3)):
        act = chance.choice(("set", "below", "below", "insert", "remove", "clear", "shuffle"))
        place = chance.randrange(len(items)) if items else 0
        if act == "insert":
            items.insert(chance.randint(0, len(items)), _fresh(chance))
        elif act == "clear" and chance.random() < 0.2:
            items = []
        elif act == "shuffle" and chance.random() < 0.3:
            chance.shuffle(items)
        elif items and act == "remove":
            del items[place]
        elif items and act in ("set", "below"):
            items[place] = _fresh(chance) if act == "set" else changed(items[place], chance)
    return items


def _fresh(chance: random.Random) -> Any:
    """A new value; its numbers come from a text, spelling included."""
    numbers = [parse(text.encode()).value for text in ("1.50", "1E5", "0", "2.5")]
    scalars = [None, True, 1, 1.0, -0.0, 1e22, "x", "ü\n😀", *numbers]
    containers = [{}, [], {"a": {"b": [1, {}]}}, [{"id": "new", "x": None}], {"id": 7}]
    return chance.choice(scalars + containers)


# --- where everything stands ------------------------------------------------------------------------------------------

Path = tuple[str | int, ...]


def tokens(text: str) -> dict[Path, str]:
    """The text of every value by its path. Reads letter by letter: slow, plain, and not the code under test."""
    found: dict[Path, str] = {}
    _read(text, _skip(text, 0), (), found)
    return found


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _read(text: str, at: int, path: Path, found: dict[Path, str]) -> int:
    start = at
    if text[at] == '"':
        at = scanstring(text, at + 1)[1]
    elif text[at] in "{[":
        closing = "}" if text[at] == "{" else "]"
        at = _skip(text, at + 1)
        index = 0
        while text[at] != closing:
            key: str | int = index
            if closing == "}":
                key, at = scanstring(text, at + 1)
                at = _skip(text, _skip(text, at) + 1)
            at = _skip(text, _read(text, at, (*path, key), found))
            if text[at] == ",":
                at = _skip(text, at + 1)
            index += 1
        at += 1
    else:
        while at < len(text) and text[at] not in ",]} \t\r\n":
            at += 1
    found[path] = text[start:at]
    return at


def untouched(old: Any, new: Any, was: Path = (), now: Path = ()) -> Iterator[tuple[Path, Path]]:
    """The old and new paths of all that must have kept its text: the same object, or an equal scalar in its place."""
    if isinstance(old, dict | list) and old is new:
        yield was, now
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in old:
            if key in new:
                yield from untouched(old[key], new[key], (*was, key), (*now, key))
    elif isinstance(old, list) and isinstance(new, list):
        taken: set[int] = set()
        for place, element in enumerate(new):
            for origin, before in enumerate(old):
                if origin not in taken and isinstance(before, dict | list) and before is element:
                    taken.add(origin)
                    yield (*was, origin), (*now, place)
                    break
    elif not isinstance(old, dict | list) and _known(old) == _known(new):
        yield was, now


def _known(scalar: Any) -> tuple[object, ...]:
    return type(scalar), repr(scalar), getattr(scalar, "text", None)
