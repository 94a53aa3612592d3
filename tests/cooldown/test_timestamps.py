from __future__ import annotations

import math
from typing import Any

import pytest

from hermes_state.cooldown import NoTime, marked_at, parse_timestamp


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (1_760_000_000, 1_760_000_000.0),
        (1_760_000_000.25, 1_760_000_000.25),
        (1_760_000_000_250, 1_760_000_000.25),
        (1_000_000_000_000, 1e12),
        (" 1760000000250 ", 1_760_000_000.25),
        ("-5", -5.0),
        (True, 1.0),
        ("2025-10-09T08:53:20Z", 1_760_000_000.0),
        ("2025-10-09T10:53:20.25+02:00", 1_760_000_000.25),
        ("2025-10-09Z08:53:20+00:00", 1_760_000_000.0),
    ],
)
def test_a_time_is_read_in_every_spelling_that_the_agent_reads(value: Any, seconds: float) -> None:
    assert parse_timestamp(value) == seconds


@pytest.mark.parametrize(
    "value", [None, "", "  ", 0, -1, False, "soon", "2025-02-30", [], [1], {}, 10**400, -(10**400)]
)
def test_what_is_no_time_is_none(value: Any) -> None:
    assert parse_timestamp(value) is None


def test_the_json_numbers_that_are_not_finite_pass_through_as_in_the_agent() -> None:
    assert parse_timestamp(math.inf) == math.inf
    assert parse_timestamp(-math.inf) is None
    unordered = parse_timestamp(math.nan)
    assert unordered is not None
    assert math.isnan(unordered)


@pytest.mark.parametrize(
    "row", [{}, None, [], "x", *({"last_status_at": at} for at in (None, "", " ", 0, 0.0, "0", False))]
)
def test_a_mark_without_a_time_is_missing(row: Any) -> None:
    assert marked_at(row) is NoTime.MISSING


@pytest.mark.parametrize("at", ["soon", [], [1], {}, -5, math.nan, math.inf, "nan", "-inf", "1e400", 10**400])
def test_a_mark_with_a_time_that_means_nothing_is_unparsable(at: Any) -> None:
    assert marked_at({"last_status_at": at}) is NoTime.UNPARSABLE


@pytest.mark.parametrize("at", [1_760_000_000, 1_760_000_000_000, "1760000000", "2025-10-09T08:53:20Z"])
def test_marks_in_any_unit_and_spelling_compare_as_seconds(at: Any) -> None:
    assert marked_at({"last_status_at": at}) == 1_760_000_000.0
