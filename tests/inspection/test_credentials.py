"""What a credential truly is: judged on inline state and section together, by the rule of the home's agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hermes_state.inspection.report import Credential
from tests.inspection.homes import HOUR, NOW, SECRET, agent, auth, cooling, look, mark, put, record, row


def credentials(home: Path, *rows: Any, section: dict[str, Any] | None = None) -> list[Credential]:
    put(home / "auth.json", auth({"openrouter": list(rows)}, None if section is None else {"openrouter": section}))
    return list(look(home).credentials)


def one(home: Path, *rows: Any, section: dict[str, Any] | None = None) -> Credential:
    return credentials(home, *rows, section=section)[0]


def test_a_healthy_row_is_ok_and_holds_nothing(home: Path) -> None:
    found = one(home, row(label="work key", priority=3, auth_type="oauth", source="device_code"))
    assert (found.pool, found.id, found.label, found.source) == ("openrouter", "7e472f", "work key", "device_code")
    assert (found.auth_type, found.priority, found.store) == ("oauth", 3, "own")
    assert (found.status, found.agent_sees, found.held) == ("ok", "usable", "none")
    assert (found.until_at, found.until_rule, found.remaining_seconds, found.model_cooldowns) == (None, None, None, {})


def test_an_inline_cooldown_is_told_with_its_end_and_its_reason(home: Path) -> None:
    found = one(home, cooling(seconds=90.5, last_error_reason="rate_limit", last_error_message="Slow down"), row("b"))
    assert (found.status, found.agent_sees, found.held) == ("cooling", "blocked", "inline")
    assert (found.until_at, found.remaining_seconds) == (NOW + 90.5, 90.5)
    assert (found.error_code, found.reason, found.message) == (429, "rate_limit", "Slow down")


def test_a_cooldown_in_the_section_counts_though_a_stock_agent_does_not_see_it(home: Path) -> None:
    found = one(home, row(), section={"7e472f": record(row(), **mark(90.0))})
    assert (found.status, found.agent_sees, found.held) == ("cooling", "usable", "runtime")
    assert (found.until_at, found.error_code) == (NOW + 90.0, 429)


def test_of_two_marks_the_later_counts(home: Path) -> None:
    found = one(home, cooling(seconds=90.0), section={"7e472f": record(row(), **mark(7200.0, ago=900.0))})
    assert (found.held, found.until_at) == ("both", NOW + 90.0)


def test_a_record_of_another_secret_does_not_count(home: Path) -> None:
    other = {**record(row(), **mark()), "token": "sha256:0123456789abcdef"}
    assert one(home, row(), section={"7e472f": other}).status == "ok"


def test_a_mark_that_was_cleared_does_not_count_though_an_agent_wrote_it_back(home: Path) -> None:
    found = one(home, cooling(), section={"7e472f": record(row(), cleared_at=NOW - 10.0)})
    assert (found.status, found.agent_sees, found.held) == ("ok", "blocked", "inline")


def test_a_cooldown_that_is_over_is_elapsed_and_keeps_its_end(home: Path) -> None:
    found = one(home, cooling(seconds=-30.0))
    assert (found.status, found.agent_sees) == ("elapsed", "usable")
    assert (found.until_at, found.remaining_seconds) == (NOW - 30.0, None)


def test_a_dead_row_is_dead_and_has_no_end(home: Path) -> None:
    found = one(home, row(last_status="dead", last_status_at=NOW - 60.0, last_error_code=401))
    assert (found.status, found.agent_sees, found.held, found.until_at) == ("dead", "blocked", "inline", None)


@pytest.mark.parametrize(("version", "seconds"), [("0.19.0", 3540.0), ("0.22.2", 0.0)])
def test_the_end_follows_the_rule_of_the_homes_agent(home: Path, version: str, seconds: float) -> None:
    agent(home, version)
    found = one(home, cooling(last_error_reset_at=None))
    assert (found.until_at, found.until_rule) == (NOW + seconds, version[:4] if version > "0.20" else "0.16")
    assert (found.status, found.agent_sees) == (("cooling", "blocked") if seconds else ("elapsed", "usable"))


def test_without_a_known_agent_the_longest_end_is_told_as_such(home: Path) -> None:
    found = one(home, cooling(last_error_reset_at=None))
    assert (found.until_at, found.until_rule) == (NOW + 3540.0, "longest: 0.16")


def test_whether_siblings_are_left_is_judged_with_what_the_section_says(home: Path) -> None:
    agent(home, "0.22.2")
    alone = cooling("a", last_error_reset_at=None)
    assert one(home, alone, row("b", last_status="dead")).status == "elapsed"
    assert one(home, alone, row("b")).until_at == NOW + 3540.0


def test_a_cooldown_without_an_end_says_so_in_its_rule(home: Path) -> None:
    found = one(home, cooling(last_error_reset_at=float("inf")))
    assert (found.status, found.until_at, found.remaining_seconds) == ("cooling", None, None)
    assert found.until_rule == "longest: 0.22, for ever"


def test_model_cooldowns_are_told_by_model(home: Path) -> None:
    agent(home, "0.22.2")
    found = one(home, row(model_cooldowns={"claude-x": NOW + 60.0, "claude-y": 1e400, "odd": "soon"}))
    assert (found.status, found.agent_sees, found.held) == ("ok", "blocked", "inline")
    assert found.model_cooldowns == {"claude-x": NOW + 60.0, "claude-y": None}


@pytest.mark.parametrize("id", [5, None, ""])
def test_an_odd_id_is_told_as_it_is(home: Path, id: Any) -> None:
    assert one(home, row(id)).id == id


@pytest.mark.parametrize("value", [[], {}, 1.5, True])
def test_values_of_the_wrong_type_are_left_out(home: Path, value: Any) -> None:
    odd = row(label=value, auth_type=value, last_error_code=value, last_error_message=value, last_error_reason=value)
    found = one(home, {**odd, "priority": value, "source": value})
    assert (found.label, found.auth_type, found.priority, found.source) == (None, None, None, None)
    assert (found.error_code, found.reason, found.message) == (None, None, None)


def test_rows_that_share_an_id_do_not_share_a_record(home: Path) -> None:
    found = credentials(home, row(), row(), section={"7e472f": record(row(), **mark())})
    assert [(each.status, each.held) for each in found] == [("ok", "none"), ("ok", "none")]


def test_a_row_that_is_no_object_hides_no_other(home: Path) -> None:
    found = credentials(home, "oops", row("b"), None)
    assert [(each.id, each.status, each.agent_sees) for each in found] == [("b", "ok", "blocked")]


def test_rows_of_the_photon_plugin_are_no_credentials(home: Path) -> None:
    photon = [{"access_token": SECRET, "issued_at": 1}]
    put(home / "auth.json", auth({"photon": photon, "photon_project": photon, "photon_user": photon, "nous": [row()]}))
    seen = look(home)
    assert [each.pool for each in seen.credentials] == [each.provider for each in seen.providers] == ["nous"]


def test_pools_of_a_file_that_no_edit_may_touch_are_still_told(home: Path) -> None:
    content = auth({"broken": {}, "openrouter": [cooling()]}, credential_pool_runtime="not ours")
    put(home / "auth.json", content)
    seen = look(home)
    assert seen.files[0].outcome == "invalid"
    assert [(each.pool, each.status) for each in seen.credentials] == [("openrouter", "cooling")]


def test_records_of_a_later_schema_are_not_guessed_at(home: Path) -> None:
    content = auth({"openrouter": [row()]}, {"openrouter": {"7e472f": record(row(), **mark())}})
    content["credential_pool_runtime"]["schema"] = 2
    put(home / "auth.json", content)
    seen = look(home)
    assert (seen.files[0].outcome, seen.credentials[0].status) == ("too_new", "ok")
    assert seen.files[0].section == (2, None, None)


def test_free_text_is_shown_without_secrets_and_control_characters(home: Path) -> None:
    text = f"bad key {SECRET}\x1b[31m"
    found = one(home, cooling(label=text, last_error_message=text, last_error_reason=text))
    for shown in (found.label, found.message, found.reason):
        assert shown is not None
        assert shown.startswith("bad key [secret sha256:")
        assert SECRET not in shown
        assert "\x1b" not in shown


def test_a_pool_that_is_all_dead_but_one_is_judged_as_quickly_as_any(home: Path) -> None:
    """The rules ask for a second row that is not dead; a long pool without one must not be searched for every row."""
    agent(home, "0.22.2")
    dead = [row(f"d{number}", last_status="dead") for number in range(2000)]
    ends = [cooling("x", last_error_reset_at=None), *dead, cooling("y", last_error_reset_at=None)]
    found = credentials(home, *ends)
    assert (found[0].until_at, found[-1].until_at) == (NOW + HOUR - 60.0, NOW + HOUR - 60.0)
