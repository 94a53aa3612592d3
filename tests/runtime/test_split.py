"""What a move does to one row: what goes, what stays, what is said."""

from __future__ import annotations

import math
from typing import Any

import pytest

from hermes_state.runtime import Left, Moved, overlay, split
from hermes_state.runtime.record import STATUS_FIELDS
from tests.runtime.pools import NOW, OTHER_TOKEN, POOL, TOKEN, mark, record, row


def moved_back(old: dict[str, Any]) -> dict[str, Any]:
    """``old`` after a move and the way back."""
    done = split(POOL, [old], {}, NOW)
    made: dict[str, Any] = overlay(POOL, done.rows, done.records, NOW).rows[0]
    return made


def test_the_six_become_null_where_they_stood_and_the_optional_two_go() -> None:
    full = {
        "id": "7e472f",
        "failure_reason": "billing",
        **mark(last_error_message="x"),
        "model_cooldowns": {"opus": 5.5},
    }
    done = split(POOL, [full | {"request_count": 3}], {}, NOW)
    assert list(done.rows[0].items()) == [
        ("id", "7e472f"),
        *((key, None) for key in mark(last_error_message="")),
        ("request_count", 3),
    ]


def test_a_null_is_not_written_where_the_row_has_no_such_key() -> None:
    assert split(POOL, [{"id": "7e472f", "last_status": "exhausted"}], {}, NOW).rows == [
        {"id": "7e472f", "last_status": None}
    ]


def test_a_record_holds_ties_the_time_and_what_was_not_null() -> None:
    old = row(**mark(last_error_reset_at=NOW + 3600))
    assert list(split(POOL, [old], {}, NOW).records.items()) == [
        (
            "7e472f",
            record(old, NOW)
            | {"last_status": "exhausted", "last_status_at": NOW - 100.5, "last_error_code": 429}
            | {"last_error_reset_at": NOW + 3600},
        )
    ]


def test_values_move_as_they_are_not_as_what_they_mean() -> None:
    odd = {"last_status_at": "2025-10-09T08:00:00Z", "last_error_code": "429", "last_error_reset_at": 1_760_003_600_000}
    made = split(POOL, [row(last_status="exhausted", **odd)], {}, NOW).records["7e472f"]
    assert {key: made[key] for key in odd} == odd


def test_ok_stays_with_all_that_stands_beside_it() -> None:
    old = row(last_status="ok", last_status_at=NOW, failure_reason="billing")
    done = split(POOL, [old], {}, NOW)
    assert done.rows[0] is old
    assert done.records == {}


def test_only_model_cooldowns_leave_a_row_that_is_ok() -> None:
    old = row(last_status="ok", failure_reason="billing", model_cooldowns={"opus": NOW + 5})
    done = split(POOL, [old], {}, NOW)
    assert done.rows == [row(last_status="ok", failure_reason="billing")]
    assert done.records == {"7e472f": record(old, NOW, model_cooldowns={"opus": NOW + 5})}
    assert moved_back(old) == old


@pytest.mark.parametrize("field", ["status_cleared_at", "request_count"])
def test_what_running_agents_need_inline_stays_inline(field: str) -> None:
    done = split(POOL, [row(**mark(), **{field: 7})], {}, NOW)
    assert done.rows[0][field] == 7
    assert field not in done.records["7e472f"]


def test_a_row_with_nothing_to_say_is_not_touched_and_makes_no_section() -> None:
    rows: list[Any] = [row(), {"id": "bare"}, row(id="other", failure_reason=None, model_cooldowns={})]
    done = split(POOL, rows, {}, NOW)
    assert done.rows is rows
    assert done.records == {}


def test_an_empty_model_cooldowns_says_nothing_and_stays_where_it_is() -> None:
    assert split(POOL, [row(**mark(), model_cooldowns={})], {}, NOW).rows == [row(model_cooldowns={})]


ORDERS = [
    ["id", "source", *STATUS_FIELDS, "request_count", "failure_reason", "model_cooldowns"],
    ["id", "source", *STATUS_FIELDS, "request_count", "model_cooldowns", "failure_reason"],
    ["failure_reason", "model_cooldowns", "id", *STATUS_FIELDS],
    ["model_cooldowns", "failure_reason", "id", *STATUS_FIELDS],
    ["failure_reason", "id", *STATUS_FIELDS, "model_cooldowns"],
    sorted(["id", "source", "priority", *STATUS_FIELDS, "failure_reason", "model_cooldowns"]),
    ["id", "", "failure_reason", "model_cooldowns", *STATUS_FIELDS],
    ["id", "model_cooldowns", *STATUS_FIELDS, "failure_reason", "priority"],
]


@pytest.mark.parametrize("order", ORDERS)
def test_the_way_back_restores_the_order_of_keys(order: list[str]) -> None:
    values = {**row(**mark(), failure_reason="billing", model_cooldowns={"opus": 1.5}), "": "nameless"}
    old = {key: values[key] for key in order}
    assert list(moved_back(old).items()) == list(old.items())


def test_a_place_is_written_down_only_for_what_was_not_at_the_end() -> None:
    at_the_end = row(**mark(), model_cooldowns={"opus": 1.5}, failure_reason="billing")
    assert "after" not in split(POOL, [at_the_end], {}, NOW).records["7e472f"]
    first = {"failure_reason": "billing", **row(**mark())}
    assert split(POOL, [first], {}, NOW).records["7e472f"]["after"] == {"failure_reason": None}


def test_a_place_that_an_agent_did_away_with_is_the_end() -> None:
    old = {"id": "7e472f", "odd": 1, "failure_reason": "billing", "source": "manual"}
    records = split(POOL, [old], {}, NOW).records
    rewritten = {"id": "7e472f", "source": "manual"}
    assert list(overlay(POOL, [rewritten], records, NOW).rows[0]) == ["id", "source", "failure_reason"]


# --- what still binds ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "remaining"),
    [
        (mark(NOW - 600), 3000.0),
        (mark("2025-10-09T08:51:40Z"), 3500.0),
        (mark(NOW - 600, last_error_code=401), 0.0),
        (mark(NOW - 100, last_error_code=401), 200.0),
        (mark(NOW - 600, last_error_reset_at=NOW + 42), 42.0),
        (mark(NOW - 600, last_error_reset_at=NOW - 42), 0.0),
        (mark(NOW - 600, failure_reason="billing_unverified"), 3000.0),
        (mark(NOW - 4000), 0.0),
        ({"model_cooldowns": {"opus": NOW + 7, "gpt": NOW - 7}}, 7.0),
        ({**mark(NOW - 600), "model_cooldowns": {"opus": NOW + 9000}}, 9000.0),
        ({**mark(NOW - 600), "model_cooldowns": {"opus": NOW + 9}}, 3000.0),
        ({"last_status": "unheard of", "last_status_at": NOW}, 0.0),
        (mark(NOW, last_error_reset_at="inf"), math.inf),
    ],
)
def test_a_move_says_how_long_the_cooldown_would_have_bound(fields: dict[str, Any], remaining: float) -> None:
    assert split(POOL, [row(**fields)], {}, NOW).moved == [Moved(POOL, "7e472f", remaining)]


def test_what_binds_is_left_when_that_is_asked_for() -> None:
    asked: list[float] = []

    def keep(remaining: float) -> bool:
        asked.append(remaining)
        return True

    binding, elapsed = row(**mark(NOW - 600)), row(id="other", **mark(NOW - 9000))
    done = split(POOL, [binding, elapsed], {}, NOW, keep)
    assert asked == [3000.0]
    assert done.rows[0] is binding
    assert done.left == [Left(POOL, 0, "7e472f", "binding")]
    assert done.moved == [Moved(POOL, "other", 0.0)]
    assert list(done.records) == ["other"]


def test_a_row_that_is_left_binding_keeps_its_record_untouched() -> None:
    before = record(**mark(NOW - 900))
    done = split(POOL, [row(**mark(NOW - 600))], {"7e472f": before}, NOW, lambda remaining: True)
    assert done.records["7e472f"] is before
    assert done.notes == []


def test_two_accounts_are_told_apart() -> None:
    rows = [row(**mark()), row(id="other", access_token=OTHER_TOKEN, **mark())]
    records = split(POOL, rows, {}, NOW).records
    assert records["7e472f"]["token"] != records["other"]["token"]
    assert TOKEN not in repr(records)
