"""Story: a file that cannot be read is not a corrupt one, and what is in it stays."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ground.places import snapshot
from tests.stories.conftest import Answer
from tests.stories.scene import cooling, ids, put, put_breaker, until
from tests.users import NOBODY

WRITERS = [("migrate",), ("clear-cooldown", "openrouter")]


@pytest.fixture
def theirs(open_place: Path) -> Path:
    """A home that everybody may enter, of a user who keeps the secrets in it to himself."""
    home = open_place / ".hermes"
    put(home, cooling())
    put_breaker(home, until(600))
    home.chmod(0o755)
    if os.geteuid() != 0:
        (home / "auth.json").chmod(0)
    return home


@pytest.fixture
def as_another(
    theirs: Path, command: list[str], environment: dict[str, str], request: pytest.FixtureRequest
) -> Callable[..., Answer]:
    """Runs ``hermes-state`` on ``theirs`` as a user who may not read its files."""
    env = environment | {"HOME": str(theirs.parent), "HERMES_HOME": str(theirs)}

    def run(*words: object) -> Answer:
        whole = [*command, *map(str, words)]
        if os.geteuid() == 0:
            as_user = request.getfixturevalue("as_user")
            done = as_user(NOBODY, *whole, env=env, cwd=theirs.parent)
        else:
            done = subprocess.run(whole, env=env, cwd=theirs.parent, capture_output=True, text=True, check=False)
        return Answer(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.tiers
def test_another_users_file_is_unreadable_for_every_command_and_never_called_corrupt(
    theirs: Path, as_another: Callable[..., Answer]
) -> None:
    before = snapshot(theirs)
    looked = as_another("inspect", "--json")
    assert looked.code == 3
    assert ids(looked)[0] == "HS-AUTH-001"
    assert {each["kind"]: each["outcome"] for each in looked.json["homes"][0]["files"]}["auth"] == "unreadable"
    for words in WRITERS:
        answer = as_another(*words)
        assert answer.code == 3
        assert f"{theirs}/auth.json is unreadable: Permission denied" in answer.err
        assert "corrupt" not in answer.out + answer.err
    assert snapshot(theirs) == before


@pytest.mark.tiers
def test_a_home_that_may_not_be_entered_is_no_empty_home(theirs: Path, as_another: Callable[..., Answer]) -> None:
    theirs.chmod(0o700 if os.geteuid() == 0 else 0)
    for words in (("inspect", "--json"), ("clear-breaker", "nous", "--json")):
        answer = as_another(*words)
        [error] = answer.json["errors"]
        assert (answer.code, error["code"], error["path"]) == (3, "no_such_home", str(theirs))
        assert "ermission" in error["message"]
    theirs.chmod(0o700)


def test_a_directory_in_its_place_is_unreadable_and_what_is_in_it_stays(home: Path, hermes_state) -> None:
    (home / "auth.json").mkdir()
    (home / "auth.json" / "auth.json").write_text("{}")  # what a bind mount of a missing file leaves, and a copy
    breaker = put_breaker(home, until(600))
    before = snapshot(home)
    for words in (*WRITERS, ("inspect",)):
        answer = hermes_state(*words)
        assert answer.code == 3
        assert "is unreadable: it is a directory, not a regular file" in answer.err
        assert "corrupt" not in answer.out + answer.err
    assert snapshot(home) == before
    cleared = hermes_state("clear-breaker", "nous")
    assert (cleared.code, breaker.exists()) == (0, False), "a breaker can be cleared whatever auth.json is"
