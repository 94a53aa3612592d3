"""Cleared cooldowns beside real agents: a fresh one uses the credential at once, a live one cannot undo it for us.

Needs HERMES_STATE_AGENTS: a directory with one virtual environment per version (``make agents`` makes it).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hermes_state.clearing.provider import clear_provider
from hermes_state.clearing.report import ProviderCleared
from hermes_state.clearing.targets import Target
from hermes_state.cooldown import AgentSees, Status
from hermes_state.home import Home, find
from hermes_state.inspection import inspect
from hermes_state.inspection.report import Credential
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.stores.permits import Permits
from tests.agent.test_migrated_home import VERSIONS, agent, python

pytestmark = pytest.mark.agent

SELECT = "from agent.credential_pool import load_pool; print(load_pool('openrouter').select().id)"
#: Loads the pool, waits, then saves it by removing its last row, as ``hermes auth remove`` does; says what it holds.
LIVE = """
import json, sys
from agent.credential_pool import load_pool
pool = load_pool("openrouter")
pool.select()
print("loaded", flush=True)
sys.stdin.readline()
pool.remove_index(len(pool.entries()))
chosen = pool.select()
print(json.dumps([chosen.id, {entry.id: entry.last_status for entry in pool.entries()}]))
"""


def row(identity: str, priority: int, **more: Any) -> dict[str, Any]:
    nothing = ("status", "status_at", "error_code", "error_reason", "error_message", "error_reset_at")
    return {
        "id": identity,
        "label": identity,
        "auth_type": "api_key",
        "priority": priority,
        "source": "manual",
        "access_token": f"sk-or-v1-test-{identity}",
        **{f"last_{name}": None for name in nothing},
        "base_url": "https://openrouter.ai/api/v1",
        "request_count": 0,
        **more,
    }


def limited(status: str = "exhausted") -> dict[str, Any]:
    now = time.time()
    code = 401 if status == "dead" else 429
    return {
        "last_status": status,
        "last_status_at": now - 60,
        "last_error_code": code,
        "last_error_reset_at": now + 5000,
    }


def put(home: Path, *rows: dict[str, Any]) -> None:
    home.mkdir(parents=True, exist_ok=True)
    document = {"version": 1, "providers": {}, "credential_pool": {"openrouter": list(rows)}}
    (home / "auth.json").write_text(json.dumps(document, indent=2))
    (home / "auth.json").chmod(0o600)


def first_row(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "auth.json").read_bytes())["credential_pool"]["openrouter"][0]
    return found


def at(home: Path) -> Home:
    return find(str(home), None, {})


def clear(home: Path, **target: Any) -> ProviderCleared:
    done = clear_provider(
        [at(home)], Target("openrouter", **target), breaker=False, dry_run=False, permits=Permits(), clock=time.time
    )
    assert done.verified
    return done


def credential(home: Path) -> Credential:
    return inspect([at(home)], kinds=("auth",)).homes[0].credentials[0]


@contextmanager
def live(version: str, home: Path) -> Iterator[Any]:
    """An agent that holds the pool in memory, and saves it when it is told to go on."""
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home.parent), "HERMES_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [python(version), "-c", LIVE]
    with subprocess.Popen(
        words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=home.parent
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loaded\n"

        def go_on() -> Any:
            return json.loads(process.communicate("\n", timeout=60)[0])

        try:
            yield go_on
        finally:
            process.kill()


@pytest.mark.parametrize("migrated", [False, True])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_fresh_agent_uses_a_cleared_credential_at_once(version: str, migrated: bool, home: Path) -> None:
    put(home, row("aaaaa1", 0, **limited()), row("aaaaa2", 1))
    assert agent(version, home, "-c", SELECT).split() == ["aaaaa2"]
    if migrated:
        migrate_auth(at(home), Options(), time.time())
    clear(home)
    assert agent(version, home, "-c", SELECT).split() == ["aaaaa1"]
    migrate_auth(at(home), Options(to_base=True), time.time())
    assert agent(version, home, "-c", SELECT).split() == ["aaaaa1"]


@pytest.mark.parametrize("version", ["0.19.0", "0.22.2"])  # to older ones dead means nothing
def test_a_fresh_agent_uses_a_dead_credential_that_was_cleared(version: str, home: Path) -> None:
    put(home, row("aaaaa1", 0, **limited("dead")), row("aaaaa2", 1))
    assert agent(version, home, "-c", SELECT).split() == ["aaaaa2"]
    clear(home, dead=True)
    assert agent(version, home, "-c", SELECT).split() == ["aaaaa1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fresh_agent_of_a_profile_uses_what_was_cleared_in_its_roots_store(version: str, home: Path) -> None:
    put(home, row("aaaaa1", 0, **limited()), row("aaaaa2", 1))
    coder = home / "profiles" / "coder"
    coder.mkdir(parents=True)
    [file] = clear(coder).files
    assert file.path == str(home / "auth.json")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home.parent), "HERMES_HOME": str(coder), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [python(version), "-c", SELECT]
    said = subprocess.run(words, env=env, capture_output=True, text=True, timeout=120, cwd=home.parent, check=True)
    assert said.stdout.split() == ["aaaaa1"]


@pytest.mark.parametrize("migrated", [False, True])
@pytest.mark.parametrize("version", ["0.13.0", "0.15.2", "0.19.0"])
def test_a_live_agent_up_to_0_20_writes_its_old_mark_back_and_it_stays_cleared(
    version: str, migrated: bool, home: Path
) -> None:
    put(home, row("aaaaa1", 0, **limited()), row("aaaaa2", 1), row("aaaaa3", 2))
    with live(version, home) as go_on:
        if migrated:
            migrate_auth(at(home), Options(), time.time())
        clear(home)
        assert first_row(home)["last_status"] is None
        chosen, memory = go_on()
    assert (chosen, memory["aaaaa1"]) == ("aaaaa2", "exhausted")
    assert first_row(home)["last_status"] == "exhausted"
    # For us it is clear; what a stock agent still sees, is said.
    found = credential(home)
    assert (found.status, found.agent_sees, found.remaining_seconds) == (Status.OK, AgentSees.BLOCKED, None)
    # The next migration, or the same clear again, ends it for every fresh agent too.
    assert migrate_auth(at(home), Options(), time.time()).changed
    assert first_row(home)["last_status"] is None
    assert agent(version, home, "-c", SELECT).split() == ["aaaaa1"]


@pytest.mark.parametrize("version", ["0.13.0", "0.19.0"])
def test_a_second_clear_takes_away_what_a_live_agent_wrote_back(version: str, home: Path) -> None:
    put(home, row("aaaaa1", 0, **limited()), row("aaaaa2", 1), row("aaaaa3", 2))
    with live(version, home) as go_on:
        clear(home)
        go_on()
    [file] = clear(home).files
    assert [(one.was.id, one.was.status) for one in file.cleared] == [("aaaaa1", Status.OK)]
    assert agent(version, home, "-c", SELECT).split() == ["aaaaa1"]


@pytest.mark.parametrize("status", ["exhausted", "dead"])
def test_a_live_agent_of_0_22_forgets_its_mark(status: str, home: Path) -> None:
    put(home, row("aaaaa1", 0, **limited(status)), row("aaaaa2", 1), row("aaaaa3", 2))
    with live("0.22.2", home) as go_on:
        clear(home, dead=True)
        chosen, memory = go_on()
    assert (chosen, memory["aaaaa1"]) == ("aaaaa1", "ok")
    assert first_row(home)["last_status"] in (None, "ok")
    assert credential(home).status is Status.OK
    assert agent("0.22.2", home, "-c", SELECT).split() == ["aaaaa1"]


@pytest.mark.parametrize("model", [None, "opus"])
def test_a_live_agent_of_0_22_writes_the_cooldown_of_a_model_back_and_it_stays_cleared(
    model: str | None, home: Path
) -> None:
    put(home, row("aaaaa1", 0, model_cooldowns={"opus": time.time() + 5000}), row("aaaaa2", 1), row("aaaaa3", 2))
    with live("0.22.2", home) as go_on:
        clear(home, model=model)
        assert "model_cooldowns" not in first_row(home)
        go_on()
    assert set(first_row(home)["model_cooldowns"]) == {"opus"}
    assert credential(home).model_cooldowns == {}
    assert migrate_auth(at(home), Options(), time.time()).changed
    assert "model_cooldowns" not in first_row(home)
    assert agent("0.22.2", home, "-c", SELECT).split() == ["aaaaa1"]


def test_the_command_beside_a_live_agent(home: Path) -> None:
    put(home, row("aaaaa1", 0, **limited()), row("aaaaa2", 1), row("aaaaa3", 2))
    words = [
        sys.executable,
        "-m",
        "hermes_state",
        "--home",
        str(home),
        "clear-cooldown",
        "openrouter",
        "aaaaa1",
        "--json",
    ]
    with live("0.19.0", home) as go_on:
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
        go_on()
    assert json.loads(done.stdout)["verified"]
    again = json.loads(subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout)
    assert [one["was"]["agent_sees"] for one in again["cleared"]] == ["blocked"]
