"""Setting one scalar: what to change in the text so that a key has another value.

A change is worked out from the places of the nodes, made in a copy, and read again: it is returned only when the
setting has the new value and everything else the value that it had. Text outside of the edit is not touched at all.
"""

from __future__ import annotations

import re
from typing import Any

from hermes_state.codec.comparison import same
from hermes_state.codec.yaml import places
from hermes_state.codec.yaml.nodes import Kind, Node, Pointer
from hermes_state.codec.yaml.scalars import readers_disagree
from hermes_state.codec.yaml.scanner import MAX_DEPTH
from hermes_state.codec.yaml.spelling import is_printable, spell
from hermes_state.codec.yaml.text import YamlText
from hermes_state.codec.yaml.walk import Walk
from hermes_state.edit import Edit

Scalar = str | int | float | bool | None

_BLOCK_HEADER = re.compile(r"[|>][-+0-9]*")


def set_scalar(yaml: YamlText, pointer: Pointer, value: Scalar) -> list[Edit]:
    """The edit after which the setting at ``pointer`` (keys and list indexes) is ``value``; none when it is already.

    A value on one line is replaced in its line and keeps its kind of quotes, where they can stay, its anchor and the
    comment after it; a block stays a block as long as its text has several lines. A missing key is added after the last
    one of its section, missing sections are made, and a file without content gets its first key at its end.

    Raises BadText (``invalid``, with the place) when that cannot be done without changing something else: below an
    alias or on a value that an alias repeats, on a repeated key, in place of a list or a section that is not empty,
    below something that is neither a section nor null. Raises ValueError for text that no file can hold.
    """
    return _Setting(yaml, pointer).edits(value)


class _Setting(Walk):
    def edits(self, value: Scalar) -> list[Edit]:
        if not 0 < len(self.pointer) <= MAX_DEPTH:
            raise self.refuse(self.yaml.root, "this is not the place of a setting")
        edits = self.plan(value)
        return self.verified(edits, _with(self.yaml.value, self.pointer, value)) if edits else []

    def plan(self, value: Scalar) -> list[Edit]:
        node = self.yaml.root
        if node is None:
            return [self.append(value)]
        for index, step in enumerate(self.pointer):
            rest = self.pointer[index:]
            if node.kind is Kind.SCALAR and node.value is None:
                return [self.grow(node, rest, value)]
            found = self.follow(node, step)
            if found is None:
                if step in node.value and len(rest) > 1:
                    raise self.refuse(node, "what is set here by a merge key would have to be written out")
                return [self.insert(node, rest, value)]
            node = found
        return self.replace(node, value)

    # --- what there is already ---

    def replace(self, node: Node, value: Scalar) -> list[Edit]:
        if node.kind in (Kind.MAPPING, Kind.SEQUENCE) and node.value:
            raise self.refuse(node, f"a {node.kind} that is not empty would be lost")
        if node.aliased:
            raise self.refuse(node, "an alias repeats this value and would change with it")
        if same(node.value, value) and not (node.style == "" and readers_disagree(self.text[node.start : node.end])):
            return []
        if node.style in ("|", ">"):
            return [self.replace_block(node, value)]
        return [self.put(node, spell(value, node.style if node.style in ("'", '"') else "", self.in_flow))]

    def put(self, node: Node, new: str) -> Edit:
        """``new`` in the place of ``node``, after its anchor; a tag goes with the value that it was for."""
        start = node.start
        if start == node.end and self.above and self.above[-1][0].kind is Kind.MAPPING:
            key = self.above[-1][1]
            if not places.has_colon(key, node):
                return Edit(key.end, 0, f": {new}")
        lead = "" if start == 0 or self.text[start - 1].isspace() or self.text[start - 1] in "[{," else " "
        return Edit(start, node.end - start, f"{lead}{self.anchor(node)}{new}")

    def anchor(self, node: Node) -> str:
        return f"&{node.anchor} " if node.anchor and node.kind is not Kind.ALIAS else ""

    def replace_block(self, node: Node, value: Scalar) -> Edit:
        """A ``|`` or ``>`` value: its lines go, the comment of its first line stays."""
        start = places.content(self.text, node)
        header = _BLOCK_HEADER.match(self.text, start).end()  # type: ignore[union-attr]
        comment = self.text[header : places.line_end(self.text, header)]
        end = places.visible_end(self.text, node)
        new = self.block(value, comment, self.text[header + len(comment) : end], at_end=end == len(self.text))
        return Edit(node.start, end - node.start, self.anchor(node) + (new or spell(value) + comment))

    def block(self, value: Scalar, comment: str, old: str, at_end: bool) -> str:
        """``value`` as a literal block that is indented as ``old`` was; nothing where it does not suit one."""
        if not isinstance(value, str):
            return ""
        lines = value.removesuffix("\n").split("\n")
        strip = not value.endswith("\n")
        indented = re.search(r"^( +)\S", old, re.MULTILINE)
        plain = all(is_printable(line.replace("\t", " ")) for line in lines)
        fits = len(lines) > 1 and lines[0].strip() and lines[-1].strip() and not lines[0][0].isspace()
        if not (indented and plain and fits and (strip or not at_end)):
            return ""
        body = (indented.group(1) + line if line else "" for line in lines)
        return self.yaml.newline.join((f"|{'-' * strip}{comment}", *body))

    # --- what there is not yet ---

    def append(self, value: Scalar) -> Edit:
        """The first key of a file that has none, after whatever comments it has."""
        new, newline = self.lines(self.pointer, value, 0), self.yaml.newline
        complete = not self.text or self.text[-1] in "\r\n"
        return Edit(len(self.text), 0, new + newline if complete else newline + new)

    def grow(self, node: Node, rest: Pointer, value: Scalar) -> Edit:
        """A section in the place of a null: below its key where nothing is written, else in brackets."""
        if node.aliased:
            raise self.refuse(node, "an alias repeats this section and would change with it")
        parent, key = self.above[-1] if self.above else (None, node)
        bare = self.text[node.start : node.end] in ("", self.anchor(node).rstrip())
        if parent is None or parent.kind is not Kind.MAPPING or self.in_flow or not bare:
            self.in_flow = True
            return self.put(node, "{" + self.pair(rest, value) + "}")
        if not places.has_colon(key, node):
            raise self.refuse(key, "a key without a colon")
        indent = places.indentation(self.text, parent) + self.step()
        return Edit(places.line_end(self.text, node.end), 0, self.yaml.newline + self.lines(rest, value, indent))

    def insert(self, node: Node, rest: Pointer, value: Scalar) -> Edit:
        """A key after the last one of the mapping ``node``."""
        if node.style != "{":
            end = places.line_end(self.text, places.last(self.text, node))
            indent = places.indentation(self.text, node)
            return Edit(end, 0, self.yaml.newline + self.lines(rest, value, indent, self.quote(node)))
        start = places.content(self.text, node)
        if self.text[start] != "{":
            raise self.refuse(node, "a pair without brackets in a list takes no second key")
        new = self.pair(rest, value, self.quote(node))
        if not node.entries:
            return Edit(start + 1, 0, new)
        before = node.entries[-1]
        space = " " if places.is_bare_colon(*before) else ""
        return Edit(places.entry_end(self.text, *before), 0, f"{space}, {new}")

    def quote(self, node: Node) -> str:
        """The kind of quotes that the last key of ``node`` has."""
        return node.entries[-1][0].style if node.entries else ""

    def lines(self, keys: Pointer, value: Scalar, indent: int, quote: str = "") -> str:
        """A line for each of ``keys``, the last one with ``value``."""
        spelled = [" " * (indent + depth * self.step()) + f"{spell(key, quote)}:" for depth, key in enumerate(keys)]  # type: ignore[arg-type]
        return self.yaml.newline.join(spelled) + f" {spell(value)}"

    def pair(self, keys: Pointer, value: Scalar, quote: str = "") -> str:
        """``keys`` and ``value`` on one line, inside brackets."""
        opened = ": {".join(spell(key, quote, in_flow=True) for key in keys)  # type: ignore[arg-type]
        return f"{opened}: {spell(value, in_flow=True)}" + "}" * (len(keys) - 1)

    def step(self) -> int:
        """By how many columns this file indents a section."""
        root = self.yaml.root
        if root is not None and root.style != "{":
            for _, value in root.entries:
                indent = (
                    places.indentation(self.text, value) if value.kind is Kind.MAPPING and value.style != "{" else 0
                )
                if indent:
                    return indent
        return 2


def _with(value: Any, pointer: Pointer, new: Any) -> Any:
    """``value`` with ``new`` at ``pointer``; where an alias repeats something on the way it stays as it was."""
    if not pointer:
        return new
    step: Any = pointer[0]
    copy = list(value) if isinstance(value, list) else dict(value or {})
    copy[step] = _with(copy[step] if isinstance(copy, list) else copy.get(step), pointer[1:], new)
    return copy
