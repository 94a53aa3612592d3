"""Every step on fixed documents, byte for byte. ``HERMES_STATE_REGENERATE_GOLDENS=1`` writes the outputs anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_state.codec.comparison import same
from hermes_state.codec.json import parse
from hermes_state.codec.rewrite import rewrite
from hermes_state.edit import apply
from hermes_state.migration import Context
from hermes_state.migration.changes import undeclared
from hermes_state.migration.registry import steps
from hermes_state.migration.step import Step
from hermes_state.runtime import same_document

GOLDEN = Path(__file__).parent.parent / "golden" / "auth"
CASES = sorted(GOLDEN.glob("*/*.in.json"))
CONTEXT = Context(now=1795250000.0)
STEPS = {step.id: step for step in steps("auth")}


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name.removesuffix('.in.json')}"


def migrated(step: Step, data: bytes, direction: str) -> bytes:
    text = parse(data)
    change = step.up if direction == "up" else step.down
    assert change is not None
    result = change(text.value, CONTEXT)
    edits = rewrite(text, result.document)
    return text.encode(apply(text.text, edits)) if edits else data


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_step_gives_exactly_the_recorded_bytes(case: Path) -> None:
    expected = case.with_name(case.name.replace(".in.json", ".out.json"))
    made = migrated(STEPS[case.parent.name], case.read_bytes(), "up")
    if os.environ.get("HERMES_STATE_REGENERATE_GOLDENS"):
        expected.write_bytes(made)
    assert expected.exists(), "no output recorded: run with HERMES_STATE_REGENERATE_GOLDENS=1 and read the diff"
    assert made == expected.read_bytes()


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_second_time_a_step_has_nothing_to_do(case: Path) -> None:
    step = STEPS[case.parent.name]
    made = migrated(step, case.read_bytes(), "up")
    assert migrated(step, made, "up") == made
    assert not step.pending(parse(made).value)


@pytest.mark.parametrize("case", [case for case in CASES if STEPS[case.parent.name].down], ids=name)
def test_the_way_back_gives_the_same_document(case: Path) -> None:
    step = STEPS[case.parent.name]
    before = case.read_bytes()
    if "credential_pool_runtime" in parse(before).value:
        pytest.skip("starts with a section: going back folds it in, which is not where it came from")
    back = migrated(step, migrated(step, before, "up"), "down")
    assert same_document(parse(back).value, parse(before).value)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_a_step_touches_only_what_it_declares_and_leaves_its_input_alone(case: Path) -> None:
    step = STEPS[case.parent.name]
    document = parse(case.read_bytes()).value
    made = step.up(document, CONTEXT).document
    assert undeclared(document, made, step.touches) is None
    assert same(document, parse(case.read_bytes()).value)


def test_every_step_has_goldens_and_every_golden_a_step() -> None:
    assert {case.parent.name for case in CASES} == set(STEPS)
    outputs = {path.name.replace(".out.json", ".in.json") for path in GOLDEN.glob("*/*.out.json")}
    assert outputs == {case.name for case in CASES}


def test_bytes_of_a_token_are_the_same_at_their_new_place() -> None:
    case = GOLDEN / "auth_0001_systems_to_providers" / "only_nous_portal.in.json"
    made = migrated(STEPS["auth_0001_systems_to_providers"], case.read_bytes(), "up")
    assert rb'"at-test-\u00e9\/\u0041"' in made
    assert b"3.60e3" in made


def test_a_portal_that_is_no_login_is_not_taken_for_one() -> None:
    document = {"systems": {"nous_portal": ["at-test-1"]}}
    step = STEPS["auth_0001_systems_to_providers"]
    assert not step.pending(document)
    assert step.up(document, CONTEXT).document is document


@pytest.mark.parametrize(
    "place",
    ['"last_error_message": "\\u0041\\/b"', '"failure_reason": "b\\u0041"', '"model_cooldowns": {"m\\/x": 1.50}'],
)
def test_what_moves_keeps_its_spelling_there_and_back(place: str) -> None:
    row = '{"id": "aaaaaa", "access_token": "t\\/\\u0041", "last_status": "exhausted", ' + place + "}"
    before = f'{{"providers": {{}}, "credential_pool": {{"p": [{row}]}}}}'.encode()
    step = STEPS["auth_0002_credential_pool_runtime"]
    there = migrated(step, before, "up")
    assert place.split(": ", 1)[1].encode() in there.partition(b"credential_pool_runtime")[2]
    assert migrated(step, there, "down") == before
