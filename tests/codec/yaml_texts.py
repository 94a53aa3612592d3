"""YAML files as people write them, in every layout, and readers to compare with."""

from __future__ import annotations

import random
import warnings
from collections.abc import Hashable, Iterator
from typing import Any

from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.resolver import VersionedResolver

from hermes_state.codec.fault import BadText
from hermes_state.codec.yaml import NoteKind, YamlText, parse
from hermes_state.edit import apply

Pointer = tuple[Hashable, ...]


class Resolver11(VersionedResolver):
    @property
    def processing_version(self):
        """ruamel.yaml falls back to 1.2 at ``---``."""
        return (1, 1)


def read_1_1(text: str) -> Any:
    """What ruamel.yaml reads by the rules of YAML 1.1, untouched by anything of ours."""
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver = Resolver11
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return yaml.load(text)


def read_1_2(text: str) -> Any:
    """What tools beside the agent read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return YAML(typ="safe", pure=True).load(text)


def fault(data: bytes | str):
    """What is wrong with ``data``; fails when nothing is."""
    try:
        parse(data if isinstance(data, bytes) else data.encode())
    except BadText as error:
        return error.fault
    raise AssertionError("it was read")


def places(value: Any, at: Pointer = ()) -> Iterator[tuple[Pointer, Any]]:
    """Every pointer into ``value`` with what is there."""
    if at:
        yield at, value
    for step, below in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(below, (*at, step))


def changed(value: Any, at: Pointer, new: Any) -> Any:
    """``value`` with ``new`` at ``at`` and nothing shared."""
    if not at:
        return new
    if isinstance(value, list):
        return [changed(below, at[1:], new) if index == at[0] else below for index, below in enumerate(value)]
    copy = dict(value or {})
    copy[at[0]] = changed(copy.get(at[0]), at[1:], new)
    return copy


def lines_changed(old: YamlText, edits) -> tuple[list[str], list[str]]:
    """The lines of the old and of the new text that differ, without what is the same before and after them."""
    before, after = old.text.split("\n"), apply(old.text, edits).split("\n")
    while before and after and before[0] == after[0]:
        del before[0], after[0]
    while before and after and before[-1] == after[-1]:
        del before[-1], after[-1]
    return before, after


# --- files -----------------------------------------------------------------------------------------------------------

PLAIN = ("x", "x y", "1", "yes", "off", "012", "~", "null", "", "", "a/b:c", "http://x.y/z", "2024-01-02", ".5", "é")
QUOTED = ('"q"', '"a b"', "'s'", "'it''s'", '""', '"a\\nb"', '"# no"', "!!str 12", '!!int "3"', "&anchor v")
KEYS = ("a", "b", "c", "model", '"q k"', "'sk'", "on", "2070", "k-1", "~", "ü")


def _comment(chance: random.Random) -> str:
    return chance.choice(("", "", "", " # c", "   # c: d", "  #x"))


def _flow(chance: random.Random, depth: int) -> str:
    kind = chance.random()
    if depth <= 0 or kind < 0.4:
        return chance.choice(("x", "1", "yes", "~", *QUOTED[:7]))
    space = chance.choice(("", " "))
    if kind < 0.6:
        return f"[{space}{', '.join(_flow(chance, depth - 1) for _ in range(chance.randint(0, 3)))}{space}]"
    entries = [
        chance.choice((f"{key}: {_flow(chance, depth - 1)}", f"{key}: {_flow(chance, depth - 1)}", f"{key}: ", key))
        for key in chance.sample(("a", "b", "c", '"d"'), chance.randint(0, 3))
    ]
    return f"{{{space}{', '.join(entries)}{chance.choice(('', ',')) if entries else ''}{space}}}"


def _section(chance: random.Random, indent: int, depth: int) -> Iterator[str]:
    step = chance.choice((2, 2, 4, 1))
    for key in chance.sample(KEYS, chance.randint(1, 4)):
        if chance.random() < 0.15:
            yield chance.choice(("", " " * indent + "# banner", "# at the margin"))
        yield from _value(chance, " " * indent + key + ":", indent, step, depth)


def _value(chance: random.Random, start: str, indent: int, step: int, depth: int) -> Iterator[str]:
    kind = chance.random()
    if depth > 0 and kind < 0.25:
        yield start + _comment(chance)
        yield from _section(chance, indent + step, depth - 1)
    elif depth > 0 and kind < 0.35:
        yield start + _comment(chance)
        yield from _items(chance, indent + chance.choice((0, 2)), depth - 1)
    elif kind < 0.45:
        yield f"{start} {chance.choice(('|', '|-', '|+', '>', '>-', '|2'))}{chance.choice(('', '  # c'))}"
        yield from (
            "  " + " " * indent + chance.choice(("text", "# text", "k: v")) for _ in range(chance.randint(1, 3))
        )
        yield from [""] * chance.randint(0, 1)
    elif kind < 0.6:
        yield f"{start} {_flow(chance, depth)}{_comment(chance)}"
    elif kind < 0.65:
        inner = " " * (indent + 4)
        yield from (f"{start} {{", f"{inner}fa: 1, # c", f"{inner}fb: 2", " " * (indent + 2) + "}" + _comment(chance))
    elif kind < 0.7:
        yield f"{start} plain text"
        yield " " * (indent + 3) + "goes on" + _comment(chance)
    else:
        yield f"{start} {chance.choice(PLAIN + QUOTED)}{_comment(chance)}"


def _items(chance: random.Random, indent: int, depth: int) -> Iterator[str]:
    for _ in range(chance.randint(1, 3)):
        if chance.random() < 0.6:
            yield f"{' ' * indent}- {chance.choice(PLAIN + QUOTED)}{_comment(chance)}"
            continue
        lines = list(_section(chance, indent + 2, depth))
        while not lines[0].strip() or lines[0].lstrip().startswith("#"):
            del lines[0]
        yield f"{' ' * indent}- {lines[0][indent + 2 :]}"
        yield from lines[1:]


def file(chance: random.Random) -> YamlText | None:
    """A file as somebody may have it; None for the few that are not YAML after all, or hold a key twice."""
    lines = [*chance.choice(([], [], ["# head", ""], ["---"])), *_section(chance, 0, 3)]
    lines += chance.choice(([], [], ["# tail"], ["", "# tail"], ["..."]))
    text = "\n".join(lines) + chance.choice(("\n", "\n", "\n", ""))
    text = chance.choice(("", "", "", "\ufeff")) + text.replace("\n", chance.choice(("\n", "\n", "\r\n")))
    try:
        read = parse(text.encode())
    except BadText:
        return None
    return None if any(note.kind is NoteKind.REPEATED_KEY for note in read.notes) else read


files = st.integers(0, 1 << 32).map(random.Random).map(file).filter(lambda read: read is not None)
#: Text that some reader could take for something else, and text of any kind.
_WORDS = """
off no Yes y N 012 0o17 1e3 1_000 12:30 null ~ 2024-01-02 = << 0x1f .inf true {x} [x] *a &b !c %d @e `f |
> ? - : a: http://h:80/p openrouter:free anthropic/claude-opus-4.6 ~/x don't
"""
TRICKY = [
    *_WORDS.split(),
    "",
    "a: b",
    "a #b",
    "- x",
    " lead",
    "trail ",
    "two\nlines",
    "two\nlines\n",
    "\nlead",
    "tab\there",
    "x, y",
    "${VAR}/b c",
    'it\'s "q" \\',
    "\x85",
    "\u2028",
    "\ufeff",
    "\U0001f600",
]
texts = st.sampled_from(TRICKY) | st.text(st.characters(codec="utf-8"), max_size=12)
scalars = texts | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
