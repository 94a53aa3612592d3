"""What a step changed: path by path for people and scripts, and whether it kept to what it declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import compress, count
from operator import is_not
from typing import Any, NamedTuple

from hermes_state.codec.comparison import same
from hermes_state.runtime import SECTION

Path = tuple[str | int, ...]


class Change(NamedTuple):
    """One path that changed: ``op`` is add, remove, replace or move; ``origin`` is where a moved value was."""

    op: str
    path: str
    origin: str | None = None


def pointer(path: Path) -> str:
    """``path`` as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def changes(before: Any, after: Any) -> list[Change]:
    """The paths in which two auth documents differ, in document order.

    A field that left a row and came up in that row's record of the section, or the other way, is one ``move``.
    """
    found = list(_differences(before, after, ()))
    left = {_field(path, before): path for op, path, old, new in found if old is not None and new is None}
    made: list[Change] = []
    origins: set[Path] = set()
    for op, path, old, new in found:
        origin = left.get(_field(path, after)) if old is None and new is not None else None
        if origin is not None and origin != path and same(_value(before, origin), new):
            origins.add(origin)
            made.append(Change("move", pointer(path), pointer(origin)))
        else:
            made.append(Change(op, pointer(path)))
    gone = {pointer(origin) for origin in origins}
    return [change for change in made if change.op == "move" or change.path not in gone]


def _differences(before: Any, after: Any, at: Path) -> Iterator[tuple[str, Path, Any, Any]]:
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if key in after:
                yield from _differences(before[key], after[key], (*at, key))
            else:
                yield from _leaves("remove", before[key], (*at, key))
        for key in after:
            if key not in before:
                yield from _leaves("add", after[key], (*at, key))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _differences(old, new, (*at, index))
    elif not same(before, after):
        yield "replace", at, before, after


def _leaves(op: str, value: Any, at: Path) -> Iterator[tuple[str, Path, Any, Any]]:
    """Inside the section single fields count, because they are what moves; elsewhere a value counts as a whole."""
    if at[0] == SECTION and isinstance(value, dict) and value and len(at) < 5:
        for key, item in value.items():
            yield from _leaves(op, item, (*at, key))
    else:
        yield (op, at, value, None) if op == "remove" else (op, at, None, value)


def _field(path: Path, document: Any) -> tuple[object, ...] | None:
    """Which field of which credential a path means, in a row or in a record alike: pool, id, field."""
    if len(path) == 4 and path[0] == "credential_pool":
        row = _value(document, path[:3])
        return (path[1], row.get("id"), path[3]) if isinstance(row, dict) else None
    if len(path) == 5 and path[:2] == (SECTION, "pools"):
        return path[2:]
    return None


def _value(document: Any, path: Path) -> Any:
    for part in path:
        document = document[part]
    return document


class _Allowed:
    """What patterns allow below one place. It is looked up for every row, so places with one answer share it."""

    def __init__(self, patterns: Iterable[tuple[str, ...]]) -> None:
        rest = list(patterns)
        self.everything = () in rest
        named = {pattern[0] for pattern in rest if pattern} - {"*"}
        self._other = [pattern[1:] for pattern in rest if pattern[:1] == ("*",)]
        self._below = {
            name: _Allowed([*(pattern[1:] for pattern in rest if pattern[:1] == (name,)), *self._other])
            for name in named
        }

    @cached_property
    def _elsewhere(self) -> _Allowed:
        return _Allowed(self._other)

    def below(self, key: str | int) -> _Allowed:
        return self._below.get(str(key)) or self._elsewhere


def undeclared(before: Any, after: Any, touches: Sequence[str]) -> str | None:
    """The first path that changed and that no pattern of ``touches`` covers; None when there is none.

    A pattern covers the path itself and everything below it. A change of the order of keys, or of the number of
    elements, is a change of the container.
    """
    return _undeclared(before, after, _Allowed(tuple(pattern.split("/")[1:]) for pattern in touches), ())


def _undeclared(before: Any, after: Any, allowed: _Allowed, at: Path) -> str | None:
    keys: Iterable[Any]
    if isinstance(before, dict) and isinstance(after, dict):
        if list(before) == list(after):
            keys = compress(before, map(is_not, before.values(), after.values()))
        elif [key for key in before if key in after] != [key for key in after if key in before]:
            return pointer(at)
        else:
            keys = [key for key in before if key not in after or before[key] is not after[key]]
            keys += [key for key in after if key not in before]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        keys = compress(count(), map(is_not, before, after))
    else:
        return None if same(before, after) else pointer(at)
    for key in keys:
        below = allowed.below(key)
        if below.everything:
            continue
        if isinstance(before, dict) and (key not in before or key not in after):
            return pointer((*at, key))
        found = _undeclared(before[key], after[key], below, (*at, key))
        if found is not None:
            return found
    return None
