"""Places: where in the text a node's own characters begin and end, as far as editing it needs to know."""

from __future__ import annotations

import re

from hermes_state.codec.yaml.nodes import Kind, Node

_LINE_END = re.compile(r"[\n\r\x85\u2028\u2029]|\Z")
_BLANKS = " \t\n\r\x85\u2028\u2029"
_PROPERTY = r"(?:&[^\s,\[\]{}]+|!\S*)"
_PROPERTIES = re.compile(rf"{_PROPERTY}(?:\s+(?:#.*\s+)*{_PROPERTY})*")
_PROPERTIES_AND_GAP = re.compile(rf"(?:{_PROPERTY}(?:\s+(?:#.*)?)*)*")
_KEEPS_LINE_ENDS = re.compile(r"[|>][1-9]?\+")


def line_start(text: str, offset: int) -> int:
    """Where the line that holds ``offset`` begins."""
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Where the line that holds ``offset`` ends, before its line break."""
    return _LINE_END.search(text, offset).start()  # type: ignore[union-attr]


def after_line(text: str, offset: int) -> int:
    """Where the line after the one that holds ``offset`` begins."""
    end = line_end(text, offset)
    return end + 2 if text.startswith("\r\n", end) else min(end + 1, len(text))


def content(text: str, node: Node) -> int:
    """Where ``node`` begins when its anchor and tag are left out."""
    return _PROPERTIES_AND_GAP.match(text, node.start, node.end).end()  # type: ignore[union-attr]


def properties_end(text: str, node: Node) -> int:
    """Where the anchor and the tag of ``node`` end; its start when it has none."""
    found = _PROPERTIES.match(text, node.start, node.end)
    return found.end() if found else node.start


def indentation(text: str, mapping: Node) -> int:
    """How many characters come before the keys of a block mapping."""
    start = mapping.entries[0][0].start
    return start - line_start(text, start)


def visible_end(text: str, node: Node) -> int:
    """Where the last line of a scalar ends that is not blank."""
    if node.style not in ("|", ">"):
        return node.end
    return line_end(text, node.start + len(text[node.start : node.end].rstrip(_BLANKS)))


def has_colon(key: Node, value: Node) -> bool:
    """Whether the ``value`` is there at all, if only as nothing after a colon."""
    return value.start < value.end or value.start > key.end


def is_bare_colon(key: Node, value: Node) -> bool:
    """Whether an entry ends with its colon: in brackets a comma must not follow at once."""
    return value.start == value.end > key.end


def entry_end(text: str, key: Node, value: Node) -> int:
    """Where an entry of a mapping ends; comments after it are not part of it."""
    return last(text, value) if has_colon(key, value) else key.end


def last(text: str, node: Node) -> int:
    """Where ``node`` ends; line breaks that a block scalar keeps are part of it, all but the very last."""
    while node.style != "{" and (node.entries or node.items):
        if node.kind is Kind.SEQUENCE:
            node = node.items[-1]
            continue
        key, value = node.entries[-1]
        if not has_colon(key, value):
            return key.end
        node = value
    if _KEEPS_LINE_ENDS.match(text, content(text, node)) and node.style in ("|", ">"):
        end = node.end
        end -= text.startswith("\n", end - 1)
        return end - text.startswith("\r", end - 1)
    return visible_end(text, node)
