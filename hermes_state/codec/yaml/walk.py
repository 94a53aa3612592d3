"""Walking down to a setting that is to be changed, and making sure afterwards that nothing else was."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.codec.yaml.nodes import Kind, Node, Pointer
from hermes_state.codec.yaml.text import YamlText, parse
from hermes_state.edit import Edit, apply
from hermes_state.outcomes import Fault, Outcome


class Walk:
    """One change, at ``pointer``."""

    def __init__(self, yaml: YamlText, pointer: Pointer) -> None:
        self.yaml = yaml
        self.text = yaml.text
        self.pointer = pointer
        self.in_flow = False
        """Whether the way went through brackets."""
        self.above: list[tuple[Node, Node]] = []
        """The way down: each mapping or list with the key or item that was followed."""

    def follow(self, node: Node, step: Hashable) -> Node | None:
        """What is at ``step`` below ``node``; None when a mapping has no such key of its own."""
        if node.kind is Kind.ALIAS:
            raise self.refuse(node, "this is an alias: what it stands for would change in other places too")
        if node.aliased:
            raise self.refuse(node, "an alias repeats this section and would change with it")
        self.in_flow = self.in_flow or node.style == "{"
        if node.kind is Kind.SEQUENCE and type(step) is int and 0 <= step < len(node.items):
            self.above.append((node, node.items[step]))
            return node.items[step]
        if node.kind is not Kind.MAPPING:
            raise self.refuse(node, f"a {node.kind} where a section should be")
        found = node.find(step)
        if len(found) > 1:
            raise self.refuse(found[-1][0], "the key stands there more than once; keep one of them")
        if not found:
            return None
        self.above.append((node, found[0][0]))
        return found[0][1]

    def refuse(self, node: Node | None, message: str) -> BadText:
        at = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in self.pointer)
        line, column = (node.line, node.column) if node else (None, None)
        return BadText(Fault(Outcome.INVALID, message, at, line, column, hint="edit the file by hand"))

    def verified(self, edits: list[Edit], expected: Any) -> list[Edit]:
        try:
            done = same(parse(self.yaml.encode(apply(self.text, edits))).value, expected)
        except BadText:
            done = False
        if not done:
            node = self.above[-1][1] if self.above else self.yaml.root
            raise self.refuse(node, "this cannot be changed here without changing something else")
        return edits
