"""From a JSON text and the value that it should have: the edits that make it so, and nothing else.

Containers that are the same object in the old and the new value are passed over without a look, so a change that shares
what it does not touch costs what it changes. Members are matched by key; elements of a list by identity, then by what
names them (a row's ``id``, or a plain value itself), then by place.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

from hermes_state.codec.comparison import origins, same
from hermes_state.codec.fault import BadText
from hermes_state.codec.json import JsonText, collector_paused
from hermes_state.codec.moving import moved_texts, odd_texts
from hermes_state.codec.shape import Shapes, Spans
from hermes_state.codec.style import spell, style_of
from hermes_state.codec.walk import BETWEEN, KEY, blank_end, elements, key_of, line_and_column, members, value_end
from hermes_state.edit import Edit, apply
from hermes_state.outcomes import Fault, Outcome

_GONE = object()
_OFFSET = attrgetter("offset")


def rewrite(old: JsonText, new: Any, *, other: JsonText | None = None) -> list[Edit]:
    """The edits that turn ``old.text`` into a text whose value is ``new``; none when they are the same.

    Strings that were taken from the value of ``other`` are spelled as they are there.

    Raises BadText when an object that has to be edited holds a key twice: which of the two counts is not ours to guess.
    """
    start = blank_end(old.text, 0)
    if old.repeated:
        _refuse_repeated(old.text, start, old.value, new, ())
    writer = _Writer(old)
    writer.moved |= moved_texts(old, new)
    if other is not None:
        writer.moved |= odd_texts(other)
    with collector_paused():
        writer.value(start, old.value, new)
    return writer.edits


def _refuse_repeated(text: str, start: int, old: Any, new: Any, at: tuple[str | int, ...]) -> None:
    if same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        found = list(members(text, start))
        seen: set[str] = set()
        for member in found:
            if member.key in seen:
                pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in (*at, member.key))
                line, column = line_and_column(text, member.start)
                message = f"the key {member.key!r} stands there twice; remove one of the two by hand"
                raise BadText(Fault(Outcome.INVALID, message, pointer, line, column))
            seen.add(member.key)
        for member in found:
            if member.key in new:
                _refuse_repeated(text, member.value, old[member.key], new[member.key], (*at, member.key))
    elif isinstance(old, list) and isinstance(new, list):
        starts = [first for first, _ in elements(text, start)]
        for element, origin in zip(new, origins(old, new), strict=True):
            if origin is not None:
                _refuse_repeated(text, starts[origin], old[origin], element, (*at, origin))


class _Items(NamedTuple):
    """Where a container and each of its items (members with their keys, or elements) start and end."""

    start: int
    end: int
    spans: list[tuple[int, int]]


class _Writer:
    """Collects the edits to one text. Methods that look at a value return where it ends."""

    def __init__(self, old: JsonText) -> None:
        self.text = old.text
        self.repeated = old.repeated
        self.style = style_of(old.text)
        self.shapes = Shapes(old.text)
        self.edits: list[Edit] = []
        self.moved: dict[int, str] = {}

    def value(self, start: int, old: Any, new: Any) -> int:
        # An object that holds a key twice is never looked into: its text has members that its value has not.
        if old is new or (self.repeated and same(old, new)):
            return value_end(self.text, start)
        if isinstance(old, dict) and isinstance(new, dict):
            return self._object(start, old, new)
        if isinstance(old, list) and isinstance(new, list):
            return self._array(start, old, new)
        end = value_end(self.text, start)
        if not same(old, new):
            self._replace(start, end, new)
        return end

    def _replace(self, start: int, end: int, new: Any) -> None:
        self.edits.append(Edit(start, end - start, spell(new, self.style, self._indent(start), self.moved)))

    # --- objects -----------------------------------------------------------------------------------------------------

    def _object(self, start: int, old: dict[str, Any], new: dict[str, Any]) -> int:
        keys = tuple(old)
        values = self.shapes.values(start, old, keys)
        if values is not None and keys == tuple(new):
            return self._fields(old, new, values)
        before = len(self.edits)
        if values is None:
            items = self._members(start, old, new)
        else:
            items = _Items(start, values[0][1], self.shapes.members(keys, values))
            for key, (begin, _) in zip(keys, values[1:], strict=True):
                if key in new:
                    self.value(begin, old[key], new[key])
        places = {key: place for place, key in enumerate(keys)}
        fresh = list(new.items())

        def spelled(place: int, indent: str | None) -> str:
            key, value = fresh[place]
            return f"{json.dumps(key)}{self.style.colon}{spell(value, self.style, indent, self.moved)}"

        self._arrange(items, [places.get(key) for key in new], new, spelled, before)
        return items.end

    def _fields(self, old: dict[str, Any], new: dict[str, Any], values: Spans) -> int:
        """An object whose members stay as they are, but for values: by far the most frequent change.

        Neighbours make one edit: what stands between the first and the last change goes into it as it is.
        """
        pieces: list[str] = []
        first = done = 0
        for a, b, (begin, end) in zip(old.values(), new.values(), values[1:], strict=True):
            if a is b:
                continue
            if b is None:
                text = "null"
            elif same(a, b):
                continue
            elif isinstance(b, dict | list):
                if pieces:
                    self.edits.append(Edit(first, done - first, "".join(pieces)))
                    pieces = []
                self.value(begin, a, b)
                continue
            else:
                text = spell(b, self.style, None, self.moved)
            if pieces:
                pieces += self.text[done:begin], text
            else:
                first = begin
                pieces.append(text)
            done = end
        if pieces:
            self.edits.append(Edit(first, done - first, "".join(pieces)))
        return values[0][1]

    def _members(self, start: int, old: dict[str, Any], new: dict[str, Any]) -> _Items:
        """Edit the values of the members that stay."""
        text = self.text
        spans: list[tuple[int, int]] = []
        offset = start + 1
        while (match := KEY.match(text, offset)) is not None:
            key = key_of(match[1])
            end = self.value(match.end(), old[key], new[key]) if key in new else value_end(text, match.end())
            spans.append((match.start(1), end))
            offset = BETWEEN.match(text, end).end()  # type: ignore[union-attr]
        return _Items(start, blank_end(text, offset) + 1, spans)

    # --- arrays ------------------------------------------------------------------------------------------------------

    def _array(self, start: int, old: list[Any], new: list[Any]) -> int:
        text = self.text
        before = len(self.edits)
        kept = origins(old, new)
        targets = [_GONE] * len(old)
        for element, origin in zip(new, kept, strict=True):
            if origin is not None:
                targets[origin] = element
        spans: list[tuple[int, int]] = []
        offset = blank_end(text, start + 1)
        for element, target in zip(old, targets, strict=True):
            end = value_end(text, offset) if target is _GONE else self.value(offset, element, target)
            spans.append((offset, end))
            offset = BETWEEN.match(text, end).end()  # type: ignore[union-attr]
        items = _Items(start, offset + 1, spans)
        self._arrange(items, kept, new, lambda place, indent: spell(new[place], self.style, indent, self.moved), before)
        return items.end

    # --- items that come, go or change places ------------------------------------------------------------------------

    def _arrange(
        self,
        items: _Items,
        kept: list[int | None],
        new: Any,
        spelled: Callable[[int, str | None], str],
        before: int,
    ) -> None:
        """Edit a container so that it has the items ``kept``: places of old items, and None for each new one.

        ``spelled`` gives the text of a new item for its place and an indentation. ``new`` is the whole new value. The
        edits from number ``before`` on are those inside the old items.
        """
        start, end, spans = items
        if kept == list(range(len(spans))):
            return
        stay = [place for place in kept if place is not None]
        if not stay:
            self._replace(start, end, new)
            return
        lead = self._lead(items)
        indent = lead.rpartition("\n")[2] if "\n" in lead else None
        if stay != sorted(stay):
            texts = self._taken_back(spans, before)
            parts = [spelled(place, indent) if old is None else texts[old] for place, old in enumerate(kept)]
            self.edits.append(Edit(spans[0][0], spans[-1][1] - spans[0][0], f",{lead}".join(parts)))
            return
        first = stay[0]
        if first > 0:
            self.edits.append(Edit(spans[0][0], spans[first][0] - spans[0][0], ""))
        for gone in sorted(set(range(first, len(spans))).difference(stay)):
            self.edits.append(Edit(spans[gone - 1][1], spans[gone][1] - spans[gone - 1][1], ""))
        after: int | None = None
        for place, old in enumerate(kept):
            if old is not None:
                after = spans[old][1]
            elif after is None:
                self.edits.append(Edit(spans[first][0], 0, f"{spelled(place, indent)},{lead}"))
            else:
                self.edits.append(Edit(after, 0, f",{lead}{spelled(place, indent)}"))

    def _taken_back(self, spans: list[tuple[int, int]], before: int) -> list[str]:
        """The texts of the items at ``spans`` after the edits from number ``before`` on, which are taken back."""
        inside = sorted(self.edits[before:], key=_OFFSET)
        del self.edits[before:]
        texts = []
        for begin, end in spans:
            own = inside[bisect_left(inside, begin, key=_OFFSET) : bisect_left(inside, end, key=_OFFSET)]
            texts.append(apply(self.text[begin:end], [edit._replace(offset=edit.offset - begin) for edit in own]))
        return texts

    def _lead(self, items: _Items) -> str:
        """The white space between a comma and the next item of a container that has items."""
        start, _, spans = items
        if len(spans) > 1:
            return self.text[spans[0][1] : spans[1][0]].partition(",")[2]
        gap = self.text[start + 1 : spans[0][0]]
        return gap if "\n" in gap else self.style.comma.partition(",")[2]

    def _indent(self, offset: int) -> str:
        """The indentation of the line that holds ``offset``."""
        line = self.text[self.text.rfind("\n", 0, offset) + 1 : offset]
        return line[: len(line) - len(line.lstrip(" \t"))]
