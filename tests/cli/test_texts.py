"""What is said on screen: one word for one thing, nothing that is not so, nothing cut that somebody may copy."""

from __future__ import annotations

import errno
import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_state.cli.text.render import clipped, console, print_diff
from hermes_state.findings import CATALOGUE
from hermes_state.inspection.auth.statuses import ADVICE
from hermes_state.redaction import diff
from tests.ground.doubles import FailingDisk
from tests.inspection.homes import agent, auth, link, put, row

Run = Callable[..., Any]
PROJECT = Path(__file__).resolve().parents[2]


def rows(out: str, title: str) -> list[str]:
    """The lines below a title of the screen, up to the next title."""
    lines = out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(title)) + 1
    end = next((number for number, line in enumerate(lines) if number >= start and line[:1] != " "), len(lines))
    return [line.strip() for line in lines[start:end]]


# --- a verdict where there is none ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"a', "auth.json is corrupt"),
        (b"", "auth.json is empty"),
        (b"[]", "auth.json does not have the shape that every edit relies on"),
        (None, "auth.json cannot be read"),
    ],
)
def test_where_auth_json_is_not_ok_the_verdict_says_that_nothing_can_be_told(
    home: Path, hermes_state: Run, content: bytes | None, why: str
) -> None:
    if content is None:
        (home / "auth.json").mkdir()
    else:
        put(home / "auth.json", content)
    assert rows(hermes_state("inspect").out, "Providers") == [f"✗  all  nothing can be told: {why}"]


def test_beside_a_corrupt_auth_json_no_provider_is_said_to_have_no_credentials(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", b'{"a')
    put(home / "rate_limits" / "nous.json", {"reset_at": 4e9})
    everything, nous, _ = rows(hermes_state("inspect").out, "Providers")
    assert "nothing can be told" in everything
    assert "credentials not known" in nous and "breaker" in nous


def test_a_pool_of_no_list_is_the_only_one_that_nothing_is_told_of(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"nous": 3, "openrouter": [row()], "empty": []}))
    said = rows(hermes_state("inspect").out, "Providers")
    assert [line.split(maxsplit=2)[1:] for line in said] == [
        ["nous", "nothing can be told: auth.json does not have the shape that every edit relies on"],
        ["empty", "no credentials"],
        ["openrouter", "1 of 1 usable"],
    ]


def test_in_the_overview_of_many_homes_it_is_said_too(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth())
    put(home / "profiles" / "coder" / "auth.json", b'{"a')
    said = hermes_state("--all-profiles", "inspect").out
    assert "nothing can be told: auth.json is corrupt" in said


# --- breakers ---------------------------------------------------------------------------------------------------------


def test_a_breaker_that_cannot_be_read_is_not_called_corrupt_anywhere(
    home: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home / "auth.json", auth({"nous": [row()]}))
    put(home / "rate_limits" / "nous.json", {"reset_at": 4e9})
    monkeypatch.setattr("hermes_state.stores.breaker.RealDisk", lambda: FailingDisk("read", errno.EACCES))
    monkeypatch.setattr("hermes_state.clearing.breakers.RealDisk", lambda: FailingDisk("read", errno.EACCES))
    seen = hermes_state("inspect")
    verdict = rows(seen.out, "Providers")
    assert verdict[0].startswith("⚠  nous  1 of 1 usable: breaker that could not be looked into (Permission denied)")
    assert verdict[-1] == "hermes-state clear-breaker nous"
    assert rows(seen.out, "Breakers") == ["✗  nous  unreadable: agents that can look into it may obey it"]
    done = hermes_state("clear-breaker", "nous")
    assert "the breaker of nous was cleared (it was unreadable)" in done.out
    assert "corrupt" not in seen.out + seen.err + done.out + done.err


def test_of_what_stands_in_place_of_a_breaker_it_is_said_what_it_is(home: Path, hermes_state: Run) -> None:
    (home / "rate_limits" / "nous.json").mkdir(parents=True)
    put(home / "rate_limits" / "openrouter.json", {})
    assert rows(hermes_state("inspect", "breaker").out, "Breakers") == [
        "✗  nous        it is a directory, not a regular file",
        "·  openrouter  not a breaker: the file is not the agent's",
    ]


def test_a_link_to_nothing_is_not_shown_as_a_breaker_that_has_expired(home: Path, hermes_state: Run) -> None:
    link(home / "rate_limits" / "nous.json", home / "nowhere.json")
    seen = hermes_state("inspect")
    assert rows(seen.out, "Breakers") == ["·  nous  no breaker: a link that leads to nothing"]
    assert [each["state"] for each in hermes_state("inspect", "--json").json["homes"][0]["breakers"]] == ["absent"]


def test_after_its_own_failure_clear_breaker_does_not_advise_itself(
    home: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home / "rate_limits" / "nous.json", {"reset_at": 4e9})
    monkeypatch.setattr("hermes_state.clearing.breakers.RealDisk", lambda: FailingDisk("rename", errno.EACCES))
    done = hermes_state("clear-breaker", "nous")
    assert done.code == 7
    assert "still blocked by breaker" in done.out and "clear-breaker nous" not in done.out + done.err
    [block] = hermes_state("clear-breaker", "nous", "--json").json["still_blocked_by"]
    assert (block["home"], block["clear_with"]) == (str(home), None)


# --- one word for one thing -------------------------------------------------------------------------------------------


def test_a_provider_without_credentials_is_said_to_have_none(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"empty": []}))
    assert rows(hermes_state("inspect").out, "Providers") == ["✗  empty  no credentials"]
    put(home / "rate_limits" / "nous.json", {"reset_at": 4e9})
    assert any(
        line.startswith("✗  nous   no credentials, next in over 10 years: breaker")
        for line in rows(hermes_state("inspect").out, "Providers")
    )


def test_one_of_a_thing_is_not_called_several(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"openrouter": [row()]}))
    (home / "profiles" / "coder").mkdir(parents=True)
    sessions(home, "agent:main:telegram:dm:1")
    (home / "auth.json.corrupt").write_bytes((home / "auth.json").read_bytes())
    (home / "auth.json.corrupt").chmod(0o600)
    assert "1 provider, 1 credential usable" in hermes_state("--all-profiles", "inspect").out
    assert "1 session (primary)" in hermes_state("inspect").out
    assert "auth.json with 1 credential" in re.sub(r"\s+", " ", hermes_state("backups").out) + " "


@pytest.mark.parametrize("command", ["migrate", "migrate --to base", "migrate --dry-run"])
def test_a_file_that_stays_as_it_is_needs_no_change(home: Path, hermes_state: Run, command: str) -> None:
    put(home / "auth.json", auth({"openrouter": [row()]}))
    assert "✓ auth.json needs no change" in hermes_state(*command.split()).out


def test_nothing_is_benched_any_more() -> None:
    """Time-limited is "cooling down", for good is "dead"; there is no third word, and no half of one."""
    texts = [*(PROJECT / "docs").rglob("*.md"), PROJECT / "README.md"]
    said = {path.name: path.read_text("utf-8") for path in texts} | {"catalogue": str(CATALOGUE), "advice": str(ADVICE)}
    odd = re.compile(r"\bbench(ed|es)?\b|\bcooling(?! down)(?=[ ,;|])")
    assert {name: odd.findall(text) for name, text in said.items() if odd.search(text)} == {}


# --- findings ---------------------------------------------------------------------------------------------------------


def sessions(home: Path, *keys: str) -> None:
    entry = {"session_id": "20260101_000000_abcd", "created_at": "2026-01-01T00:00:00"}
    whole = {**entry, "updated_at": "2026-01-01T00:00:00"}
    put(home / "sessions" / "sessions.json", {key: whole for key in keys})


def test_findings_that_are_folded_keep_the_place_of_the_first(home: Path, hermes_state: Run) -> None:
    """Its name must not be looked for inside other words."""
    sessions(home, "session", "key", "is")
    said = " ".join(rows(hermes_state("inspect").out, "Findings"))
    assert "sessions/sessions.json /session/session_key: session_key is missing (and 2 more)" in said


@pytest.mark.parametrize("columns", ["40", "70", "100", "300"])
def test_in_a_pipe_no_message_is_cut(
    home: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    agent(home, "0.22.2")
    put(home / "auth.json", auth({"openrouter": [row(last_status="dead", last_status_at=time.time() - 60)]}))
    monkeypatch.setenv("COLUMNS", columns)
    told = json.loads(hermes_state("inspect", "--json").out)["homes"][0]["findings"]
    messages = [each["message"].split(" (20")[0].rpartition(", in ")[0] for each in told if each["severity"] == "info"]
    said = " ".join(" ".join(rows(hermes_state("inspect").out, "Findings")).split())
    assert messages and all(message in said for message in messages)
    assert "..." not in said and "all of it" not in said


@pytest.mark.parametrize("columns", ["40", "70", "100", "300"])
def test_a_path_in_a_message_is_shown_whole_or_not_at_all(
    home: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    paths = [put(home / name, "x") for name in ("auth.json.tmp", f".auth_{'a' * 8}.tmp")]
    for path in paths:
        os.utime(path, (1, 1))
    monkeypatch.setenv("COLUMNS", columns)
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as far as can be told
    message, command, *rest = rows(re.sub(r"\x1b\[[0-9;]*m", "", hermes_state("inspect").out), "Findings")
    assert "".join(rest).strip("`").endswith("check --fail-on info") is message.endswith("...")
    words = [word.strip(".,;") for word in message.split() if "/" in word or word.endswith("...")]
    assert all(word in map(str, paths) or "/" not in word for word in words)
    assert ("such as" not in message) or str(min(paths)) in message or message.endswith("such as...")
    assert command.removeprefix("`").startswith("rm ") and all(str(path) in command for path in paths)


def test_a_long_message_is_cut_between_words() -> None:
    assert clipped("word " * 100).endswith("word...") and len(clipped("word " * 100)) <= 300
    assert clipped("x" * 1000) == "x" * 297 + "..."


# --- what comes next --------------------------------------------------------------------------------------------------


def test_where_there_is_no_breaker_it_is_said_that_nothing_is_to_be_done(home: Path, hermes_state: Run) -> None:
    nothing = "there are no breakers: nothing to do"
    assert nothing in hermes_state("clear-breaker", "--all").out
    assert nothing not in hermes_state("clear-breaker", "nous").out
    put(home / "rate_limits" / "nous.json", {"reset_at": 4e9})
    assert nothing not in hermes_state("clear-breaker", "--all").out
    assert nothing in hermes_state("clear-breaker", "--all").out


@pytest.mark.parametrize("command", ["restore", "clear-breaker", "clear-cooldown"])
def test_a_dry_run_ends_with_the_word_that_nothing_was_written(home: Path, hermes_state: Run, command: str) -> None:
    asked = {"restore": "auth.json.corrupt", "clear-breaker": "nous", "clear-cooldown": "openrouter"}[command]
    cooling = row("a", last_status="exhausted", last_status_at=time.time(), last_error_code=429)
    put(home / "auth.json", auth({"openrouter": [cooling]}))
    put(home / "auth.json.corrupt", auth({"openrouter": [row("a")]}))
    put(home / "rate_limits" / "nous.json", {"reset_at": time.time() + 60.0})
    last = hermes_state(command, asked, "--dry-run").out.splitlines()[-1]
    assert last == "· nothing was written; run it again without --dry-run"
    done = hermes_state(command, asked)
    assert done.code == 0 and "nothing was written" not in done.out
    again = hermes_state(command, asked, "--dry-run").out.splitlines()[-1]
    assert again == "· nothing was written"


def test_which_side_wins_is_said_of_fields_that_differ(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a", label="new")]}))
    put(home / "auth.json.corrupt", auth({"openrouter": [row("a", label="old")]}))
    said = hermes_state("restore", "auth.json.corrupt").out
    assert "openrouter a: has other fields now: those of the backup come back" in said
    assert json.loads((home / "auth.json").read_bytes())["credential_pool"]["openrouter"][0]["label"] == "old"


def test_in_a_home_without_backups_a_restore_says_what_to_do(home: Path, hermes_state: Run) -> None:
    answer = hermes_state("restore", "x")
    assert answer.code == 2
    assert "there is nothing to restore from in this home" in answer.err
    put(home / "auth.json.corrupt", auth())
    assert "one of: auth.json.corrupt" in hermes_state("restore", "x").err


def test_a_tilde_within_quotes_is_explained(home: Path, hermes_state: Run) -> None:
    answer = hermes_state("--home", "~/.hermes", "inspect")
    assert answer.code == 3
    assert "the ~ in it stands for nothing" in answer.err
    assert "~" not in hermes_state("--home", str(home / "gone"), "inspect").err


# --- diffs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["20", "100"])
def test_a_diff_is_a_diff_however_narrow_the_screen(
    home: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    mark = {"last_status": "exhausted", "last_status_at": 1, "last_error_message": "very long \t \x1b[31m" * 40}
    put(home / "auth.json", json.dumps(auth({"openrouter": [row(**mark)]}), indent=2))
    monkeypatch.setenv("COLUMNS", columns)
    said = hermes_state("migrate", "--dry-run", "--diff").out
    entry = hermes_state("migrate", "--dry-run", "--diff", "--json").json["homes"][0]["files"][0]
    moments = re.compile(r'"moved_at": [0-9.]+')
    assert moments.sub("", entry["diff"]) in moments.sub("", said)
    assert max(map(len, entry["diff"].splitlines())) > 400 and "\x1b" not in said


def test_tabs_and_blanks_at_the_end_of_a_line_of_a_diff_stay(capsys: pytest.CaptureFixture[str]) -> None:
    before = b"a: 1\nplatforms:\n  x: y   \n\t# note\t\n" + b"#" * 90 + b"  \n"
    after = before.replace(b"1", b"2")
    print_diff(console(), before, after, "config.yaml")
    assert capsys.readouterr().out == diff(before, after, "config.yaml")
    assert "]   \n \t# note" in diff(before, after, "config.yaml")
