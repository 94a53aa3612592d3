"""Who could undo a clear: told of real processes that look like agents, and of what cannot be seen."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_state.clearing import undo
from hermes_state.clearing.undo import Does, Level, UndoRisk, undo_risk
from hermes_state.home import Home
from hermes_state.liveness import State
from hermes_state.processes import Processes, View
from tests.inspection.homes import agent as has_checkout
from tests.inspection.homes import at

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")

Start = Callable[..., int]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start what looks like ``hermes chat`` of a version on a home, until the end of the test; returns its id."""
    started: list[subprocess.Popen[bytes]] = []

    def run(home: Path, version: str | None = None, *words: str) -> int:
        place = tmp_path / f"venv{len(started)}"
        script = place / "bin" / "hermes"
        script.parent.mkdir(parents=True)
        script.write_text("import sys\nprint(flush=True)\nsys.stdin.read()\n")
        script.chmod(0o755)
        if version is not None:
            (place / "lib" / "python3" / "site-packages" / f"hermes_agent-{version}.dist-info").mkdir(parents=True)
        child = subprocess.Popen(
            [sys.executable, str(script), *(words or ("chat",))],
            env={"HERMES_HOME": str(home), "HOME": "/nowhere"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        started.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        return child.pid

    yield run
    for child in started:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            pipe.close()


def risk(*homes: Path | Home, marks: bool = True, models: bool = False) -> UndoRisk:
    return undo_risk([each if isinstance(each, Home) else at(each) for each in homes], marks=marks, models=models)


@pytest.fixture(autouse=True)
def _all_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without containers, whatever this one is."""
    monkeypatch.setattr(Processes, "_sees_everything", lambda self: True)
    monkeypatch.setattr(Processes, "_is_shared", lambda self, device: False)


def test_without_an_agent_nobody_undoes_it(home: Path) -> None:
    assert risk(home) == UndoRisk(Level.NONE)
    assert risk(home).message == "no running agent was seen that could undo it"


def test_where_nothing_was_cleared_nothing_can_be_undone(home: Path, start: Start) -> None:
    start(home, "0.19.0")
    assert risk(home, marks=False) == UndoRisk(Level.NONE)


@pytest.mark.parametrize(
    ("version", "marks", "models", "does", "level"),
    [
        ("0.13.0", True, False, Does.WRITES_BACK, Level.HIGH),
        ("0.19.0", True, True, Does.WRITES_BACK, Level.HIGH),
        ("0.20.1", True, False, Does.WRITES_BACK, Level.HIGH),
        ("0.19.0", False, True, Does.FORGETS, Level.LOW),  # it knows no cooldowns of models
        ("0.22.2", True, False, Does.FORGETS, Level.LOW),
        ("0.22.2", False, True, Does.WRITES_BACK, Level.HIGH),
        ("0.22.2", True, True, Does.WRITES_BACK, Level.HIGH),
        (None, True, False, Does.UNKNOWN, Level.UNCLEAR),
        ("0.9", True, False, Does.UNKNOWN, Level.UNCLEAR),
    ],
)
def test_what_a_running_agent_does_depends_on_its_version(
    version: str | None, marks: bool, models: bool, does: Does, level: Level, home: Path, start: Start
) -> None:
    pid = start(home, version)
    found = risk(home, marks=marks, models=models)
    assert found.level is level
    [witness] = found.agents
    assert (witness.kind, witness.pid, witness.home, witness.does) == ("agent", pid, str(home), does)
    assert (witness.version, witness.state) == (version, State.RUNNING)
    assert found.unseen == ()


def test_one_agent_that_writes_back_is_enough(home: Path, start: Start) -> None:
    start(home, "0.22.2")
    start(home, "0.19.0")
    assert risk(home).level is Level.HIGH
    assert [each.version for each in risk(home).agents] == ["0.22.2", "0.19.0"]


def test_agents_of_homes_that_have_the_same_file_count_and_others_do_not(home: Path, start: Start) -> None:
    coder, other = home / "profiles" / "coder", home / "profiles" / "other"
    coder.mkdir(parents=True)
    other.mkdir()
    start(coder, "0.19.0")
    assert risk(home, coder).level is Level.HIGH
    assert risk(home, other).level is Level.NONE


def test_a_running_gateway_is_named_once_with_what_it_says_of_itself(home: Path, start: Start) -> None:
    pid = start(home, "0.19.0", "gateway", "run")
    started = min(Processes().start_times(pid))
    state = {"pid": pid, "start_time": started, "gateway_state": "running", "code_version": "0.22.2"}
    (home / "gateway_state.json").write_text(json.dumps(state))
    found = risk(home)
    [witness] = found.agents
    assert (witness.kind, witness.pid, witness.version, witness.does) == ("gateway", pid, "0.22.2", Does.FORGETS)


def test_a_gateway_that_serves_several_of_the_homes_is_named_once(home: Path, start: Start) -> None:
    coder = home / "profiles" / "coder"
    coder.mkdir(parents=True)
    pid = start(home, "0.19.0", "gateway", "run")
    started = min(Processes().start_times(pid))
    state = {"pid": pid, "start_time": started, "gateway_state": "running", "served_profiles": ["coder"]}
    (home / "gateway_state.json").write_text(json.dumps(state))
    assert [each.pid for each in risk(coder).agents] == [pid]
    assert [each.pid for each in risk(home, coder).agents] == [pid]


def test_a_gateway_that_may_be_running_is_told_as_such(home: Path) -> None:
    has_checkout(home, "0.19.0")
    (home / "gateway.pid").symlink_to("gateway.pid")  # cannot be read
    found = risk(home)
    [witness] = found.agents
    assert (witness.kind, witness.state, witness.version) == ("gateway", State.UNCLEAR, "0.19.0")
    assert found.level is Level.UNCLEAR


def test_a_process_that_does_not_show_its_home_may_be_on_this_one(
    home: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = start(home.parent, "0.19.0")
    monkeypatch.setattr(Processes, "home", lambda self, pid: None)
    assert pid in [each.pid for each in risk(home).agents if each.home is None]


def test_what_is_out_of_sight_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Processes, "_sees_everything", lambda self: False)
    found = risk(home)
    assert (found.level, found.unseen) == (
        Level.UNCLEAR,
        ("agents outside this container or on other machines cannot be seen",),
    )


def test_without_a_process_table_that_is_said(home: Path, tmp_path: Path) -> None:
    found = undo_risk([at(home)], marks=True, models=False, proc_root=str(tmp_path / "none"))
    assert (found.level, found.unseen) == (Level.UNCLEAR, ("processes cannot be looked at on this system",))


@pytest.mark.parametrize(("mode", "mine", "matter"), [(0o700, True, False), (0o750, True, True), (0o700, False, True)])
def test_other_users_matter_where_they_can_get_in(
    mode: int, mine: bool, matter: bool, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.chmod(mode)
    owner = os.stat(home).st_uid or 4242
    if os.geteuid() == 0:
        os.chown(home, owner, -1)
    monkeypatch.setattr(os, "geteuid", lambda: owner if mine else owner + 1)
    assert risk(home).unseen == (("agents of other users cannot be seen",) if matter else ())


def test_a_lock_that_somebody_holds_hides_nobody(home: Path) -> None:
    with open(home / "auth.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert Processes().lock(str(home / "auth.lock")).view is View.HELD
        assert risk(home).unseen == ()


def test_a_home_that_is_neither_root_nor_profile_is_looked_at_too(home: Path, start: Start) -> None:
    inside = home / "inside"
    inside.mkdir()
    start(inside, "0.19.0")
    found: Any = risk(Home(str(inside), "--home", "custom", str(home), None))
    assert found.level is Level.HIGH


def test_every_level_has_its_words() -> None:
    assert len({UndoRisk(level).message for level in undo.Level}) == len(undo.Level)
