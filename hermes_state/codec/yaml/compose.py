"""Composing: from the parser's events to nodes, without recursion and under limits.

A hostile file ends in a fault with a line and a column, not in an exhausted stack, memory or patience.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from hermes_state.codec.fault import BadText
from hermes_state.codec.walk import line_and_column
from hermes_state.codec.yaml.nodes import Kind, Node, Note, NoteKind
from hermes_state.codec.yaml.scalars import PREFIX, UNKNOWN_TAG, read, readers_disagree, resolve
from hermes_state.codec.yaml.scanner import MAX_DEPTH, MAX_TEXT, Events, TooDeep, TooMuchText
from hermes_state.outcomes import Fault, Outcome

#: Keys and values of a document, aliases followed. A file that spells out every setting of agent 0.22 has 2500.
MAX_NODES = 50_000
#: Whole numbers as keys. Larger ones can be made to collide in a dict, which then takes minutes to fill.
MAX_KEY = 1 << 64


def fault(text: str, offset: int, message: str, hint: str = "", outcome: Outcome = Outcome.CORRUPT) -> BadText:
    """The exception for something wrong at ``offset``."""
    line, column = line_and_column(text, offset)
    return BadText(Fault(outcome, message, "", line, column, hint=hint))


def compose(text: str) -> tuple[Node | None, tuple[Note, ...]]:
    """The root of ``text``, None where there is no content, and the notes on it.

    Raises BadText, with line and column, for everything that is not one document within the limits.
    """
    if len(text) > MAX_TEXT:
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > MAX_TEXT:
                raise BadText(Fault(Outcome.TOO_LARGE, f"a line of more than {MAX_TEXT} characters", "", number, 1))
    events = Events(text)
    composer = _Composer(text)
    try:
        for event in events:
            composer.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise fault(text, mark.index if mark else events.offset, *_explain(error)) from None
    except TooDeep as error:
        raise fault(text, error.offset, _TOO_DEEP) from None
    except TooMuchText:
        message = f"it holds more than {MAX_TEXT} characters, white space and comments apart"
        raise fault(text, events.offset, message, outcome=Outcome.TOO_LARGE) from None
    except (YAMLError, ValueError, LookupError, AssertionError, TypeError, AttributeError):
        # ruamel.yaml lets some faults of its input through as errors of its own code ("\U00110000", "%YAML 1.0000...").
        raise fault(text, events.offset, "the YAML reader cannot make sense of what follows here") from None
    return composer.root, tuple(composer.notes)


def _explain(error: MarkedYAMLError) -> tuple[str, str]:
    """What the reader says and what helps; without names, which can be a password that begins with ``!``."""
    problem = str(error.problem or error.context or "it is not YAML").partition("\n")[0]
    problem = re.sub(r"tag handle .*", "tag handle", problem)
    hint = "indent with spaces: YAML does not allow tabs there" if "'\\t'" in problem else ""
    return f"not YAML here: {problem}", hint


_TOO_DEEP = f"values are nested more than {MAX_DEPTH} deep"
_EMPTY = {Kind.SEQUENCE: list, Kind.MAPPING: dict}
#: ``!!omap``, ``!!pairs`` and ``!!set`` keep the shape that they are written in.
_TAGS = {Kind.SEQUENCE: ("seq", "omap", "pairs"), Kind.MAPPING: ("map", "set")}
_COLON = re.compile(r"\s*:")
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Composer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.root: Node | None = None
        self.notes: list[Note] = []
        self.documents = 0
        self.size = 0
        self.anchors: dict[str, Node] = {}
        self.open: list[Node] = []
        self.keys: list[Node | None] = []
        """For each open collection the key whose value comes next."""

    def take(self, event: Any) -> None:
        match event:
            case ScalarEvent():
                self.scalar(event)
            case AliasEvent():
                self.alias(event)
            case MappingStartEvent() | SequenceStartEvent():
                self.begin(event)
            case MappingEndEvent() | SequenceEndEvent():
                self.finish(event.end_mark.index)
            case DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self.fault(event, "a second document begins here; agents read files with one only")

    def fault(self, event: Any, message: str, outcome: Outcome = Outcome.CORRUPT) -> BadText:
        return fault(self.text, event.start_mark.index, message, outcome=outcome)

    def scalar(self, event: ScalarEvent) -> None:
        node = _node(Kind.SCALAR, event)
        node.style = event.style or ""
        plain = event.implicit[0]
        tag = resolve(event.value) if plain else (event.tag or "str").removeprefix(PREFIX)
        if plain and tag in ("merge", "value"):
            if not self.expects_key:
                raise self.fault(event, f"{event.value} means something special to YAML; as text it needs quotes")
            node.merge, node.value = tag == "merge", event.value
        else:
            try:
                node.value = read(tag, event.value)
            except ValueError as error:
                raise self.fault(event, str(error)) from None
            if self.expects_key and isinstance(node.value, int) and abs(node.value) >= MAX_KEY:
                raise self.fault(event, "a number this large is no key")
        self.add(node, event)
        if plain and readers_disagree(event.value):
            self.note(NoteKind.READERS_DISAGREE, node)
        if node.style == '"' and _SURROGATE.search(event.value):
            self.note(NoteKind.LONE_SURROGATE, node)

    def alias(self, event: AliasEvent) -> None:
        target = self.anchors.get(event.anchor)
        if target is None:
            raise self.fault(event, "an alias to an anchor that is not above it; text that begins with * needs quotes")
        if target in self.open:
            raise self.fault(event, "an alias inside of what it stands for")
        if self.expects_key and target.kind in _EMPTY:
            raise self.fault(event, _COMPLEX_KEY)
        target.aliased = True
        node = _node(Kind.ALIAS, event)
        node.value, node.target, node.size, node.height = target.value, target, target.size, target.height
        self.add(node, event)

    def begin(self, event: Any) -> None:
        node = _node(Kind.MAPPING if isinstance(event, MappingStartEvent) else Kind.SEQUENCE, event)
        if (event.tag or "!") != "!" and event.tag.removeprefix(PREFIX) not in _TAGS[node.kind]:
            raise self.fault(event, UNKNOWN_TAG)
        if self.expects_key:
            raise self.fault(event, _COMPLEX_KEY)
        node.style = "{" if event.flow_style else ""
        node.value = _EMPTY[node.kind]()
        node.height = 1
        self.add(node, event)
        self.open.append(node)
        self.keys.append(None)

    def finish(self, end: int) -> None:
        node = self.open.pop()
        self.keys.pop()
        node.end = end
        children = [child for entry in node.entries for child in entry] or node.items
        node.size = 1 + sum(child.size for child in children)
        node.height = 1 + max((child.height for child in children), default=0)
        if node.kind is Kind.SEQUENCE:
            node.value.extend(child.value for child in node.items)
        else:
            self.fill(node)

    def fill(self, node: Node) -> None:
        """Merged keys come first and give way to the mapping's own; of a repeated key the last one counts."""
        own: dict[Hashable, Any] = {}
        for key, value in node.entries:
            if not key.merge:
                if key.value in own:
                    self.note(NoteKind.REPEATED_KEY, key, key.value)
                own[key.value] = value.value
                continue
            for source in value.merged():
                if source.kind is not Kind.MAPPING:
                    raise fault(self.text, value.start, "<< takes a mapping or a list of mappings")
                node.value.update(source.value)
        node.value.update(own)

    @property
    def expects_key(self) -> bool:
        return bool(self.open) and self.open[-1].kind is Kind.MAPPING and self.keys[-1] is None

    def add(self, node: Node, event: Any) -> None:
        """Put ``node`` where the text has it: as the root, an item, a key or a value."""
        if len(self.open) + node.height > MAX_DEPTH:
            raise self.fault(event, _TOO_DEEP)
        self.size += node.size
        if self.size > MAX_NODES:
            message = f"it holds more than {MAX_NODES} keys and values, with those that aliases repeat"
            raise self.fault(event, message, Outcome.TOO_LARGE)
        if node.anchor and node.target is None:
            self.anchors[node.anchor] = node
        if not self.open:
            self.root = node
        elif self.open[-1].kind is Kind.SEQUENCE:
            self.open[-1].items.append(node)
        elif (key := self.keys[-1]) is None:
            self.keys[-1] = node
        else:
            if node.start == node.end:  # the parser says where the next thing is; what is wanted is after the colon
                colon = _COLON.match(self.text, key.end)
                node.start = node.end = colon.end() if colon else key.end
                node.line, node.column = key.line, key.column
            self.open[-1].entries.append((key, node))
            self.keys[-1] = None

    def note(self, kind: NoteKind, node: Node, *below: Hashable) -> None:
        """Note ``kind`` at ``node``, which was added last; or at the key ``below`` what was added last."""
        at = [
            len(each.items) - 1 if each.kind is Kind.SEQUENCE else (key or each.entries[-1][0]).value
            for each, key in zip(self.open, self.keys, strict=True)
        ]
        self.notes.append(Note(kind, (*at, *below), node.line, node.column))


_COMPLEX_KEY = "a list or a mapping as a key: agents up to 0.20 cannot read that"


def _node(kind: Kind, event: Any) -> Node:
    start = event.start_mark
    anchor = "" if kind is Kind.ALIAS else event.anchor or ""
    return Node(kind, start.index, event.end_mark.index, start.line + 1, start.column + 1, anchor=anchor)
