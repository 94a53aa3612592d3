"""Many writers and readers of one ``auth.json`` at once: nobody is ever inside with another, and nothing is lost.

Two detectors, since each could miss what the other sees: a marker that says that somebody is inside, and counters.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hermes_state.home import Home
from tests.concurrency.crew import Crew, Unguarded, Watched, count_up, home_at, put, read_on

#: Processes, updates of each, and readers.
SHORT = pytest.param(4, 25, 1, id="4x25")
FULL = pytest.param(8, 500, 2, id="8x500", marks=[pytest.mark.slow, pytest.mark.crash])


def shared_by_profiles(home: Path) -> list[Home]:
    """Two profiles and the root, all with the root's file: the profiles have links to it."""
    found = [home_at(home)]
    for name in ("coder", "writer"):
        profile = home / "profiles" / name
        profile.mkdir(parents=True)
        (profile / "auth.json").symlink_to("../../auth.json")
        found.append(home_at(profile, home))
    return [found[1], found[2], found[0]]


@pytest.mark.parametrize("shared", [False, True], ids=["one home", "shared by two profiles"])
@pytest.mark.parametrize(("writers", "updates", "readers"), [SHORT, FULL])
def test_no_update_is_lost_and_no_reader_sees_half_of_one(
    writers: int, updates: int, readers: int, shared: bool, home: Path, tmp_path: Path
) -> None:
    names = [f"w{number}" for number in range(writers)]
    put(home / "auth.json", each=dict.fromkeys(names, 0), all=0, last="")
    homes = shared_by_profiles(home) if shared else [home_at(home)]
    with Crew() as crew:
        numbers = []
        for place, name in enumerate(names):
            store = Watched(homes[place % len(homes)], tmp_path / "occupied")
            numbers.append(crew.add(count_up, store, name, updates))
        watching = [crew.add(read_on, Path(homes[0].path) / "auth.json", crew.stop) for _ in range(readers)]
        crew.go()
        wrote = [crew.counts(number) for number in numbers]
        crew.stop.set()
        read = [crew.counts(number) for number in watching]
    document = json.loads((home / "auth.json").read_text())
    assert document["each"] == dict.fromkeys(names, updates)
    assert document["all"] == writers * updates
    assert [one["done"] for one in wrote] == [updates] * writers
    assert [(one["overlaps"], one["superseded"]) for one in wrote] == [(0, 0)] * writers
    handovers = sum(one["handovers"] for one in wrote)
    assert handovers > 2 * writers, "they took turns so rarely that this run proves little"
    assert all(one["changes"] > writers for one in read)
    assert sorted(path.name for path in home.iterdir() if path.name.endswith(".tmp")) == []
    for profile in homes if shared else ():
        assert profile.profile == "default" or Path(profile.path, "auth.json").is_symlink()
    print(
        f"\n{writers} x {updates} updates, {sum(one['reads'] for one in read)} reads by {readers}, "
        f"{handovers} handovers, overlaps 0, lost 0, parse errors 0, "
        f"longest wait {max(one['longest_wait'] for one in wrote):.2f} s"
    )


def test_without_the_locks_both_detectors_fire(home: Path, tmp_path: Path) -> None:
    names = ["w0", "w1", "w2", "w3"]
    put(home / "auth.json", each=dict.fromkeys(names, 0), all=0, last="")
    done = overlaps = 0
    for _ in range(20):
        with Crew() as crew:
            numbers = [crew.add(count_up, Unguarded(home_at(home), tmp_path / "occupied"), name, 5) for name in names]
            crew.go()
            wrote = [crew.counts(number) for number in numbers]
        done += sum(one["done"] for one in wrote)
        overlaps += sum(one["overlaps"] for one in wrote)
        if overlaps and json.loads((home / "auth.json").read_text())["all"] < done:
            return
    pytest.fail(f"{done} updates without a lock, {overlaps} overlaps, and nothing was lost")
