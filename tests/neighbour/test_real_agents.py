"""Beside real agents: HERMES_STATE_AGENTS names a directory of environments, ``<version>/bin/python`` and ``hermes``.

Nothing is installed into them. An environment of the test's own gets links to all that theirs have, and this package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
AGENTS = sorted(Path(os.environ.get("HERMES_STATE_AGENTS", "/nonexistent")).glob("*/bin/hermes"))

pytestmark = [
    pytest.mark.agent,
    pytest.mark.skipif(not AGENTS, reason="HERMES_STATE_AGENTS names no directory with agents"),
]

USE_SESSIONS = """
import os, pickle, sys
from pathlib import Path
from unittest import mock

import hermes_state
from hermes_state import SessionDB

assert hermes_state.__file__ == sys.argv[1], hermes_state.__file__
db = SessionDB(db_path=Path("sessions.db"))
db.create_session("s1", "cli")
assert db.get_session("s1")["id"] == "s1"
db.close()
assert pickle.loads(pickle.dumps(SessionDB)) is SessionDB
with mock.patch("hermes_state.SessionDB"):
    assert hermes_state.SessionDB is not SessionDB
assert hermes_state.SessionDB is SessionDB

agents = {name for name in vars(sys.modules["_hermes_agent_state"]) if not name.startswith("__")}
rooms = {path.stem for path in Path(hermes_state.__file__).parent.iterdir()}
assert not agents & rooms, agents & rooms
assert not agents & set(hermes_state.__public__), agents
hidden = agents & set(type(hermes_state).__setattr__.__globals__)
assert not hidden, hidden
"""

RUN_COMMAND = """
import atexit, sys
from hermes_cli.main import main

atexit.register(lambda: print("the agent's module loaded:", "_hermes_agent_state" in sys.modules))
main()
"""


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@pytest.fixture(params=AGENTS, ids=lambda path: path.parts[-3], scope="module")
def environment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with everything of a real agent's, and this package in the same directory."""
    hermes: Path = request.param
    theirs = next(hermes.parents[1].glob("lib/python3*/site-packages"))
    venv = tmp_path_factory.mktemp("venv")
    subprocess.run([hermes.parent / "python", "-m", "venv", "--without-pip", venv], check=True)
    ours = venv / theirs.relative_to(hermes.parents[1])
    record = next(theirs.glob("hermes_agent*.dist-info/RECORD")).read_text(encoding="utf-8")
    agents = {line.split("/")[0].split(",")[0] for line in record.splitlines()}
    for entry in theirs.iterdir():
        if entry.name == "__pycache__":
            continue
        if entry.name not in agents:
            (ours / entry.name).symlink_to(entry)
        elif entry.is_dir():  # the agent resolves links to itself, and puts where it is before everything else
            shutil.copytree(entry, ours / entry.name, copy_function=link_or_copy)
        else:
            link_or_copy(str(entry), str(ours / entry.name))
    (ours / "hermes_state").symlink_to(PROJECT / "hermes_state")
    return venv / "bin" / "python"


def run(environment: Path, home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [environment, "-P", *arguments],
        env={"HERMES_HOME": str(home), "HOME": str(home.parent), "PATH": os.environ["PATH"]},
        cwd=home.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result


def test_the_agents_session_store_works_behind_this_package(environment: Path, home: Path) -> None:
    ours = next(environment.parents[1].glob("lib/*/site-packages/hermes_state/__init__.py"))
    run(environment, home, "-c", USE_SESSIONS, ours)


@pytest.mark.parametrize("command", ["--version", "auth list", "sessions list"])
def test_the_agents_commands_work_behind_this_package(command: str, environment: Path, home: Path) -> None:
    result = run(environment, home, "-c", RUN_COMMAND, *command.split())
    assert "Traceback" not in result.stdout + result.stderr
    if command == "sessions list":
        assert result.stdout.endswith("the agent's module loaded: True\n")
