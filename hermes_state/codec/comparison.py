"""Comparing an old value with a new one: whether they are the same, and which elements of a list became which."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable
from typing import Any

from hermes_state.codec.json import Spelled

_FLAT = frozenset((str, int, float, bool, type(None)))


def same(a: Any, b: Any) -> bool:
    """Equal in value *and* spelling: 1, 1.0 and true differ, so do 1.5 and 1.50, and two orders of the same keys."""
    if a is b:
        return True
    kind = a.__class__
    if kind is str:
        return bool(a == b)
    if kind is dict:
        if b.__class__ is not dict or list(a) != list(b):
            return False
        kinds = [*map(type, a.values())]
        alike = _FLAT.issuperset(kinds) and kinds == [*map(type, b.values())] and a == b
        if alike and (float not in kinds or 0 not in a.values()):
            return True  # at C speed: equal values of equal types are spelled alike, but for 0.0 and -0.0
        return all(map(same, a.values(), b.values()))
    if kind is list:
        return b.__class__ is list and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return isinstance(b, float) and _spelling(a) == _spelling(b)
    return kind is b.__class__ and bool(a == b)


def _spelling(number: float) -> str:
    return number.text if isinstance(number, Spelled) else repr(number)


def origins(old: list[Any], new: list[Any]) -> list[int | None]:
    """For each element of ``new`` the place in ``old`` of the one that it was; None where it is new.

    By identity first, then by name: an object's ``id``, or a plain value itself. What is left is taken by its place, as
    long as that changes no order.
    """
    known = set(map(id, old))
    if len(old) == len(new) and all(
        a is b or (id(b) not in known and _name(a) == _name(b)) for a, b in zip(old, new, strict=True)
    ):
        return list(range(len(old)))  # by far the most frequent
    found: list[int | None] = [None] * len(new)
    free = set(range(len(old)))
    for naming in (_identity, _name):
        places: defaultdict[Hashable, deque[int]] = defaultdict(deque)
        for place, element in enumerate(old):
            if place in free and (name := naming(element)) is not None:
                places[name].append(place)
        for place, element in enumerate(new):
            if found[place] is None and (name := naming(element)) is not None and places.get(name):
                found[place] = origin = places[name].popleft()
                free.discard(origin)
    _take_by_place(found, free)
    return found


def _identity(element: Any) -> Hashable:
    return id(element) if isinstance(element, dict | list) else None


def _name(element: Any) -> Hashable:
    if isinstance(element, dict):
        name = element.get("id")
        return ("id", name) if isinstance(name, str | int) else None
    if isinstance(element, list):
        return None
    return element.__class__, _spelling(element) if isinstance(element, float) else element


def _take_by_place(found: list[int | None], free: set[int]) -> None:
    """Fill gaps in ``found`` with the places that are ``free``, where the order of all stays as it is."""
    limits: list[int] = []  # the lowest place that is taken behind each element
    limit = len(found) + len(free)
    for place in reversed(found):
        limit = limit if place is None else min(limit, place)
        limits.append(limit)
    last = -1
    for index, limit in enumerate(reversed(limits)):
        place = found[index]
        if place is None and index in free and last < index < limit:
            found[index] = place = index
        last = last if place is None else max(last, place)
