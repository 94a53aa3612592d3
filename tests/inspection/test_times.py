"""Times that cannot be right: told where they stand, with what ends them; what agents read as they should is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.inspection.cases import RECORD, ROW, TIE, pool
from tests.inspection.homes import DAY, HOUR, NOW, cooling, found, mark, row

YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("last_status_at", NOW * 1000, "is in milliseconds"),
        ("last_status_at", int(NOW * 1000), "is in milliseconds"),
        ("last_status_at", NOW + 25 * HOUR, "lies 1d 1h ahead"),
        ("last_status_at", "yesterday", "is a text that no agent can read as a time"),
        ("last_status_at", "2127-01-01T00:00:00Z", "ahead"),
        ("last_status_at", float("inf"), "is infinite"),
        ("last_status_at", float("nan"), "is not a number"),
        ("last_error_reset_at", NOW + 367 * DAY, "lies 367d ahead"),
        ("last_error_reset_at", (NOW + 367 * DAY) * 1000, "lies 367d ahead"),
        ("last_error_reset_at", "soon", "is a text that no agent can read as a time"),
        ("last_error_reset_at", "inf", "is infinite"),
        ("status_cleared_at", NOW + 25 * HOUR, "lies 1d 1h ahead"),
    ],
)
def test_a_time_of_a_row_that_cannot_be_right_is_told(home: Path, field: str, value: Any, says: str) -> None:
    pool(cooling(**{field: value}))(home)
    (hit,) = found(home, "HS-AUTH-042")
    assert (hit.pointer, says in hit.message) == (f"{ROW}/{field}", True)
    assert hit.hint == f"`hermes-state --home {home} clear-cooldown openrouter 7e472f` puts an end to it"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("last_status_at", NOW + 23 * HOUR),
        ("last_status_at", "2027-01-15T07:00:00Z"),
        ("last_status_at", 0),
        ("last_status_at", -1.0),
        ("last_status_at", ""),
        ("last_status_at", True),
        ("last_status_at", []),
        ("last_error_reset_at", (NOW + HOUR) * 1000),
        ("last_error_reset_at", str(NOW + HOUR)),
        ("last_error_reset_at", NOW + YEAR),
        ("last_error_reset_at", 1.0),
        ("last_error_reset_at", 10**400),
        ("status_cleared_at", NOW * 1000),
        ("model_cooldowns", {"x": NOW + YEAR, "y": None}),
        ("model_cooldowns", []),
    ],
)
def test_a_time_that_agents_read_as_it_is_meant_is_not(home: Path, field: str, value: Any) -> None:
    pool(cooling(**{field: value}))(home)
    assert found(home, "HS-AUTH-042") == []


def test_ends_of_models_are_told_by_model(home: Path) -> None:
    pool(row(model_cooldowns={"a/b": (NOW + HOUR) * 1000, "c": NOW + HOUR}))(home)
    assert [hit.pointer for hit in found(home, "HS-AUTH-042")] == [f"{ROW}/model_cooldowns/a~1b"]


@pytest.mark.parametrize("field", ["last_status_at", "moved_at", "cleared_at"])
def test_a_time_of_a_record_is_told_at_the_record(home: Path, field: str) -> None:
    pool(row(), records={"7e472f": {**TIE, **mark(), field: NOW * 1000}})(home)
    (hit,) = found(home, "HS-AUTH-042")
    assert hit.pointer == f"{RECORD}/{field}"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"last_status": "ok", "last_status_at": NOW * 1000}, "remove the value by hand"),
        ({"last_status": "dead", "last_status_at": NOW * 1000}, "clear-cooldown openrouter 7e472f --dead` puts"),
    ],
)
def test_what_a_clear_does_not_touch_is_removed_by_hand(home: Path, fields: dict[str, Any], says: str) -> None:
    pool(row(**fields))(home)
    (hit,) = found(home, "HS-AUTH-042")
    assert says in hit.hint


def test_records_that_are_not_used_are_not_judged(home: Path) -> None:
    pool(row(), row(), records={"7e472f": {**TIE, "moved_at": NOW * 1000}, "gone": {"moved_at": NOW * 1000}})(home)
    assert found(home, "HS-AUTH-042") == []
