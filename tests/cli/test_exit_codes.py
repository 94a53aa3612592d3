"""Exit codes are an interface: one table, each code from files on disk."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOOD = b'{"providers": {}, "credential_pool": {"p": [{"id": "a", "last_status": "exhausted", "last_status_at": 1}]}}'


def write(data: bytes) -> Callable[[Path], object]:
    return lambda home: (home / "auth.json").write_bytes(data)


def breaker_directory(home: Path) -> None:
    (home / "rate_limits" / "nous.json").mkdir(parents=True)


def hard_linked(home: Path) -> None:
    write(GOOD)(home)
    os.link(home / "auth.json", home / "other")


TABLE: list[tuple[int, Callable[[Path], Any], tuple[str, ...]]] = [
    (0, write(GOOD), ("migrate",)),
    (0, write(b'{"providers": {}}'), ("migrate", "--check")),
    (0, lambda home: None, ("migrate",)),
    (0, lambda home: None, ("inspect",)),
    (0, write(b"{"), ("inspect",)),
    (0, lambda home: None, ("clear-breaker", "nous")),
    (1, write(GOOD), ("migrate", "--check")),
    (2, lambda home: None, ("migrate", "nonsense")),
    (2, lambda home: None, ("inspect", "nonsense")),
    (2, lambda home: None, ("nonsense",)),
    (2, lambda home: None, ("migrate", "--to", "nonsense")),
    (2, lambda home: None, ("clear-breaker", "nonsense")),
    (2, lambda home: None, ("clear-breaker",)),
    (2, lambda home: None, ("clear-breaker", "nous", "--all")),
    (2, lambda home: None, ("-p", "nonsense", "inspect")),
    (2, lambda home: None, ("-p", "nonsense", "--all-profiles", "inspect")),
    (2, lambda home: None, ("schema", "nonsense")),
    (3, lambda home: (home / "auth.json").mkdir(), ("migrate",)),
    (3, lambda home: os.mkfifo(home / "auth.json"), ("migrate",)),
    (3, lambda home: (home / "auth.json").symlink_to("auth.json"), ("migrate",)),
    (4, write(b"{"), ("migrate",)),
    (4, write(b""), ("migrate",)),
    (4, write(b"[]"), ("migrate",)),
    (5, write(b'{"providers": {}, "credential_pool_runtime": []}'), ("migrate",)),
    (5, write(b'{"providers": {}, "credential_pool_runtime": {"schema": 9, "pools": {}}}'), ("migrate",)),
    (5, hard_linked, ("migrate",)),
    (5, breaker_directory, ("clear-breaker", "nous")),
]


@pytest.mark.parametrize(
    ("code", "spoil", "arguments"), TABLE, ids=lambda value: " ".join(value) if isinstance(value, tuple) else None
)
def test_the_exit_code_says_what_kind_of_end_it_was(home: Path, hermes_state, code, spoil, arguments) -> None:
    spoil(home)
    before = sorted(str(path) for path in home.rglob("*"))
    answer = hermes_state("--home", home, *arguments)
    assert answer.code == code, answer.err
    if code >= 2:
        assert answer.err.strip(), "an error says what is wrong"
        assert sorted(str(path) for path in home.rglob("*") if path.name != "auth.lock") == before


@pytest.mark.parametrize(("code", "spoil", "arguments"), [row for row in TABLE if row[0] >= 2])
def test_every_failure_is_one_json_object_too(home: Path, hermes_state, code, spoil, arguments) -> None:
    spoil(home)
    answer = hermes_state("--home", home, *arguments, "--json")
    assert answer.code == code
    assert answer.json["format"].startswith("hermes-state/")
    assert answer.json["format_version"] == 1
    [error] = answer.json["errors"]
    assert set(error) == {"code", "kind", "home", "path", "pointer", "message", "hint"}
    assert error["message"]


def test_a_home_that_is_none_is_code_three(tmp_path: Path, hermes_state) -> None:
    assert hermes_state("--home", tmp_path / "nowhere", "inspect").code == 3
    (tmp_path / "file").touch()
    assert hermes_state("inspect", "--home", tmp_path / "file").code == 3


def test_a_held_lock_is_code_six_and_names_who_may_hold_it(home: Path, hermes_state) -> None:
    write(GOOD)(home)
    with open(home / "auth.lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = hermes_state("migrate", "--home", home, "--lock-timeout", "0.1")
    assert answer.code == 6
    assert "0.1 s" in answer.err and "--lock-timeout" in answer.err
    assert (home / "auth.json").read_bytes() == GOOD


def test_over_several_homes_the_worst_code_wins_and_the_others_are_still_done(home: Path, hermes_state) -> None:
    write(GOOD)(home)
    for name, data in (("ada", b"{"), ("bob", GOOD), ("eve", b"")):
        (home / "profiles" / name).mkdir(parents=True)
        write(data)(home / "profiles" / name)
    answer = hermes_state("--all-profiles", "--home", home, "migrate", "--json")
    assert answer.code == 4
    assert [entry["profile"] for entry in answer.json["homes"]] == ["default", "ada", "bob", "eve"]
    assert [entry["changed"] for entry in answer.json["homes"]] == [True, False, True, False]
    assert [Path(error["home"]).name for error in answer.json["errors"]] == ["ada", "eve"]


def test_options_work_before_and_after_the_command_and_the_later_one_wins(
    home: Path, tmp_path: Path, hermes_state
) -> None:
    before = hermes_state("--home", home, "--json", "inspect")
    after = hermes_state("inspect", "--json", "--home", home)
    both = hermes_state("--home", tmp_path / "nowhere", "inspect", "--json", "--home", home)
    assert [answer.json["homes"][0]["path"] for answer in (before, after, both)] == [str(home)] * 3


def test_the_installed_command_and_the_module_answer_alike(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hermes_state", "--home", str(home), "inspect", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["homes"][0]["path"] == str(home)


def test_a_reader_that_closes_our_output_early_is_no_error(home: Path) -> None:
    shell = f'"{sys.executable}" -m hermes_state --help | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", shell],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""
