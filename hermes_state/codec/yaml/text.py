"""A YAML file as it was read: its text, its value, where things stand, and what is odd about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from hermes_state.codec.fault import BadText
from hermes_state.codec.walk import line_and_column
from hermes_state.codec.yaml.compose import compose, fault
from hermes_state.codec.yaml.nodes import Kind, Node, Note
from hermes_state.outcomes import Fault, Outcome

#: What YAML does not allow. (Naming what it allows means the same, and takes ten times as long to compile.)
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class YamlText:
    """A parsed text.

    ``text`` is without the byte order mark that ``bom`` tells of, else as it was, line ends included; ``newline`` is
    what most lines end with. ``blank`` tells that there is no content (nothing, or comments only); ``value`` is then
    ``{}``, as it is to the agents. What an alias repeats is one object in ``value``, which is not to be changed.
    """

    text: str
    value: Any
    bom: bool = False
    newline: str = "\n"
    blank: bool = False
    notes: tuple[Note, ...] = ()
    root: Node | None = field(default=None, repr=False, compare=False)

    def encode(self, text: str) -> bytes:
        """``text`` as the bytes of a file, with a byte order mark if this one has it."""
        return (("\ufeff" if self.bom else "") + text).encode("utf-8")


def parse(data: bytes) -> YamlText:
    """Read YAML the way the agents do (see ``scalars`` where they differ). Raises BadText and never anything else.

    ``corrupt`` is text that is not UTF-8 or holds control characters, anything that is not YAML, more than one
    document, an unknown tag, a list or a mapping as a key, an alias inside of what it stands for, and nesting beyond
    ``MAX_DEPTH``; ``too_large`` are more than ``MAX_NODES`` keys and values or ``MAX_TEXT`` characters that are not
    comments. Every fault has a line and a column.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        line, column = line_and_column(before, len(before))
        hint = "save it as UTF-8" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise BadText(Fault(Outcome.CORRUPT, f"byte {error.start} is not UTF-8", "", line, column, hint=hint)) from None
    bom = text.startswith("\ufeff")
    text = text[1:] if bom else text
    if odd := _UNPRINTABLE.search(text):
        what = (
            "a NUL byte, as after a crash" if odd.group() == "\0" else f"a control character U+{ord(odd.group()):04X}"
        )
        raise fault(text, odd.start(), f"{what}, is not allowed in YAML")
    root, notes = compose(text)
    blank = root is None or (root.kind is Kind.SCALAR and root.start == root.end)
    crlf = text.count("\r\n")
    newline = "\r\n" if crlf * 2 > text.count("\n") else "\n"
    value = {} if root is None or blank else root.value
    return YamlText(text, value, bom, newline, blank, notes, None if blank else root)
