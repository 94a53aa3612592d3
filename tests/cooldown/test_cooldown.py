from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, overload

import pytest

from hermes_state.cooldown import (
    AgentSees,
    Rule,
    Status,
    Until,
    agent_sees,
    latest_end,
    model_ends,
    selection_raises,
    status,
    until,
)

NOW = 1_760_000_000.0
HEALTHY = {"id": "bbbbbb", "last_status": None}
LAST_DEAD = {"id": "cccccc", "last_status": "dead"}


def exhausted(ago: float = 100, code: Any = 429, **fields: Any) -> dict[str, Any]:
    return {"id": "aaaaaa", "last_status": "exhausted", "last_status_at": NOW - ago, "last_error_code": code, **fields}


@pytest.mark.parametrize(
    ("version", "rule"),
    [
        ("0.13.0", Rule.V13),
        ("0.14.0", Rule.V13),
        ("0.15.2", Rule.V15),
        ("v0.16.0", Rule.V16),
        ("0.19.0", Rule.V16),
        ("0.20.1.2", Rule.V20),
        ("0.21.0", Rule.V20),
        ("0.22.2.post1", Rule.V22),
        (" 0.23.0rc1", Rule.V22),
        ("1.0", Rule.V22),
    ],
)
def test_a_version_has_the_rules_of_the_newest_family_that_is_not_newer(version: str, rule: Rule) -> None:
    assert Rule.for_version(version) is rule


@pytest.mark.parametrize("version", ["", "unknown", "0.12.9", "0", "main", "20", "\u0660.\u0662\u0662"])
def test_the_rules_of_an_unread_version_are_unknown(version: str) -> None:
    assert Rule.for_version(version) is None


def test_a_reset_time_is_the_end_even_when_it_lies_in_the_past() -> None:
    row = exhausted(last_error_reset_at=NOW - 7)
    assert until(row, [row], Rule.V22) == Until(NOW - 7, Rule.V22)


@pytest.mark.parametrize(("code", "seconds"), [(401, 300), (402, 3600), (403, 3600), (429, 3600), (None, 3600)])
def test_without_a_reset_time_the_length_depends_on_the_error_code(code: Any, seconds: float) -> None:
    row = exhausted(0, code)
    assert until(row, [row], Rule.V16).at == NOW + seconds


@pytest.mark.parametrize(
    ("code", "reason", "seconds"),
    [(429, None, 60), (403, "rate_limit", 60), (401, None, 300), (402, None, 3600), (403, "billing", 3600)],
)
def test_the_only_row_that_is_not_dead_waits_a_minute_unless_it_is_about_money(
    code: Any, reason: Any, seconds: float
) -> None:
    row = exhausted(0, code, failure_reason=reason)
    for pool in ([row], [row, LAST_DEAD], [LAST_DEAD, "not a row", row]):
        assert until(row, pool, Rule.V20).at == NOW + seconds
    assert until(row, [row], Rule.V16).at == NOW + (300 if code == 401 else 3600)


@pytest.mark.parametrize(("code", "seconds"), [(400, 60), (429, 60), (402, 3600), (401, 300)])
def test_unverified_billing_waits_a_minute_in_any_pool(code: Any, seconds: float) -> None:
    row = exhausted(0, code, failure_reason="billing_unverified")
    assert until(row, [row, HEALTHY], Rule.V22).at == NOW + seconds


def test_for_an_unknown_version_the_longest_end_counts_and_says_which_rule_gave_it() -> None:
    row = exhausted(0)
    assert until(row, [row], None) == Until(NOW + 3600, Rule.V16)
    assert until(row, [row, HEALTHY], None) == Until(NOW + 3600, Rule.V22)
    assert until(HEALTHY, [row, HEALTHY], None) == Until(None, Rule.V22)


def test_a_text_as_mark_time_has_no_end_in_0_13_and_one_for_an_unknown_version() -> None:
    row = exhausted() | {"last_status_at": "2025-10-09T08:53:20Z"}
    assert until(row, [row, HEALTHY], Rule.V13).at is None
    assert until(row, [row, HEALTHY], None).at == NOW + 3600


def test_milliseconds_as_mark_time_are_not_scaled_and_huge_ones_never_end() -> None:
    assert until(exhausted() | {"last_status_at": 1_760_000_000_000}, [], Rule.V16).at == 1_760_000_003_600.0
    assert until(exhausted() | {"last_status_at": 10**400}, [], Rule.V16).at == math.inf


@pytest.mark.parametrize("reset", [math.nan, -math.inf, "nan", "-inf"])
def test_an_end_that_could_never_bind_is_none_and_does_not_fall_back_to_the_mark(reset: Any) -> None:
    row = exhausted() | ({"last_error_reset_at": reset} if isinstance(reset, str) else {"last_status_at": reset})
    assert until(row, [row], Rule.V16).at is None
    assert agent_sees(row, [row], NOW, Rule.V16) is AgentSees.USABLE


class Counted(Sequence[object]):
    """A pool of healthy rows that counts how many of them are looked at."""

    def __init__(self) -> None:
        self.seen = 0

    def __iter__(self) -> Iterator[object]:
        for _ in range(len(self)):
            self.seen += 1
            yield HEALTHY

    @overload
    def __getitem__(self, index: int) -> object: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[object]: ...
    def __getitem__(self, index: int | slice) -> object:
        raise AssertionError("a pool is walked, not indexed")

    def __len__(self) -> int:
        return 10_000


def test_counting_the_rows_of_a_long_pool_stops_at_the_second_living_one() -> None:
    pool = Counted()
    assert until(exhausted(0), pool, Rule.V22).at == NOW + 3600
    assert pool.seen == 2


def test_model_ends_keep_numbers_only_and_never_scale_them() -> None:
    cooldowns = {
        "a": 5,
        "b": NOW + 0.5,
        "c": "1760000000",
        "d": None,
        "e": math.nan,
        "f": 1_760_000_000_000,
        "g": 10**400,
    }
    ends = {"a": 5.0, "b": NOW + 0.5, "f": 1_760_000_000_000.0, "g": math.inf}
    assert model_ends({"model_cooldowns": cooldowns}) == ends
    assert model_ends({"model_cooldowns": [NOW]}) == {}
    assert model_ends({}) == {}


def test_the_latest_end_of_a_record_is_over_its_mark_and_its_models_and_is_finite() -> None:
    mark = {"last_status": "exhausted", "last_status_at": NOW, "last_error_code": 429}
    assert latest_end(mark) == NOW + 3600
    assert latest_end(mark | {"failure_reason": "billing_unverified"}) == NOW + 3600
    assert latest_end(mark | {"model_cooldowns": {"a": NOW + 9999}}) == NOW + 9999
    assert latest_end(mark | {"model_cooldowns": {"a": NOW + 9}}) == NOW + 3600
    assert latest_end({"model_cooldowns": {"a": NOW + 9, "b": 10**400}}) == NOW + 9
    assert latest_end(mark | {"last_error_reset_at": "inf"}) is None
    assert latest_end({"cleared_at": NOW}) is None


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({}, Status.OK),
        ({"last_status": "ok", "last_error_reset_at": NOW + 9}, Status.OK),
        ({"last_status": "unknown"}, Status.OK),
        ({"last_status": ["exhausted"]}, Status.OK),
        ("not a row", Status.OK),
        (exhausted(3599), Status.COOLING),
        (exhausted(3600), Status.ELAPSED),
        (exhausted() | {"last_status_at": None}, Status.ELAPSED),
        (LAST_DEAD, Status.DEAD),
    ],
)
def test_status_tells_what_the_mark_amounts_to(row: Any, told: Status) -> None:
    assert status(row, [row, HEALTHY], NOW, Rule.V16) is told
    assert status(row, [row, HEALTHY], NOW, None) is told


@pytest.mark.parametrize("rule", list(Rule))
def test_a_dead_row_is_never_selected_from_0_16_on_and_is_no_cooldown(rule: Rule) -> None:
    blocked = rule >= Rule.V16
    assert status(LAST_DEAD, [LAST_DEAD], NOW, rule) is Status.DEAD
    assert agent_sees(LAST_DEAD, [LAST_DEAD], NOW, rule) is (AgentSees.BLOCKED if blocked else AgentSees.USABLE)


def test_for_an_unknown_version_dead_and_cooling_rows_are_blocked() -> None:
    row = exhausted()
    assert agent_sees(LAST_DEAD, [LAST_DEAD], NOW, None) is AgentSees.BLOCKED
    assert agent_sees(row, [row], NOW, None) is AgentSees.BLOCKED
    assert agent_sees(row, [row], NOW, Rule.V20) is AgentSees.USABLE
    assert agent_sees(HEALTHY, [HEALTHY], NOW, None) is AgentSees.USABLE


def test_a_cooldown_ends_at_its_end() -> None:
    row = exhausted(last_error_reset_at=NOW)
    assert status(row, [row], NOW - 0.001, Rule.V16) is Status.COOLING
    assert status(row, [row], NOW, Rule.V16) is Status.ELAPSED


def test_a_model_cooldown_blocks_its_model_or_a_caller_without_one_from_0_22_on() -> None:
    row = {"id": "aaaaaa", "last_status": None, "model_cooldowns": {"slow": NOW + 9, "fast": NOW - 9}}
    assert status(row, [row], NOW, Rule.V22) is Status.OK
    sees = [agent_sees(row, [row], NOW, Rule.V22, model) for model in ("", "slow", "fast", "other")]
    assert sees == [AgentSees.BLOCKED, AgentSees.BLOCKED, AgentSees.USABLE, AgentSees.USABLE]
    assert agent_sees(row, [row], NOW, Rule.V20) is AgentSees.USABLE


@pytest.mark.parametrize("mark", [exhausted(), LAST_DEAD | {"last_status_at": NOW - 100}])
def test_a_reset_after_the_mark_lifts_it_in_0_22_only(mark: dict[str, Any]) -> None:
    row = mark | {"status_cleared_at": NOW - 99}
    before, after = status(row, [row, HEALTHY], NOW, Rule.V20), status(row, [row, HEALTHY], NOW, Rule.V22)
    assert before in (Status.COOLING, Status.DEAD)
    assert after is Status.ELAPSED
    assert agent_sees(row, [row, HEALTHY], NOW, Rule.V22) is AgentSees.USABLE
    assert agent_sees(row, [row, HEALTHY], NOW, None) is AgentSees.BLOCKED
    older = mark | {"status_cleared_at": NOW - 100}
    assert status(older, [older, HEALTHY], NOW, Rule.V22) is before


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ({"last_status_at": "2025-10-09"}, {Rule.V13}),
        ({"last_status_at": [1]}, set(Rule)),
        ({"last_status_at": {"at": 1}, "last_error_reset_at": NOW}, set()),
        ({"last_error_reset_at": 10**400}, set(Rule)),
        ({"model_cooldowns": ["slow"]}, {Rule.V22}),
        ({"model_cooldowns": {"slow": 10**400}}, {Rule.V22}),
        ({"last_status": ["exhausted"]}, {Rule.V22}),
        ({"last_status": "dead", "model_cooldowns": ["slow"]}, set()),
        ({}, set()),
    ],
)
def test_a_row_on_which_the_agent_raises_is_told_and_blocked(fields: dict[str, Any], rules: set[Rule]) -> None:
    row = exhausted(9999) | fields
    assert {rule for rule in Rule if selection_raises(row, NOW, rule)} == rules
    assert all(agent_sees(row, [row], NOW, rule) is AgentSees.BLOCKED for rule in rules)


def test_for_an_unknown_version_a_row_is_blocked_only_when_every_version_raises_on_it() -> None:
    some, every = exhausted(9999) | {"last_status_at": "2025-10-09"}, exhausted(9999) | {"last_status_at": [1]}
    assert agent_sees(some, [some], NOW + 9999999, None) is AgentSees.USABLE
    assert agent_sees(every, [every], NOW + 9999999, None) is AgentSees.BLOCKED
