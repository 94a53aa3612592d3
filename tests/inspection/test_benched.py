"""Credentials that agents do not use: why, what to do for each HTTP status, and whether the key is another one now."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hermes_state.inspection import as_json
from hermes_state.inspection.auth.environment import Environment
from hermes_state.inspection.auth.statuses import ADVICE, advice
from hermes_state.redaction import fingerprint
from tests.inspection.cases import pool
from tests.inspection.homes import DAY, HOUR, NOW, agent, at, auth, cooling, found, look, mark, put, record, report, row

KEY = "sk-or-v1-test-in-the-environment"
NAME = "OPENROUTER_API_KEY"


def borrowed(**fields: Any) -> dict[str, Any]:
    """A row from the environment, as agents since 0.15 keep it."""
    nothing = {"access_token": None, "secret_fingerprint": fingerprint(KEY)}
    return row(source=f"env:{NAME}", **{**nothing, **fields})


# --- what to do, by status --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [None, *range(400, 600), 0, 200, 999, -1])
def test_every_status_has_something_to_do(code: int | None) -> None:
    said = advice(code, "log in again: `hermes auth add nous`")
    assert len(said) > 20
    assert "{" not in said


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (401, "log in again"),
        (402, "balance or quota is used up: see the provider's dashboard"),
        (403, "spending limit"),
        (404, "choose another model"),
        (408, "nothing is wrong with the credential"),
        (429, "it lifts at the time that is given"),
        (500, "see its status page"),
        (502, "see its status page"),
        (503, "overloaded or down"),
        (529, "overloaded"),
        (None, "no answer with a status"),
        (418, "documentation of this status"),
        (599, "see its status page"),
        (200, "not a status"),
    ],
)
def test_what_to_do_fits_the_status(code: int | None, says: str) -> None:
    assert says in advice(code, "log in again")


def test_only_where_the_secret_may_be_at_fault_a_new_one_is_advised() -> None:
    assert {code for code in ADVICE if "RENEW" in advice(code, "RENEW")} == {None, 401, 403}


@pytest.mark.parametrize("code", [*ADVICE, 418, 599])
def test_a_benched_credential_says_what_to_do_about_its_status(home: Path, code: int | None) -> None:
    pool(cooling(last_error_code=code, last_error_reason="a_reason"))(home)
    (hit,) = found(home, "HS-AUTH-043")
    assert hit.message.startswith("openrouter 7e472f is cooling down for 1h more")
    assert hit.message.endswith(f"({f'HTTP {code}, ' if code is not None else ''}a_reason)")
    assert hit.hint.startswith(
        advice(code, f"add a valid key: `HERMES_HOME={home} hermes -p default auth add openrouter`")
    )
    assert hit.hint.endswith(
        f"; `hermes-state --home {home} clear-cooldown openrouter 7e472f` lets agents use it at once"
    )


def test_a_key_from_the_environment_is_used_again_by_the_same_command_when_it_is_a_new_one(home: Path) -> None:
    pool(borrowed(**mark()))(home)
    (hit,) = found(home, "HS-AUTH-043")
    assert hit.hint.endswith("lets agents use it at once, and so a new key in .env too")


def test_a_cooldown_without_an_end_says_so(home: Path) -> None:
    pool(cooling(last_error_reset_at=float("inf")))(home)
    (hit,) = found(home, "HS-AUTH-043")
    assert "is cooling down, without an end" in hit.message


def test_a_cooldown_in_the_section_is_one_too(home: Path) -> None:
    pool(row(), records={"7e472f": record(row(), **mark())})(home)
    assert len(found(home, "HS-AUTH-043")) == 1


def test_where_the_file_refuses_every_edit_no_clear_is_advised(home: Path) -> None:
    put(home / "auth.json", auth({"nous": {}, "openrouter": [cooling(), row("b", last_status="dead")]}))
    assert [
        "hermes-state" in each.hint for each in look(home).findings if each.id in ("HS-AUTH-039", "HS-AUTH-043")
    ] == [
        False,
        False,
    ]
    assert [block.clear_with for each in look(home).providers for block in each.blocked_by] == [None, None]


@pytest.mark.parametrize(
    ("source", "auth_type", "says"),
    [
        ("manual", "api_key", "add a valid key: `"),
        ("manual:device_code", "oauth", "log in again: `"),
        ("device_code", "oauth", "log in again: `"),
        (f"env:{NAME}", "api_key", f"put a valid key for {NAME} into "),
        ("env:\x1b[2J", "api_key", "put a valid key into "),
        ("claude_code", "oauth", "log in again with Claude Code"),
        ("gh_cli", "api_key", "log in again with the GitHub CLI"),
        ("config:my-server", "api_key", "put a valid key into config.yaml"),
    ],
)
def test_how_a_credential_is_renewed_follows_its_source(home: Path, source: str, auth_type: str, says: str) -> None:
    pool(cooling(last_error_code=401, source=source, auth_type=auth_type))(home)
    (hit,) = found(home, "HS-AUTH-043")
    assert f"does not accept the secret: {says}" in hit.hint


# --- dead -------------------------------------------------------------------------------------------------------------


def dead(**fields: Any) -> dict[str, Any]:
    return row(**{"last_status": "dead", "last_status_at": NOW - HOUR, "last_error_code": 401, **fields})


@pytest.mark.parametrize(("version", "fires"), [("0.13.0", 0), ("0.15.2", 0), ("0.16.0", 1), ("0.22.2", 1)])
def test_dead_is_told_of_agents_that_know_it(home: Path, version: str, fires: int) -> None:
    agent(home, version)
    pool(dead())(home)
    assert (len(found(home, "HS-AUTH-039")), len(found(home, "HS-AUTH-040"))) == (fires, fires)


def test_the_time_of_the_deletion_is_told(home: Path) -> None:
    pool(dead())(home)
    (hit,) = found(home, "HS-AUTH-040")
    assert hit.message.endswith("key and all, in 23h (2027-01-16T07:00:00Z)")
    pool(dead(last_status_at="2027-01-15T07:00:00Z"))(home)
    assert found(home, "HS-AUTH-040") == [hit]


def test_a_deletion_that_is_due_comes_with_the_next_look(home: Path) -> None:
    pool(dead(last_status_at=NOW - 2 * DAY))(home)
    (hit,) = found(home, "HS-AUTH-040")
    assert hit.message.endswith("key and all, the next time that they look")


@pytest.mark.parametrize(
    "fields",
    [
        {"last_status_at": None},
        {"last_status_at": 0},
        {"last_status_at": NOW * 1000},
        {"last_status_at": float("inf")},
        {"last_status_at": "yesterday"},
        {"source": "device_code"},
        {"source": f"env:{NAME}"},
    ],
    ids=str,
)
def test_agents_keep_what_has_no_time_and_what_was_not_added_by_hand(home: Path, fields: dict[str, Any]) -> None:
    pool(dead(**fields))(home)
    assert len(found(home, "HS-AUTH-039")) == 1
    assert found(home, "HS-AUTH-040") == []


# --- a key that is another one now ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line", [f"{NAME}={KEY}", f'export {NAME}="{KEY}"  # mine', f"{NAME} = '{KEY}'", f"{NAME}={KEY} # x"]
)
def test_the_key_that_was_benched_is_recognised_however_it_is_written(home: Path, line: str) -> None:
    put(home / ".env", f"OTHER=1\n{line}\n")
    pool(borrowed(**mark()))(home)
    assert found(home, "HS-AUTH-037") == []


@pytest.mark.parametrize(
    "text", [f"{NAME}=", f"{NAME}=op://vault/key", "# nothing", f"#{NAME}=x", "\0\xff", f"OTHER={KEY}", NAME]
)
def test_a_file_that_does_not_set_the_key_says_nothing(home: Path, text: str) -> None:
    put(home / ".env", text.encode("latin-1"))
    pool(borrowed(**mark()))(home)
    assert found(home, "HS-AUTH-037") == []


@pytest.mark.parametrize("fields", [mark(), {"last_status": "dead"}, {"model_cooldowns": {"x": NOW + 60.0}}], ids=str)
def test_another_key_is_told_of_every_way_to_be_benched(home: Path, fields: dict[str, Any]) -> None:
    put(home / ".env", f"{NAME}=first\n{NAME}=sk-or-v1-test-new\n")
    pool(borrowed(**fields))(home)
    (hit,) = found(home, "HS-AUTH-037")
    assert hit.hint.endswith("lets agents use the new key at once")


def test_a_key_that_is_in_use_may_change(home: Path) -> None:
    put(home / ".env", f"{NAME}=sk-or-v1-test-new\n")
    pool(borrowed())(home)
    assert found(home, "HS-AUTH-037") == []


def test_a_raw_key_of_old_agents_is_compared_as_well(home: Path) -> None:
    put(home / ".env", f"{NAME}=sk-or-v1-test-new\n")
    pool(borrowed(access_token=KEY, secret_fingerprint=None, **mark()))(home)
    assert len(found(home, "HS-AUTH-037")) == 1


def test_no_key_of_the_environment_comes_out(home: Path) -> None:
    put(home / ".env", f"{NAME}=sk-or-v1-test-new\n")
    pool(borrowed(**mark()))(home)
    text = json.dumps(as_json(report(home)))
    assert "sk-or-v1-test-new" not in text
    assert fingerprint("sk-or-v1-test-new") not in text


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["fifo", "directory"])
def test_what_is_no_file_is_not_waited_for(home: Path, make: Any) -> None:
    make(home / ".env")
    assert Environment(str(home)).keys(NAME) == frozenset()


def test_no_more_than_a_mebibyte_is_read(home: Path) -> None:
    put(home / ".env", f"{NAME}={KEY}\n" + "#" * (1 << 20) + f"\n{NAME}=late\n")
    assert Environment(str(home)).keys(NAME) == {fingerprint(KEY)}


def test_a_profile_has_its_own_environment(home: Path) -> None:
    coder = home / "profiles" / "coder"
    put(home / ".env", f"{NAME}=sk-or-v1-test-new\n")
    put(coder / "auth.json", auth({"openrouter": [borrowed(**mark())]}))
    assert found(at(coder), "HS-AUTH-037") == []
