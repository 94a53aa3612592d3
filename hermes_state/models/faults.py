"""How pydantic's errors become issues: one for each place, in our own words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic_core import ValidationError

from hermes_state.models.compiled import MEMBER, Validator
from hermes_state.models.issue import Issue, IssueKind, json_type, pointer


def faults(validate: Validator, value: object, *steps: object) -> list[Issue]:
    """What is wrong with ``value`` for ``validate``, all of it; ``steps`` is where the value is in its document."""
    try:
        validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return _issues(((each["loc"], each["type"]) for each in found), value, steps)
    return []


def wrong_type(value: object, expected: str, *steps: object, kind_of: IssueKind = IssueKind.TYPE) -> Issue:
    """The issue of a ``value`` at ``steps`` that is not ``expected`` (``an object``, ``a list`` ...)."""
    return Issue(pointer(*steps), f"is {json_type(value)}, not {expected}", kind_of)


def _issues(
    errors: Iterable[tuple[tuple[int | str, ...], str]], value: object, steps: tuple[object, ...]
) -> list[Issue]:
    """One issue for each place that pydantic complains about.

    Some unions complain once for each of their members. The complaints about one place are put together; one about a
    place *inside* a value means that a member accepted the value's type, so the others' complaints are noise.
    """
    places: dict[tuple[object, ...], tuple[object, set[str]]] = {}
    for location, code in errors:
        place, found = _follow(location, value)
        places.setdefault(place, (found, set()))[1].update(_TYPES.get(each, each) for each in code.split())
    containers = {place[:length] for place in places for length in range(len(place))}
    return [
        Issue(pointer(*steps, *place), *_explain(found, codes))
        for place, (found, codes) in places.items()
        if place not in containers or not codes <= _EXPECTED.keys()
    ]


def _follow(location: tuple[int | str, ...], value: Any) -> tuple[tuple[object, ...], object]:
    """The place that ``location`` means, and what is there; for something that is missing, what it is missing from."""
    place: list[object] = []
    for step in location:
        if step == MEMBER:
            continue
        key: Any = _key(value, step) if isinstance(value, dict) else step
        place.append(key)
        if isinstance(value, list) or key in value:
            value = value[key]
    return tuple(place), value


def _key(found: dict[object, object], step: int | str) -> object:
    """The key of ``found`` that ``step`` names. Pydantic names a key with a lone surrogate by a lossy copy."""
    if step in found:
        return step
    lossy = (
        (key, key.encode("utf-8", "surrogatepass").decode("utf-8", "replace")) for key in found if isinstance(key, str)
    )
    return next((key for key, shown in lossy if shown == step), step)


def _explain(found: object, codes: set[str]) -> tuple[str, IssueKind]:
    """Our words, and the kind, for everything that pydantic says about one place. Never pydantic's: they can quote."""
    for code, message, kind in _RULES:
        if code in codes:
            return message, kind
    expected = [words for code, words in _EXPECTED.items() if code in codes]
    if not expected:
        return "is not a value that belongs here", IssueKind.VALUE
    return f"is {json_type(found)}, not {' or '.join(expected)}", IssueKind.TYPE


_RULES = (
    ("missing", "is missing", IssueKind.MISSING),
    ("greater_than_equal", "is below zero", IssueKind.VALUE),
    ("string_too_short", "is empty", IssueKind.VALUE),
    ("string_pattern_mismatch", "does not have the form that belongs here", IssueKind.VALUE),
)

#: Pydantic's codes for a wrong type to the JSON type that it expected. Unions of plain types say that themselves.
_TYPES = {
    "bool_type": "boolean",
    "int_type": "integer",
    "string_type": "string",
    "list_type": "array",
    "dict_type": "object",
}
_EXPECTED = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "an object",
}
