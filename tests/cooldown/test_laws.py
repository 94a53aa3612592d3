"""What holds for any JSON at all, however broken."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_state.cooldown import (
    AgentSees,
    NoTime,
    Rule,
    Status,
    agent_sees,
    latest_end,
    marked_at,
    model_ends,
    parse_timestamp,
    selection_raises,
    status,
    until,
)

NOW = 1_760_000_000.0

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from([10**400, -(10**400)])
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
times = anything | st.floats(NOW - 9999, NOW + 9999) | st.datetimes().map(str) | st.floats().map(str)
rows = anything | st.fixed_dictionaries(
    {},
    optional={
        "id": anything,
        "last_status": st.sampled_from(["exhausted", "dead", "ok"]) | anything,
        "last_status_at": times,
        "last_error_reset_at": times,
        "last_error_code": st.sampled_from([401, 402, 429]) | anything,
        "failure_reason": st.sampled_from(["billing", "billing_unverified"]) | anything,
        "status_cleared_at": times,
        "model_cooldowns": anything | st.dictionaries(st.text(max_size=3), times, max_size=3),
    },
)
pools = st.lists(rows, min_size=1, max_size=4)
rules = st.sampled_from([None, *Rule])


@settings(deadline=None)
@given(times)
def test_any_value_is_a_time_or_none(value: Any) -> None:
    assert isinstance(parse_timestamp(value), float | None)


@settings(deadline=None)
@given(rows)
def test_any_row_was_marked_at_a_finite_time_or_at_none(row: Any) -> None:
    at = marked_at(row)
    assert isinstance(at, NoTime) or math.isfinite(at)


@settings(deadline=None)
@given(pools, rules)
def test_any_row_has_answers_that_agree_with_each_other(pool: list[Any], rule: Rule | None) -> None:
    row = pool[0]
    end = until(row, pool, rule)
    assert end.at is None or end.at > -math.inf
    cooling = status(row, pool, NOW, rule) is Status.COOLING
    assert cooling is (end.at is not None and end.at > NOW)
    blocked = agent_sees(row, pool, NOW, rule) is AgentSees.BLOCKED
    raises = selection_raises(row, NOW, Rule.V22 if rule is None else rule)
    assert blocked or not cooling
    assert blocked or rule is None or not raises
    by_model = rule in (Rule.V22, None) and any(end > NOW for end in model_ends(row).values())
    assert blocked or raises or not by_model


@settings(deadline=None)
@given(pools)
def test_the_end_for_an_unknown_version_is_the_longest_of_all_rules(pool: list[Any]) -> None:
    ends = {rule: until(pool[0], pool, rule).at for rule in Rule}
    longest = until(pool[0], pool, None)
    assert longest.at == max((end for end in ends.values() if end is not None), default=None)
    assert ends[longest.rule] == longest.at


@settings(deadline=None)
@given(pools, st.text(max_size=3))
def test_the_agent_uses_a_row_for_some_model_if_it_uses_it_for_all(pool: list[Any], model: str) -> None:
    if agent_sees(pool[0], pool, NOW, Rule.V22) is AgentSees.USABLE:
        assert agent_sees(pool[0], pool, NOW, Rule.V22, model) is AgentSees.USABLE


@settings(deadline=None)
@given(rows)
def test_the_latest_end_of_any_record_is_finite_and_no_earlier_than_its_parts(group: Any) -> None:
    latest = latest_end(group)
    parts = [end for end in (until(group, [], None).at, *model_ends(group).values()) if end is not None]
    assert latest is None or (math.isfinite(latest) and latest in parts)
    assert all(latest is not None and end <= latest for end in parts if math.isfinite(end))
