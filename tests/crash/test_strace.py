"""The recorder misses nothing: the system calls that strace sees are those that the recorded operations stand for."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from hermes_state.selftest.scenarios import SCENARIOS, Scenario
from tests.crash import straced

pytestmark = [pytest.mark.crash, pytest.mark.tiers]

CHILD = """
import json, os, sys
from contextlib import suppress
from hermes_state.selftest.recording import RecordingDisk, recorded
from hermes_state.selftest.scenarios import NOW, SCENARIOS
from hermes_state.selftest.workbench import place

def mark(name):
    with suppress(FileNotFoundError):
        os.unlink("/no-such-directory/" + name)

scenario = next(one for one in SCENARIOS if one.name == sys.argv[1])
with place() as made:
    if not scenario.skipped(made):
        made.make(scenario.start(made))
        with recorded(RecordingDisk()) as disk:
            mark("begin")
            scenario.act(made, disk, NOW)
            mark("end")
        print(json.dumps([(one.verb, one.path, one.to, one.uid) for one in disk.operations]))
"""

#: Recorded verb -> the system calls that it is made of, each with whether it only comes with a new owner.
MADE_OF = {
    "create": (("openat", False),),
    "open_for_update": (("openat", False),),
    "write": (("pwrite64", False),),
    "truncate": (("ftruncate", False),),
    "set_mode": (("fchmod", False),),
    "set_owner": (("fchown", False),),
    "sync": (("fsync", False),),
    "sync_entry": (("fsync", False),),
    "sync_directory": (("fsync", False),),
    "rename": (("renameat", False),),
    "unlink": (("unlinkat", False),),
    "remove_directory": (("unlinkat", False),),
    "make_directory": (("mkdirat", False), ("fchownat", True)),
    "make_lock": (("openat", False), ("fchown", True), ("fchmod", False)),
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_the_system_calls_are_those_that_were_recorded(scenario: Scenario, tmp_path: Path) -> None:
    if reason := straced.available():
        pytest.skip(reason)
    log = tmp_path / "log"
    run = subprocess.run(
        [*straced.command(log, "-e", f"trace={straced.CALLS}"), *straced.python("-c", CHILD, scenario.name)],
        env=straced.environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    if not run.stdout:
        pytest.skip("there is no second file system here")
    expected = [
        (call, path, to)
        for verb, path, to, uid in json.loads(run.stdout)
        for call, with_owner in MADE_OF[verb]
        if uid != -1 or not with_owner
    ]
    made = straced.calls(log)
    begin = next(index for index, call in enumerate(made) if call.path.endswith("/begin"))
    end = next(index for index, call in enumerate(made) if call.path.endswith("/end"))
    found = [
        (call.name, call.path, call.to)
        for call in made[begin + 1 : end]
        # Taking a lock opens the file again, as whoever looks for a holder may; it is not written to.
        if call.writes and not (call.path.endswith(".lock") and "O_EXCL" not in call.flags and call.name == "openat")
    ]
    assert found == expected
