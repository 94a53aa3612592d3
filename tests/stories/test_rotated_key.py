"""Story: a key in ``.env`` was refused, the user has put another one there, and the agent still waits for the old."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.stories.scene import CANARY, cooling, dead, marked, pool, put, read, records, typed, verdict

OLD, NEW = f"sk-or-v1-{CANARY}-old", f"sk-or-v1-{CANARY}-new"
VARIABLE = "OPENROUTER_API_KEY"


def borrowed(make: Callable[..., dict[str, Any]], key: str = OLD) -> dict[str, Any]:
    """A row that an agent made of a variable: it has a fingerprint of the key, and not the key."""
    fingerprint = "sha256:" + hashlib.sha256(key.encode()).hexdigest()[:16]
    made = make("eeeee1", label=VARIABLE, source=f"env:{VARIABLE}", secret_source="env", secret_fingerprint=fingerprint)
    del made["access_token"]
    return made


def write_env(home: Path, text: str) -> bytes:
    file = home / ".env"
    file.write_text(text)
    file.chmod(0o600)
    return file.read_bytes()


def rotated(answer: Any) -> list[dict[str, Any]]:
    return [each for each in answer.json["homes"][0]["findings"] if each["id"] == "HS-AUTH-037"]


@pytest.mark.parametrize("migrated", [False, True], ids=["inline", "in the section"])
def test_it_is_said_without_showing_a_key_and_the_command_in_the_hint_ends_the_wait(
    home: Path, hermes_state, migrated: bool
) -> None:
    put(home, borrowed(cooling))
    env = write_env(home, f'# {VARIABLE}={OLD}\nOTHER=1\nexport {VARIABLE}="{NEW}"  # since Monday\n')
    if migrated:
        assert hermes_state("migrate", "--diff").code == 0
        assert set(records(home)) == {"eeeee1"}
    seen = hermes_state("inspect", "--json")
    assert verdict(seen) == (0, 1)
    [told] = rotated(seen)
    assert "eeeee1" in told["message"] and VARIABLE in told["message"]
    [command] = re.findall("`(.+?)`", told["hint"])
    assert hermes_state(*typed(command)).code == 0
    after = hermes_state("inspect", "--json")
    assert (verdict(after), rotated(after), marked(home)) == ((1, 1), [], [])
    assert "access_token" not in pool(home)[0]
    assert (home / ".env").read_bytes() == env


def test_a_dead_key_that_was_replaced_is_named_and_revived_by_the_command(home: Path, hermes_state) -> None:
    put(home, borrowed(dead))
    write_env(home, f"{VARIABLE}={NEW}\n")
    [told] = rotated(hermes_state("inspect", "--json"))
    [command] = re.findall("`(.+?)`", told["hint"])
    assert hermes_state(*typed(command)).code == 0
    assert marked(home) == []


def test_the_key_that_was_refused_is_still_there_and_nothing_is_said(home: Path, hermes_state) -> None:
    put(home, borrowed(cooling))
    before = read(home)
    write_env(home, f"{VARIABLE}='{OLD}'\n")
    assert rotated(hermes_state("inspect", "--json")) == []
    write_env(home, "OTHER=1\n")
    assert rotated(hermes_state("inspect", "--json")) == [], "where no key is seen, none can be another one"
    assert read(home) == before
