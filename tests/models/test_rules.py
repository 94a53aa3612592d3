from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hermes_state.models.issue import Issue, IssueKind
from hermes_state.models.rules import compiled, faults, published, rule
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
    assert watched(statement) == [[], [f"{kind}.v1.json"]]


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
        {"anyOf": [{"type": "object"}, {"type": "object", "properties": {}}]},
        {"anyOf": [{"type": "integer"}, {"type": "number"}]},
    ],
    ids=json.dumps,
)
def test_what_the_compiler_does_not_know_is_never_passed_over(schema: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match="keywords"):
        compiled(schema)


def test_texts_about_a_schema_ask_for_nothing() -> None:
    asks = compiled({"$schema": "x", "$id": "y", "title": "t", "description": "d", "type": "string"})
    assert asks == compiled({"type": "string"})


def test_the_form_of_texts_can_be_left_to_the_caller() -> None:
    schema = {
        "type": "object",
        "properties": {"at": {"type": "string", "pattern": "^[0-9]+$", "not": {"pattern": "0"}}},
    }
    allowed = compiled(schema, forms=False)
    assert faults(allowed, {"at": "soon"}) == []
    assert faults(allowed, {"at": 5})


def test_a_property_may_be_named_like_a_keyword() -> None:
    allowed = compiled({"type": "object", "properties": {"pattern": {"type": "string"}}}, forms=False)
    assert faults(allowed, {"pattern": 5})


def test_a_part_is_compiled_by_itself_with_what_it_refers_to() -> None:
    login = rule("auth", "/$defs/Login")
    assert faults(login, {"tokens": {"access_token": "rt-test"}}) == []
    assert faults(login, {"tokens": {"access_token": 5}})


def test_a_part_is_compiled_once() -> None:
    assert rule("auth", "/$defs/Row") is rule("auth", "/$defs/Row")


def test_the_published_schema_is_read_as_it_is_shipped() -> None:
    assert published("breaker") == json.loads((shipped("schemas") / "breaker.v1.json").read_text("utf-8"))


SECRET = "sk-or-v1-test-canary"
LIST_OR_OBJECT = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object"}]}
ALLOWED = compiled(
    {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 0},
            "flag": {"type": "boolean"},
            "amount": {"type": ["number", "null"]},
            "at": {"type": ["number", "string", "null"]},
            "chat": {"type": ["string", "number"]},
            "text": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "null"}]},
            "token": {"type": "string", "pattern": "^sha256:[0-9a-f]{16}$"},
            "inner": {"anyOf": [{"$ref": "#/$defs/Inner"}, {"type": "null"}]},
            "listed": {"anyOf": [{"type": "object", "additionalProperties": LIST_OR_OBJECT}, {"type": "null"}]},
            "numbers": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
        "$defs": {"Inner": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
    }
)


@pytest.mark.parametrize(
    ("value", "pointer", "message", "kind"),
    [
        ({"count": -1}, "/count", "is below zero", IssueKind.VALUE),
        ({"count": 1.0}, "/count", "is a number, not a whole number", IssueKind.TYPE),
        ({"count": True}, "/count", "is true or false, not a whole number", IssueKind.TYPE),
        ({"flag": "no"}, "/flag", "is a string, not true or false", IssueKind.TYPE),
        ({"amount": "1"}, "/amount", "is a string, not a number", IssueKind.TYPE),
        ({"at": []}, "/at", "is a list, not a number or a string", IssueKind.TYPE),
        ({"chat": {"int": 5, "str": 5}}, "/chat", "is an object, not a number or a string", IssueKind.TYPE),
        ({"text": ""}, "/text", "is empty", IssueKind.VALUE),
        ({"token": "sha256:0123456789abcdef\n"}, "/token", "does not have the form that belongs here", IssueKind.VALUE),
        ({"token": SECRET}, "/token", "does not have the form that belongs here", IssueKind.VALUE),
        ({"inner": 1}, "/inner", "is a whole number, not an object", IssueKind.TYPE),
        ({"inner": {}}, "/inner/name", "is missing", IssueKind.MISSING),
        ({"listed": {"p": 1}}, "/listed/p", "is a whole number, not a list or an object", IssueKind.TYPE),
        ({"listed": {"p/q": ["a", None]}}, "/listed/p~1q/1", "is null, not a string", IssueKind.TYPE),
        ({"numbers": {"\ud800": "1"}}, "/numbers/\ud800", "is a string, not a whole number", IssueKind.TYPE),
        (None, "", "is null, not an object", IssueKind.TYPE),
    ],
)
def test_a_fault_is_told_once_with_its_place_and_in_our_words(
    value: object, pointer: str, message: str, kind: IssueKind
) -> None:
    assert faults(ALLOWED, value) == [Issue(pointer, message, kind)]


def test_all_faults_of_a_value_are_told() -> None:
    found = faults(ALLOWED, {"count": -1, "flag": None, "inner": {"name": 1}})
    assert [issue.pointer for issue in found] == ["/count", "/flag", "/inner/name"]


def test_pointers_begin_where_the_value_is_in_its_document() -> None:
    assert faults(ALLOWED, {"flag": None}, "pool", 3)[0].pointer == "/pool/3/flag"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"unknown": SECRET, "\ud800": 1},
        {"amount": 10**400, "at": float("nan"), "chat": 0.5},
        {"amount": None, "at": None, "text": None, "inner": None, "listed": None},
        {"listed": {"a": [], "b": {"x": [1]}}, "numbers": {"\ud800": 1}, "inner": {"name": "\ud800"}, "text": "\ud800"},
    ],
    ids=["nothing", "unknown keys", "any number", "nulls", "containers"],
)
def test_what_the_schema_admits_has_no_fault(value: dict[str, Any]) -> None:
    assert faults(ALLOWED, value) == []
