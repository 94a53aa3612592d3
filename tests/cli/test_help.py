"""The help: understood by whoever meets the program, the same everywhere, and true."""

from __future__ import annotations

import re
import shlex
import time
from pathlib import Path

import pytest

from examples.demo import copy_demo_home
from hermes_state.cli import app
from hermes_state.cli.command import examples_of
from hermes_state.cli.shared import options

COMMANDS = (
    *("inspect", "check", "migrate", "clear-breaker", "clear-cooldown", "backups", "restore", "recover", "schema"),
    "selftest",
)
EXAMPLES = [typed for name in COMMANDS for _, typed in examples_of(name)]
CHANGES_NOTHING = ("inspect", "check", "backups")


@pytest.fixture(autouse=True)
def _eighty_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


def test_the_program_lists_every_command_with_a_whole_sentence(hermes_state) -> None:
    section = hermes_state("--help").out.partition("Commands:\n")[2].partition("\n\n")[0]
    sentences = dict(re.findall(r"^  ([a-z-]+) +(.+(?:\n {6,}.+)*)", section, re.M))
    assert tuple(sentences) == COMMANDS
    assert all(text.endswith(".") and not text.endswith("...") for text in sentences.values())


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_it_fits_eighty_columns_and_is_asked_for_in_two_ways(hermes_state, name: str) -> None:
    words = [name] if name else []
    answer = hermes_state(*words, "--help")
    assert answer.code == 0
    assert max(map(len, answer.out.splitlines())) <= 80
    assert hermes_state(*words, "-h") == answer


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_the_same_parts(hermes_state, name: str) -> None:
    help = hermes_state(name, "--help").out
    assert help.startswith(f"Usage: hermes-state {name} [OPTIONS]")
    headings = re.findall(r"^(\S.*):$", help, re.M)
    assert headings == [
        heading
        for heading in ("Arguments", "Options", "Options of every command", "Examples")
        if heading in headings or heading in ("Options of every command", "Examples")
    ]
    shared = help.partition("Options of every command:")[2]
    assert all(option.opts[0] in shared for option in options())


@pytest.mark.parametrize("name", COMMANDS)
def test_only_commands_that_change_nothing_say_so(hermes_state, name: str) -> None:
    assert ("Changes nothing." in hermes_state(name, "--help").out) == (name in CHANGES_NOTHING)


@pytest.mark.parametrize("typed", [typed for typed in EXAMPLES if "restore" not in typed and "selftest" not in typed])
def test_an_example_works_as_it_stands(
    hermes_state, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    (tmp_path / "demo").mkdir()
    home = copy_demo_home(tmp_path / "demo", time.time())
    monkeypatch.setenv("HERMES_HOME", str(home))
    program, *words = shlex.split(typed)
    assert program == "hermes-state"
    answer = hermes_state(*words)
    assert (answer.code in (0, 1), answer.err) == (True, "")


@pytest.mark.parametrize("typed", [typed for typed in EXAMPLES if "restore" in typed])
def test_an_example_of_restore_works_with_a_name_that_is_there(hermes_state, home: Path, typed: str) -> None:
    name = next(word for word in shlex.split(typed) if re.match(r"\d", word))
    folder = home / "state-snapshots" / "x"
    folder.mkdir(parents=True)
    (folder / "auth.json").write_text('{"providers": {}}')
    words = [word if word != name else "state-snapshots/x" for word in shlex.split(typed)[1:]]
    assert hermes_state(*words, "--home", home).code == 0


def test_a_command_that_is_none_is_answered_with_those_that_are_like_it(hermes_state) -> None:
    answer = hermes_state("clear-cooldwon", "nous")
    assert answer.code == 2
    assert "clear-cooldown" in answer.err


@pytest.mark.parametrize("arguments", [("--json",), ("--all-profiles",)])
def test_options_without_a_command_are_a_usage_error(hermes_state, arguments) -> None:
    answer = hermes_state(*arguments)
    assert answer.code == 2
    assert "Missing command" in answer.err


def test_nothing_at_all_is_answered_with_the_help(hermes_state) -> None:
    answer = hermes_state()
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == hermes_state("--help").out


def test_a_command_is_built_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, hermes_state) -> None:
    from hermes_state.cli import command

    built: list[str] = []
    real = command._built

    def build(name: str) -> object:
        built.append(name)
        return real(name)

    monkeypatch.setattr(command, "_built", build)
    assert hermes_state("schema", "auth").code == 0
    assert built == ["schema"]
    assert app.run(["--version"]) == 0
    assert built == ["schema"]
