"""What crashed programs left lying: it is told when it can only be theirs, and nobody can be at it any more."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from tests.inspection.cases_home import NOBODY, aged, cut_short
from tests.inspection.homes import HOUR, NOW, found, link, look, put

AGENTS = [
    ".auth_abcd1234.tmp",
    ".config_a_cd123_.tmp",
    ".env_abcd1234.tmp",
    "..restart_failure_counts_abcd1234.tmp",
    f"auth.json.tmp.4711.{'0af3' * 8}",
    "auth.json.tmp",
    "gateway-starts.tmp",
    "active_profile.tmp",
    "sessions/.sessions_abcd1234.tmp",
    "rate_limits/tmpabcd1234.tmp",
    "rate_limits/.tmp_abcd1234.tmp",
    "rate_limits/.nous_abcd1234.tmp",
    "runtime/active_sessions.json.4711.0123ab.tmp",
    "gateway/dead_targets.json.tmp",
    "platforms/pairing/tmpabcd1234.tmp",
    "pairing/tmpabcd1234.tmp",
]
OTHERS = [
    "notes.tmp",
    ".auth_abc.tmp",
    "tmpabcd1234.tmp",
    "sessions/notes.tmp",
    "sessions/.auth_abcd1234.tmp",
    "auth.json.tmp.bak",
    "skills/.x_abcd1234.tmp",
    ".auth.json.hermes-state.PID.0123abcd.tmp",  # of a process that lives
]


@pytest.mark.parametrize("name", AGENTS)
def test_litter_of_agents_is_told_where_they_leave_it(home: Path, name: str) -> None:
    aged(name, content="x" * 7)(home)
    (hit,) = found(home, "HS-HOME-022")
    assert "(1, together 7 bytes, the oldest from 2h ago)" in hit.message
    assert hit.hint == f"`rm {home / name}` removes them"


@pytest.mark.parametrize("name", OTHERS)
def test_what_may_be_somebody_elses_is_no_litter(home: Path, name: str) -> None:
    name = name.replace("PID", str(os.getpid()))
    aged(name)(home)
    assert look(home).findings == ()


def test_what_is_not_a_file_is_no_litter(home: Path) -> None:
    (home / ".auth_abcd1234.tmp").mkdir()
    link(home / ".auth_abcd5678.tmp", "/etc/hostname")
    for name in (".auth_abcd1234.tmp", ".auth_abcd5678.tmp"):
        os.utime(home / name, (NOW - 2 * HOUR, NOW - 2 * HOUR), follow_symlinks=False)
    assert look(home).findings == ()


def test_behind_a_link_only_what_belongs_to_the_linked_files_is_litter(home: Path, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    put(dotfiles / "config.yaml", "model: a\n")
    link(home / "config.yaml", dotfiles / "config.yaml")
    aged("dotfiles/.config_abcd1234.tmp")(tmp_path)
    aged("dotfiles/.other_abcd1234.tmp")(tmp_path)
    aged("dotfiles/tmpabcd1234.tmp")(tmp_path)
    (hit,) = found(home, "HS-HOME-022")
    assert hit.hint == f"`rm {dotfiles}/.config_abcd1234.tmp` removes them"


def test_many_are_removed_in_several_commands(home: Path) -> None:
    for at in range(25):
        aged(f".auth_abcd{at:04}.tmp")(home)
    (hit,) = found(home, "HS-HOME-022")
    assert "(25," in hit.message
    assert len(shlex.split(hit.hint.split("`")[1])) == 21 and hit.hint.endswith("20 at a time")


def test_a_path_with_blanks_is_quoted_and_one_that_cannot_be_shown_is_not_typed(tmp_path: Path) -> None:
    for name, typed in (("a home", True), ("a\x1bhome", False)):
        aged(f"{name}/.auth_abcd1234.tmp")(tmp_path)
        (hit,) = found(tmp_path / name, "HS-HOME-022")
        assert ("`rm '" in hit.hint) is typed


@pytest.mark.parametrize("content", ["{", [], {}, {"real_path": 5}, {"real_path": "/x", "writer": {"who": 1}}])
def test_a_record_that_says_nothing_is_not_told(home: Path, content: object) -> None:
    put(home / "backups" / "hermes-state" / "20270101T000000Z-0123.in-place" / "manifest.json", content)
    assert found(home, "HS-HOME-021") == []


def test_a_record_in_the_users_state_directory_is_told_to_the_home_whose_file_it_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    cut_short(NOBODY)(home)
    (tmp_path / "state").mkdir()
    (home / "backups" / "hermes-state").rename(tmp_path / "state" / "hermes-state")
    other = tmp_path / "other"
    other.mkdir()
    assert [hit.path for hit in found(home, "HS-HOME-021")] == [os.path.realpath(home / "config.yaml")]
    assert found(other, "HS-HOME-021") == []
