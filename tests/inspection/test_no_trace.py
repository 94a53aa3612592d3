"""An inspection leaves no trace: nothing is written, created, locked or opened for writing, and little is imported."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ground.places import snapshot
from tests.inspection.cases_home import NOBODY, state_db
from tests.inspection.homes import NOW, auth, cooling, link, put, report, row
from tests.inspection.test_any_content import GATEWAY_FILES

PROJECT = Path(__file__).resolve().parents[2]
PROGRAM = """\
import json, sys
from hermes_state.home import all_homes, find
from hermes_state.inspection import as_json, inspect
json.dumps(as_json(inspect(all_homes(find(sys.argv[1], None, {})))))
"""


@pytest.fixture
def full(home: Path) -> Path:
    put(home / "dotfiles" / "auth.json", auth({"openrouter": [cooling(), row("b")]}), 0o644)
    link(home / "auth.json", "dotfiles/auth.json")
    put(home / "sessions" / "sessions.json", {"agent:main:x": {}})
    put(home / "config.yaml", "model: a\n")
    put(home / "rate_limits" / "nous.json", {"reset_at": NOW + 60.0})
    put(home / "rate_limits" / "nous-anonymous.json", {"reset_at": NOW - 60.0})
    put(home / "gateway.lock", "{}")
    put(home / "gateway.pid", {"pid": 1, "kind": "hermes-gateway"})
    state_db({"agent:main:x": {}})(home)
    put(home / "state.db-wal", b"x" * 100)
    for name in GATEWAY_FILES:
        put(home / name, {})
    put(home / ".auth_abcd1234.tmp", b"x")
    put(home / f".auth.json.hermes-state.{NOBODY}.0123abcd.tmp", b"x")
    put(home / "backups" / "hermes-state" / "20270101T000000Z-0123.in-place" / "manifest.json", {})
    put(home / ".env", "OPENROUTER_API_KEY=sk-or-v1-test-none\n")
    (home / "profiles" / "coder").mkdir(parents=True)
    return home


def run(*command: str | Path, home: Path) -> str:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "PYTHONPATH": str(PROJECT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run([*command, home], env=env, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def test_nothing_changes_not_even_a_time(full: Path) -> None:
    before = snapshot(full)
    report(full)
    assert snapshot(full) == before


def test_a_home_that_cannot_be_written_in_is_inspected_as_any(full: Path) -> None:
    expected = report(full)
    for path in [full, *(path for path in full.rglob("*") if path.is_dir())]:
        path.chmod(0o500)
    try:
        assert report(full) == expected
    finally:
        for path in [full, *(path for path in full.rglob("*") if path.is_dir())]:
            path.chmod(0o700)


@pytest.mark.tiers
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_system_is_asked_for_nothing_that_writes_creates_or_locks(full: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    run("strace", "-f", "-o", log, "-s", "300", sys.executable, "-c", PROGRAM, home=full)
    calls = [line for line in log.read_text("utf-8", "replace").splitlines() if str(full) in line]
    assert any("auth.json" in call for call in calls)
    writing = re.compile(
        r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|\b(?:mkdir|rename|unlink|chmod|chown|link|truncate|utime)"
    )
    assert [call for call in calls if writing.search(call)] == []
    everything = log.read_text("utf-8", "replace")
    assert re.findall(r"\bflock\(.*|\bfcntl\(\d+, F_(?:SETLK|OFD_SETLK).*|\bfchmod\(.*|\bfsync\(.*", everything) == []


HEAVY = {"pydantic", "pydantic_core", "ruamel.yaml", "rich", "typer", "filelock", "sqlite3"}


@pytest.mark.parametrize(
    ("name", "content", "needed"),
    [
        ("auth.json", json.dumps(auth({"openrouter": [row()]})), set()),
        ("config.yaml", "model: a\n", {"ruamel.yaml"}),
        ("sessions/sessions.json", "{}", set()),
        ("state.db", "no database", {"sqlite3"}),
        ("rate_limits/nous.json", '{"reset_at": 1}', set()),
    ],
)
def test_what_takes_long_to_import_waits_for_a_file_that_needs_it(
    home: Path, name: str, content: str, needed: set[str]
) -> None:
    put(home / name, content)
    seen = f"{PROGRAM}print(*sys.modules)"
    assert set(run(sys.executable, "-S", "-c", sys_path(seen), home=home).split()) & HEAVY == needed


def sys_path(program: str) -> str:
    """``program`` with the packages of this environment, but without the start-up files that import some of them."""
    return f"import sys; sys.path[:] = {sys.path!r}\n{program}"
