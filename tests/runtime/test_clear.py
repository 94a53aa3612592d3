"""Cleared stays cleared: tombstones, and agents that write back what they remember."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_state.runtime import Moved, Note, What, forget, overlay, split
from tests.runtime.pools import NOW, OTHER_TOKEN, POOL, mark, record, row

CLEARED = NOW - 60


def tombstone(**more: Any) -> dict[str, Any]:
    made = record()
    del made["moved_at"]
    return made | {"cleared_at": CLEARED} | more


# --- forget ----------------------------------------------------------------------------------------------------------


def test_a_clear_empties_the_row_stamps_it_and_leaves_a_tombstone() -> None:
    old = row(**mark(last_error_message="x"), failure_reason="billing", model_cooldowns={"opus": NOW + 5})
    cleared, made = forget(old, None, CLEARED)
    assert cleared == row(status_cleared_at=CLEARED)
    assert made == tombstone(cleared_models={"opus": NOW + 5})


def test_the_stamp_stands_where_agents_write_it() -> None:
    keys = list(forget(row(**mark()), None, CLEARED)[0])
    assert keys[keys.index("last_error_reset_at") + 1] == "status_cleared_at"
    keys = list(forget({"id": "7e472f", "status_cleared_at": 5, "last_status": "exhausted"}, None, CLEARED)[0])
    assert keys == ["id", "status_cleared_at", "last_status"]
    assert list(forget({"id": "7e472f"}, None, CLEARED)[0]) == ["id", "status_cleared_at"]


def test_a_clear_takes_what_only_the_record_knew() -> None:
    _, made = forget(row(), record(**mark(), model_cooldowns={"opus": NOW + 5}), CLEARED)
    assert made == tombstone(cleared_models={"opus": NOW + 5})


def test_a_clear_revives_a_dead_row() -> None:
    assert forget(row(last_status="dead", last_status_at=NOW - 90), None, CLEARED)[0] == row(status_cleared_at=CLEARED)


def test_a_clear_leaves_ok_as_it_is() -> None:
    assert forget(row(last_status="ok"), None, CLEARED)[0] == row(last_status="ok", status_cleared_at=CLEARED)


def test_a_second_clear_remembers_the_models_of_the_first() -> None:
    _, first = forget(row(model_cooldowns={"opus": NOW + 5, "gpt": NOW + 1}), None, CLEARED)
    _, second = forget(row(model_cooldowns={"gpt": NOW + 9}), first, CLEARED + 1)
    assert second["cleared_models"] == {"opus": NOW + 5, "gpt": NOW + 9}
    assert second["cleared_at"] == CLEARED + 1


def test_of_row_and_record_the_later_end_is_remembered() -> None:
    known = record(model_cooldowns={"opus": NOW + 5, "gpt": NOW + 1})
    _, made = forget(row(model_cooldowns={"opus": NOW + 2, "gpt": NOW + 2}), known, CLEARED)
    assert made["cleared_models"] == {"opus": NOW + 5, "gpt": NOW + 2}


@pytest.mark.parametrize(
    "odd", [None, "no record", [], 5, record(row(access_token=OTHER_TOKEN), model_cooldowns={"gpt": 1})]
)
def test_a_clear_takes_nothing_from_what_is_no_record_of_this_account(odd: Any) -> None:
    assert forget(row(**mark()), odd, CLEARED)[1] == tombstone()


def test_ends_that_are_no_numbers_are_not_remembered() -> None:
    assert forget(row(model_cooldowns={"opus": "soon", "gpt": None}), None, CLEARED)[1] == tombstone()


# --- forget one model ------------------------------------------------------------------------------------------------


def test_clearing_one_model_leaves_the_mark_the_other_models_and_no_stamp() -> None:
    old = row(**mark(), model_cooldowns={"opus": NOW + 5, "gpt": NOW + 1})
    cleared, made = forget(old, None, CLEARED, "opus")
    assert cleared == row(**mark(), model_cooldowns={"gpt": NOW + 1})
    assert made == {key: tombstone()[key] for key in ("source", "token")} | {"cleared_models": {"opus": NOW + 5}}


def test_clearing_the_only_model_removes_the_field() -> None:
    assert forget(row(model_cooldowns={"opus": NOW + 5}), None, CLEARED, "opus")[0] == row()


def test_clearing_one_model_takes_it_from_the_record_too() -> None:
    known = record(**mark(), model_cooldowns={"opus": NOW + 5, "gpt": NOW + 1})
    _, made = forget(row(), known, CLEARED, "opus")
    assert made == record(**mark(), model_cooldowns={"gpt": NOW + 1}, cleared_models={"opus": NOW + 5})


def test_clearing_a_model_that_is_not_cooling_changes_nothing() -> None:
    old, known = row(**mark(), model_cooldowns={"gpt": NOW + 1}), record(**mark())
    cleared, made = forget(old, known, CLEARED, "opus")
    assert cleared is old
    assert made is known
    assert forget(old, None, CLEARED, "opus")[1] == {}


def test_one_cleared_model_stays_cleared_and_the_mark_stays() -> None:
    _, tomb = forget(row(model_cooldowns={"opus": NOW + 5}), None, CLEARED, "opus")
    done = split(POOL, [row(**mark(), model_cooldowns={"opus": NOW + 5})], {"7e472f": tomb}, NOW)
    assert done.records == {"7e472f": record(moved_at=NOW, **mark(), cleared_models={"opus": NOW + 5})}
    assert done.notes == [Note(POOL, "7e472f", What.WRITTEN_BACK)]


# --- written back ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", [CLEARED, CLEARED - 1, (CLEARED - 1) * 1000, None, 0, "soon", "2025-10-09T08:00:00Z"])
def test_a_mark_that_is_not_later_than_the_clear_is_written_back_nulled_and_reported(at: Any) -> None:
    tomb = tombstone()
    done = split(POOL, [row(**mark(at), failure_reason="billing")], {"7e472f": tomb}, NOW)
    assert done.rows == [row()]
    assert done.records["7e472f"] is tomb
    assert done.notes == [Note(POOL, "7e472f", What.WRITTEN_BACK)]
    assert done.moved == []


def test_a_mark_that_was_written_back_binds_nothing_and_is_not_left_for_that() -> None:
    long = row(**mark(CLEARED - 1, last_error_reset_at=NOW + 9000))
    done = split(POOL, [long], {"7e472f": tombstone()}, NOW, lambda remaining: True)
    assert done.left == []
    assert done.rows == [row()]


def test_on_the_way_back_too_a_written_back_mark_is_nulled_and_the_tombstone_goes() -> None:
    done = overlay(POOL, [row(**mark(CLEARED - 1))], {"7e472f": tombstone()}, NOW)
    assert done.rows == [row()]
    assert done.records == {}
    assert done.notes == [Note(POOL, "7e472f", What.WRITTEN_BACK)]


def test_a_dead_mark_that_the_clear_had_ended_is_written_back_too() -> None:
    """clear-cooldown --dead would not last beside a running agent otherwise."""
    dead = row(last_status="dead", last_status_at=CLEARED - 1, last_error_code=401)
    for done in (
        split(POOL, [dead], {"7e472f": tombstone()}, NOW),
        overlay(POOL, [dead], {"7e472f": tombstone()}, NOW),
    ):
        assert done.rows == [row()]
        assert done.notes == [Note(POOL, "7e472f", What.WRITTEN_BACK)]
        assert done.left == []


def test_a_dead_mark_after_the_clear_is_a_verdict() -> None:
    dead = row(last_status="dead", last_status_at=CLEARED + 1, last_error_code=401)
    done = split(POOL, [dead], {"7e472f": tombstone()}, NOW)
    assert done.rows[0] is dead
    assert done.records == {}
    assert done.notes == [Note(POOL, "7e472f", What.ENDED_BY_DEAD)]


def test_a_dead_row_of_another_token_is_not_revived_by_a_tombstone() -> None:
    dead = row(access_token=OTHER_TOKEN, last_status="dead", last_status_at=CLEARED - 1)
    done = split(POOL, [dead], {"7e472f": tombstone()}, NOW)
    assert done.rows[0] is dead
    assert done.notes == [Note(POOL, "7e472f", What.ENDED_BY_DEAD)]


def test_a_later_mark_ends_the_tombstone() -> None:
    done = split(POOL, [row(**mark(CLEARED + 1))], {"7e472f": tombstone()}, NOW)
    assert done.records == {"7e472f": record(moved_at=NOW, **mark(CLEARED + 1))}
    assert done.moved == [Moved(POOL, "7e472f", CLEARED + 1 + 3600 - NOW)]
    assert done.notes == []


def test_ok_does_not_end_a_tombstone() -> None:
    tomb = tombstone()
    done = split(POOL, [row(last_status="ok")], {"7e472f": tomb}, NOW)
    assert done.records["7e472f"] is tomb
    assert done.notes == []


def test_another_token_ends_a_tombstone() -> None:
    done = split(POOL, [row(access_token=OTHER_TOKEN)], {"7e472f": tombstone()}, NOW)
    assert done.records == {}
    assert done.notes == [Note(POOL, "7e472f", What.SUPERSEDED)]


def test_nulls_do_not_end_a_tombstone() -> None:
    records = {"7e472f": tombstone()}
    assert split(POOL, [row(status_cleared_at=CLEARED)], records, NOW).records is records


@pytest.mark.parametrize("cleared_at", ["soon", None, [], -1])
def test_a_tombstone_without_a_time_buries_no_mark(cleared_at: Any) -> None:
    done = split(POOL, [row(**mark())], {"7e472f": tombstone() | {"cleared_at": cleared_at}}, NOW)
    assert done.records == {"7e472f": record(moved_at=NOW, **mark())}


# --- model cooldowns written back ------------------------------------------------------------------------------------


def test_a_cleared_model_cooldown_that_comes_back_is_taken_away_and_reported() -> None:
    tomb = tombstone(cleared_models={"opus": NOW + 5})
    done = split(POOL, [row(model_cooldowns={"opus": NOW + 5})], {"7e472f": tomb}, NOW)
    assert done.rows == [row()]
    assert done.records["7e472f"] is tomb
    assert done.notes == [Note(POOL, "7e472f", What.WRITTEN_BACK)]
    assert done.moved == []


def test_a_later_end_and_another_model_are_new_facts_and_the_tombstone_stays_for_the_rest() -> None:
    tomb = tombstone(cleared_models={"opus": NOW + 5, "gpt": NOW + 5})
    inline = row(model_cooldowns={"opus": NOW + 6, "gpt": NOW + 5, "haiku": NOW + 1})
    done = split(POOL, [inline], {"7e472f": tomb}, NOW)
    assert done.records == {
        "7e472f": record(
            moved_at=NOW,
            cleared_at=CLEARED,
            cleared_models={"gpt": NOW + 5},
            model_cooldowns={"opus": NOW + 6, "haiku": NOW + 1},
        )
    }
    assert done.notes == [Note(POOL, "7e472f", What.WRITTEN_BACK)]
    assert done.moved == [Moved(POOL, "7e472f", 6.0)]


def test_a_later_mark_does_not_bring_cleared_model_cooldowns_back() -> None:
    """An agent from 0.22 on has them in memory and writes them with every mark."""
    tomb = tombstone(cleared_models={"opus": NOW + 5})
    done = split(POOL, [row(**mark(CLEARED + 1), model_cooldowns={"opus": NOW + 5})], {"7e472f": tomb}, NOW)
    assert done.records == {"7e472f": record(moved_at=NOW, **mark(CLEARED + 1), cleared_models={"opus": NOW + 5})}
    again = split(POOL, [row(model_cooldowns={"opus": NOW + 5})], done.records, NOW)
    assert again.rows == [row()]
    assert again.records is done.records


def test_with_the_last_of_them_met_by_a_later_end_no_cleared_models_are_left() -> None:
    tomb = tombstone(cleared_models={"opus": NOW + 5})
    done = split(POOL, [row(model_cooldowns={"opus": NOW + 6})], {"7e472f": tomb}, NOW)
    assert done.records == {"7e472f": record(moved_at=NOW, cleared_at=CLEARED, model_cooldowns={"opus": NOW + 6})}


def test_a_model_cooldown_that_was_not_cleared_stays_where_the_mark_was_written_back() -> None:
    done = split(POOL, [row(**mark(CLEARED - 1), model_cooldowns={"gpt": NOW + 5})], {"7e472f": tombstone()}, NOW)
    assert done.rows == [row()]
    assert done.records == {"7e472f": record(moved_at=NOW, cleared_at=CLEARED, model_cooldowns={"gpt": NOW + 5})}
    assert done.notes == [Note(POOL, "7e472f", What.WRITTEN_BACK)]


def test_ok_does_not_end_the_clear_of_a_model() -> None:
    _, tomb = forget(row(), record(**mark(), model_cooldowns={"opus": NOW + 5}), CLEARED, "opus")
    done = split(POOL, [row(last_status="ok")], {"7e472f": tomb}, NOW)
    assert done.records["7e472f"]["cleared_models"] == {"opus": NOW + 5}
    assert done.notes == [Note(POOL, "7e472f", What.ENDED_BY_OK)]


def test_on_the_way_back_too_only_new_model_cooldowns_count() -> None:
    tomb = tombstone(cleared_models={"opus": NOW + 5})
    done = overlay(POOL, [row(model_cooldowns={"opus": NOW + 5, "gpt": NOW + 1})], {"7e472f": tomb}, NOW)
    assert done.rows == [row(model_cooldowns={"gpt": NOW + 1})]


def test_a_fresh_model_cooldown_is_left_binding_without_what_was_written_back() -> None:
    tomb = tombstone(cleared_models={"opus": NOW + 5})
    inline = row(**mark(CLEARED - 1), model_cooldowns={"opus": NOW + 5, "gpt": NOW + 7})
    done = split(POOL, [inline], {"7e472f": tomb}, NOW, lambda remaining: remaining == 7)
    assert done.rows == [row(model_cooldowns={"gpt": NOW + 7})]
    assert [left.reason for left in done.left] == ["binding"]
    assert done.records["7e472f"] is tomb


def test_a_reset_by_an_agent_leaves_the_tombstone_of_a_record_with_facts() -> None:
    both = tombstone(moved_at=NOW - 50, model_cooldowns={"opus": NOW + 5}, after={"model_cooldowns": "label"})
    done = split(POOL, [row(status_cleared_at=NOW - 10)], {"7e472f": both}, NOW)
    assert done.records == {"7e472f": tombstone()}
    assert done.notes == [Note(POOL, "7e472f", What.ENDED_BY_RESET)]
