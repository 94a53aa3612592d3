"""Rows and records that both hold data: the table of rules, a test for each line."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_state.runtime import Note, What, overlay, split
from hermes_state.runtime.record import GROUP_FIELDS
from tests.runtime.pools import NOW, OTHER_TOKEN, POOL, TOKEN, mark, record, row

MOVED = NOW - 50


def merged(inline: dict[str, Any], recorded: dict[str, Any]) -> tuple[dict[str, Any] | None, list[What]]:
    """What a move makes of a record, and what it says; overlay must bring the same facts into the row."""
    before = record(moved_at=MOVED, **recorded)
    done = split(POOL, [row(**inline)], {"7e472f": before}, NOW)
    notes = [note.what for note in done.notes]
    assert done.notes == [Note(POOL, "7e472f", what) for what in notes]
    made = done.records.get("7e472f")
    joined = overlay(POOL, [row(**inline)], {"7e472f": before}, NOW)
    assert joined.records == {}
    assert [note.what for note in joined.notes] == notes
    assert group(joined.rows[0]) == ({"last_status": "ok"} if inline.get("last_status") == "ok" else group(made or {}))
    assert joined.rows[0].get("model_cooldowns") == (made or {}).get("model_cooldowns")
    return made, notes


def group(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: fields[key] for key in GROUP_FIELDS if fields.get(key) is not None}


# --- later, earlier, equal -------------------------------------------------------------------------------------------


def test_a_later_inline_mark_replaces_the_whole_group() -> None:
    made, notes = merged(
        mark(NOW - 10, last_error_code=402),
        mark(NOW - 100, last_error_reset_at=NOW + 5000, last_error_message="old", failure_reason="billing"),
    )
    assert group(made or {}) == mark(NOW - 10, last_error_code=402)
    assert notes == [What.INLINE_IS_LATER]
    assert made is not None
    assert made["moved_at"] == NOW


def test_a_later_record_keeps_its_whole_group() -> None:
    before = record(moved_at=MOVED, **mark(NOW - 100))
    old = row(**mark(NOW - 200, last_error_code=402, last_error_message="stale", failure_reason="billing"))
    done = split(POOL, [old], {"7e472f": before}, NOW)
    assert done.records["7e472f"] is before
    assert done.notes == [Note(POOL, "7e472f", What.RECORD_IS_LATER)]
    assert done.rows == [row()]  # the optional one is gone, the six are null
    joined = overlay(POOL, [old], {"7e472f": before}, NOW)
    assert joined.rows == [row(**mark(NOW - 100))]


def test_marks_of_one_time_are_one_fact_and_are_united() -> None:
    made, notes = merged(
        mark(NOW - 100, last_error_message="from the row"), mark(NOW - 100, last_error_reset_at=NOW + 5000)
    )
    assert group(made or {}) == mark(NOW - 100, last_error_message="from the row", last_error_reset_at=NOW + 5000)
    assert notes == [What.UNITED]


def test_a_stale_agent_without_failure_reason_does_not_take_it_away() -> None:
    before = record(moved_at=MOVED, **mark(NOW - 100), failure_reason="billing")
    done = split(POOL, [row(**mark(NOW - 100))], {"7e472f": before}, NOW)
    assert done.records["7e472f"] is before
    assert done.rows == [row()]


def test_of_two_values_at_one_time_the_inline_one_counts() -> None:
    made, _ = merged(mark(NOW - 100, last_error_code=402), mark(NOW - 100, last_error_code=429))
    assert made is not None
    assert made["last_error_code"] == 402


@pytest.mark.parametrize(
    "same_time", [NOW - 100, int(NOW - 100), (NOW - 100) * 1000, str(NOW - 100), "2025-10-09T08:51:40Z"]
)
def test_times_are_compared_by_what_they_mean(same_time: Any) -> None:
    _, notes = merged(mark(same_time), mark(NOW - 100))
    assert notes == [What.UNITED]


def test_one_time_in_another_spelling_keeps_what_the_record_says() -> None:
    made, _ = merged(mark(int(NOW - 100), last_error_message="new"), mark(NOW - 100))
    assert made is not None
    assert isinstance(made["last_status_at"], float)


def test_the_same_mark_on_both_sides_leaves_the_record_as_it_is() -> None:
    before = record(moved_at=MOVED, **mark(NOW - 100))
    done = split(POOL, [row(**mark(NOW - 100))], {"7e472f": before}, NOW)
    assert done.records["7e472f"] is before


# --- times that are missing, or no times -----------------------------------------------------------------------------


@pytest.mark.parametrize("at", ["soon", [], {"at": 1}, -5, "nan", float("inf"), 10**400])
def test_an_unparsable_inline_time_never_wins(at: Any) -> None:
    made, notes = merged(mark(at, last_error_code=402), mark(NOW - 9000))
    assert group(made or {}) == mark(NOW - 9000)
    assert notes == [What.RECORD_IS_LATER]


@pytest.mark.parametrize("at", ["soon", [], -5, "nan", float("-inf")])
def test_an_unparsable_recorded_time_never_wins(at: Any) -> None:
    made, notes = merged(mark(NOW - 9000), mark(at, last_error_code=402))
    assert group(made or {}) == mark(NOW - 9000)
    assert notes == [What.INLINE_IS_LATER]


def test_two_unparsable_times_are_united() -> None:
    made, notes = merged(mark("soon"), mark("later", last_error_message="kept"))
    assert group(made or {}) == mark("soon", last_error_message="kept")
    assert notes == [What.UNITED]


@pytest.mark.parametrize("missing", [None, 0, "", " "])
def test_an_inline_mark_without_a_time_is_no_earlier_than_the_move(missing: Any) -> None:
    _, notes = merged(mark(missing, last_error_code=402), mark(MOVED - 1))
    assert notes == [What.INLINE_IS_LATER]


def test_an_inline_mark_without_a_time_is_no_later_than_the_move() -> None:
    _, notes = merged(mark(None, last_error_code=402), mark(MOVED + 1))
    assert notes == [What.RECORD_IS_LATER]


def test_a_recorded_mark_without_a_time_is_as_late_as_the_move() -> None:
    undated = mark(None, last_error_code=402)
    assert merged(mark(MOVED - 1), undated)[1] == [What.RECORD_IS_LATER]
    assert merged(mark(MOVED + 1), undated)[1] == [What.INLINE_IS_LATER]
    assert merged(mark(MOVED), undated)[1] == [What.UNITED]


def test_two_marks_without_a_time_are_united() -> None:
    assert merged(mark(None), mark(None))[1] == [What.UNITED]


def test_a_missing_time_beats_an_unparsable_one() -> None:
    assert merged(mark(None), mark("soon"))[1] == [What.INLINE_IS_LATER]
    assert merged(mark("soon"), mark(None))[1] == [What.RECORD_IS_LATER]


@pytest.mark.parametrize("moved_at", [None, "soon", [], -1])
def test_without_a_time_of_the_move_a_missing_time_is_as_good_as_none(moved_at: Any) -> None:
    before = record(**mark(NOW - 9000)) | {"moved_at": moved_at}
    done = split(POOL, [row(**mark(None))], {"7e472f": before}, NOW)
    assert done.records["7e472f"] is before


@pytest.mark.parametrize("left_behind", [{"failure_reason": "billing"}, {"last_error_message": "x"}])
def test_what_agents_leave_behind_after_a_clear_is_no_mark_and_ends_none(left_behind: dict[str, Any]) -> None:
    """Agents up to 0.19 leave a message where a status was null already, clears of raw rows leave a failure_reason."""
    before = record(moved_at=MOVED, **mark(NOW - 100))
    done = split(POOL, [row(**left_behind)], {"7e472f": before}, NOW)
    assert done.records["7e472f"] is before
    made, _ = merged(mark(NOW - 100), left_behind)
    assert group(made or {}) == mark(NOW - 100)


def test_a_time_alone_makes_a_mark() -> None:
    made, notes = merged({"last_status_at": NOW - 10, "last_error_code": 402}, mark(NOW - 100))
    assert group(made or {}) == {"last_status_at": NOW - 10, "last_error_code": 402}
    assert notes == [What.INLINE_IS_LATER]


# --- nulls, ok, dead, resets -----------------------------------------------------------------------------------------


def test_nulls_say_nothing() -> None:
    records = {"7e472f": record(**mark())}
    rows: list[Any] = [row()]
    done = split(POOL, rows, records, NOW)
    assert done.rows is rows
    assert done.records is records
    assert done.notes == []


def test_ok_clears_a_record_however_late_its_mark() -> None:
    made, notes = merged(
        {"last_status": "ok"}, mark(NOW + 9000, last_error_reset_at=NOW + 9999, failure_reason="billing")
    )
    assert made is None
    assert notes == [What.ENDED_BY_OK]


def test_ok_leaves_the_model_cooldowns_of_a_record() -> None:
    """A refresh of the token sets ok and keeps them, in the agent too."""
    made, notes = merged({"last_status": "ok"}, {**mark(), "model_cooldowns": {"opus": NOW + 5}})
    assert made == record(moved_at=MOVED, model_cooldowns={"opus": NOW + 5})
    assert notes == [What.ENDED_BY_OK]


def test_ok_has_nothing_to_end_in_a_record_of_model_cooldowns() -> None:
    made, notes = merged({"last_status": "ok"}, {"model_cooldowns": {"opus": NOW + 5}})
    assert made == record(moved_at=MOVED, model_cooldowns={"opus": NOW + 5})
    assert notes == []


def test_a_row_that_became_dead_drops_its_record_and_stays_whole() -> None:
    dead = row(last_status="dead", last_status_at=NOW - 5, last_error_code=401, model_cooldowns={"opus": NOW})
    for done in (
        split(POOL, [dead], {"7e472f": record(**mark())}, NOW),
        overlay(POOL, [dead], {"7e472f": record()}, NOW),
    ):
        assert done.rows[0] is dead
        assert done.records == {}
        assert done.notes == [Note(POOL, "7e472f", What.ENDED_BY_DEAD)]


def test_a_dead_row_without_a_record_is_no_news() -> None:
    dead: list[Any] = [row(last_status="dead", last_status_at=NOW - 5)]
    assert split(POOL, dead, {}, NOW).notes == []
    assert overlay(POOL, dead, {}, NOW).notes == []


def test_an_agents_reset_after_the_move_ends_the_record() -> None:
    made, notes = merged({"status_cleared_at": MOVED + 1}, {**mark(), "model_cooldowns": {"opus": NOW + 5}})
    assert made is None
    assert notes == [What.ENDED_BY_RESET]


@pytest.mark.parametrize("reset", [MOVED, MOVED - 1, NOW + 1, None, "soon", [], {}])
def test_a_reset_before_the_move_or_of_a_broken_clock_ends_nothing(reset: Any) -> None:
    made, notes = merged({"status_cleared_at": reset}, mark())
    assert made == record(moved_at=MOVED, **mark())
    assert notes == []


def test_a_reset_ends_nothing_in_a_record_that_does_not_say_when_it_was_made() -> None:
    before = {key: value for key, value in record(**mark()).items() if key != "moved_at"}
    assert split(POOL, [row(status_cleared_at=NOW - 1)], {"7e472f": before}, NOW).records["7e472f"] is before


def test_a_reset_has_nothing_to_end_in_a_record_without_facts() -> None:
    records = {"7e472f": record(moved_at=MOVED, cleared_at=MOVED - 5)}
    done = split(POOL, [row(status_cleared_at=MOVED + 1)], records, NOW)
    assert done.records is records
    assert done.notes == []


def test_a_mark_after_the_agents_reset_is_moved_anew() -> None:
    made, notes = merged({"status_cleared_at": MOVED + 1, **mark(MOVED + 2)}, mark(last_error_code=402))
    assert made == record(moved_at=NOW, **mark(MOVED + 2))
    assert notes == [What.ENDED_BY_RESET]


def test_nulls_in_a_record_say_nothing_either() -> None:
    rows: list[Any] = [{"id": "7e472f", "access_token": TOKEN}]
    done = overlay(POOL, rows, {"7e472f": record(failure_reason=None, model_cooldowns={}, last_status=None)}, NOW)
    assert done.rows is rows
    assert done.records == {}


# --- model cooldowns -------------------------------------------------------------------------------------------------


def test_model_cooldowns_unite_and_the_later_end_of_each_model_wins() -> None:
    made, notes = merged(
        {"model_cooldowns": {"opus": NOW + 1, "gpt": NOW + 9, "haiku": NOW + 3}},
        {"model_cooldowns": {"opus": NOW + 5, "gpt": NOW + 2, "sonnet": NOW + 4}},
    )
    assert made is not None
    assert made["model_cooldowns"] == {"opus": NOW + 5, "gpt": NOW + 9, "sonnet": NOW + 4, "haiku": NOW + 3}
    assert notes == [What.UNITED]


def test_model_cooldowns_unite_whichever_mark_wins() -> None:
    one, other = {"model_cooldowns": {"opus": NOW + 5}}, {"model_cooldowns": {"gpt": NOW + 2}}
    for inline, recorded, what in (
        (NOW - 10, NOW - 100, What.INLINE_IS_LATER),
        (NOW - 200, NOW - 100, What.RECORD_IS_LATER),
        (NOW - 100, NOW - 100, What.UNITED),
    ):
        made, notes = merged({**mark(inline), **one}, {**mark(recorded), **other})
        assert made is not None
        assert made["model_cooldowns"] == {"gpt": NOW + 2, "opus": NOW + 5}
        assert notes == [what]


def test_a_mark_and_model_cooldowns_do_not_end_each_other() -> None:
    made, notes = merged({"model_cooldowns": {"opus": NOW + 5}}, mark())
    assert made == record(moved_at=NOW, **mark(), model_cooldowns={"opus": NOW + 5})
    assert notes == []
    made, notes = merged(mark(), {"model_cooldowns": {"opus": NOW + 5}})
    assert made == record(moved_at=NOW, **mark(), model_cooldowns={"opus": NOW + 5})
    assert notes == []


@pytest.mark.parametrize("end", ["soon", None, [], float("nan"), float("-inf"), -(10**400)])
def test_an_end_that_is_no_number_never_wins(end: Any) -> None:
    made, _ = merged({"model_cooldowns": {"opus": end}}, {"model_cooldowns": {"opus": 1}})
    assert made is not None
    assert made["model_cooldowns"] == {"opus": 1}
    made, _ = merged({"model_cooldowns": {"opus": 1}}, {"model_cooldowns": {"opus": end}})
    assert made is not None
    assert made["model_cooldowns"] == {"opus": 1}


def test_a_number_beyond_floats_is_the_later_end() -> None:
    made, _ = merged({"model_cooldowns": {"opus": 10**400}}, {"model_cooldowns": {"opus": NOW}})
    assert made is not None
    assert made["model_cooldowns"] == {"opus": 10**400}


@pytest.mark.parametrize("odd", [["opus"], "opus", 5, True])
def test_model_cooldowns_that_are_no_object_give_way_to_an_object(odd: Any) -> None:
    good = {"opus": NOW + 5}
    for inline, recorded in ((odd, good), (good, odd)):
        made, _ = merged({"model_cooldowns": inline}, {"model_cooldowns": recorded})
        assert made is not None
        assert made["model_cooldowns"] == good


def test_model_cooldowns_that_are_no_object_are_kept_where_there_is_no_better() -> None:
    made, _ = merged({"model_cooldowns": ["new"]}, {"model_cooldowns": ["old"]})
    assert made is not None
    assert made["model_cooldowns"] == ["old"]


# --- superseded ------------------------------------------------------------------------------------------------------


def test_a_record_of_another_token_is_dropped_and_reported() -> None:
    for done in (
        split(POOL, [row(access_token=OTHER_TOKEN)], {"7e472f": record(**mark())}, NOW),
        overlay(POOL, [row(access_token=OTHER_TOKEN)], {"7e472f": record(**mark())}, NOW),
    ):
        assert done.rows == [row(access_token=OTHER_TOKEN)]
        assert done.records == {}
        assert done.notes == [Note(POOL, "7e472f", What.SUPERSEDED)]


def test_what_a_new_login_met_replaces_the_superseded_record() -> None:
    new = row(access_token=OTHER_TOKEN, **mark(NOW - 200))
    done = split(POOL, [new], {"7e472f": record(**mark(NOW - 100))}, NOW)
    assert done.records == {"7e472f": record(new, NOW, **mark(NOW - 200))}
    assert [note.what for note in done.notes] == [What.SUPERSEDED]


# --- what is carried along -------------------------------------------------------------------------------------------


def test_an_unknown_key_of_a_record_is_carried_along() -> None:
    made, _ = merged(mark(NOW - 10), {**mark(NOW - 100), "unheard of": [1]})
    assert made is not None
    assert made["unheard of"] == [1]


def test_the_place_of_a_field_is_the_rows_where_it_is_inline_else_the_records() -> None:
    before = record(**mark(NOW - 100), failure_reason="billing") | {"after": {"failure_reason": "label"}}
    inline = {"model_cooldowns": {"opus": 1.5}, **row(**mark(NOW - 100))}
    made = split(POOL, [inline], {"7e472f": before}, NOW).records["7e472f"]
    assert made["after"] == {"model_cooldowns": None, "failure_reason": "label"}
    for later in (
        row(**mark(NOW - 10), failure_reason="billing"),
        row(**mark(NOW - 10), model_cooldowns={"opus": 1.5}),
    ):
        assert "after" not in split(POOL, [later], {"7e472f": before}, NOW).records["7e472f"]


def test_a_record_has_one_order_of_fields() -> None:
    made, _ = merged(
        {"model_cooldowns": {"opus": 1.5}, **mark(NOW - 100, last_error_message="x")},
        {"failure_reason": "billing", "last_error_reset_at": NOW, **mark(NOW - 100)},
    )
    assert made is not None
    assert list(made) == [
        *("source", "token", "moved_at", "last_status", "last_status_at", "last_error_code"),
        *("last_error_message", "last_error_reset_at", "model_cooldowns", "failure_reason"),
    ]
