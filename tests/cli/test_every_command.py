"""What holds for every command: shared options before and after its name, failures as JSON beside what succeeded."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROW = {"id": "a", "label": "one", "source": "manual"}
GOOD = {"providers": {}, "credential_pool": {"p": [ROW]}}
#: Each command with arguments that leave the home as it is.
COMMANDS: dict[str, tuple[str, ...]] = {
    "inspect": (),
    "check": ("--fail-on", "error"),
    "migrate": ("--dry-run",),
    "clear-breaker": ("nous", "--dry-run"),
    "clear-cooldown": ("p", "--dry-run"),
    "backups": (),
    "restore": ("state-snapshots/x", "--dry-run"),
    "recover": (),
    "schema": ("auth",),
    "selftest": (),
}


def cooling() -> str:
    mark = {"last_status": "exhausted", "last_status_at": time.time(), "last_error_code": 429}
    return json.dumps({"providers": {}, "credential_pool": {"p": [ROW | mark]}})


@pytest.fixture
def furnished(home: Path) -> Path:
    """A home with a profile, a snapshot to restore from, and nothing wrong."""
    for folder in (home, home / "profiles" / "ada"):
        (folder / "state-snapshots" / "x").mkdir(parents=True)
        for name in ("auth.json", "state-snapshots/x/auth.json"):
            (folder / name).write_text(json.dumps(GOOD))
            (folder / name).chmod(0o600)
    return home


@pytest.fixture(autouse=True)
def _short_selftest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hermes_state.cli.commands.selftest.enumerate_all", lambda place: [])


def test_no_command_is_forgotten(hermes_state) -> None:
    section = hermes_state("--help").out.partition("Commands:\n")[2].partition("\n\n")[0]
    assert [line.split()[0] for line in section.splitlines() if line[2] != " "] == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("shared", [(), ("-p", "ada")], ids=["the home", "a profile"])
def test_shared_options_stand_before_the_command_or_after_it(furnished: Path, hermes_state, name: str, shared) -> None:
    options = ("--home", furnished, "--json", "--lock-timeout", "7", *shared)
    words = COMMANDS[name]
    before = hermes_state(*options, name, *words)
    after = hermes_state(name, *words, *options)
    between = hermes_state(*options[:2], name, *options[2:], *words)
    for answer in (before, after, between):
        assert (answer.code, answer.err) == (0, "")
    place = furnished / "profiles" / "ada" if shared else furnished
    if name not in ("schema", "selftest"):
        assert before.json["format"] == f"hermes-state/{name}"
    if name not in ("schema", "selftest", "recover", "clear-breaker"):
        assert f'"{place}"' in before.out
    assert [set(answer.json) for answer in (after, between)] == [set(before.json)] * 2
    assert [f'"{place}"' in answer.out for answer in (after, between)] == [f'"{place}"' in before.out] * 2


@pytest.mark.parametrize("name", COMMANDS)
def test_options_that_contradict_each_other_are_a_usage_error_of_every_command(
    furnished: Path, hermes_state, name: str
) -> None:
    words = (name, *COMMANDS[name], "--home", furnished)
    for options in (("-p", "ada", "--all-profiles"), ("--lock-timeout", "-1"), ("--lock-timeout", "nan")):
        before, after = hermes_state(*options, *words), hermes_state(*words, *options, "--json")
        assert (before.code, before.out) == (2, "")
        assert (after.code, [error["code"] for error in after.json["errors"]]) == (2, ["usage"])


# --- one home fails, the other does not ------------------------------------------------------------------------------


def with_breakers(root: Path, ada: Path) -> None:
    (root / "rate_limits").mkdir()
    (root / "rate_limits" / "nous.json").write_text('{"reset_at": 4000000000.0}')
    (ada / "rate_limits" / "nous.json").mkdir(parents=True)


def with_cooldowns(root: Path, ada: Path) -> None:
    (root / "auth.json").write_text(cooling())
    (ada / "auth.json").write_text("{")


def with_a_loop(root: Path, ada: Path) -> None:
    (ada / "backups").symlink_to("backups")


def without_a_file(root: Path, ada: Path) -> None:
    (ada / "auth.json").unlink()
    (ada / "auth.json").mkdir()


def with_a_damaged_record(root: Path, ada: Path) -> None:
    record = ada / "backups" / "hermes-state" / "20260101T000000Z-0000.in-place"
    record.mkdir(parents=True, mode=0o700)
    (record / "manifest.json").write_text("{")


Succeeded = Callable[[dict[str, Any]], object]
CASES: dict[str, tuple[tuple[str, ...], Callable[[Path, Path], None], int, Succeeded]] = {
    "inspect": ((), without_a_file, 3, lambda said: [len(home["credentials"]) for home in said["homes"]] == [1, 0]),
    "check": ((), without_a_file, 3, lambda said: len(said["homes"]) == 2),
    "migrate": ((), with_cooldowns, 4, lambda said: [home["changed"] for home in said["homes"]] == [True, False]),
    "clear-breaker": (("nous",), with_breakers, 5, lambda said: len(said["cleared"]) == 1),
    "clear-cooldown": (("p",), with_cooldowns, 4, lambda said: len(said["cleared"]) == 1),
    "backups": ((), with_a_loop, 3, lambda said: [len(home["backups"]) for home in said["homes"]] == [1, 1]),
    "recover": ((), with_a_damaged_record, 7, lambda said: said["mended"] == []),
}


@pytest.mark.parametrize("name", CASES)
def test_what_fails_in_one_home_is_beside_what_succeeded_in_another(furnished: Path, hermes_state, name: str) -> None:
    words, spoil, code, succeeded = CASES[name]
    ada = furnished / "profiles" / "ada"
    spoil(furnished, ada)
    answer = hermes_state("--home", furnished, "--all-profiles", "--json", name, *words)
    assert answer.code == code
    assert answer.json["format"] == f"hermes-state/{name}"
    assert succeeded(answer.json), answer.out
    [error] = answer.json["errors"]
    assert error["home"] == str(ada)
    assert error["path"].startswith(str(ada))
    assert error["code"] and error["message"]
    assert answer.err == "", "with --json it is said once"


def test_a_file_that_cannot_be_restored_is_beside_one_that_was(furnished: Path, hermes_state) -> None:
    snapshot = furnished / "state-snapshots" / "x"
    (snapshot / "auth.json").write_text("{")
    (snapshot / "config.yaml").write_text("a: 1\n")
    answer = hermes_state("restore", "state-snapshots/x", "--home", furnished, "--json")
    assert answer.code == 4
    assert [(file["file"], file["changed"]) for file in answer.json["files"]] == [("config.yaml", True)]
    [error] = answer.json["errors"]
    assert (error["home"], os.path.basename(error["path"])) == (str(furnished), "auth.json")


def test_as_text_each_failure_is_on_stderr_and_the_rest_on_stdout(furnished: Path, hermes_state) -> None:
    with_cooldowns(furnished, furnished / "profiles" / "ada")
    for words in (("migrate",), ("inspect",), ("check", "--fail-on", "info")):
        answer = hermes_state("--home", furnished, "--all-profiles", *words)
        assert answer.out
        assert ("auth.json is corrupt" in answer.err) == (words == ("migrate",))
