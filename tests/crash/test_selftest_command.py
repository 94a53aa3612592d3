"""``hermes-state selftest`` as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hermes_state.disk import Disk
from hermes_state.selftest.recording import RecordingDisk
from hermes_state.selftest.run import Enumeration
from hermes_state.selftest.scenarios import SCENARIOS
from hermes_state.selftest.workbench import place

pytestmark = pytest.mark.crash

PROJECT = Path(__file__).resolve().parents[2]
LOOKING = {
    "open_directory",
    "close_directory",
    "names",
    "stat",
    "read",
    "xattrs",
    "close",
    "lock",
    "unlock",
}
#: Attributes and ACLs: the scenarios have none, and the model knows nothing of them.
UNMODELLED = {"set_xattr", "drop_acl"}


def selftest(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-m", "hermes_state", "selftest", *arguments]
    return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)


def test_it_prints_the_totals_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = selftest("--in", str(tmp_path), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["format"], said["totals"]["violations"]) == ("hermes-state/selftest", 0)
    assert [one["scenario"] for one in said["scenarios"]] == [scenario.name for scenario in SCENARIOS]
    assert said["totals"]["states"] == sum(one["states"] for one in said["scenarios"]) > 1000
    assert os.listdir(tmp_path) == []


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert selftest("--in", str(tmp_path / "nowhere")).returncode == 2


def test_a_promise_that_is_not_kept_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that forgets to sync: what ``selftest`` would say of it."""
    forgetful = RecordingDisk.sync
    monkeypatch.setattr(RecordingDisk, "sync", lambda self, file: None)
    scenario = next(one for one in SCENARIOS if one.name == "replace")
    with place(str(tmp_path)) as made:
        broken = Enumeration(scenario, made).totals(depth=1)
        monkeypatch.setattr(RecordingDisk, "sync", forgetful)
        sound = Enumeration(scenario, made).totals(depth=1)
    assert {name for violation in broken.violations for name in violation.names} >= {"old_or_new"}
    assert sound.violations == []


def test_every_verb_that_changes_something_is_recorded() -> None:
    verbs = {name for name in vars(Disk) if not name.startswith("_")}
    assert verbs - LOOKING - UNMODELLED == set(vars(RecordingDisk)) & verbs


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="there is no folder here in which not even root makes one")
def test_a_folder_that_takes_no_temporary_one_is_no_defect_of_ours() -> None:
    answer = selftest("--in", "/proc")
    assert answer.returncode == 7
    assert answer.stderr.startswith("hermes-state: /proc could not be verified: no temporary folder can be worked in")
