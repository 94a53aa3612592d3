"""The bar over many homes: every command that takes long has one, where somebody watches, and only there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_state.cli.text import progress
from hermes_state.runtime import SECTION
from tests.cli.test_inspect import cooling, on_a_terminal
from tests.inspection.homes import auth, put

Run = Callable[..., Any]
#: command -> what one of its bars says that it does
COMMANDS = {
    "check": "looking at homes",
    "migrate": "migrating homes",
    "migrate --dry-run": "rehearsing",
    "migrate --to base": "migrating homes",
    "clear-cooldown nous": "clearing cooldowns",
    "clear-cooldown nous --dry-run": "rehearsing",
    "clear-cooldown nous --breaker": "clearing breakers",
    "clear-breaker nous": "clearing breakers",
    "recover": "recovering homes",
}
COUNT = 8

#: The program, with a bar from the first home on. At the fourth home of the bar that is named it is told to stop.
WATCHED = """
import os, signal
from hermes_state.cli import app
from hermes_state.cli.text import progress
progress._FIRST_LOOK = progress._WORTH_IT = progress._EVERY = -1.0
step = progress._Bar.step
def stopping(bar):
    step(bar)
    if bar._done == 4 and bar._what == os.environ.get("STOP_AT"):
        os.kill(os.getpid(), signal.SIGINT)
progress._Bar.step = stopping
app.main()
"""
TERMINAL = {"LC_ALL": "C.UTF-8", "TERM": "xterm"}


@pytest.fixture
def some(home: Path) -> Path:
    """A root and profiles; each profile has something to do for each of the commands."""
    put(home / "auth.json", auth({}))
    for number in range(COUNT - 1):
        path = home / "profiles" / f"p{number}"
        put(path / "auth.json", auth({"nous": [cooling(f"a{number}")]}))
        put(path / "rate_limits" / "nous.json", {"reset_at": time.time() + 600.0})
    return home


def prepared(home: Path, words: str, hermes_state: Run) -> list[str]:
    """The command's words, once there is something to do for it."""
    if words == "migrate --to base":
        assert hermes_state("migrate", "--home", home, "--all-profiles").code == 0
    return words.split()


@pytest.mark.parametrize("words", COMMANDS)
def test_a_long_command_has_a_bar_that_leaves_nothing_behind(some: Path, words: str, hermes_state: Run) -> None:
    arguments = ("--all-profiles", *prepared(some, words, hermes_state))
    out, code = on_a_terminal(some, *arguments, program=("-c", WATCHED), **TERMINAL)
    assert code == 0
    assert COMMANDS[words] in out
    assert f"4/{COUNT}" in out or f"4/{COUNT - 1}" in out
    assert out.rindex("\x1b[?25h") > out.rindex("\x1b[?25l")
    assert "/" + str(COUNT) not in out[out.rindex("\x1b[2K") :]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_signal_while_a_bar_is_drawn_ends_the_run_cleanly(some: Path, words: str, hermes_state: Run) -> None:
    arguments = ("--all-profiles", *prepared(some, words, hermes_state))
    stop = {"STOP_AT": COMMANDS[words], **TERMINAL}
    out, code = on_a_terminal(some, *arguments, program=("-c", WATCHED), **stop)
    assert code == 130
    assert out.rindex("\x1b[?25h") > out.rindex("\x1b[?25l")
    assert "SIGINT" in out[out.rindex("\x1b[?25h") :]
    assert "Traceback" not in out


def test_what_was_done_before_the_signal_is_done_and_what_was_not_is_said(some: Path) -> None:
    stop = {"STOP_AT": "migrating homes", **TERMINAL}
    out, _ = on_a_terminal(some, "--all-profiles", "migrate", program=("-c", WATCHED), **stop)
    texts = [json.loads((path / "auth.json").read_text()) for path in sorted(some.glob("profiles/*"))]
    moved = [SECTION in text for text in texts]
    assert moved == [True] * 3 + [False] * (COUNT - 4)
    assert out.count("was migrated") == 3


@pytest.mark.parametrize("words", COMMANDS)
def test_scripts_never_meet_a_bar(some: Path, words: str, hermes_state: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe nothing is drawn; with --json nobody even looks whether somebody watches."""
    arguments = ("--home", some, "--all-profiles", *prepared(some, words, hermes_state))
    for name in ("_FIRST_LOOK", "_WORTH_IT", "_EVERY"):
        monkeypatch.setattr(progress, name, -1.0)
    said = hermes_state(*arguments)
    assert said.code in (0, 1)
    assert "\x1b" not in said.out + said.err
    assert COMMANDS[words] not in said.out + said.err
    monkeypatch.setattr(progress, "watched", None)
    assert hermes_state(*arguments, "--json").json["format_version"] == 1
