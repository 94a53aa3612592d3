"""Story: one of three credentials is stuck, and two have the same label."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ground.places import snapshot
from tests.stories.scene import cooling, marked, put


@pytest.fixture(autouse=True)
def _three(home: Path) -> None:
    put(home, cooling(label="Work"), cooling("aaaaa2", label="spare"), cooling("aaaaa3", label="work "))


def test_a_label_that_two_have_is_refused_with_both_and_changes_nothing(home: Path, hermes_state) -> None:
    before = snapshot(home)
    for more in ((), ("--dry-run",)):
        refused = hermes_state("clear-cooldown", "openrouter", "work", *more)
        assert (refused.code, refused.out) == (2, "")
        assert refused.err.splitlines() == [
            f"hermes-state: credential 'work' fits several in {home}/auth.json",
            "  one of: 1 (id aaaaa1), 3 (id aaaaa3)",
        ]
    [error] = hermes_state("clear-cooldown", "openrouter", "work", "--json").json["errors"]
    assert (error["code"], error["path"]) == ("unknown_target", str(home / "auth.json"))
    assert snapshot(home) == before


def test_each_of_the_candidates_that_were_offered_can_be_typed_and_a_label_that_one_has(
    home: Path, hermes_state
) -> None:
    assert hermes_state("clear-cooldown", "openrouter", "3").code == 0
    assert marked(home) == ["aaaaa1", "aaaaa2"]
    assert hermes_state("clear-cooldown", "openrouter", "aaaaa1").code == 0
    assert marked(home) == ["aaaaa2"]
    done = hermes_state("clear-cooldown", "openrouter", "SPARE", "--json").json
    assert [(each["id"], each["number"]) for each in done["cleared"]] == [("aaaaa2", 2)]
    assert (done["matched"], marked(home)) == (1, [])


def test_an_id_that_is_another_ones_number_or_label_means_the_id(home: Path, hermes_state) -> None:
    put(home, cooling("2", label="a"), cooling("b", label="2"), cooling("c", label="b"))
    assert hermes_state("clear-cooldown", "openrouter", "2").code == 0
    assert marked(home) == ["b", "c"]
    assert hermes_state("clear-cooldown", "openrouter", "b").code == 0
    assert marked(home) == ["c"]


def test_a_name_that_nothing_has_is_answered_with_what_there_is(home: Path, hermes_state) -> None:
    answer = hermes_state("clear-cooldown", "openrouter", "4")
    assert (answer.code, answer.err.splitlines()[1]) == (2, "  one of: 1 (id aaaaa1), 2 (id aaaaa2), 3 (id aaaaa3)")
    unknown = hermes_state("clear-cooldown", "openruoter")
    assert (unknown.code, unknown.err.splitlines()[1]) == (2, "  one of: openrouter")
