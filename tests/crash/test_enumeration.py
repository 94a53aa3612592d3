"""Every disk that a crash may leave is recovered from without loss, and every broken writer is noticed.

The counts are golden: fewer means that something no longer goes through the disk interface. They differ for root, who
also sets owners. HERMES_STATE_REGENERATE_GOLDENS=1 writes them anew; a mutant that no promise minds then needs a
reason here.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hermes_state.disk import Disk
from hermes_state.selftest.mutants import verdicts
from hermes_state.selftest.recording import RecordingDisk
from hermes_state.selftest.run import Enumeration
from hermes_state.selftest.scenarios import SCENARIOS, Scenario
from hermes_state.selftest.workbench import Place, place

pytestmark = pytest.mark.crash

GOLDEN = Path(__file__).with_name("golden.json")
WHO = "root" if os.geteuid() == 0 else "user"
REGENERATE = "HERMES_STATE_REGENERATE_GOLDENS" in os.environ

#: Why a mutant that leaves disks which the sound writer does not leave is sound all the same: (name, reason).
HARMLESS = (
    (
        r"swap \d+ sync_directory home with \d+ make_directory home/backups/hermes-state",
        "a folder that is made before the one above it is synced is at worst lost with it, empty",
    ),
    (
        r"swap \d+ sync(_directory)? \S+ with \d+ create \S+",
        "the file that is made too early is empty, private, and nothing counts on it",
    ),
    (
        r"(drop|redirect|swap) .*sync_directory home/backups/hermes-state( to \S+)?",
        "the folder that comes back has no manifest: it is no backup and no record, and goes the next time",
    ),
    (
        r"swap \d+ unlink \S+/\.nous\.json\.tmp with \d+ sync_directory \S+",
        "the breaker is out of the agents' way for good; what may come back has a name that no agent reads",
    ),
    (
        r"(drop|redirect|swap) .*sync home/auth\.json( .*)?",
        "the record holds both contents until the last sync, so every mixture of the two can be mended",
    ),
)
BY_ITSELF = "it leaves no disk that the sound writer does not leave"


@pytest.fixture(scope="module")
def bench() -> Iterator[Place]:
    """In memory where that is possible: what a disk does at a crash is the model's business, and this is faster."""
    with place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as made:
        yield made


@pytest.fixture(scope="module")
def figures() -> Iterator[Counter[str]]:
    """What was counted over all scenarios; printed at the end (pytest -s shows it)."""
    counted: Counter[str] = Counter()
    yield counted
    print("\ncrashes:", ", ".join(f"{count} {what.replace('_', ' ')}" for what, count in counted.items()))


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda scenario: scenario.name.replace(" ", "-"))
def enumeration(request: pytest.FixtureRequest, bench: Place) -> Enumeration:
    scenario: Scenario = request.param
    if reason := scenario.skipped(bench):
        pytest.skip(reason)
    return Enumeration(scenario, bench)


def golden(scenario: str, part: str, found: Any) -> Any:
    """What is recorded of ``part`` of a scenario; with REGENERATE, ``found`` is recorded first."""
    known = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    if REGENERATE:
        known.setdefault(WHO, {}).setdefault(scenario, {})[part] = found
        GOLDEN.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")
    return known[WHO][scenario][part]


def test_the_model_and_the_real_disk_agree_on_what_an_act_leaves(enumeration: Enumeration) -> None:
    model = enumeration.model(enumeration.start)
    assert model.tree() == enumeration.start
    for operation in enumeration.operations:
        model.apply(operation)
    assert model.tree() == enumeration.end


def test_no_crash_loses_anything_and_the_counts_are_the_recorded_ones(
    enumeration: Enumeration, figures: Counter[str]
) -> None:
    totals = enumeration.totals()
    assert totals.violations == []
    counts = {
        "operations": totals.operations,
        "crash_points": totals.crash_points,
        "states": totals.states,
        "disks": totals.disks,
        "recovery_points": totals.recovery_points,
        "recovery_states": totals.recovery_states,
    }
    assert counts == golden(enumeration.scenario.name, "counts", counts), (
        "HERMES_STATE_REGENERATE_GOLDENS=1 records them anew"
    )
    figures.update(counts, scenarios=1)


def test_every_broken_writer_is_caught_or_proven_equivalent(enumeration: Enumeration, figures: Counter[str]) -> None:
    found = list(verdicts(enumeration))
    names = [one.mutant for one in found]
    assert len(set(names)) == len(names)
    counts = dict(Counter(one.kind for one in found))
    same = {one.mutant: BY_ITSELF for one in found if one.kind == "equivalent"}
    same |= {one.mutant: _reason(one.mutant) for one in found if one.kind == "survived"}
    assert counts == golden(enumeration.scenario.name, "mutants", counts)
    assert same == golden(enumeration.scenario.name, "equivalent", same)
    proven = {"equivalent": "proven equivalent", "survived": "proven equivalent", "impossible": "that cannot run"}
    figures.update(mutants=len(found))
    figures.update(f"of them {proven.get(one.kind, one.kind)}" for one in found)


def _reason(mutant: str) -> str:
    fitting = [reason for pattern, reason in HARMLESS if re.fullmatch(pattern, mutant)]
    assert fitting, f"no promise minds this mutant, and nothing says why that is right: {mutant}"
    return fitting[0]


def test_judging_broken_writers_changes_no_count(bench: Place) -> None:
    """What they leave is no state of the act, and not what its recovery is enumerated from."""
    enumeration = Enumeration(next(one for one in SCENARIOS if one.name == "replace"), bench)
    before = enumeration.totals(depth=2)
    assert {one.kind for one in verdicts(enumeration)} >= {"caught"}
    assert enumeration.totals(depth=2) == before


def test_a_recovery_that_reports_what_is_not_durable_is_noticed(bench: Place) -> None:
    sound = next(one for one in SCENARIOS if one.name == "replace")

    def forgetful(place: Place, disk: Disk, now: float) -> object:
        """It replaces the file as it should, but syncs no directory."""
        assert isinstance(disk, RecordingDisk)
        done = sound.act(place, disk, now)
        disk.operations[:] = [one for one in disk.operations if one.verb != "sync_directory"]
        return done

    broken = Enumeration(replace(sound, recover=forgetful), bench).totals(depth=2)
    assert {name for violation in broken.violations for name in violation.names} == {"recovered_is_durable"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "enumeration",
    [scenario for scenario in SCENARIOS if scenario.depth == 1],
    ids=lambda scenario: scenario.name,
    indirect=True,
)
def test_no_crash_while_recovering_loses_anything(enumeration: Enumeration, figures: Counter[str]) -> None:
    """For those scenarios where the default run has no time for it."""
    totals = enumeration.totals(depth=2)
    assert totals.violations == []
    counts = {"recovery_points": totals.recovery_points, "recovery_states": totals.recovery_states}
    assert counts == golden(enumeration.scenario.name, "recovery", counts)
    figures.update({f"{what} of the slow tier": count for what, count in counts.items()})


def test_no_recorded_count_belongs_to_a_scenario_that_is_gone() -> None:
    known = json.loads(GOLDEN.read_text())
    assert set(known[WHO]) <= {scenario.name for scenario in SCENARIOS}
