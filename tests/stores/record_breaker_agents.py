"""Record what real agents make of the breakers of breaker_cases.json, into breaker_agents.json beside this file.

Development only, not a test: needs agents installed, each in an environment of its own.

    python tests/stores/record_breaker_agents.py 0.13.0=/path/to/env/bin/python 0.22.2=/path/to/env/bin/python

For each case and version a fresh home is made and the agent's guard is asked, with the clock stopped at ``NOW``.
``remaining`` is what ``nous_rate_limit_remaining()`` answers: a number, null, ``"inf"``, the name of the exception, or
``"hangs"``; ``kept`` whether the entry is still there then. ``cleared`` and ``target`` tell, for a home made anew,
whether ``clear_nous_rate_limit()`` removed the entry, and whether what a link led to is still there (null: there was
nothing).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOW = 1768469400.25

ASK = r"""
import json, os, signal, sys, time

time.time = lambda: float(sys.argv[1])
from agent import nous_rate_guard as guard


class Hangs(Exception):
    pass


def alarm(number, frame):
    raise Hangs


signal.signal(signal.SIGALRM, alarm)
os.environ["HERMES_HOME"] = sys.argv[2]
path = os.path.join(sys.argv[2], "rate_limits", "nous.json")
signal.alarm(3)
if sys.argv[3] == "clear":
    guard.clear_nous_rate_limit()
    answer = None
else:
    try:
        answer = guard.nous_rate_limit_remaining()
        if answer is not None and answer == float("inf"):
            answer = "inf"
    except Hangs:
        answer = "hangs"
    except Exception as error:
        answer = {"raises": type(error).__name__}
sys.stdout.write("\n\x00" + json.dumps({"answer": answer, "kept": os.path.lexists(path)}))
"""


def grow(home: Path, case: dict[str, Any]) -> None:
    """Make the home of a case; the test has its own copy, since tests import nothing from scripts."""
    folder = home / "rate_limits"
    if case.get("folder") == "file":
        folder.write_text("no directory")
        return
    if case.get("folder") in ("link", "dangling"):
        folder.symlink_to("other_limits")
        folder = home / "other_limits"
        if case["folder"] == "dangling":
            return
    folder.mkdir()
    entry = folder / "nous.json"
    if "link" in case:
        entry.symlink_to(case["link"])
        entry = folder / case["link"]
    if case.get("made") == "directory":
        entry.mkdir()
    elif case.get("made") == "fifo":
        os.mkfifo(entry)
    elif case.get("made") == "socket":
        here = os.getcwd()
        os.chdir(entry.parent)  # a socket's path must be short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(entry.name)
        os.chdir(here)
    elif "hex" in case:
        entry.write_bytes(bytes.fromhex(case["hex"]))
    elif "content" in case:
        entry.write_bytes("".join(text * times for text, times in case["content"]).encode())


def ask(python: str, case: dict[str, Any], what: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as made:
        home = Path(made).resolve() / "home"
        home.mkdir()
        grow(home, case)
        had = os.path.lexists(home / "rate_limits" / "nous.json")
        env = {"PATH": os.defpath, "HOME": made, "HERMES_HOME": str(home), "LANG": "C.UTF-8"}
        command = [python, "-c", ASK, repr(NOW), str(home), what]
        done = subprocess.run(command, env=env, cwd=made, capture_output=True, text=True, timeout=120, check=False)
        _, mark, answer = done.stdout.rpartition("\x00")
        if not mark:
            raise SystemExit(f"no answer: {case}\n{done.stdout}\n{done.stderr}")
        found: dict[str, Any] = json.loads(answer)
        target = home / "rate_limits" / case["link"] if "link" in case else None
        there = target is not None and (("content" in case) or ("made" in case))
        return {**found, "had": had, "target": os.path.lexists(target) if target is not None and there else None}


def record(python: str, case: dict[str, Any]) -> dict[str, Any]:
    asked, cleared = ask(python, case, "ask"), ask(python, case, "clear")
    return {
        "remaining": asked["answer"],
        "kept": asked["kept"],
        "cleared": cleared["had"] and not cleared["kept"],
        "target": cleared["target"],
    }


def main() -> None:
    cases = json.loads((HERE / "breaker_cases.json").read_text())
    agents = dict(pair.split("=", 1) for pair in sys.argv[1:])
    if not agents:
        raise SystemExit(__doc__)
    table = {
        name: {version: record(python, case) for version, python in agents.items()} for name, case in cases.items()
    }
    lines = (
        f" {json.dumps(name)}: {{\n"
        + ",\n".join(f"  {json.dumps(v)}: {json.dumps(a)}" for v, a in row.items())
        + "\n }"
        for name, row in table.items()
    )
    (HERE / "breaker_agents.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
