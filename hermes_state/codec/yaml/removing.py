"""Removing one key: what to cut from the text so that it is gone and nothing else is.

As in ``setting``, what is cut is tried on a copy and read again before it is returned.
"""

from __future__ import annotations

import re
from typing import Any

from hermes_state.codec.yaml import places
from hermes_state.codec.yaml.nodes import Kind, Node, Pointer
from hermes_state.codec.yaml.text import YamlText
from hermes_state.codec.yaml.walk import Walk
from hermes_state.edit import Edit

_COLON = re.compile(r"\s*:")


def remove(yaml: YamlText, pointer: Pointer) -> list[Edit]:
    """The edits after which there is no key at ``pointer``; none when there is none now.

    Its lines go, with the comments in them. Comments above it stay, and so do those of the next key. A section that had
    no other key becomes ``{}``. Raises BadText as ``set_scalar`` does, and for list items and merged keys.
    """
    return _Removal(yaml, pointer).edits()


class _Removal(Walk):
    def edits(self) -> list[Edit]:
        node = self.yaml.root
        for step in self.pointer:
            if node is None or (node.kind is Kind.SCALAR and node.value is None):
                return []
            found = self.follow(node, step)
            if found is None:
                if step in node.value:
                    raise self.refuse(node, "this comes from a merge key")
                return []
            node = found
        mapping, key = self.above[-1] if self.above else (None, None)
        if node is None or mapping is None or key is None or mapping.kind is not Kind.MAPPING:
            raise self.refuse(node, "only keys can be removed")
        cut = self.cut_from_brackets if mapping.style == "{" else self.cut_lines
        return self.verified(cut(mapping, key, node), _without(self.yaml.value, self.pointer))

    def cut_from_brackets(self, mapping: Node, key: Node, value: Node) -> list[Edit]:
        index = mapping.entries.index((key, value))
        opening = places.content(self.text, mapping)
        if self.text[opening] != "{":
            raise self.refuse(mapping, "a pair without brackets in a list cannot be empty")
        end, space = places.entry_end(self.text, key, value), ""
        if len(mapping.entries) == 1:
            start, end = opening + 1, mapping.end - 1
        elif index + 1 < len(mapping.entries):
            start, end = key.start, mapping.entries[index + 1][0].start
        else:
            before = mapping.entries[index - 1]
            start, space = places.entry_end(self.text, *before), " " if places.is_bare_colon(*before) else ""
        if "#" in self.text[start : key.start] + self.text[places.entry_end(self.text, key, value) : end]:
            raise self.refuse(key, "a comment inside of brackets would be lost")
        return [Edit(start, end - start, space)]

    def cut_lines(self, mapping: Node, key: Node, value: Node) -> list[Edit]:
        start, end = places.line_start(self.text, key.start), places.entry_end(self.text, key, value)
        alone = len(mapping.entries) == 1
        parent, section = self.above[-2] if len(self.above) > 1 else (None, None)
        if alone and parent is not None and parent.kind is Kind.SEQUENCE:
            return [Edit(key.start, end - key.start, "{}")]
        if self.text[start : key.start].strip():
            return [self.cut_up_to_next(mapping, key, end)]
        cut = Edit(start, places.after_line(self.text, end) - start, "")
        return [cut] if section is None or not alone else [self.braces(section, mapping), cut]

    def cut_up_to_next(self, mapping: Node, key: Node, end: int) -> Edit:
        """The first key of a list item, in the line of the dash: the next one takes its place."""
        later = [each.start for each, _ in mapping.entries if each.start > key.start]
        if not later or self.text[places.line_end(self.text, end) : later[0]].strip():
            raise self.refuse(key, "a comment or a mark before this key would have to move")
        return Edit(key.start, later[0] - key.start, "")

    def braces(self, section: Node, mapping: Node) -> Edit:
        """What shows that ``section`` is empty, after its colon or after the anchor that its mapping has."""
        at = places.properties_end(self.text, mapping)
        if at == mapping.start:
            at = _COLON.match(self.text, section.end).end()  # type: ignore[union-attr]
        return Edit(at, 0, " {}")


def _without(value: Any, pointer: Pointer) -> Any:
    """``value`` without the key at ``pointer``."""
    step: Any = pointer[0]
    copy = list(value) if isinstance(value, list) else dict(value)
    if len(pointer) == 1:
        del copy[step]
    else:
        copy[step] = _without(copy[step], pointer[1:])
    return copy
