"""The limits of the gateway and of its pairing, as real agents apply them: a finding is there when they do."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.inspection.cases_home import DEAD, LIMITS, boots, pending, starts
from tests.inspection.homes import HOUR, NOW, agent, look
from tests.inspection.makers import Maker, file

VERSIONS = ("0.13.0", "0.15.2", "0.19.0", "0.22.2")
#: What an agent says at a given time: each question fails by itself, and earlier agents cannot be asked all of them.
PROGRAM = """
import datetime, json, sys, time
now = float(sys.argv[1])
time.time = lambda: now
said = {}
def ask(name, question):
    try:
        said[name] = question()
    except Exception as error:
        said[name] = type(error).__name__
from gateway.pairing import PairingStore
store = PairingStore()
ask("locked", lambda: store._is_locked_out("telegram"))
ask("limited", lambda: store._is_rate_limited("telegram", "1"))
ask("code", lambda: store.generate_code("telegram", "2") is not None)
try:
    from gateway import dead_targets, restart_loop_guard, status
    class Then(datetime.datetime):
        @classmethod
        def now(cls, zone=None):
            return datetime.datetime.fromtimestamp(now, zone)
    status.datetime = Then
    ask("loop", lambda: restart_loop_guard.check_and_record(now=now))
    ask("dead", lambda: dead_targets.DeadTargetRegistry().is_dead("telegram", "-1001"))
    ask("wait", lambda: (found := status.record_start_and_check_storm()) and found.backoff_s)
except ImportError:
    pass
print(json.dumps(said))
"""
#: The findings about what agents have kept since 0.13.
PAIRING = {f"HS-SESS-03{digit}" for digit in "5678"}
#: What an agent that finds nothing says.
NOTHING = {"locked": False, "limited": False, "code": True, "loop": False, "dead": False, "wait": None}
CASES: dict[str, tuple[Maker, dict[str, Any], list[str]]] = {
    "a lockout": (
        file(LIMITS, {"_lockout:telegram": NOW + 60.0}), {"locked": True, "code": False}, ["HS-SESS-035"]
    ),
    "a lockout that is over": (file(LIMITS, {"_lockout:telegram": NOW - 60.0}), {}, []),
    "a lockout in milliseconds": (
        file(LIMITS, {"_lockout:telegram": NOW * 1000}), {"locked": True, "code": False}, ["HS-SESS-037"]
    ),
    "a lockout in words": (
        file(LIMITS, {"_lockout:telegram": "x"}), {"locked": "TypeError", "code": "TypeError"}, ["HS-SESS-037"]
    ),
    "a request": (file(LIMITS, {"telegram:1": NOW - 599.0}), {"limited": True}, ["HS-SESS-036"]),
    "a request that is over": (file(LIMITS, {"telegram:1": NOW - 600.0}), {}, []),
    "a request in milliseconds": (file(LIMITS, {"telegram:1": NOW * 1000}), {"limited": True}, ["HS-SESS-037"]),
    "a request in words": (file(LIMITS, {"telegram:1": "x"}), {"limited": "TypeError"}, ["HS-SESS-037"]),
    "three codes": (pending(1.0, 2.0, 3600.0), {"code": False}, ["HS-SESS-038"]),
    "two codes and an old one": (pending(1.0, 2.0, 3601.0), {}, []),
    "codes of tomorrow": (pending(-HOUR, -HOUR, -HOUR), {"code": False}, ["HS-SESS-038"]),
    "a loop": (boots(50.0, 10.0), {"loop": True}, ["HS-SESS-031"]),
    "no loop": (boots(400.0, 10.0), {}, []),
    "boots of tomorrow": (boots(-90.0, -100.0), {"loop": True}, ["HS-SESS-031"]),
    "a list in place of boots": (
        file("gateway/restart_loop.json", []), {"loop": "AttributeError"}, ["HS-SESS-033"]
    ),
    "a number in place of boots": (file("gateway/restart_loop.json", {"boots": 5}), {}, ["HS-SESS-033"]),
    "a chat that is gone": (file("gateway/dead_targets.json", DEAD), {"dead": True}, ["HS-SESS-032"]),
    "a chat in a number": (file("gateway/dead_targets.json", {"telegram:-1001": 5}), {}, []),
    "five starts": (starts(*[0.0] * 5), {"wait": 10.0}, ["HS-SESS-034"]),
    "four starts": (starts(*[0.0] * 4, 121.0), {}, []),
    "thirty starts": (starts(*[0.0] * 30), {"wait": 300.0}, ["HS-SESS-034"]),
    "starts of tomorrow": (starts(*[-HOUR] * 6), {"wait": 20.0}, ["HS-SESS-034"]),
}  # fmt: skip


@pytest.mark.agent
@pytest.mark.parametrize(("maker", "wanted", "told"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_limit_is_told_when_an_agent_applies_it(
    version: str, maker: Maker, wanted: dict[str, Any], told: list[str], home: Path, tmp_path: Path
) -> None:
    folder = os.environ.get("HERMES_STATE_AGENTS")
    python = Path(folder or "/nowhere", version, "bin", "python")
    if folder is None or not python.is_file():
        pytest.skip(f"no agent {version}: HERMES_STATE_AGENTS is not set (make agents)")
    maker(home)
    agent(home, version)
    is_old = version in ("0.13.0", "0.15.2")
    assert [each.id for each in look(home).findings] == [id for id in told if not is_old or id in PAIRING]
    env = {"HOME": str(tmp_path), "HERMES_HOME": str(home), "PATH": os.environ["PATH"]}
    command = [str(python), "-c", PROGRAM, str(NOW)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True, timeout=120)
    said = json.loads(done.stdout.splitlines()[-1])
    assert said == {name: value for name, value in (NOTHING | wanted).items() if name in said}
    assert len(said) == (3 if is_old else 6)
