"""``config.yaml`` beside its agent, its ``.env`` and its administrator; and breakers that others can touch."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hermes_state.inspection import as_json
from tests.inspection.cases_home import config, pinned
from tests.inspection.homes import HOUR, NOW, SECRET, agent, at, found, look, put, report
from tests.inspection.makers import breaker

STAMPED = [
    ("0.13.0", 23), ("0.14.0", 23), ("0.15.2", 24), ("0.16.0", 27), ("0.17.0", 30), ("0.18.0", 32), ("0.18.2", 33),
    ("0.19.0", 33), ("0.20.1.2", 37), ("0.22.2.post1", 50),
]  # fmt: skip


def stamp_findings(home: Path) -> list[str]:
    return [each.id for each in look(home).findings if each.id in ("HS-CONF-023", "HS-CONF-024", "HS-CONF-025")]


@pytest.mark.parametrize(("version", "newest"), STAMPED)
def test_a_stamp_is_compared_with_the_newest_of_its_agent(home: Path, version: str, newest: int) -> None:
    agent(home, version)
    told = []
    for stamp in (newest - 1, newest, newest + 1):
        config(f"_config_version: {stamp}\n")(home)
        told.append(stamp_findings(home))
    assert told == [["HS-CONF-025"], [], ["HS-CONF-024"]]


@pytest.mark.parametrize(
    ("version", "told"), [("0.15.2", []), ("0.16.0", ["HS-CONF-025"]), ("0.22.2", ["HS-CONF-025"])]
)
def test_a_file_without_a_stamp_is_old_since_agents_look_at_the_file_itself(
    home: Path, version: str, told: list[str]
) -> None:
    agent(home, version)
    config("model: a\n")(home)
    assert stamp_findings(home) == told


@pytest.mark.parametrize("version", ["0.12.0", "0.21.0", "0.23.0", "1.0.0", "odd"])
def test_of_an_agent_that_nobody_has_looked_at_nothing_is_said(home: Path, version: str) -> None:
    agent(home, version)
    config("_config_version: 34\n")(home)
    assert stamp_findings(home) == []


@pytest.mark.parametrize("stamp", ["", "true", "latest", "-3", "11", "'11'", ".inf", ".nan", "[12]"])
def test_a_stamp_that_agents_refuse_is_told_whatever_the_agent(home: Path, stamp: str) -> None:
    config(f"_config_version: {stamp}\n")(home)
    assert stamp_findings(home) == ["HS-CONF-023"]


# --- secrets ----------------------------------------------------------------------------------------------------------


def secrets(home: Path, text: str) -> list[str]:
    config(text)(home)
    assert SECRET not in json.dumps(as_json(report(home)))
    return [hit.pointer for hit in found(home, "HS-CONF-022")]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (f"custom_providers:\n- {{name: a, base_url: b, api_key: {SECRET}}}\n", "/custom_providers/0/api_key"),
        (f"platforms: {{telegram: {{token: '{SECRET}'}}}}\n", "/platforms/telegram/token"),
        (f"mcp_servers: {{a: {{env: {{GITHUB_TOKEN: {SECRET}}}}}}}\n", "/mcp_servers/a/env/GITHUB_TOKEN"),
        ("model: {api_key: abcdefghijklmnop}\n", "/model/api_key"),
    ],
)
def test_a_secret_is_told_wherever_it_stands(home: Path, text: str, at: str) -> None:
    assert secrets(home, text) == [at]


@pytest.mark.parametrize(
    "text",
    [
        "voice: {record_key: ctrl+b}\n",
        "model: {api_key: ''}\n",
        "model: {api_key: null}\n",
        "model: {api_key: 1234567890123456}\n",
        "model: {api_key: '${OPENROUTER_API_KEY}'}\n",
        "model: {api_key: 'op://vault/item/field-of-it'}\n",
        "model: {key_env: OPENROUTER_API_KEY_OF_MINE}\n",
        f"model: {{note: {SECRET}}}\n",
        "api_key:\n",
    ],
)
def test_what_is_no_secret_or_stands_for_one_is_not_told(home: Path, text: str) -> None:
    assert secrets(home, text) == []


def test_a_value_of_env_is_told_with_its_name_however_short_it_is(home: Path) -> None:
    put(home / ".env", "# keys\nLOCAL_KEY='abcd'\n")
    assert secrets(home, "model: {api_key: abcd}\n") == ["/model/api_key"]
    (hit,) = found(home, "HS-CONF-022")
    assert "LOCAL_KEY in .env" in hit.message and "${LOCAL_KEY}" in hit.hint
    assert "abcd" not in hit.message + hit.hint


@pytest.mark.parametrize("name", [".env", ".anthropic_oauth.json", "shared/nous_auth.json"])
def test_a_file_with_secrets_that_others_can_read_is_told(home: Path, name: str) -> None:
    put(home / name, "", 0o644)
    (hit,) = found(home, "HS-HOME-002")
    assert (hit.path, hit.hint) == (f"{home}/{name}", f"`chmod 600 {home}/{name}` keeps them out")
    assert [each.id for each in report(home, kinds=["config"]).homes[0].findings] == []


@pytest.mark.parametrize(("value", "is_told"), [(SECRET, True), ("${KEY}", False)])
def test_settings_that_others_can_read_are_told_where_there_is_a_secret_in_them(
    home: Path, value: str, is_told: bool
) -> None:
    put(home / "config.yaml", f"model: {{api_key: '{value}'}}\n", 0o644)
    assert bool(found(home, "HS-HOME-002")) is is_told


# --- the administrator ------------------------------------------------------------------------------------------------


@pytest.fixture
def _scoped(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_MANAGED_DIR", str(home / "scope"))


@pytest.mark.usefixtures("_scoped")
@pytest.mark.parametrize(
    ("mine", "theirs", "at"),
    [
        ("agent: 5\n", "agent: {max_turns: 9}\n", []),
        ("agent: {max_turns: 9}\n", "agent: {max_turns: 9}\n", []),
        ("agent: {max_turns: 9}\n", "agent: {}\n", ["/agent"]),
        ("toolsets: [a]\n", "toolsets: [b]\n", ["/toolsets"]),
        ("model: a\n", "5: 6\n", []),
        ("a/b: 1\n", "a/b: 2\n", ["/a~1b"]),
    ],
)
def test_a_leaf_that_is_pinned_is_told_where_the_file_says_something_else(
    home: Path, mine: str, theirs: str, at: list[str]
) -> None:
    config(mine)(home)
    pinned(theirs)(home)
    assert [hit.pointer for hit in found(home, "HS-CONF-026")] == at


@pytest.mark.usefixtures("_scoped")
def test_no_agent_before_0_17_knows_an_administrator(home: Path) -> None:
    agent(home, "0.16.0")
    config("agent: {max_turns: 5}\n")(home)
    pinned("agent: {max_turns: 9}\n")(home)
    assert found(home, "HS-CONF-026") == []


@pytest.mark.usefixtures("_scoped")
@pytest.mark.parametrize("theirs", ["- a\n", "a: [\n", "\t\n a", "a: &x [*x]\n"])
def test_a_file_of_the_administrator_that_cannot_be_used_is_told(home: Path, theirs: str) -> None:
    config("agent: {max_turns: 5}\n")(home)
    pinned(theirs)(home)
    (hit,) = found(home, "HS-CONF-027")
    assert hit.path == str(home / "scope" / "config.yaml")


# --- breakers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "is_told"), [(0o755, False), (0o777, True), (0o1777, False), (0o775, False)])
def test_a_folder_that_everybody_can_write_in_is_told(home: Path, mode: int, is_told: bool) -> None:
    (home / "rate_limits").mkdir()
    (home / "rate_limits").chmod(mode)
    assert [hit.hint for hit in found(home, "HS-BREAK-013")] == [
        f"`chmod o-w {home}/rate_limits` keeps others out"
    ] * is_told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize(
    ("uid", "gid", "mode", "is_told"),
    [
        (0, 0, 0o755, True),
        (0, 1234, 0o775, False),
        (0, 1234, 0o755, True),
        (0, 0, 0o777, False),
        (1234, 0, 0o700, False),
    ],
)
def test_a_folder_that_the_homes_owner_cannot_use_is_told(
    home: Path, uid: int, gid: int, mode: int, is_told: bool
) -> None:
    (home / "rate_limits").mkdir()
    (home / "rate_limits").chmod(mode)
    os.chown(home / "rate_limits", uid, gid)
    os.chown(home, 1234, 1234)
    assert bool(found(home, "HS-BREAK-015")) is is_told


@pytest.mark.parametrize("recorded_at", ["x", None, NOW + 30.0, NOW - HOUR])
def test_a_time_of_recording_that_says_nothing_is_not_told(home: Path, recorded_at: object) -> None:
    breaker({"reset_at": NOW + HOUR, "recorded_at": recorded_at})(home)
    assert found(home, "HS-BREAK-016") == []


def test_a_breaker_that_blocks_nobody_any_more_may_be_recorded_whenever(home: Path) -> None:
    breaker({"reset_at": NOW - HOUR, "recorded_at": NOW + HOUR})(home)
    assert found(home, "HS-BREAK-016") == []


@pytest.mark.parametrize(("version", "blocks"), [("0.19.0", False), ("0.22.2", True), (None, True)])
def test_a_breaker_that_the_agent_does_not_know_blocks_nothing(home: Path, version: str | None, blocks: bool) -> None:
    if version is not None:
        agent(home, version)
    breaker({"reset_at": NOW + HOUR}, "nous-anonymous.json")(home)
    assert bool(report(at(home)).homes[0].providers) is blocks
