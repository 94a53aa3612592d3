"""Beside one real agent that marks, rotates and resets in a loop, while ours migrates up and down and clears breakers.

The same loop without us is the control: what it keeps has to be there with us as well. The loop names the credential
that failed, as the agent does for a request that is under way, so that both runs make the same marks.
Needs HERMES_STATE_AGENTS (``make agents`` makes it).
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hermes_state.clearing.breakers import ALL, clear_breakers
from hermes_state.errors import Refused
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.runtime import SECTION
from tests.agent.test_migrated_home import python
from tests.concurrency.crew import home_at

pytestmark = pytest.mark.agent
VERSION = "0.19.0"
#: What says in a row that its credential failed, and for how long.
MARK = ("last_status", "last_error_code", "last_error_reset_at", "last_error_message")

#: Arguments: rounds, credentials, the end of the first cooldown (epoch seconds), and the manner: a session keeps its
#: pool; a gateway loads it anew in each round, as for each of its sessions, and holds the gateway's lock all the time.
#: Resets end half-way, and each credential is marked once more after the last: many marks have to last for long.
LOOP = """
import sys, time
from agent.credential_pool import PooledCredential, load_pool
from agent.nous_rate_guard import record_nous_rate_limit
from gateway.status import acquire_gateway_runtime_lock
from hermes_cli.auth import _auth_store_lock, _load_auth_store, _save_auth_store

rounds, keys, first_end, gateway = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4] == "gateway"
if gateway:
    assert acquire_gateway_runtime_lock()
pool = load_pool("openrouter")
print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    if gateway:
        pool = load_pool("openrouter")
    pool.select()
    pool.mark_exhausted_and_rotate(
        status_code=429,
        error_context={"message": f"limit {number}", "reset_at": first_end + 10 * number},
        api_key_hint=f"sk-or-v1-test-a{number % keys}",
    )
    if number % 10 == 5:
        row = {"id": f"b{number}", "label": f"b{number}", "auth_type": "api_key", "source": "manual",
               "access_token": f"sk-or-v1-test-b{number}", "priority": 9}
        pool.add_entry(PooledCredential.from_dict("openrouter", row))
    if number % 7 == 3 and number < rounds - keys:
        pool.reset_statuses()
    with _auth_store_lock():
        store = _load_auth_store()
        tokens = store["providers"]["portal"]["tokens"]
        assert tokens["refresh_token"] == f"rt-test-{number}", "somebody took a refreshed token back"
        tokens["refresh_token"] = f"rt-test-{number + 1}"
        _save_auth_store(store)
    if number % 3 == 0:
        record_nous_rate_limit(error_context={"reset_at": first_end})
    time.sleep(0.01)
print(rounds)
"""


def put(home: Path, keys: int) -> None:
    nothing = ("status", "status_at", "error_code", "error_reason", "error_message", "error_reset_at")
    rows = [
        {
            "id": f"a{number}",
            "label": f"key {number}",
            "auth_type": "api_key",
            "priority": number,
            "source": "manual",
            "access_token": f"sk-or-v1-test-a{number}",
            **{f"last_{name}": None for name in nothing},
            "base_url": "https://openrouter.ai/api/v1",
            "request_count": 0,
        }
        for number in range(keys + 1)
    ]
    document = {
        "version": 1,
        "providers": {"portal": {"tokens": {"refresh_token": "rt-test-0"}, "unknown": {"here": True}}},
        "mine": {"kept": [1, 2.50], "text": "\u00e9"},
        "credential_pool": {"openrouter": rows, "anthropic": [{"id": "c1", "access_token": "sk-ant-test-c1"}]},
    }
    home.mkdir(mode=0o700)
    (home / "auth.json").write_text(json.dumps(document, indent=2))
    (home / "auth.json").chmod(0o600)


@contextmanager
def looping(home: Path, rounds: int, keys: int, first_end: float, manner: str) -> Iterator[subprocess.Popen[str]]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "HERMES_HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    words = [python(VERSION), "-c", LOOP, str(rounds), str(keys), repr(first_end), manner]
    with (home.parent / f"{home.name}.log").open("w") as log:
        process = subprocess.Popen(
            words, env=env, cwd=home.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
        )
        with process:
            assert process.stdin is not None and process.stdout is not None
            try:
                assert process.stdout.readline() == "ready\n", (home.parent / f"{home.name}.log").read_text()[-2000:]
                process.stdin.write("\n")
                process.stdin.flush()
                yield process
                said = process.communicate(timeout=300)[0]
                assert said == f"{rounds}\n", (home.parent / f"{home.name}.log").read_text()[-2000:]
            finally:
                process.kill()


def meddle(home: Path, process: subprocess.Popen[str]) -> Counter[str]:
    """Migrate up and down, and clear breakers, until the agent has ended; says what that came to."""
    at, did = home_at(home), Counter[str]()
    while process.poll() is None:
        did["up"] += migrate_auth(at, Options(), time.time()).changed
        try:
            did["down"] += migrate_auth(at, Options(to_base=True), time.time()).changed
        except Refused:
            did["down refused"] += 1
        report = clear_breakers([at], ALL, dry_run=False, now=time.time())
        did["breakers cleared"] += len(report.cleared)
        did.update(type(failed.error).__name__ for failed in report.errors)
        time.sleep(0.02)
    return did


def document_of(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "auth.json").read_bytes())
    return found


def rows_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for rows in document["credential_pool"].values() for row in rows}


@pytest.mark.parametrize(("rounds", "keys"), [(20, 10), pytest.param(200, 80, marks=pytest.mark.slow)])
@pytest.mark.parametrize("manner", ["session", "gateway"])
def test_nothing_is_lost_that_the_agent_alone_would_have_kept(
    manner: str, rounds: int, keys: int, tmp_path: Path
) -> None:
    first_end = time.time() + 50_000
    alone, beside = tmp_path / "alone", tmp_path / "beside"
    put(alone, keys)
    put(beside, keys)
    with looping(alone, rounds, keys, first_end, manner):
        pass
    with looping(beside, rounds, keys, first_end, manner) as process:
        did = meddle(beside, process)
    migrate_auth(home_at(beside), Options(to_base=True), time.time())  # the gateway has ended: nothing refuses it now
    control, ours = document_of(alone), document_of(beside)

    assert did["up"] > 0
    assert did["breakers cleared"] > 0
    assert did["down refused"] > 0 if manner == "gateway" else did["down"] > 0
    assert set(did) <= {"up", "down", "down refused", "breakers cleared", "Superseded"}

    control_rows, our_rows = rows_of(control), rows_of(ours)
    assert list(our_rows) == list(control_rows)
    assert len(our_rows) == keys + 2 + len(range(5, rounds, 10))
    for identity, row in control_rows.items():
        assert our_rows[identity]["access_token"] == row["access_token"], identity
        assert {key: value for key, value in our_rows[identity].items() if not key.startswith("last_")} == {
            key: value for key, value in row.items() if not key.startswith("last_")
        }
    kept = {identity: row for identity, row in control_rows.items() if row.get("last_status") == "exhausted"}
    assert len(kept) == keys
    for identity, row in kept.items():
        assert [our_rows[identity].get(key) for key in MARK] == [row[key] for key in MARK], identity

    assert ours["providers"] == control["providers"]
    assert ours["providers"]["portal"]["tokens"]["refresh_token"] == f"rt-test-{rounds}"
    assert ours["mine"] == control["mine"]
    assert set(ours) - {SECTION} == set(control)
    assert not (beside / "auth.json.corrupt").exists()
    assert [path.name for path in beside.iterdir() if ".tmp" in path.name] == []
    print(
        f"\n{manner}, {rounds} rounds: {dict(did)}; {len(our_rows)} credentials, {len(kept)} marks compared, "
        f"lost credentials 0, tokens 0, keys 0, marks 0"
    )
