"""What shells offer while a command is typed: asked as the shells ask, and, where they are installed, by the shells."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_state.cli import app
from hermes_state.outcomes import KINDS

SECRET = "sk-or-v1-test-d41d8cd98f00b204e9800998ecf8427e"
#: Names that a shell would make something else of, that look like an option, or that are secrets.
NOT_OFFERED = [
    *("$(touch made)", "`touch made`", "a b", 'a"b', "a'b", "a;b", "a\\b", "a\nb", "a|b", "--all", "~", "*", "ü", ""),
    *(SECRET, "ghp_0123456789abcdefghij0123456789abcdef"),
]


def row(id: Any, label: Any) -> dict[str, Any]:
    return {"id": id, "label": label, "source": "manual", "access_token": SECRET}


@pytest.fixture
def furnished(home: Path) -> Path:
    """A home with two profiles, one of which has credentials of its own, and a backup."""
    busy = {"vendor/large:free": 4000000000.0}
    pools = {
        "openrouter": [row("7e472f", "work key") | {"model_cooldowns": busy}, row("86b593", "spare")],
        "custom:local": [row(12, None)],
        "empty": [],
        **{name: [row("a", "b")] for name in NOT_OFFERED},
    }
    (home / "auth.json").write_text(json.dumps({"providers": {}, "credential_pool": pools}))
    for name in ("ada", "bob"):
        (home / "profiles" / name).mkdir(parents=True)
    own = {"providers": {}, "credential_pool": {"gemini": [row(name, name) for name in ("0a1b2c", *NOT_OFFERED)]}}
    (home / "profiles" / "ada" / "auth.json").write_text(json.dumps(own))
    (home / "state-snapshots" / "20260101-000000").mkdir(parents=True)
    (home / "state-snapshots" / "20260101-000000" / "auth.json").write_text("{}")
    return home


Complete = Callable[..., list[str]]


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Complete:
    """What bash would offer for the last of the words; it may be ``""``."""

    def ask(*words: object) -> list[str]:
        monkeypatch.setenv("_HERMES_STATE_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", "\n".join(["hermes-state", *map(str, words)]))
        monkeypatch.setenv("COMP_CWORD", str(len(words)))
        with pytest.raises(SystemExit) as left:
            app.run([])
        out, err = capsys.readouterr()
        assert (left.value.code, err) == (0, "")
        return out.split()

    return ask


def test_commands(complete: Complete) -> None:
    assert complete("clear-") == ["clear-breaker", "clear-cooldown"]
    assert complete("inspect", "--lock") == ["--lock-timeout"]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("inspect", ""), sorted(KINDS)),
        (("check", "auth", "c"), ["config"]),
        (("migrate", "s"), ["sessions"]),
        (("check", "--fail-on", ""), ["error", "info", "warning"]),
        (("check", "--fail-on", "=", "w"), ["warning"]),
        (("migrate", "--to", ""), ["base"]),
        (("clear-breaker", ""), ["nous", "nous-anonymous"]),
        (("clear-cooldown", ""), ["custom:local", "openrouter"]),
        (("clear-cooldown", "open"), ["openrouter"]),
        (("clear-cooldown", "openrouter", ""), ["7e472f", "86b593", "spare"]),
        (("clear-cooldown", "openrouter", "8"), ["86b593"]),
        (("clear-cooldown", "custom", ":", "local", ""), ["12"]),
        (("clear-cooldown", "nonsense", ""), []),
        (("clear-cooldown", "openrouter", "--model", ""), ["vendor/large:free"]),
        (("clear-cooldown", "--model", "=", "vendor/"), ["vendor/large:free"]),
        (("inspect", "--home", "nowhere", "--profile", ""), []),
        (("restore", ""), ["state-snapshots/20260101-000000"]),
        (("restore", "state-snapshots/2026", ""), ["auth.json"]),
        (("restore", "nonsense", ""), []),
        (("-p", ""), ["ada", "bob", "default"]),
        (("--profile", "=", "a"), ["ada"]),
        (("inspect", "--profile", "b"), ["bob"]),
    ],
    ids=" ".join,
)
def test_what_the_home_has_is_offered(furnished: Path, complete: Complete, words, offered) -> None:
    assert complete(*words) == offered


@pytest.mark.parametrize(
    "named",
    [
        lambda home: ("-p", "ada"),
        lambda home: ("--profile", "=", "ada"),
        lambda home: ("--home", home / "profiles" / "ada"),
        lambda home: ("--home", "=", home / "profiles" / "ada"),
        lambda home: ("--home", home, "-p", "ada"),
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["before the command", "after it"])
def test_the_home_that_the_line_names_is_meant(furnished: Path, complete: Complete, named, after: bool) -> None:
    shared = named(furnished)
    words = ("clear-cooldown", *shared) if after else (*shared, "clear-cooldown")
    # Of the profile's own and of the root's: an agent of the profile has both.
    assert complete(*words, "") == ["custom:local", "gemini", "openrouter"]
    assert complete(*words, "gemini", "") == ["0a1b2c"]


def test_the_home_of_the_environment_is_meant(
    furnished: Path, complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = furnished.rename(furnished.with_name("elsewhere"))
    assert complete("clear-cooldown", "") == []
    monkeypatch.setenv("HERMES_HOME", str(elsewhere))
    assert complete("clear-cooldown", "") == ["custom:local", "openrouter"]


def test_all_profiles_are_looked_into(furnished: Path, complete: Complete) -> None:
    assert complete("--all-profiles", "clear-cooldown", "") == ["custom:local", "gemini", "openrouter"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("typed", ["clear-cooldown ", "clear-cooldown gemini ", "-p ada clear-cooldown gemini "])
def test_no_secret_and_nothing_that_a_shell_would_act_on_is_offered(
    furnished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shell: str, typed: str
) -> None:
    words = [*f"hermes-state {typed}".split(" ")]
    monkeypatch.setenv("_HERMES_STATE_COMPLETE", f"complete_{shell}")
    monkeypatch.setenv("COMP_WORDS", "\n".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", " ".join(words))
    monkeypatch.setenv("_TYPER_COMPLETE_FISH_ACTION", "get-args")
    with pytest.raises(SystemExit):
        app.run([])
    out, err = capsys.readouterr()
    assert err == ""
    assert "touch" not in out and "test-" not in out and "ghp" not in out and "sha256" not in out


def test_a_label_stands_beside_its_id_where_the_shell_shows_remarks(
    furnished: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_HERMES_STATE_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "hermes-state clear-cooldown openrouter ")
    with pytest.raises(SystemExit):
        app.run([])
    assert '"7e472f":"work key"' in capsys.readouterr().out


SPOILED: dict[str, Callable[[Path], Any]] = {
    "corrupt": lambda home: (home / "auth.json").write_text("{"),
    "a directory": lambda home: (home / "auth.json").mkdir(),
    "a fifo": lambda home: os.mkfifo(home / "auth.json"),
    "a loop": lambda home: (home / "auth.json").symlink_to("auth.json"),
    "of another shape": lambda home: (home / "auth.json").write_text('{"credential_pool": {"p": [1, null]}}'),
    "no home": lambda home: home.rmdir(),
    "an active profile that is gone": lambda home: (home / "active_profile").write_text("gone"),
    "no breakers": lambda home: (home / "rate_limits").write_text(""),
    "no backups": lambda home: (home / "backups").write_text(""),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_it_finds_less_but_never_complains(home: Path, complete: Complete, spoil) -> None:
    spoil(home)
    for words in (
        ("clear-cooldown", "p"),
        ("clear-cooldown", "p", ""),
        ("restore", ""),
        ("restore", "2", ""),
        ("-p", ""),
    ):
        complete(*words)
    assert complete("clear-breaker", "nous-") in (["nous-anonymous"], [])


@pytest.mark.parametrize(
    "words",
    [("--home",), ("--home", ""), ("--lock-timeout", "x", "inspect", ""), ("'", ""), ("--home", "'", "inspect", "")],
)
def test_half_a_line_is_no_reason_to_complain(home: Path, complete: Complete, words) -> None:
    complete(*words)


@pytest.mark.parametrize("variable", ["complete_bash", "complete_nonsense", "nonsense"])
def test_a_shell_that_asks_wrongly_gets_a_failure_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variable: str
) -> None:
    monkeypatch.setenv("_HERMES_STATE_COMPLETE", variable)
    with pytest.raises(SystemExit) as left:
        app.run([])
    assert left.value.code == 1
    assert "unexpected" not in capsys.readouterr().err


def test_nothing_is_created_and_nothing_changed(furnished: Path, complete: Complete, tmp_path: Path) -> None:
    def seen() -> dict[str, tuple[int, int]]:
        return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in tmp_path.rglob("*")}

    before = seen()
    for words in (("clear-cooldown", ""), ("clear-cooldown", "openrouter", ""), ("restore", ""), ("clear-breaker", "")):
        assert complete(*words)
    assert seen() == before


# --- the shells themselves -------------------------------------------------------------------------------------------

BASH = """
eval "$(_HERMES_STATE_COMPLETE=source_bash hermes-state)"
COMP_WORDS=(hermes-state {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_hermes_state_completion hermes-state
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
#: zsh calls these two itself only while a line is edited.
ZSH = """
compdef() {{ }}
eval "$(_HERMES_STATE_COMPLETE=source_zsh hermes-state)"
_arguments() {{ print -r -- "$@" | grep -oE '"[^"]*"(:"[^"]*")?' | cut -d '"' -f 2 }}
words=(hermes-state {words}); CURRENT=${{#words}}
_hermes_state_completion
"""
FISH = """
_HERMES_STATE_COMPLETE=source_fish hermes-state | source
complete -C 'hermes-state {typed}' | string replace -r '\\t.*' ''; true
"""


@pytest.mark.parametrize(
    ("shell", "script"), [("bash", BASH), ("zsh", ZSH), ("fish", FISH)], ids=["bash", "zsh", "fish"]
)
@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("clear-breaker", ""), {"nous", "nous-anonymous"}),
        (("-p", ""), {"ada", "bob", "default"}),
        (("clear-cooldown", "openrouter", "8"), {"86b593"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_shell_offers_it(
    furnished: Path, tmp_path: Path, shell: str, script: str, words, offered: set[str]
) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"no {shell}")
    (tmp_path / "bin").mkdir()
    command = tmp_path / "bin" / "hermes-state"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hermes_state "$@"\n')
    command.chmod(0o755)
    text = script.format(words=" ".join(map(shlex.quote, words)), typed=" ".join(words))
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        [program, *options, "-c", text],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stderr == ""
    assert set(done.stdout.split()) - {"hermes-state"} == offered
