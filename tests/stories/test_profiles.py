"""Story: a profile that shadows the root's credentials, one that borrows them, a deleted one, and two with one file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.ground.places import snapshot
from tests.stories.scene import (
    SECTION,
    agent_saves,
    cooling,
    marked,
    names,
    pool,
    put,
    read,
    records,
    row,
    typed,
    verdict,
)


@pytest.fixture
def profiles(home: Path) -> Path:
    """The directory with ``shadowing``, which has a row of its own, ``borrowing``, and ``gone``, which was deleted."""
    made = home / "profiles"
    put(home, row(), cooling("aaaaa2"))
    put(made / "shadowing", cooling("aaaaa2", label="own"))
    (made / "borrowing").mkdir()
    put(made / "gone", cooling("ccccc1"))
    (made / ".deleted").mkdir()
    (made / ".deleted" / "gone").touch()
    return made


def test_the_one_that_shadows_is_told_so_and_only_its_own_row_is_cleared(
    home: Path, hermes_state, profiles: Path
) -> None:
    seen = hermes_state("-p", "shadowing", "inspect", "--json")
    assert verdict(seen) == (0, 1)
    [provider] = seen.json["homes"][0]["providers"]
    assert [each["what"] for each in provider["blocked_by"]] == [
        "cooldown of aaaaa2 (429)",
        "own rows, which hide 1 usable in the root store",
    ]
    root = snapshot(home / "auth.json")
    done = hermes_state(*typed(provider["blocked_by"][0]["clear_with"]))
    assert done.code == 0
    assert f"in {profiles}/shadowing/auth.json" in done.lines
    assert (marked(profiles / "shadowing"), snapshot(home / "auth.json")) == ([], root)
    assert verdict(hermes_state("-p", "shadowing", "inspect", "--json")) == (1, 1)


def test_the_one_that_borrows_clears_the_roots_rows_says_so_and_gets_no_file(
    home: Path, hermes_state, profiles: Path
) -> None:
    seen = hermes_state("-p", "borrowing", "inspect", "--json")
    assert (verdict(seen), {each["store"] for each in seen.json["homes"][0]["credentials"]}) == ((1, 2), {"root"})
    own = snapshot(profiles)
    done = hermes_state("-p", "borrowing", "clear-cooldown", "openrouter")
    assert done.code == 0
    assert f"in {home}/auth.json (the root's store, from which the profile borrows)" in done.lines
    assert "⚠ they are the credentials of other homes too: default" in done.lines
    assert (marked(home), snapshot(profiles)) == ([], own)
    assert hermes_state("-p", "borrowing", "migrate").code == 0
    assert snapshot(profiles) == own


def test_the_deleted_one_is_nobodys_home_however_it_is_named(home: Path, hermes_state, profiles: Path) -> None:
    left = snapshot(profiles / "gone")
    (home / "active_profile").write_text("gone\n")
    for words, env in (
        (("-p", "gone", "migrate"), {}),
        (("clear-cooldown", "openrouter"), {"HERMES_HOME": str(profiles / "gone")}),
        (("inspect",), {}),
    ):
        answer = hermes_state(*words, env=env)
        assert (answer.code, answer.out) == (2, "")
        assert f"was deleted from {home}" in answer.err
        assert "known profiles: default, borrowing, shadowing" in answer.err
    assert hermes_state("-p", "default", "inspect").code == 0
    (home / "active_profile").unlink()
    seen = hermes_state("--all-profiles", "migrate", "--json")
    assert [each["profile"] for each in seen.json["homes"]] == ["default", "borrowing", "shadowing"]
    assert snapshot(profiles / "gone") == left


def test_two_that_are_linked_to_one_file_are_one_act_and_both_are_told(home: Path, hermes_state) -> None:
    one, two = home / "profiles" / "one", home / "profiles" / "two"
    real = put(home.parent / "shared", cooling("ddddd1"), row("ddddd2"))
    for profile in (one, two):
        profile.mkdir(parents=True)
        (profile / "auth.json").symlink_to(os.path.relpath(real, profile))
    seen = {each["profile"]: each for each in hermes_state("--all-profiles", "inspect", "--json").json["homes"]}
    assert seen["one"]["files"][0]["shared_with"] == [str(two)]

    there = hermes_state("--all-profiles", "migrate")
    assert there.code == 0
    assert there.out.count("was migrated") == 1
    assert f"· auth.json is the file of {one}: what is said there is said of it" in there.lines
    assert len(list((home / "profiles").glob("*/backups/hermes-state/*"))) == 1
    assert (set(records(one)), records(two)) == ({"ddddd1"}, records(one))

    cleared = hermes_state("-p", "two", "clear-cooldown", "openrouter", "--json").json
    assert [(each["home"], each["also_of"]) for each in cleared["files"]] == [(str(two), [str(one)])]
    agent_saves(one, lambda rows: rows[1].update(last_status="exhausted", last_status_at=1.0))
    assert hermes_state("-p", "two", "migrate", "--to", "base").code == 0
    assert (SECTION in read(one), marked(two)) == (False, ["ddddd2"])
    assert [(one / "auth.json").is_symlink(), (two / "auth.json").is_symlink()] == [True, True]
    assert [each["id"] for each in pool(one)] == ["ddddd1", "ddddd2"]
    assert {path.name for path in real.parent.iterdir()} == {"auth.json"}
    assert names(home) >= {"profiles/one/auth.lock", "profiles/two/auth.lock"}, "each has its own lock: both were held"
