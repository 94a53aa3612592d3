"""What a step changed: path by path for people and scripts, and whether it kept to what it declared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hermes_state.codec.rewrite import same
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


def undeclared(before: Any, after: Any, touches: Sequence[str]) -> str | None:
    """The first path that changed and that no pattern of ``touches`` covers; None when there is none.

    A pattern covers the path itself and everything below it. A change of the order of keys, or of the number of
    elements, is a change of the container.
    """
    tree: dict[str, Any] = {}
    for pattern in touches:
        node = tree
        for part in pattern.split("/")[1:]:
            node = node.setdefault(part, {})
        node[""] = {}
    return _undeclared(before, after, [tree], ())


def _undeclared(before: Any, after: Any, nodes: list[dict[str, Any]], at: Path) -> str | None:
    if isinstance(before, dict) and isinstance(after, dict):
        keys: Any = [key for key in before if key not in after or before[key] is not after[key]]
        if list(before) != list(after):
            if [key for key in before if key in after] != [key for key in after if key in before]:
                return pointer(at)
            keys += [key for key in after if key not in before]
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        keys = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old is not new]
    else:
        return None if same(before, after) else pointer(at)
    stars = [node["*"] for node in nodes if "*" in node]
    for key in keys:
        name = str(key)
        allowed = [*(node[name] for node in nodes if name in node), *stars]
        if any("" in node for node in allowed):
            continue
        if isinstance(before, dict) and (key not in before or key not in after):
            return pointer((*at, key))
        found = _undeclared(before[key], after[key], allowed, (*at, key))
        if found is not None:
            return found
    return None
