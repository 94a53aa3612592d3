from __future__ import annotations

import pytest

from hermes_state.clock import DAY, HOUR, duration, iso, stamp


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (0.9, "0s"),
        (-5, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (2813, "46m 53s"),
        (HOUR, "1h"),
        (HOUR + 5, "1h"),
        (4 * HOUR + 300, "4h 5m"),
        (12 * DAY + 3 * HOUR, "12d 3h"),
        (4000 * DAY, "over 10 years"),
        (float("inf"), "over 10 years"),
        (float("nan"), "over 10 years"),
    ],
)
def test_a_length_of_time_reads_in_its_two_largest_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_stamps_sort_by_time_and_are_in_utc() -> None:
    assert stamp(0) == "19700101T000000Z"
    assert iso(86399.9) == "1970-01-01T23:59:59Z"
    assert stamp(10**9) < stamp(10**9 + 1)


@pytest.mark.parametrize("at", [253402300800.0, 2.0**55, 1e300, float("inf")])
def test_a_time_that_no_calendar_has_is_said_in_words(at: float) -> None:
    assert iso(at) == "after the year 9999"
    assert iso(-at) == "before the year 1"
