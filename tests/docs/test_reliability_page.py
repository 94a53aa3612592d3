"""The figures of crash points and broken writers on the page are those that the tests record and compare."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
PAGE = " ".join((TESTS.parent / "docs" / "reliability.md").read_text("utf-8").split())
RECORDED = json.loads((TESTS / "crash" / "golden.json").read_text("utf-8"))


def totals(who: str, part: str) -> Counter[str]:
    """The sums over all acts; ``part`` is ``counts`` or ``mutants``."""
    found: Counter[str] = Counter()
    for act in RECORDED[who].values():
        found.update(act.get(part, {}))
    return found


def spelled(number: int) -> str:
    """``1 090``"""
    return f"{number:,}".replace(",", " ")


@pytest.mark.parametrize("who", ["root", "user"])
def test_the_crash_points_are_the_recorded_ones(who: str) -> None:
    found = totals(who, "counts")
    points = found["crash_points"] + found["recovery_points"]
    states = found["states"] + found["recovery_states"]
    assert f" {spelled(points)} crash points, {spelled(states)} states" in PAGE


def test_the_share_of_recovering_and_the_number_of_acts_are_the_recorded_ones() -> None:
    found = totals("root", "counts")
    assert f"{spelled(found['recovery_points'])} points and {spelled(found['recovery_states'])} states" in PAGE
    assert f"(the acts alone: {found['crash_points']} and {found['states']})" in PAGE
    assert f" {len(RECORDED['root'])} acts, " in PAGE


@pytest.mark.parametrize("who", ["root", "user"])
def test_the_broken_writers_are_the_recorded_ones(who: str) -> None:
    found = totals(who, "mutants")
    proven = found["equivalent"] + found["survived"]  # those that survive have their reason recorded beside them
    kinds = f"{found['caught']} caught, {found['impossible']} that cannot run, {proven} proven equivalent"
    assert kinds in PAGE
    assert f" {found.total()} mutants" in PAGE
