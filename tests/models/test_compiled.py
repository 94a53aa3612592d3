from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import ValidationError

from hermes_state.models.compiled import compiled, published, validator
from hermes_state.shipped import shipped

PROJECT = Path(__file__).resolve().parents[2]

#: Prints which parts of pydantic a statement imported, and which schemas it read.
WATCH = """
import json, os, sys
read = []
sys.addaudithook(lambda event, args: read.append(str(args[0])) if event == "open" else None)
{statement}
print(json.dumps([
    sorted({{name.split(".")[0] for name in sys.modules if name.startswith("pydantic")}}),
    sorted({{os.path.basename(path) for path in read if path.endswith(".v1.json")}}),
]))
"""


def watched(statement: str) -> Any:
    command = [sys.executable, "-c", WATCH.format(statement=statement)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT).stdout)


@pytest.mark.parametrize("kind", ["auth", "sessions", "breaker"])
def test_a_check_imports_no_pydantic_and_reads_the_schema_of_its_kind_only(kind: str) -> None:
    statement = f"from hermes_state.models.{kind} import check; check({{'credential_pool': {{'x': [{{}}]}}}})"
    assert watched(statement) == [["pydantic_core"], [f"{kind}.v1.json"]]


def test_importing_the_checks_reads_no_schema() -> None:
    assert watched("from hermes_state.models import auth, breaker, sessions")[1] == []


@pytest.mark.parametrize(
    "schema",
    [
        {"enum": ["a"]},
        {"type": "null"},
        {"type": "date"},
        {"type": "string", "format": "date-time"},
        {"type": "string", "not": {"pattern": "x"}},
        {"type": "string", "minLength": 2},
        {"type": "integer", "minimum": 1},
        {"type": "integer", "const": 1},
        {"type": ["integer", "null"], "minimum": 0},
        {"type": "object", "patternProperties": {"^_": {}}},
        {"type": "object", "properties": {}, "additionalProperties": {"type": "string"}},
        {"type": "object", "additionalProperties": False},
        {"type": "object", "properties": {"inner": {"oneOf": []}}},
        {"anyOf": [{"type": "array", "items": {"type": "string"}, "maxItems": 3}, {"type": "null"}]},
    ],
    ids=json.dumps,
)
def test_what_the_compiler_does_not_know_is_never_passed_over(schema: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match="keywords"):
        compiled(schema)


def test_texts_about_a_schema_ask_for_nothing() -> None:
    compiled({"$schema": "x", "$id": "y", "title": "t", "description": "d", "type": "string"})("text")


def test_the_form_of_texts_can_be_left_to_the_caller() -> None:
    schema = {
        "type": "object",
        "properties": {"at": {"type": "string", "pattern": "^[0-9]+$", "not": {"pattern": "0"}}},
    }
    validate = compiled(schema, forms=False)
    validate({"at": "soon"})
    with pytest.raises(ValidationError):
        validate({"at": 5})


def test_a_property_may_be_named_like_a_keyword() -> None:
    validate = compiled({"type": "object", "properties": {"pattern": {"type": "string"}}}, forms=False)
    with pytest.raises(ValidationError):
        validate({"pattern": 5})


def test_a_part_is_compiled_by_itself_with_what_it_refers_to() -> None:
    login = validator("auth", "/$defs/Login")
    login({"tokens": {"access_token": "rt-test"}})
    with pytest.raises(ValidationError):
        login({"tokens": {"access_token": 5}})


def test_a_part_is_compiled_once() -> None:
    assert validator("auth", "/$defs/Row") is validator("auth", "/$defs/Row")


def test_the_published_schema_is_read_as_it_is_shipped() -> None:
    assert published("breaker") == json.loads((shipped("schemas") / "breaker.v1.json").read_text("utf-8"))
