"""A migrated home beside real agents: they read it, write it, keep the section; the next run folds in what they wrote.

Needs HERMES_STATE_AGENTS: a directory with one virtual environment per version (``make agents`` makes it).
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from hermes_state.home import Home
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.runtime import SECTION

pytestmark = pytest.mark.agent
VERSIONS = ("0.13.0", "0.15.2", "0.19.0", "0.22.2")

MARK = """
from agent.credential_pool import load_pool
pool = load_pool("openrouter")
chosen = pool.select()
print("selected", chosen.id)
pool.mark_exhausted_and_rotate(status_code=429, error_context={"message": "Rate limit", "reset_at": %r})
"""


def python(version: str) -> str:
    folder = os.environ.get("HERMES_STATE_AGENTS")
    if not folder:
        pytest.skip("no agents: HERMES_STATE_AGENTS is not set (make agents)")
    found = Path(folder) / version / "bin" / "python"
    if not found.exists():
        pytest.skip(f"no agent {version} in {folder}")
    return str(found)


def agent(version: str, home: Path, *arguments: str) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "HERMES_HOME": str(home),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [python(version), *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=home.parent,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def put(home: Path, now: float) -> None:
    def row(identity: str, priority: int, **more: object) -> dict[str, object]:
        empty = dict.fromkeys(("last_status", "last_status_at", "last_error_code", "last_error_reason"))
        return {
            "id": identity,
            "label": identity,
            "auth_type": "api_key",
            "priority": priority,
            "source": "manual",
            "access_token": f"sk-or-v1-test-{identity}",
            **empty,
            "last_error_message": None,
            "last_error_reset_at": None,
            "base_url": "https://openrouter.ai/api/v1",
            "request_count": 0,
            **more,
        }

    limited = {"last_status": "exhausted", "last_status_at": now - 60, "last_error_code": 429}
    pools = {"openrouter": [row("aaaaa1", 0, **limited, last_error_reset_at=now + 5000), row("aaaaa2", 1)]}
    document = {"version": 1, "providers": {}, "credential_pool": pools, "mine": {"kept": [1, 2.50]}}
    (home / "auth.json").write_text(json.dumps(document, indent=2))
    (home / "auth.json").chmod(0o600)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_agent_reads_and_writes_a_migrated_home_and_the_next_run_folds_it_in(version: str, home: Path) -> None:
    now = time.time()
    put(home, now)
    at = Home(str(home), "--home", "default", str(home), None)
    tokens = [
        row["access_token"] for row in json.loads((home / "auth.json").read_text())["credential_pool"]["openrouter"]
    ]
    first = migrate_auth(at, Options(), now)
    assert [(move.id, move.remaining > 4000) for move in first.plan.moved] == [("aaaaa1", True)]  # type: ignore[union-attr]
    section = json.loads((home / "auth.json").read_text())[SECTION]

    # Moving a binding cooldown makes a stock agent use that credential at once, as the output says; it marks it again.
    said = agent(version, home, "-c", MARK % (now + 9000))
    assert "selected aaaaa1" in said
    written = json.loads((home / "auth.json").read_text())
    assert written[SECTION] == section
    assert written["mine"] == {"kept": [1, 2.5]}
    assert written["credential_pool"]["openrouter"][0]["last_status"] == "exhausted"

    second = migrate_auth(at, Options(), time.time())
    assert second.changed
    folded = json.loads((home / "auth.json").read_text())
    record = folded[SECTION]["pools"]["openrouter"]["aaaaa1"]
    assert record["last_error_reset_at"] == pytest.approx(now + 9000)
    assert folded["credential_pool"]["openrouter"][0]["last_status"] is None
    assert [row["access_token"] for row in folded["credential_pool"]["openrouter"]] == tokens
    assert not migrate_auth(at, Options(), time.time()).changed


@pytest.mark.parametrize("version", VERSIONS)
def test_after_the_way_back_the_agent_sees_its_cooldown_again(version: str, home: Path) -> None:
    now = time.time()
    put(home, now)
    at = Home(str(home), "--home", "default", str(home), None)
    migrate_auth(at, Options(), now)
    migrate_auth(at, Options(to_base=True), now)
    said = agent(
        version, home, "-c", "from agent.credential_pool import load_pool; print(load_pool('openrouter').select().id)"
    )
    assert said.split()[-1] == "aaaaa2"
