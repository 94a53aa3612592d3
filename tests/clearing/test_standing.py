"""How providers stand: what holds up all of one, and what blocks single credentials; one look is enough for many."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from hermes_state.clearing.standing import Standing, standings
from hermes_state.home import Home
from hermes_state.inspection.neighbourhood import Neighbourhood
from tests.inspection.homes import NOW, at, auth, cooling, put, row


def test_a_breaker_and_a_pause_hold_up_usable_credentials_too(home: Path) -> None:
    put(home / "auth.json", auth({"nous": [row("a"), cooling("b")]}))
    put(home / "rate_limits" / "nous.json", {"reset_at": NOW + 60.0})
    put(home / "ESTOP", "")
    (found,) = standings([(at(home), "nous")], NOW)
    assert [Path(block.path).name for block in found.switches] == ["nous.json", "ESTOP"]
    assert [block.what for block in found.others] == ["cooldown of b (429)"]
    assert found.usable


def test_without_a_usable_credential_the_rows_are_what_blocks(home: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling("a")]}))
    (found,) = standings([(at(home), "openrouter")], NOW)
    assert (found.switches, found.usable) == ((), False)
    assert [block.what for block in found.others] == ["cooldown of a (429)"]


def test_nothing_is_in_the_way_of_a_provider_that_nobody_knows(home: Path) -> None:
    assert standings([(at(home), "openrouter")], NOW) == [Standing(at(home))]


def test_many_homes_are_looked_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def counting(homes: Collection[Home]) -> Neighbourhood:
        looked.append(len(homes))
        return Neighbourhood(homes)

    monkeypatch.setattr("hermes_state.clearing.standing.Neighbourhood", counting)
    coder = home / "profiles" / "coder"
    put(coder / "auth.json", auth({"nous": [cooling()]}))
    wanted = [(at(home), "nous"), (at(coder), "nous"), (at(coder), "openrouter")]
    assert [len(each.others) for each in standings(wanted, NOW)] == [0, 1, 0]
    assert looked == [2]
