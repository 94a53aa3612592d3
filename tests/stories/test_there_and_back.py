"""Story: a pool of rows of every sort moves to the section and back, while an agent saves in between."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.agent.test_migrated_home import MARK, agent
from tests.ground.places import snapshot
from tests.stories.scene import (
    SECTION,
    STATUS,
    agent_saves,
    cooling,
    dead,
    ids,
    marked,
    names,
    pool,
    put,
    read,
    records,
    row,
    tokens,
)


def mixed() -> list[Any]:
    """Rows that move, and rows that stay, each for a reason of its own."""
    return [
        cooling("aaaaa1"),
        row("aaaaa2"),
        cooling("aaaaa3", seconds=-500.0),
        row("aaaaa4", model_cooldowns={"opus": time.time() + 900}),
        dead("aaaaa5"),
        cooling("twins1"),
        cooling("twins1", label="the other"),
        cooling(None),
        cooling(17),
        "not an object",
        row("aaaaa6", last_status="ok", request_count=7),
    ]


REASONS = {"dead", "duplicate_id", "no_id", "id_not_text", "not_an_object"}


def test_there_and_back_is_where_it_was_byte_for_byte(home: Path, hermes_state) -> None:
    file = put(home, *mixed())
    before = file.read_bytes()
    rehearsed = hermes_state("migrate", "--dry-run", "--diff")
    assert (rehearsed.code, file.read_bytes(), names(home)) == (0, before, {"auth.json"})
    there = hermes_state("migrate", "--json")
    assert there.code == 0
    [changed] = there.json["homes"][0]["files"]
    assert {each["reason"] for each in changed["left"]} == REASONS
    assert {each["id"] for each in changed["binding_moved"]} == {"aaaaa1", "aaaaa4"}
    assert set(records(home)) == {"aaaaa1", "aaaaa3", "aaaaa4"}

    settled = snapshot(home)
    again = hermes_state("migrate", "--json")
    assert (again.code, again.json["homes"][0]["changed"], again.json["homes"][0]["backup"]) == (0, False, None)
    assert snapshot(home) == settled, "what is done is not done twice"
    back = hermes_state("migrate", "--to", "base")
    assert back.code == 0
    assert file.read_bytes() == before
    assert names(home) == {"auth.json", "auth.lock"}


def test_what_an_agent_saved_in_between_is_kept_on_both_ways(home: Path, hermes_state) -> None:
    put(home, *[each for each in mixed() if isinstance(each, dict)])
    secrets = tokens(home)
    assert hermes_state("migrate").code == 0
    old = records(home)["aaaaa1"]
    now = time.time()

    def live(rows: list[Any]) -> None:
        rows[0].update(dict(zip(STATUS, ("exhausted", now, 402, "billing", "No credit", now + 9000), strict=True)))
        rows[1].update(last_status="exhausted", last_status_at=now, last_error_code=429)
        rows[2].update(last_status="ok")
        rows.append(row("aaaaa7"))

    agent_saves(home, live)
    assert records(home)["aaaaa1"] == old, "agents keep what they do not know"
    assert {"HS-AUTH-020", "HS-AUTH-024"} <= set(ids(hermes_state("inspect", "--json")))

    assert hermes_state("migrate").code == 0
    assert records(home)["aaaaa1"]["last_error_code"] == 402
    assert set(records(home)) == {"aaaaa1", "aaaaa2", "aaaaa4"}
    agent_saves(home, lambda rows: rows[0].update(last_status="exhausted", last_status_at=now + 5, last_error_code=429))

    assert hermes_state("migrate", "--to", "base").code == 0
    assert SECTION not in read(home)
    first, second = pool(home)[:2]
    assert (first["last_error_code"], first["last_error_reset_at"]) == (429, None), "the later mark, and nothing else"
    assert (second["last_error_code"], pool(home)[3]["model_cooldowns"].keys()) == (429, {"opus"})
    assert tokens(home) == [*secrets, row("aaaaa7")["access_token"]]
    assert read(home)["mine"] == {"kept": [1, 2.5, "ü"]}
    assert marked(home)[:2] == ["aaaaa1", "aaaaa2"]


def test_what_still_binds_can_be_left_where_agents_see_it(home: Path, hermes_state) -> None:
    put(home, *mixed())
    answer = hermes_state("migrate", "--leave-binding")
    assert answer.code == 0
    assert marked(home)[0] == "aaaaa1"
    assert set(records(home)) == {"aaaaa3"}
    assert any("aaaaa1 left: its cooldown still binds" in line for line in answer.lines)


@pytest.mark.agent
def test_the_agent_0_19_marks_a_moved_credential_and_both_ways_keep_its_word(home: Path, hermes_state) -> None:
    file = put(home, cooling("aaaaa1"), row("aaaaa2", priority=1))
    secrets = tokens(home)
    assert hermes_state("migrate").code == 0
    section = read(home)[SECTION]
    end = time.time() + 9000
    assert "selected aaaaa1" in agent("0.19.0", home, "-c", MARK % end)
    assert (read(home)[SECTION], marked(home)) == (section, ["aaaaa1"])
    assert hermes_state("migrate").code == 0
    assert (marked(home), records(home)["aaaaa1"]["last_error_reset_at"]) == ([], pytest.approx(end))
    assert hermes_state("migrate", "--to", "base").code == 0
    assert (SECTION in read(home), tokens(home), file.stat().st_mode & 0o777) == (False, secrets, 0o600)
    chosen = "from agent.credential_pool import load_pool; print(load_pool('openrouter').select().id)"
    assert agent("0.19.0", home, "-c", chosen).split()[-1] == "aaaaa2"
    assert json.loads(file.read_text())["credential_pool"]["openrouter"][0]["last_status"] == "exhausted"
