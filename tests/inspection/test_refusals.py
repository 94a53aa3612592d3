"""Pools on which agents fail: what real agents did is in refusals.json (record_refusals.py says how)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hermes_state.cooldown import Rule
from hermes_state.inspection.auth.refusals import Refusal, refusals
from tests.inspection.homes import NOW
from tests.inspection.record_refusals import CASES, OTHER, ROW

RECORDED: dict[str, dict[str, str | None]] = json.loads((Path(__file__).parent / "refusals.json").read_text())


def test_every_case_was_recorded() -> None:
    assert RECORDED.keys() == CASES.keys()


@pytest.mark.parametrize("version", ["0.13.0", "0.15.2", "0.19.0", "0.22.2"])
@pytest.mark.parametrize("name", CASES)
def test_we_say_that_agents_fail_where_they_did(name: str, version: str) -> None:
    ours = refusals(CASES[name], NOW, Rule.for_version(version))
    assert bool(ours) is (RECORDED[name][version] is not None)


@pytest.mark.parametrize("name", CASES)
def test_of_an_unknown_agent_we_only_say_what_every_one_does(name: str) -> None:
    assert bool(refusals(CASES[name], NOW, None)) is all(RECORDED[name].values())


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([ROW, "x"], Refusal(1, "", "it is a string, not an object")),
        ([{**ROW, "source": None}], Refusal(0, "source", "it is null, not a string")),
        ([{**ROW, "id": [1]}], Refusal(0, "id", "it is a list")),
        ([{**ROW, "request_count": "x"}], Refusal(0, "request_count", "it is a string, not a number")),
        ([ROW, {**OTHER, "priority": None}], Refusal(1, "priority", "it is null, not a number")),
        ([{**ROW, "priority": {}}, OTHER], Refusal(0, "priority", "it is an object, not a number")),
    ],
    ids=lambda value: str(value) if isinstance(value, Refusal) else "",
)
def test_the_row_the_field_and_the_reason_are_told(rows: list[Any], expected: Refusal) -> None:
    assert refusals(rows, NOW, Rule.V22) == [expected]


def test_every_row_that_agents_fail_on_is_told() -> None:
    rows = ["x", ROW, {**OTHER, "source": 5}, None]
    assert [each.place for each in refusals(rows, NOW, None)] == [0, 2, 3]
