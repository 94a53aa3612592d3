"""Validators made of the published schemas by ``pydantic_core`` alone.

Importing pydantic and building its classes takes longer than all the rest of an ``inspect``. What the views say is also
in the schemas that are generated from them, and a test holds the two together; so checking needs the schemas only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from pydantic_core import SchemaValidator

from hermes_state.shipped import shipped

#: Published versions are frozen: a view that admits something else gets a new number and a new file.
VERSION = 1

#: Raises ``pydantic_core.ValidationError``, with everything that is wrong, or gives something of no interest.
Validator = Callable[[object], Any]
Schema = dict[str, Any]

#: What pydantic's errors name instead of a key where they say which member of a union they are about.
MEMBER = "\0"

_SAYS_NOTHING = frozenset({"$schema", "$id", "$defs", "title", "description"})
_FORMS = frozenset({"pattern", "not"})
#: Strict: nothing is converted to fit.
_PLAIN: dict[str, tuple[Schema, ...]] = {
    "string": ({"type": "str", "strict": True},),
    "integer": ({"type": "int", "strict": True},),
    # Even a strict float may be a whole number, but none that is too large for a float.
    "number": ({"type": "float", "strict": True}, {"type": "int", "strict": True}),
    "boolean": ({"type": "bool", "strict": True},),
    "array": ({"type": "list", "strict": True},),
    "object": ({"type": "dict", "strict": True},),
}


@cache
def published(kind: str) -> Schema:
    """The published schema of ``kind``. Raises FileNotFoundError where the installation lacks it."""
    text = (shipped("schemas") / f"{kind}.v{VERSION}.json").read_text("utf-8")
    schema: Schema = json.loads(text)
    return schema


@cache
def validator(kind: str, part: str = "", *, forms: bool = True) -> Validator:
    """The validator of the published schema of ``kind``, or of the ``part`` of it at a JSON pointer (``/$defs/Row``).

    Without ``forms`` what a text looks like (``pattern``, ``not``) is left to a caller that can say more about it.
    """
    return compiled(published(kind), part, forms=forms)


def compiled(schema: Schema, part: str = "", *, forms: bool = True) -> Validator:
    """The validator of ``schema``, a JSON Schema, or of its ``part``.

    Raises NotImplementedError for what no check has needed so far, so that nothing a schema asks for is passed over.
    """
    found = schema
    for step in part.split("/")[1:]:
        found = found[step]
    passed_over = _SAYS_NOTHING if forms else _SAYS_NOTHING | _FORMS
    core: Any = _Compiler(schema.get("$defs", {}), passed_over).core(found)
    return SchemaValidator(core).validate_python


class _Compiler:
    """From JSON Schema to what pydantic_core calls a core schema. References are followed: ours never form a circle."""

    def __init__(self, definitions: dict[str, Schema], passed_over: frozenset[str]) -> None:
        self._definitions = definitions
        self._passed_over = passed_over

    def core(self, schema: Schema) -> Schema:
        """The core schema of ``schema``. Raises NotImplementedError."""
        said = {key: meant for key, meant in schema.items() if key not in self._passed_over}
        match said.pop("type", None), *sorted(said):
            case None, "$ref":
                return self.core(self._definitions[said["$ref"].removeprefix("#/$defs/")])
            case None, "anyOf":
                return self._any_of(said["anyOf"])
            case ("object", "properties") | ("object", "properties", "required"):
                return self._object(said["properties"], said.get("required", []))
            case "object", "additionalProperties" if isinstance(said["additionalProperties"], dict):
                return _plain("object") | {"values_schema": self.core(said["additionalProperties"])}
            case "array", "items":
                return _plain("array") | {"items_schema": self.core(said["items"])}
            case "string", "pattern":
                return _plain("string") | {"pattern": said["pattern"]}
            case "string", "minLength" if said["minLength"] == 1:  # issues call it empty
                return _plain("string") | {"min_length": 1}
            case "integer", "minimum" if said["minimum"] == 0:  # issues call it below zero
                return _plain("integer") | {"ge": 0}
            case (str(name),) if name in _PLAIN:
                return _plain(name)
            case (list(names),):
                return _plain(*names)
        raise NotImplementedError(f"keywords that no check has needed so far: {', '.join(sorted(schema))}")

    def _object(self, properties: dict[str, Schema], required: list[str]) -> Schema:
        fields = {
            name: {"type": "typed-dict-field", "schema": self.core(schema), "required": name in required}
            for name, schema in properties.items()
        }
        return {"type": "typed-dict", "strict": True, "fields": fields, "extra_behavior": "ignore"}

    def _any_of(self, members: list[Schema]) -> Schema:
        choices = [self.core(member) for member in members if member != {"type": "null"}]
        one = choices[0] if len(choices) == 1 else {"type": "union", "choices": [(core, MEMBER) for core in choices]}
        return {"type": "nullable", "schema": one} if len(choices) < len(members) else one


def _plain(*names: str) -> Schema:
    """A value of one of the JSON types ``names``: a union of them complains once, by those names."""
    types = [name for name in names if name != "null"]
    choices = [core for name in types for core in _PLAIN[name]]
    one = choices[0]
    if len(choices) > 1:
        one = {"type": "union", "choices": choices, "mode": "left_to_right"}
        one |= {"custom_error_type": " ".join(types), "custom_error_message": "has another type"}
    return {"type": "nullable", "schema": one} if len(types) < len(names) else one
