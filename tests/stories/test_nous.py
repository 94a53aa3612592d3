"""Story: nous is blocked by two switches, the cooldown of its credential and its breaker."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.stories.scene import cooling, dead, marked, put, put_breaker, typed, until, verdict


@pytest.fixture(autouse=True)
def _both(home: Path) -> None:
    put(home, cooling(seconds=1200.0), provider="nous")
    put_breaker(home, until(1830))


def test_the_cooldown_first_then_what_it_offers_leads_to_a_usable_provider(home: Path, hermes_state) -> None:
    seen = hermes_state("inspect")
    [line] = [line for line in seen.lines if line.startswith("✗ nous") or line.startswith("✗  nous")]
    assert "0 of 1 usable, next in 30m" in line, "the later of the two ends"
    first = hermes_state("clear-cooldown", "nous")
    assert first.code == 0
    assert "✓ nous: 1 of 1 credential cleared" in first.lines
    assert re.search(r"⚠ still blocked by breaker for 30m \d+s \(.*/rate_limits/nous.json\)", first.out)
    [command] = first.next
    assert hermes_state(*typed(command)).code == 0
    assert verdict(hermes_state("inspect", "--json"), "nous") == (1, 1)


def test_the_breaker_first_then_what_it_offers_leads_to_a_usable_provider(home: Path, hermes_state) -> None:
    first = hermes_state("clear-breaker", "nous", "--json")
    assert first.code == 0
    [block] = first.json["still_blocked_by"]
    assert block["what"] == "cooldown of aaaaa1 (429)"
    assert hermes_state(*typed(block["clear_with"])).code == 0
    assert verdict(hermes_state("inspect", "--json"), "nous") == (1, 1)


def test_both_at_once(home: Path, hermes_state) -> None:
    rehearsed = hermes_state("clear-cooldown", "nous", "--breaker", "--dry-run", "--json").json
    assert (rehearsed["still_blocked_by"], rehearsed["next"]) == ([], [])
    assert (marked(home, "nous"), (home / "rate_limits" / "nous.json").exists()) == (["aaaaa1"], True)
    done = hermes_state("clear-cooldown", "nous", "--breaker")
    assert done.code == 0
    assert "still blocked" not in done.out and done.next == []
    assert verdict(hermes_state("inspect", "--json"), "nous") == (1, 1)


def test_a_third_obstacle_is_named_too_until_nothing_is_left(home: Path, hermes_state) -> None:
    put(home, dead(), provider="nous")
    answer = hermes_state("clear-cooldown", "nous", "--json").json
    assert {each["what"].split(":")[0] for each in answer["still_blocked_by"]} == {"breaker", "aaaaa9 is dead"}
    login, *ours = sorted(answer["next"], key=lambda command: command.startswith("hermes-state"))
    assert login.endswith("hermes auth add nous") and len(ours) == 2
    for command in ours:
        assert hermes_state(*typed(command)).code == 0
    assert verdict(hermes_state("inspect", "--json"), "nous") == (1, 1)


def test_where_only_the_breaker_is_in_the_way_the_wrong_clear_leads_to_the_right_one(home: Path, hermes_state) -> None:
    (home / "auth.json").write_text('{"version": 1, "providers": {"nous": {}}}')
    first = hermes_state("clear-cooldown", "nous")
    assert first.code == 0
    assert "· nous has no credentials here: no cooldown is in the way" in first.lines
    [command] = first.next
    assert hermes_state(*typed(command)).code == 0
    assert not (home / "rate_limits" / "nous.json").exists()
    assert hermes_state("clear-cooldown", "nous").code == 2, "then nothing is known of it"
