"""Story: the breaker of nous over a root home and five profiles, in every state that there is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ground.places import snapshot
from tests.stories.scene import put, put_breaker, row, typed, until, verdicts

#: Profile -> what its breaker holds, and how that is called.
STATES: dict[str, tuple[Callable[[], dict[str, Any] | bytes], str]] = {
    "active": (lambda: until(600), "active"),
    "expired": (lambda: until(-600), "expired"),
    "corrupt": (lambda: b'{"reset_at": 17', "corrupt"),
    "millis": (lambda: {"reset_at": time.time() * 1000 + 600_000}, "implausible"),
}


@pytest.fixture
def homes(home: Path) -> dict[str, Path]:
    """The breaker's path by profile; one profile has a file of another name, and the root home none at all."""
    put(home, row(), provider="nous")
    made = {name: put_breaker(home / "profiles" / name, content()) for name, (content, _) in STATES.items()}
    made["foreign"] = put_breaker(home / "profiles" / "foreign", until(600), "openai")
    (home / "profiles" / "absent").mkdir()
    return made


def test_inspect_knows_each_state_and_which_of_them_keep_the_agent_away(
    home: Path, hermes_state, homes: dict[str, Path]
) -> None:
    seen = hermes_state("--all-profiles", "inspect", "--json")
    assert seen.code == 0
    states = {each["profile"]: [one["state"] for one in each["breakers"]] for each in seen.json["homes"]}
    assert states == {name: [state] for name, (_, state) in STATES.items()} | {
        "foreign": ["foreign"],
        "absent": [],
        "default": [],
    }
    usable = dict(zip(states, (count for count, _ in verdicts(seen, "nous")), strict=True))
    assert usable == {"default": 1, "absent": 1, "active": 0, "corrupt": 1, "expired": 1, "foreign": 1, "millis": 0}
    said = {each["profile"]: {one["id"] for one in each["findings"]} for each in seen.json["homes"]}
    assert said["expired"] >= {"HS-BREAK-010"} and said["corrupt"] >= {"HS-BREAK-003"}
    assert said["millis"] >= {"HS-BREAK-011"} and said["foreign"] >= {"HS-BREAK-012"}


def test_clearing_nous_in_all_profiles_takes_every_state_and_leaves_what_is_not_the_agents(
    home: Path, hermes_state, homes: dict[str, Path]
) -> None:
    before = snapshot(home)
    rehearsed = hermes_state("--all-profiles", "clear-breaker", "nous", "--dry-run", "--json")
    assert snapshot(home) == before
    done = hermes_state("--all-profiles", "clear-breaker", "nous", "--json")
    assert done.code == 0
    cleared = {Path(each["home"]).name: each["was"]["state"] for each in done.json["cleared"]}
    assert cleared == {name: state for name, (_, state) in STATES.items()}
    assert {Path(each["home"]).name for each in rehearsed.json["cleared"]} == set(cleared)
    assert [name for name, path in homes.items() if path.exists()] == ["foreign"]
    assert [list(path.parent.iterdir()) for name, path in homes.items() if name != "foreign"] == [[]] * len(STATES)
    assert done.json["still_blocked_by"] == []

    again = hermes_state("--all-profiles", "clear-breaker", "nous", "--json")
    assert (again.code, again.json["cleared"]) == (0, [])
    assert hermes_state("--all-profiles", "clear-breaker", "--all").code == 0
    assert homes["foreign"].exists(), "--all means the agents' breakers"
    assert hermes_state("-p", "foreign", "clear-breaker", "openai").code == 0
    assert not homes["foreign"].exists(), "it goes only when it is named"


def test_one_profile_is_cleared_alone_and_what_inspect_offers_can_be_typed(
    home: Path, hermes_state, homes: dict[str, Path]
) -> None:
    seen = hermes_state("-p", "millis", "inspect", "--json").json["homes"][0]
    [block] = [each for one in seen["providers"] for each in one["blocked_by"] if each["what"] == "breaker"]
    assert hermes_state(*typed(block["clear_with"])).code == 0
    assert [name for name, path in homes.items() if not path.exists()] == ["millis"]


def test_a_name_of_nobody_is_refused_and_a_directory_stays(home: Path, hermes_state, homes: dict[str, Path]) -> None:
    homes["expired"].unlink()
    homes["expired"].mkdir()
    before = snapshot(home)
    wrong = hermes_state("clear-breaker", "../auth")
    assert (wrong.code, "one of: nous, nous-anonymous" in wrong.err) == (2, True)
    refused = hermes_state("-p", "expired", "clear-breaker", "nous")
    assert (refused.code, "directory" in refused.err) == (5, True)
    assert snapshot(home) == before
