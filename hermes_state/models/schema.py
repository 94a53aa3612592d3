"""The published JSON Schemas, made from the models: of the state files, and of what commands print with ``--json``.

``python -m hermes_state.models.schema auth`` prints one; without a name all are written where they are published from.

The text is the same under every supported pydantic: what pydantic adds of its own (titles, defaults, the order of keys)
is taken out again, and descriptions come from the texts under the fields.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import sys
from collections import ChainMap
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from hermes_state.atomic import atomic_write_text
from hermes_state.models.rules import VERSION
from hermes_state.shipped import shipped

#: Kind to module and name of its model, imported only when asked for.
_MODELS = {
    "auth": ("hermes_state.models.views.auth", "AuthFile"),
    "sessions": ("hermes_state.models.views.sessions", "SessionsFile"),
    "config": ("hermes_state.models.views.config", "ConfigFile"),
    "breaker": ("hermes_state.models.views.breaker", "BreakerFile"),
}
KINDS = tuple(_MODELS)
#: The same for each command's output, and for --version; ``error`` is what is printed where a command could not begin.
_OUTPUTS = {
    "inspect": ("hermes_state.models.outputs.inspection", "InspectOutput"),
    "check": ("hermes_state.models.outputs.inspection", "CheckOutput"),
    "migrate": ("hermes_state.models.outputs.migration", "MigrateOutput"),
    "clear-breaker": ("hermes_state.models.outputs.clearing", "ClearBreakerOutput"),
    "clear-cooldown": ("hermes_state.models.outputs.clearing", "ClearCooldownOutput"),
    "backups": ("hermes_state.models.outputs.restoring", "BackupsOutput"),
    "restore": ("hermes_state.models.outputs.restoring", "RestoreOutput"),
    "recover": ("hermes_state.models.outputs.restoring", "RecoverOutput"),
    "selftest": ("hermes_state.models.outputs.selftest", "SelftestOutput"),
    "version": ("hermes_state.models.outputs.version", "VersionOutput"),
    "error": ("hermes_state.models.outputs.part", "ErrorOutput"),
}
OUTPUTS = tuple(_OUTPUTS)

#: How a schema reads best: what it is, what it asks for, what is in it.
_FIRST = ("description", "$ref", "type")
_LAST = ("required", "properties", "patternProperties", "additionalProperties", "$defs")


def model(name: str) -> type[BaseModel]:
    """The model that the schema ``name`` is made from. Raises KeyError for an unknown name."""
    place, named = (_MODELS | _OUTPUTS)[name]
    found: type[BaseModel] = getattr(importlib.import_module(place), named)
    return found


def file_name(name: str) -> str:
    """What the schema ``name`` is called in ``schemas/``."""
    return f"{'output-' if name in OUTPUTS else ''}{name}.v{VERSION}.json"


def schema_text(name: str) -> str:
    """The JSON Schema (draft 2020-12) of the kind or output ``name``, as the text of its file in ``schemas/``.

    Raises KeyError for an unknown name.
    """
    top = model(name)
    schema = top.model_json_schema()
    # What a model refers to is named in its module, or in that of a base.
    nested = ChainMap(*(vars(sys.modules[owner.__module__]) for owner in top.__mro__))
    _describe(schema, top)
    for part, definition in schema.get("$defs", {}).items():
        _describe(definition, nested[part])
    what = "output:" if name in OUTPUTS else ""
    identity = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:hermes-state:schema:{what}{name}:v{VERSION}",
        "title": f"Output of hermes-state: {name}" if what else f"Hermes Agent state file: {name}",
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


def main(names: list[str]) -> None:
    """Print the schema of one name, or write all. Raises SystemExit for other words."""
    if not names:
        for name in (*KINDS, *OUTPUTS):
            atomic_write_text(str(shipped("schemas") / file_name(name)), schema_text(name), mode=0o644)
    elif len(names) == 1 and names[0] in (*KINDS, *OUTPUTS):
        sys.stdout.write(schema_text(names[0]))
    else:
        raise SystemExit(f"usage: python -m hermes_state.models.schema [{'|'.join((*KINDS, *OUTPUTS))}]")


if __name__ == "__main__":
    main(sys.argv[1:])
