"""Every answer that real agents gave (``record_oracle.py``) is the answer that ``hermes_state.cooldown`` gives."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_state.cooldown import AgentSees, Rule, agent_sees, parse_timestamp, selection_raises, until

FILES = sorted((Path(__file__).parent / "oracle").glob("*.json"))
ORACLES = {file.stem: json.loads(file.read_text(encoding="ascii")) for file in FILES}
LABELS = list(ORACLES)

pytestmark = pytest.mark.skipif(not hasattr(time, "tzset"), reason="the local zone cannot be set here")


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Naive ISO times were recorded in UTC; the zone of the machine is put back afterwards."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def rule_of(label: str) -> Rule:
    rule = Rule.for_version(label)
    assert rule is not None
    return rule


def raises(answer: object) -> bool:
    return isinstance(answer, dict)


def expected_end(answer: Any) -> float | None:
    """A recorded end as ours: none where the agent raises, and none for the two numbers that never bind."""
    if answer is None or raises(answer) or answer in ("nan", "-inf"):
        return None
    return float(answer)


def pool_of(case: dict[str, Any]) -> list[Any]:
    return [case["row"], *case["others"]]


def differences(label: str, rule: Rule) -> list[dict[str, Any]]:
    """The recorded cases that ``rule`` answers otherwise than the agent did."""
    oracle = ORACLES[label]
    wrong = []
    for case in oracle["rows"]:
        row, pool = case["row"], pool_of(case)
        right = [
            until(row, pool, rule).at == expected_end(case["end"]),
            (agent_sees(row, pool, oracle["now"], rule) is AgentSees.USABLE) is (case["usable"] is True),
            selection_raises(row, oracle["now"], rule) is raises(case["usable"]),
        ]
        if "usable_for_model" in case:
            sees = agent_sees(row, pool, oracle["now"], rule, oracle["model"])
            right.append((sees is AgentSees.USABLE) is (case["usable_for_model"] is True))
        if not all(right):
            wrong.append(case)
    return wrong


def test_every_family_of_versions_has_an_oracle_of_the_same_many_rows() -> None:
    assert {rule_of(label) for label in LABELS} == set(Rule)
    inputs = [[(case["row"], case["others"]) for case in oracle["rows"]] for oracle in ORACLES.values()]
    assert len(inputs[0]) >= 300
    assert all(each == inputs[0] for each in inputs)
    assert all(oracle["zone"] == "UTC" for oracle in ORACLES.values())


@pytest.mark.parametrize("label", LABELS)
def test_ends_and_selections_are_those_of_the_real_agent(label: str) -> None:
    assert differences(label, rule_of(label)) == []


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("rule", list(Rule))
def test_the_oracle_of_one_version_tells_the_rules_of_all_others_apart(label: str, rule: Rule) -> None:
    assert bool(differences(label, rule)) is (rule is not rule_of(label))


@pytest.mark.parametrize("label", LABELS)
def test_no_end_is_known_where_the_agent_raises(label: str) -> None:
    raised = [case for case in ORACLES[label]["rows"] if raises(case["end"])]
    assert raised
    assert [until(case["row"], pool_of(case), rule_of(label)).at for case in raised] == [None] * len(raised)


def test_only_0_13_raises_on_a_text_in_last_status_at() -> None:
    def on_texts(label: str) -> bool:
        cases = [case for case in ORACLES[label]["rows"] if case["row"].get("last_status") == "exhausted"]
        return {"raises": "TypeError"} in [
            case["end"] for case in cases if isinstance(case["row"].get("last_status_at"), str)
        ]

    assert [label for label in LABELS if on_texts(label)] == ["0.13.0"]


@pytest.mark.parametrize("label", LABELS)
def test_timestamps_parse_as_in_the_real_agent_in_each_zone(label: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for zone, spellings in ORACLES[label]["timestamps"].items():
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        for value, answer in spellings:
            ours = parse_timestamp(value)
            if answer == "nan":
                assert ours is not None
                assert math.isnan(ours)
            else:
                assert ours == (None if answer is None or raises(answer) else float(answer)), (zone, value)


def test_a_naive_time_is_local() -> None:
    naive = {zone: dict_of(spellings) for zone, spellings in ORACLES["0.22.2"]["timestamps"].items()}
    assert naive["XST-05:30"]["2025-10-09"] == naive["UTC"]["2025-10-09"] - 5.5 * 3600


def dict_of(spellings: list[Any]) -> dict[str, Any]:
    return {value: answer for value, answer in spellings if isinstance(value, str)}
