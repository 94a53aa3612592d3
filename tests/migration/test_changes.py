from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from hermes_state.errors import Undeclared
from hermes_state.migration import Context, Result
from hermes_state.migration.changes import changes, undeclared
from hermes_state.migration.plan import plan
from hermes_state.migration.registry import steps
from hermes_state.migration.step import Step

ROW = {"id": "7e472f", "access_token": "sk-or-v1-test-a", "last_status": "exhausted", "last_status_at": 1.5}
DOCUMENT: dict[str, Any] = {
    "credential_pool": {"openrouter": [ROW, {"id": "86b593", "last_status": None}]},
    "providers": {},
}
CONTEXT = Context(now=1000.0)
STEP = steps("auth")[1]


def edit_a_token(document: dict[str, Any]) -> None:
    document["credential_pool"]["openrouter"][0]["access_token"] = "sk-or-v1-test-b"


def drop_a_row(document: dict[str, Any]) -> None:
    del document["credential_pool"]["openrouter"][1]


def reorder_rows(document: dict[str, Any]) -> None:
    document["credential_pool"]["openrouter"].reverse()


def add_a_row(document: dict[str, Any]) -> None:
    document["credential_pool"]["openrouter"].append({"id": "ffffff"})


def drop_a_key_of_the_file(document: dict[str, Any]) -> None:
    del document["providers"]


def add_a_key_to_a_row(document: dict[str, Any]) -> None:
    document["credential_pool"]["openrouter"][0]["mine"] = 1


def reorder_keys_of_a_row(document: dict[str, Any]) -> None:
    row = document["credential_pool"]["openrouter"][0]
    row["id"] = row.pop("id")


def change_the_type_of_a_pool(document: dict[str, Any]) -> None:
    document["credential_pool"]["openrouter"] = {}


def turn_an_integer_into_a_float(document: dict[str, Any]) -> None:
    document["providers"] = {"x": 1.0}


@pytest.mark.parametrize(
    "mutate",
    [
        edit_a_token,
        drop_a_row,
        reorder_rows,
        add_a_row,
        drop_a_key_of_the_file,
        add_a_key_to_a_row,
        reorder_keys_of_a_row,
        change_the_type_of_a_pool,
        turn_an_integer_into_a_float,
    ],
    ids=lambda mutate: mutate.__name__,
)
def test_a_step_that_strays_is_refused(mutate: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(DOCUMENT)
    if mutate is turn_an_integer_into_a_float:
        document["providers"] = {"x": 1}

    def strays(given: dict[str, Any], context: Context) -> Result:
        made = copy.deepcopy(STEP.up(given, context).document)
        mutate(made)
        return Result(made)

    mutant = Step(STEP.id, STEP.kind, STEP.number, STEP.title, STEP.touches, STEP.pending, strays, STEP.down)
    with pytest.raises(Undeclared, match="does not declare"):
        plan("auth.json", document, [mutant], CONTEXT)


def test_the_real_step_is_not_refused() -> None:
    made = plan("auth.json", copy.deepcopy(DOCUMENT), [STEP], CONTEXT)
    assert [one.step.id for one in made.applied] == [STEP.id]


def test_what_moved_is_told_as_moves_and_the_rest_as_what_it_is() -> None:
    document = copy.deepcopy(DOCUMENT)
    after = STEP.up(document, CONTEXT).document
    record = "/credential_pool_runtime/pools/openrouter/7e472f"
    told = [(change.op, change.path, change.origin) for change in changes(document, after)]
    row = "/credential_pool/openrouter/0"
    assert ("move", f"{record}/last_status", f"{row}/last_status") in told
    assert ("move", f"{record}/last_status_at", f"{row}/last_status_at") in told
    assert ("add", f"{record}/moved_at", None) in told
    assert not [path for _, path, _ in told if path.startswith("/credential_pool/")]

    back = [(change.op, change.path, change.origin) for change in changes(after, document)]
    assert ("move", f"{row}/last_status", f"{record}/last_status") in back
    assert ("remove", f"{record}/moved_at", None) in back


def test_names_are_escaped_in_pointers() -> None:
    assert [change.path for change in changes({"a/b~c": 1}, {"a/b~c": 2})] == ["/a~1b~0c"]


def test_nothing_is_told_of_equal_documents() -> None:
    assert changes(DOCUMENT, copy.deepcopy(DOCUMENT)) == []
    assert undeclared(DOCUMENT, copy.deepcopy(DOCUMENT), ()) is None


def test_a_pattern_covers_what_is_below_it_and_a_star_any_one_name() -> None:
    before, after = {"a": {"x": {"y": 1}}}, {"a": {"x": {"y": 2}}}
    assert undeclared(before, after, ["/a"]) is None
    assert undeclared(before, after, ["/a/*/y"]) is None
    assert undeclared(before, after, ["/a/*/z", "/*/x/z"]) == "/a/x/y"
    assert undeclared(before, after, ["/b"]) == "/a/x/y"
