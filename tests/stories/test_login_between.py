"""Story: between the move to the section and the way back the user logs in again. The new token is what counts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.stories.scene import (
    CANARY,
    SECTION,
    STATUS,
    agent_saves,
    cooling,
    ids,
    marked,
    pool,
    put,
    read,
    records,
    row,
    tokens,
    verdict,
)

NEW = f"at-{CANARY}-second-login"


def oauth(identity: str) -> dict[str, Any]:
    """A row of a device login, on a long cooldown."""
    more = {"auth_type": "oauth", "source": "manual:device_code", "refresh_token": f"rt-{CANARY}-first"}
    return cooling(identity, seconds=90_000.0, access_token=f"at-{CANARY}-first-login", **more)


def log_in(rows: list[Any]) -> None:
    """What a login does to the first row: other tokens, and nothing that was held against the old ones."""
    rows[0].update(dict.fromkeys(STATUS), access_token=NEW, refresh_token=f"rt-{CANARY}-second")


def test_the_new_token_stays_usable_and_the_old_ones_record_goes_for_good(home: Path, hermes_state) -> None:
    put(home, oauth("fffff1"), cooling("aaaaa2"))
    first = hermes_state("migrate", "--json")
    assert first.code == 0
    assert set(records(home)) == {"fffff1", "aaaaa2"}
    agent_saves(home, log_in)

    seen = hermes_state("inspect", "--json")
    assert "HS-AUTH-025" in ids(seen)
    assert verdict(seen) == (1, 2)
    rehearsed = hermes_state("migrate", "--to", "base", "--dry-run", "--diff")
    assert rehearsed.code == 0
    said = "⚠ openrouter fffff1: the row has another secret now"
    assert any(line.startswith(said) for line in rehearsed.lines)

    back = hermes_state("migrate", "--to", "base")
    assert (back.code, any(line.startswith(said) for line in back.lines)) == (0, True)
    assert "what went for good is in the backup only" in back.lines
    assert tokens(home) == [NEW, pool(home)[1]["access_token"]]
    assert (marked(home), SECTION in read(home)) == (["aaaaa2"], False)
    assert pool(home)[0]["refresh_token"] == f"rt-{CANARY}-second"

    assert hermes_state("restore", Path(first.json["homes"][0]["backup"]).name).code == 0
    assert (marked(home), tokens(home)[0]) == (["aaaaa2"], NEW), "neither the spent token comes back nor its cooldown"


def test_a_second_move_drops_the_old_record_and_keeps_what_the_new_token_earned(home: Path, hermes_state) -> None:
    put(home, oauth("fffff1"), row("aaaaa2"))
    assert hermes_state("migrate").code == 0

    def refused_again(rows: list[Any]) -> None:
        log_in(rows)
        rows[0].update(last_status="exhausted", last_status_at=time.time(), last_error_code=402)

    agent_saves(home, refused_again)
    again = hermes_state("migrate", "--json")
    assert again.code == 0
    [said] = [each for each in again.json["homes"][0]["warnings"] if "another secret" in each["message"]]
    assert (said["pool"], said["id"]) == ("openrouter", "fffff1")
    record = records(home)["fffff1"]
    assert (record["last_error_code"], "last_error_reset_at" in record) == (402, False)
    assert tokens(home)[0] == NEW
    assert hermes_state("migrate", "--check").code == 0
    cleared = hermes_state("clear-cooldown", "openrouter", "fffff1")
    assert cleared.code == 0
    assert (marked(home), "last_status" in records(home)["fffff1"]) == ([], False)
