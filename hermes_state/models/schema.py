"""The published JSON Schemas, made from the models: ``python -m hermes_state.models.schema auth`` prints one.

The text is the same under every supported pydantic: what pydantic adds of its own (titles, defaults, the order of keys)
is taken out again, and descriptions come from the texts under the fields.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from hermes_state.models.compiled import VERSION

#: Kind to module and name of its model, imported only when asked for.
_MODELS = {
    "auth": ("hermes_state.models.views.auth", "AuthFile"),
    "sessions": ("hermes_state.models.views.sessions", "SessionsFile"),
    "config": ("hermes_state.models.views.config", "ConfigFile"),
    "breaker": ("hermes_state.models.views.breaker", "BreakerFile"),
}
KINDS = tuple(_MODELS)

#: How a schema reads best: what it is, what it asks for, what is in it.
_FIRST = ("description", "$ref", "type")
_LAST = ("required", "properties", "patternProperties", "additionalProperties", "$defs")


def schema_text(kind: str) -> str:
    """The JSON Schema (draft 2020-12) of ``kind``, as the text of ``schemas/<kind>.v1.json``.

    Raises KeyError for an unknown kind.
    """
    place, name = _MODELS[kind]
    module = importlib.import_module(place)
    schema = getattr(module, name).model_json_schema()
    _describe(schema, getattr(module, name))
    for nested, definition in schema.get("$defs", {}).items():
        _describe(definition, getattr(module, nested))
    identity = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hermes-state:schema:{kind}:v{VERSION}",
        "title": f"Hermes Agent state file: {kind}",
    }
    return json.dumps(identity | _plain(schema), indent=2) + "\n"


def _describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Put the text under each field of ``model`` into ``schema`` as the description of its property."""
    texts: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, BaseModel) and owner is not BaseModel:
            texts |= _texts_under_fields(owner)
    for name, field in model.model_fields.items():
        if name in texts:
            schema["properties"][field.alias or name]["description"] = texts[name]


def _texts_under_fields(owner: type) -> dict[str, str]:
    """Field name to the string that stands right under the field in the source of ``owner``."""
    definition = ast.parse(inspect.getsource(owner)).body[0]
    return {
        field.target.id: text.value.value
        for field, text in pairwise(getattr(definition, "body", ()))
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and isinstance(text.value.value, str)
    }


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """``schema`` without what says nothing, with its keys in one order."""
    plain = {key: _plain_part(key, part) for key, part in schema.items() if key not in ("title", "default")}
    if plain.get("additionalProperties") is True:
        del plain["additionalProperties"]
    if not plain.get("properties", True):
        del plain["properties"]
    if "description" in plain:
        plain["description"] = " ".join(plain["description"].split())
    if "anyOf" in plain:
        plain |= _union(plain.pop("anyOf"))
    return {key: plain[key] for key in sorted(plain, key=_rank)}


def _plain_part(key: str, part: Any) -> Any:
    if key in ("properties", "patternProperties", "$defs"):
        return {name: _plain(named) for name, named in (sorted(part.items()) if key == "$defs" else part.items())}
    if key == "anyOf":
        return [_plain(member) for member in part]
    return _plain(part) if isinstance(part, dict) else part


def _union(members: list[dict[str, Any]]) -> dict[str, Any]:
    """A union, its plain types as one list: ``{"type": ["number", "string", "null"]}``. Every integer is a number."""
    types = [member["type"] for member in members if member.keys() == {"type"}]
    if "number" in types and "integer" in types:
        types.remove("integer")
    rest = [member for member in members if member.keys() != {"type"}]
    if not rest:
        return {"type": types}
    return {"anyOf": [*rest, {"type": types[0] if len(types) == 1 else types}] if types else rest}


def _rank(key: str) -> tuple[int, int, str]:
    for group, keys in ((0, _FIRST), (2, _LAST)):
        if key in keys:
            return group, keys.index(key), key
    return 1, 0, key


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
        raise SystemExit(f"usage: python -m hermes_state.models.schema {'|'.join(KINDS)}")
    sys.stdout.write(schema_text(sys.argv[1]))
