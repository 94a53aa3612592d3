"""Objects of one shape: the same keys in the same layout, as the rows of a pool are.

One pattern, made from the first few of them, then finds all values of the next at once instead of key by key.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Any

from hermes_state.codec.walk import STRING, members, value_end

#: A pattern is made for the keys that come up as often as this: to make it costs as much as some hundred objects.
_OFTEN = 16
_MOST_KEYS = 64
# Containers with none inside them are matched as a whole; an object that has deeper ones has no shape.
_VALUE = rf"""({STRING}|[\[{{][^\[\]{{}}"]*+(?:{STRING}[^\[\]{{}}"]*+)*+[\]}}]|[^\[\]{{}}", \t\n\r]++)"""

Keys = tuple[str, ...]
Spans = tuple[tuple[int, int], ...]


class Shapes:
    """The shapes of the objects of one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._seen: Counter[Keys] = Counter()
        self._patterns: dict[Keys, re.Pattern[str]] = {}
        self._leads: dict[Keys, list[int]] = {}

    def values(self, start: int, old: dict[str, Any], keys: Keys) -> Spans | None:
        """Start and end of the object at ``start`` and then of each of its values; None where no shape fits.

        The object's value is ``old``, its keys ``keys``; it must not hold a key twice.
        """
        pattern = self._patterns.get(keys)
        if pattern is None:
            pattern = self._learn(start, old, keys)
            if pattern is None:
                return None
        match = pattern.match(self._text, start)
        return match.regs if match else None

    def members(self, keys: Keys, values: Spans) -> list[tuple[int, int]]:
        """Start and end of each member, from what ``values`` gave."""
        return [(begin - lead, end) for lead, (begin, end) in zip(self._leads[keys], values[1:], strict=True)]

    def _learn(self, start: int, old: dict[str, Any], keys: Keys) -> re.Pattern[str] | None:
        self._seen[keys] += 1
        if self._seen[keys] < _OFTEN or not keys or len(keys) > _MOST_KEYS or any(map(_is_deep, old.values())):
            return None
        text = self._text
        found = list(members(text, start))
        gaps = [text[start : found[0].value]]
        gaps += [text[a.end : b.value] for a, b in pairwise(found)]
        gaps.append(text[found[-1].end : value_end(text, start)])
        self._leads[keys] = [member.value - member.start for member in found]
        self._patterns[keys] = re.compile(_VALUE.join(map(re.escape, gaps)))
        return self._patterns[keys]


def _is_deep(value: Any) -> bool:
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(item, dict | list) for item in inside)
