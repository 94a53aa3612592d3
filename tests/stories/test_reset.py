"""Story: a reset that really resets, twice, before a migration and after it, although an agent is still running."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.ground.places import snapshot
from tests.stories.scene import (
    STATUS,
    agent_saves,
    cooling,
    dead,
    marked,
    pool,
    put,
    records,
    row,
    tokens,
    typed,
    verdict,
    verdicts,
)


def mark(seconds_ago: float) -> dict[str, Any]:
    """What an agent writes into a row that was refused so many seconds ago."""
    at = time.time() - seconds_ago
    return dict(zip(STATUS, ("exhausted", at, 429, None, None, at + 5000), strict=True))


def test_a_reset_really_resets_and_stays_although_a_running_agent_writes_its_memory_back(
    home: Path, hermes_state
) -> None:
    moved = home / "profiles" / "moved"
    homes = (home, moved)
    for each in homes:
        put(each, cooling(), row("aaaaa2"), cooling("aaaaa3"))
    secrets = [tokens(each) for each in homes]
    assert hermes_state("-p", "moved", "migrate").code == 0
    assert (marked(home), marked(moved), set(records(moved))) == (["aaaaa1", "aaaaa3"], [], {"aaaaa1", "aaaaa3"})

    first = hermes_state("--all-profiles", "clear-cooldown", "openrouter")
    assert first.code == 0
    assert first.lines.count("✓ openrouter: 2 of 3 credentials cleared, 1 had nothing to clear") == 2
    assert first.lines.count("verified: the file was read again, and none of it is there") == 2
    for each in homes:
        assert marked(each) == []
        tombstones = records(each)
        assert set(tombstones) == {"aaaaa1", "aaaaa3"}
        assert not any("last_status" in one for one in tombstones.values())
        assert [("status_cleared_at" in one) for one in pool(each)] == [True, False, True]
    assert verdicts(hermes_state("--all-profiles", "inspect", "--json")) == [(3, 3), (3, 3)]

    before = snapshot(home)
    twice = hermes_state("--all-profiles", "clear-cooldown", "openrouter", "--json")
    assert (twice.code, twice.json["matched"], twice.json["cleared"]) == (0, 6, [])
    assert (twice.json["nothing_to_clear"], twice.json["verified"]) == (6, True)
    assert snapshot(home) == before

    for each in homes:
        agent_saves(each, lambda rows: rows[0].update(mark(seconds_ago=30)))
    for seen in hermes_state("--all-profiles", "inspect", "--json").json["homes"]:
        first_row = seen["credentials"][0]
        assert (first_row["status"], first_row["agent_sees"]) == ("ok", "blocked")
        [told] = [each for each in seen["findings"] if each["id"] == "HS-AUTH-023"]
        assert "aaaaa1" in told["message"]

    third = hermes_state("--all-profiles", "clear-cooldown", "openrouter", "aaaaa1")
    assert third.code == 0
    said = "aaaaa1 (key aaaaa1) was cleared before, and written back by a running agent"
    assert third.lines.count(said) == 2
    assert [marked(each) for each in homes] == [[], []]

    for each in homes:
        agent_saves(each, lambda rows: rows[2].update(mark(seconds_ago=-1)))
    later = hermes_state("--all-profiles", "inspect", "--json")
    assert verdicts(later) == [(2, 3), (2, 3)], "a mark that was made after the clear is a new one"
    assert [tokens(each) for each in homes] == secrets


def test_the_command_that_inspect_offers_for_a_block_ends_it(home: Path, hermes_state) -> None:
    name = "custom:my 'own' box"
    put(home, cooling("two words"), provider=name)
    asked = hermes_state("inspect", "--json")
    assert verdict(asked, name) == (0, 1)
    [block] = asked.json["homes"][0]["providers"][0]["blocked_by"]
    assert hermes_state(*typed(block["clear_with"])).code == 0
    assert marked(home, name) == []


def test_a_dead_credential_is_named_and_the_next_command_revives_it(home: Path, hermes_state) -> None:
    put(home, cooling(), dead())
    before = snapshot(home)
    rehearsed = hermes_state("clear-cooldown", "openrouter", "--dry-run", "--json").json
    assert ([each["id"] for each in rehearsed["cleared"]], rehearsed["verified"]) == (["aaaaa1"], False)
    assert snapshot(home) == before
    first = hermes_state("clear-cooldown", "openrouter")
    assert [line for line in first.lines if "was left" in line] == [
        "⚠ aaaaa9 (key aaaaa9) was left: it is dead, which time does not mend: log in, or clear it with --dead"
    ]
    assert first.next == []  # one that can be used is enough
    put(home, dead())
    alone = hermes_state("clear-cooldown", "openrouter")
    assert (alone.code, marked(home)) == (5, ["aaaaa9"])
    login, next_ = alone.next
    assert login.endswith("hermes auth add openrouter")
    assert next_ == "hermes-state clear-cooldown openrouter aaaaa9 --dead"
    assert hermes_state(*typed(next_)).code == 0
    assert (marked(home), verdict(hermes_state("inspect", "--json"))) == ([], (1, 1))
