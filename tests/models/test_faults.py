from __future__ import annotations

from typing import Any

import pytest

from hermes_state.models.compiled import compiled
from hermes_state.models.faults import faults
from hermes_state.models.issue import Issue, IssueKind

SECRET = "sk-or-v1-test-canary"
LIST_OR_OBJECT = {"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object"}]}
VALIDATE = compiled(
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
        ({"text": "\ud800"}, "/text", "is not a value that belongs here", IssueKind.VALUE),
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
    assert faults(VALIDATE, value) == [Issue(pointer, message, kind)]


def test_all_faults_of_a_value_are_told() -> None:
    found = faults(VALIDATE, {"count": -1, "flag": None, "inner": {"name": 1}})
    assert [issue.pointer for issue in found] == ["/count", "/flag", "/inner/name"]


def test_pointers_begin_where_the_value_is_in_its_document() -> None:
    assert faults(VALIDATE, {"flag": None}, "pool", 3)[0].pointer == "/pool/3/flag"


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"unknown": SECRET, "\ud800": 1},
        {"amount": 10**400, "at": float("nan"), "chat": 0.5},
        {"amount": None, "at": None, "text": None, "inner": None, "listed": None},
        {"listed": {"a": [], "b": {"x": [1]}}, "numbers": {"\ud800": 1}, "inner": {"name": "\ud800"}},
    ],
    ids=["nothing", "unknown keys", "any number", "nulls", "containers"],
)
def test_what_the_schema_admits_has_no_fault(value: dict[str, Any]) -> None:
    assert faults(VALIDATE, value) == []
