"""A unified diff of two versions of a state file, without secrets, in time that grows with their size.

The usual algorithm takes minutes on files of which most lines changed. Here the parts that are equal are found by lines
that occur once on both sides (as in a "patience" diff), which in state files are ids and tokens; only what is left
between two of them is compared closely, and only when it is short.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from hermes_state.redaction.masks import Line, json_lines, yaml_lines
from hermes_state.redaction.text import harmless

_BOM = b"\xef\xbb\xbf"
_CONTEXT = 3
#: Parts without a common unique line are compared closely up to this many lines a side.
_CLOSE = 120
#: How often a part is divided again at lines that are unique in it.
_DEPTH = 24

Range = tuple[int, int, int, int]


def unified(before: bytes, after: bytes, name: str) -> str:
    """See ``hermes_state.redaction.diff``."""
    if before == after:
        return ""
    old, new = (_decoded(data) for data in (before, after))
    notes = _notes(before, after)
    if name.lower().endswith((".yaml", ".yml")):
        sides = yaml_lines(old), yaml_lines(new)
    else:
        spread = _is_compact(old) or _is_compact(new)
        sides = json_lines(old, spread=spread), json_lines(new, spread=spread)
        if spread:
            notes.append("The file has several values on a line; it is shown here with one value a line.")
    body = list(_hunks(*sides))
    if not body and not notes:
        notes.append("Only white space differs.")
    title = harmless(name)
    return "".join(f"{line}\n" for line in (f"--- {title}", f"+++ {title}", *body, *(f"\\ {note}" for note in notes)))


def _decoded(data: bytes) -> str:
    return data.removeprefix(_BOM).decode("utf-8", "surrogateescape")


def _notes(before: bytes, after: bytes) -> list[str]:
    """What changed and cannot be seen in lines."""
    facts = (
        ("The byte order mark at the start of the file", [data.startswith(_BOM) for data in (before, after)]),
        ("The newline at the end of the file", [data.endswith(b"\n") for data in (before, after)]),
        ("The carriage return at the end of lines", [b"\r\n" in data for data in (before, after)]),
    )
    return [f"{what} is {'removed' if had else 'added'}." for what, (had, has) in facts if had != has]


def _is_compact(text: str) -> bool:
    keys = sum(1 for _ in re.finditer(r'"[ \t]*:', text))
    return keys > 4 and keys > 2 * (text.count("\n") + 1)


def _hunks(old: Sequence[Line], new: Sequence[Line]) -> Iterator[str]:
    """The lines of the diff below its head."""
    for hunk in _grouped(list(_changes(old, new))):
        start, first = max(0, hunk[0][0] - _CONTEXT), max(0, hunk[0][2] - _CONTEXT)
        end, last = min(len(old), hunk[-1][1] + _CONTEXT), min(len(new), hunk[-1][3] + _CONTEXT)
        yield f"@@ -{_span(start, end)} +{_span(first, last)} @@"
        for old_from, old_to, new_from, new_to in hunk:
            yield from (f" {line.shown}" for line in old[start:old_from])
            yield from (f"-{line.shown}" for line in old[old_from:old_to])
            yield from (f"+{line.shown}" for line in new[new_from:new_to])
            start = old_to
        yield from (f" {line.shown}" for line in old[start:end])


def _span(start: int, end: int) -> str:
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + 1 if length else start},{length}"


def _grouped(changes: list[Range]) -> Iterator[list[Range]]:
    """Changes that are so close that their context meets, together."""
    hunk: list[Range] = []
    for change in changes:
        if hunk and change[0] - hunk[-1][1] > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(change)
    if hunk:
        yield hunk


def _changes(old: Sequence[Line], new: Sequence[Line]) -> Iterator[Range]:
    """The ranges that differ: lines ``a`` to ``b`` of the old became lines ``c`` to ``d`` of the new."""
    numbers: dict[Line, int] = {}
    a = [numbers.setdefault(line, len(numbers)) for line in old]
    b = [numbers.setdefault(line, len(numbers)) for line in new]
    at, to = 0, 0
    for i, j in [*_matches(a, b), (len(a), len(b))]:
        if i > at or j > to:
            yield at, i, to, j
        at, to = i + 1, j + 1


def _matches(a: list[int], b: list[int]) -> list[tuple[int, int]]:
    """Pairs of positions of equal lines, rising on both sides."""
    found: list[tuple[int, int]] = []
    todo: list[tuple[int, int, int, int, int]] = [(0, len(a), 0, len(b), _DEPTH)]
    while todo:
        lo, hi, first, last, depth = todo.pop()
        while lo < hi and first < last and a[lo] == b[first]:
            found.append((lo, first))
            lo, first = lo + 1, first + 1
        while lo < hi and first < last and a[hi - 1] == b[last - 1]:
            hi, last = hi - 1, last - 1
            found.append((hi, last))
        if lo == hi or first == last:
            continue
        anchors = _anchors(a, b, lo, hi, first, last) if depth else []
        if not anchors and max(hi - lo, last - first) <= _CLOSE:
            blocks = SequenceMatcher(None, a[lo:hi], b[first:last], autojunk=False).get_matching_blocks()
            found.extend((lo + i + n, first + j + n) for i, j, size in blocks for n in range(size))
        found.extend(anchors)
        for i, j in anchors:
            todo.append((lo, i, first, j, depth - 1))
            lo, first = i + 1, j + 1
        if anchors:
            todo.append((lo, hi, first, last, depth - 1))
    return sorted(found)


def _anchors(a: list[int], b: list[int], lo: int, hi: int, first: int, last: int) -> list[tuple[int, int]]:
    """Lines that occur once in both ranges, as many of them as keep their order (a longest rising sequence)."""
    counts = Counter(a[lo:hi])
    others = Counter(b[first:last])
    places = {line: j for j, line in enumerate(b[first:last], first) if others[line] == 1 and counts[line] == 1}
    pairs = [(i, places[line]) for i, line in enumerate(a[lo:hi], lo) if line in places]
    ends: list[int] = []  # the smallest end of a rising sequence of each length
    chains: list[int] = []  # the pair at that end
    before: list[int] = []  # for each pair the one before it in its sequence
    for index, (_, j) in enumerate(pairs):
        length = bisect_left(ends, j)
        before.append(chains[length - 1] if length else -1)
        ends[length : length + 1] = [j]
        chains[length : length + 1] = [index]
    chosen: list[tuple[int, int]] = []
    index = chains[-1] if chains else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]
