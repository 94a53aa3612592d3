"""Story: an agent holds the lock for longer than the command is willing to wait."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_state.locks import holder as known_to_the_kernel
from tests.ground.places import snapshot
from tests.stories.scene import cooling, marked, put, put_breaker, row, until

HOLD = (
    "import fcntl, sys; f = open(sys.argv[1], 'a+'); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); input()"
)


@pytest.fixture
def holder(home: Path) -> Iterator[int]:
    """The process that holds the lock of ``home``."""
    words = [sys.executable, "-c", HOLD, str(home / "auth.lock")]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process.pid
        process.communicate("\n")


def test_every_writer_gives_up_names_the_holder_and_has_changed_nothing(home: Path, hermes_state, holder: int) -> None:
    put(home, cooling(), row("aaaaa2"))
    before = snapshot(home)
    for command in (("migrate",), ("clear-cooldown", "openrouter")):
        answer = hermes_state(*command, "--lock-timeout", "0.1", "--json")
        [error] = answer.json["errors"]
        assert (answer.code, error["code"], error["path"]) == (6, "lock_timeout", str(home / "auth.lock"))
        assert f"pid {holder}" in error["message"] or not known_to_the_kernel(str(home / "auth.lock"))
        assert "nothing was written" in error["message"] and "--lock-timeout" in error["hint"]
        assert snapshot(home) == before
    assert answer.json["verified"] is False and answer.json["cleared"] == []


def test_who_only_looks_or_needs_no_lock_does_not_wait(home: Path, hermes_state, holder: int) -> None:
    put(home, cooling(), provider="nous")
    breaker = put_breaker(home, until(600))
    assert hermes_state("inspect").code == 0
    assert hermes_state("migrate", "--check").code == 1
    assert hermes_state("clear-breaker", "nous", "--lock-timeout", "0").code == 0
    assert not breaker.exists()


def test_one_profile_that_is_held_stops_no_other(home: Path, hermes_state, holder: int) -> None:
    free = home / "profiles" / "free"
    put(home, cooling())
    put(free, cooling("bbbbb1"))
    answer = hermes_state("--all-profiles", "clear-cooldown", "openrouter", "--lock-timeout", "0.1")
    assert answer.code == 6
    assert (marked(home), marked(free)) == (["aaaaa1"], [])
    assert answer.err.count("was held for longer") == 1
    assert "1 of 1 credential cleared" in answer.out
