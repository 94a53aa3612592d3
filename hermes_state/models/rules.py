"""Rules made of the published schemas: what values may be, place by place, and what is wrong with those that are not.

Importing pydantic, or only its core, takes longer than all the rest of an ``inspect``. What the views say is also in
the schemas that are generated from them, and tests hold the three together; so checking needs the schemas only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from hermes_state.models.issue import Issue, IssueKind, json_type, pointer
from hermes_state.shipped import shipped

#: Published versions are frozen: a view that admits something else gets a new number and a new file.
VERSION = 1

Schema = dict[str, Any]
Steps = tuple[object, ...]
#: Looks into a value of the right type that is at some place, and adds what is wrong there to the list.
Inner = Callable[[Any, Steps, list[Issue]], None]


class Rule(NamedTuple):
    """What a value may be: of one of the classes ``types``, JSON types by the names ``names``, and ``inner`` agrees."""

    types: tuple[type, ...]
    names: tuple[str, ...]
    inner: Inner | None


_SAYS_NOTHING = frozenset({"$schema", "$id", "$defs", "title", "description"})
_FORMS = frozenset({"pattern", "not"})
#: Strict: nothing is converted to fit. In the order in which messages name them.
_TYPES: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
_WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "an object",
}


@cache
def published(kind: str) -> Schema:
    """The published schema of ``kind``. Raises FileNotFoundError where the installation lacks it."""
    text = (shipped("schemas") / f"{kind}.v{VERSION}.json").read_text("utf-8")
    schema: Schema = json.loads(text)
    return schema


@cache
def rule(kind: str, part: str = "", *, forms: bool = True) -> Rule:
    """The rule of the published schema of ``kind``, or of the ``part`` of it at a JSON pointer (``/$defs/Row``).

    Without ``forms`` what a text looks like (``pattern``, ``not``) is left to a caller that can say more about it.
    """
    return compiled(published(kind), part, forms=forms)


def compiled(schema: Schema, part: str = "", *, forms: bool = True) -> Rule:
    """The rule of ``schema``, a JSON Schema, or of its ``part``.

    Raises NotImplementedError for what no check has needed so far, so that nothing a schema asks for is passed over.
    """
    found = schema
    for step in part.split("/")[1:]:
        found = found[step]
    passed_over = _SAYS_NOTHING if forms else _SAYS_NOTHING | _FORMS
    return _Compiler(schema.get("$defs", {}), passed_over).rule(found)


def faults(allowed: Rule, value: object, *steps: object) -> list[Issue]:
    """What is wrong with ``value``, all of it, by the rule ``allowed``; ``steps`` is where it is in its document."""
    issues: list[Issue] = []
    _judge(allowed, value, steps, issues)
    return issues


def wrong_type(value: object, expected: str, *steps: object, kind_of: IssueKind = IssueKind.TYPE) -> Issue:
    """The issue of a ``value`` at ``steps`` that is not ``expected`` (``an object``, ``a list`` ...)."""
    return Issue(pointer(*steps), f"is {json_type(value)}, not {expected}", kind_of)


def _judge(allowed: Rule, value: object, at: Steps, issues: list[Issue]) -> None:
    if not _fits(value, allowed.types):
        expected = " or ".join(words for name, words in _WORDS.items() if name in allowed.names)
        issues.append(wrong_type(value, expected, *at))
    elif allowed.inner is not None:
        allowed.inner(value, at, issues)


def _fits(value: object, types: tuple[type, ...]) -> bool:
    """Whether ``value`` is of one of ``types``; true and false, which Python takes for numbers, are none."""
    return type(value) in types or (isinstance(value, types) and not isinstance(value, bool))


class _Compiler:
    """From JSON Schema to rules. References are followed: ours never form a circle."""

    def __init__(self, definitions: dict[str, Schema], passed_over: frozenset[str]) -> None:
        self._definitions = definitions
        self._passed_over = passed_over

    def rule(self, schema: Schema) -> Rule:
        """The rule of ``schema``. Raises NotImplementedError."""
        said = {key: meant for key, meant in schema.items() if key not in self._passed_over}
        match said.pop("type", None), *sorted(said):
            case None, "$ref":
                return self.rule(self._definitions[said["$ref"].removeprefix("#/$defs/")])
            case None, "anyOf":
                return _any_of(
                    [_plain("null") if each == {"type": "null"} else self.rule(each) for each in said["anyOf"]]
                )
            case ("object", "properties") | ("object", "properties", "required"):
                members = {name: self.rule(each) for name, each in said["properties"].items()}
                return _plain("object", inner=_members(members, said.get("required", ())))
            case "object", "additionalProperties" if isinstance(said["additionalProperties"], dict):
                return _plain("object", inner=_each(self.rule(said["additionalProperties"]), dict.items))
            case "array", "items":
                return _plain("array", inner=_each(self.rule(said["items"]), enumerate))
            case "string", "pattern":
                return _plain("string", inner=_form(said["pattern"]))
            case "string", "minLength" if said["minLength"] == 1:
                return _plain("string", inner=_not_empty)
            case "integer", "minimum" if said["minimum"] == 0:
                return _plain("integer", inner=_not_below_zero)
            case (str(name),) if name in _WORDS:
                return _plain(name)
            case (list(names),) if _TYPES.keys() >= set(names):
                return _plain(*names)
        raise NotImplementedError(f"keywords that no check has needed so far: {', '.join(sorted(schema))}")

    def _member(self, schema: Schema) -> Rule:
        return _plain("null") if schema == {"type": "null"} else self.rule(schema)


def _plain(*names: str, inner: Inner | None = None) -> Rule:
    return Rule(tuple(each for name in names for each in _TYPES[name]), names, inner)


def _any_of(members: list[Rule]) -> Rule:
    """A value is judged by the members that accept its type; several are only looked into where they are told apart
    by it. Raises NotImplementedError where they are not."""
    types = [each for member in members for each in member.types]
    if len(types) > len(set(types)):
        raise NotImplementedError("keywords that no check has needed so far: anyOf of members with a type in common")
    deep = [(member.types, member.inner) for member in members if member.inner is not None]

    def inner(value: Any, at: Steps, issues: list[Issue]) -> None:
        for types, within in deep:
            if _fits(value, types):
                within(value, at, issues)

    return Rule(tuple(types), tuple(name for member in members for name in member.names), inner if deep else None)


#: Shapes of objects that a rule remembers; hostile files could have as many as they have objects.
_MOST_SHAPES = 256


def _members(rules: dict[str, Rule], required: Iterable[str]) -> Inner:
    # There can be millions of objects, most of them of a few shapes: the same keys, with values of the same classes.
    # For a shape that is right, what is left to do is remembered: the members that have to be looked into.
    known: dict[object, list[tuple[str, Inner]]] = {}

    def inner(value: dict[str, Any], at: Steps, issues: list[Issue]) -> None:
        shape = (*value, *map(type, value.values()))
        deep = known.get(shape)
        if deep is None:
            look(shape, value, at, issues)
        else:
            for key, within in deep:
                within(value[key], (*at, key), issues)

    def look(shape: object, value: dict[str, Any], at: Steps, issues: list[Issue]) -> None:
        deep: list[tuple[str, Inner]] = []
        found = {key: rules[key] for key in value if key in rules}
        for key, allowed in found.items():
            if allowed.inner is not None:
                deep.append((key, allowed.inner))
            _judge(allowed, value[key], (*at, key), issues)
        missing = [key for key in required if key not in value]
        issues.extend(Issue(pointer(*at, key), "is missing", IssueKind.MISSING) for key in missing)
        right = not missing and all(_fits(value[key], allowed.types) for key, allowed in found.items())
        if right and len(known) < _MOST_SHAPES:
            known[shape] = deep

    return inner


def _each(allowed: Rule, items: Callable[[Any], Iterable[tuple[object, object]]]) -> Inner:
    def inner(value: Any, at: Steps, issues: list[Issue]) -> None:
        for step, item in items(value):
            _judge(allowed, item, (*at, step), issues)

    return inner


def _form(pattern: str) -> Inner:
    # In a schema a dollar is the very end; to Python it also is the place before a last line feed.
    search = re.compile(pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern).search

    def inner(value: str, at: Steps, issues: list[Issue]) -> None:
        if not search(value):
            issues.append(Issue(pointer(*at), "does not have the form that belongs here", IssueKind.VALUE))

    return inner


def _not_empty(value: str, at: Steps, issues: list[Issue]) -> None:
    if not value:
        issues.append(Issue(pointer(*at), "is empty", IssueKind.VALUE))


def _not_below_zero(value: int, at: Steps, issues: list[Issue]) -> None:
    if value < 0:
        issues.append(Issue(pointer(*at), "is below zero", IssueKind.VALUE))
