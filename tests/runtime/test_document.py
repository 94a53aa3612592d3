"""Whole documents: the section, its orphans, what is malformed, and when two documents are the same."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_state.clock import DAY
from hermes_state.runtime import (
    SECTION,
    Left,
    Moved,
    Note,
    What,
    empty_section,
    join,
    part,
    same_document,
    section_of,
)
from tests.runtime.pools import NOW, OTHER_TOKEN, POOL, document, mark, record, row

# --- the section -----------------------------------------------------------------------------------------------------


def test_a_document_without_the_key_has_no_section() -> None:
    assert section_of(document(row())) is None


def test_the_section_is_the_very_object_in_the_document() -> None:
    made = document(records={})
    assert section_of(made) is made[SECTION]
    assert section_of({SECTION: empty_section()}) == {"schema": 1, "pools": {}}


@pytest.mark.parametrize("foreign", [None, [], "x", 5])
def test_a_section_that_is_no_object_is_foreign(foreign: Any) -> None:
    with pytest.raises(ValueError, match="not an object"):
        section_of({SECTION: foreign})


@pytest.mark.parametrize("schema", [None, "1", 1.0, True, [1], 0, -1])
def test_a_section_without_a_whole_number_schema_is_foreign(schema: Any) -> None:
    with pytest.raises(ValueError, match="schema"):
        section_of({SECTION: {"schema": schema, "pools": {}}})
    with pytest.raises(ValueError, match="schema"):
        section_of({SECTION: {"pools": {}}})


@pytest.mark.parametrize("pools", [None, [], "x"])
def test_a_section_without_an_object_of_pools_is_foreign(pools: Any) -> None:
    with pytest.raises(ValueError, match="pools"):
        section_of({SECTION: {"schema": 1, "pools": pools}})


def test_a_later_schema_is_returned_because_refusing_the_file_is_the_stores() -> None:
    section = {"schema": 2, "pools": {}, "more": True}
    assert section_of({SECTION: section}) is section


@pytest.mark.parametrize("act", [part, join])
def test_a_foreign_section_is_never_written_to(act: Any) -> None:
    with pytest.raises(ValueError, match="schema"):
        act(document(row(**mark())) | {SECTION: {"pools": {}}}, NOW)


# --- there and back --------------------------------------------------------------------------------------------------


def test_a_move_appends_the_section_and_shares_all_that_stays() -> None:
    before = document(row(**mark()), row(id="idle")) | {"suppressed_sources": {"x": ["y"]}}
    before["credential_pool"]["nous"] = [row()]
    made = part(before, NOW)
    after = made.document
    assert list(after) == [*before, SECTION]
    assert after[SECTION] == {"schema": 1, "pools": {POOL: {"7e472f": record(moved_at=NOW, **mark())}}}
    assert after["credential_pool"][POOL][1] is before["credential_pool"][POOL][1]
    assert after["credential_pool"]["nous"] is before["credential_pool"]["nous"]
    assert after["suppressed_sources"] is before["suppressed_sources"]
    assert made.moved == [Moved(POOL, "7e472f", 3499.5)]


def test_the_way_back_restores_the_document_and_takes_the_section_away() -> None:
    before = document(row(**mark()), row(id="idle"))
    after = join(part(before, NOW).document, NOW + 1000).document
    assert after == before
    assert list(after) == list(before)
    assert same_document(after, before)


def test_elapsed_marks_come_back_too() -> None:
    before = document(row(**mark(NOW - 90_000, last_error_reset_at=NOW - 80_000)))
    assert join(part(before, NOW).document, NOW + 90_000).document == before


def test_a_newer_inline_mark_is_never_overwritten() -> None:
    parted = part(document(row(**mark(NOW - 100, last_error_reset_at=NOW + 9000))), NOW).document
    newer = {**parted, "credential_pool": {POOL: [row(**mark(NOW + 5, last_error_code=402))]}}
    made = join(newer, NOW + 10)
    assert made.document["credential_pool"] == newer["credential_pool"]
    assert SECTION not in made.document
    assert made.notes == [Note(POOL, "7e472f", What.INLINE_IS_LATER)]


def test_a_document_with_nothing_to_move_is_returned_itself_and_gets_no_section() -> None:
    before = document(row(), row(id="ok", last_status="ok"))
    assert part(before, NOW).document is before
    assert join(before, NOW).document is before


def test_a_document_that_was_parted_is_returned_itself() -> None:
    parted = part(document(row(**mark()), row(id="idle", last_status="dead")), NOW).document
    assert part(parted, NOW + 5).document is parted


@pytest.mark.parametrize("without", [{}, {"providers": {}}, {"credential_pool": None}, {"credential_pool": {}}])
def test_a_document_without_pools_is_returned_itself(without: dict[str, Any]) -> None:
    assert part(without, NOW).document is without
    assert join(without, NOW).document is without


def test_what_is_left_is_reported_for_every_pool() -> None:
    before = document(row(last_status="dead"), row(id=None, **mark()))
    before["credential_pool"]["nous"] = [[], row(**mark())]
    made = part(before, NOW, lambda remaining: True)
    assert made.left == [
        Left(POOL, 0, "7e472f", "dead"),
        Left(POOL, 1, None, "no_id"),
        Left("nous", 0, None, "not_an_object"),
        Left("nous", 1, "7e472f", "binding"),
    ]
    assert made.document is before


def test_records_of_one_id_in_two_pools_are_kept_apart() -> None:
    before = document(row(**mark(last_error_code=402)))
    before["credential_pool"]["custom:a/b.c:d"] = [row(access_token=OTHER_TOKEN, **mark())]
    parted = part(before, NOW).document
    assert [pool["7e472f"]["last_error_code"] for pool in parted[SECTION]["pools"].values()] == [402, 429]
    assert join(parted, NOW).document == before


def test_a_new_pool_follows_the_pools_that_the_section_has() -> None:
    before = document(row(**mark()), records={}) | {SECTION: {"schema": 1, "pools": {"later": {"x": record(**mark())}}}}
    assert list(part(before, NOW).document[SECTION]["pools"]) == ["later", POOL]


def test_the_section_keeps_its_place_and_what_else_it_holds() -> None:
    section = {"note": "x", "schema": 1, "pools": {POOL: {}}}
    before = {SECTION: section, **document(row(**mark()))}
    after = part(before, NOW).document
    assert next(iter(after)) == SECTION
    assert list(after[SECTION]) == ["note", "schema", "pools"]


def test_a_section_with_more_in_it_than_records_does_not_go() -> None:
    before = document(row(**mark()), records={})
    before[SECTION]["note"] = "x"
    after = join(part(before, NOW).document, NOW).document
    assert after[SECTION] == {"schema": 1, "pools": {}, "note": "x"}


def test_an_empty_section_goes_on_the_way_back_and_stays_on_the_way_there() -> None:
    before = document(row(), records={})
    assert part(before, NOW).document is before
    assert SECTION not in join(before, NOW).document


def test_a_pool_whose_last_record_goes_leaves_the_section() -> None:
    before = document(row(last_status="ok"), records={"7e472f": record(**mark())})
    assert part(before, NOW).document[SECTION] == {"schema": 1, "pools": {}}


# --- orphans ---------------------------------------------------------------------------------------------------------

TOMB = {"source": "manual", "token": "sha256:0123456789abcdef", "cleared_at": NOW - 5}
RUNNING = [
    mark(NOW - 100),
    mark(NOW - 9000, last_error_reset_at=NOW + 1),
    {"model_cooldowns": {"opus": NOW + 1, "gpt": NOW - 9000}},
    {**mark(NOW - 9000), "model_cooldowns": {"opus": NOW + 1}},
    {"last_error_message": "no end is known"},
    mark(None),
    mark("soon"),
]
ENDED = [
    mark(NOW - 3601),
    mark(NOW - 100, last_error_reset_at=NOW - 1),
    mark(NOW - 100, last_error_reset_at=NOW),
    {"model_cooldowns": {"opus": NOW - 1}},
]


@pytest.mark.parametrize("facts", RUNNING)
def test_an_orphan_is_kept_and_reported_until_it_has_ended(facts: dict[str, Any]) -> None:
    before = document(row(), records={"gone": record(**facts)})
    made = part(before, NOW)
    assert made.document is before
    assert made.notes == [Note(POOL, "gone", What.ORPHAN)]


@pytest.mark.parametrize("facts", ENDED)
def test_an_orphan_that_has_ended_is_dropped_and_reported(facts: dict[str, Any]) -> None:
    before = document(row(), records={"gone": record(**facts)})
    for act in (part, join):
        made = act(before, NOW)
        assert SECTION not in made.document or made.document[SECTION]["pools"] == {}
        assert made.notes == [Note(POOL, "gone", What.ORPHAN_DROPPED)]


@pytest.mark.parametrize("facts", [{"last_error_message": "no end is known"}, mark("soon"), {}])
def test_an_orphan_without_an_end_is_dropped_a_day_after_the_move(facts: dict[str, Any]) -> None:
    before = document(row(), records={"gone": record(moved_at=NOW - DAY, **facts)})
    assert part(before, NOW - 1).document is before
    assert part(before, NOW).document[SECTION]["pools"] == {}


@pytest.mark.parametrize("ended", [TOMB, TOMB | {"cleared_models": {"opus": NOW + 9000}}, None, {}])
def test_a_tombstone_and_what_says_nothing_end_with_their_row(ended: Any) -> None:
    assert part(document(row(), records={"gone": ended}), NOW).document[SECTION]["pools"] == {}


def test_a_tombstone_of_a_row_that_lives_stays_on_the_way_there_and_goes_on_the_way_back() -> None:
    before = document(row(), records={"7e472f": record(cleared_at=NOW - 5)})
    assert part(before, NOW).document is before
    assert join(before, NOW).document == document(row())


def test_orphans_of_a_pool_that_is_gone_are_orphans_too() -> None:
    before = document(row())
    before[SECTION] = {
        "schema": 1,
        "pools": {"nous": {"a": record(**mark(NOW - 100)), "b": record(**mark(NOW - 9000))}},
    }
    made = part(before, NOW)
    assert list(made.document[SECTION]["pools"]["nous"]) == ["a"]
    assert made.notes == [Note("nous", "a", What.ORPHAN), Note("nous", "b", What.ORPHAN_DROPPED)]
    assert "nous" not in made.document["credential_pool"]


def test_without_any_pool_all_records_are_orphans() -> None:
    before = {"providers": {}, SECTION: {"schema": 1, "pools": {POOL: {"a": record(**mark(NOW - 9000))}}}}
    assert part(before, NOW).document == {"providers": {}, SECTION: empty_section()}


@pytest.mark.parametrize("unreadable", [[], "x", 5])
def test_pools_that_are_no_object_are_not_taken_for_gone_rows(unreadable: Any) -> None:
    before = {"providers": {}, "credential_pool": unreadable} | {
        SECTION: {"schema": 1, "pools": {POOL: {"a": record(**mark(NOW - 9000))}}}
    }
    assert part(before, NOW).document is before
    assert join(before, NOW).document is before


def test_an_orphan_that_has_not_ended_keeps_the_section_on_the_way_back() -> None:
    before = document(row(), records={"gone": record(**mark()), "7e472f": record(**mark())})
    made = join(before, NOW)
    assert made.document == document(row(**mark()), records={"gone": record(**mark())})
    assert made.notes == [Note(POOL, "gone", What.ORPHAN)]


def test_an_orphan_is_not_applied_to_a_row_of_one_label_token_and_source() -> None:
    before = document(row(id="seeded again"), records={"7e472f": record(**mark())})
    assert join(before, NOW).document["credential_pool"] == before["credential_pool"]


def test_a_row_that_comes_back_finds_its_record() -> None:
    orphaned = part(document(records={"7e472f": record(**mark())}), NOW).document
    back = {**orphaned, "credential_pool": {POOL: [row()]}}
    assert join(back, NOW).document["credential_pool"] == {POOL: [row(**mark())]}


def test_a_row_that_stays_for_any_reason_is_not_gone() -> None:
    ended = record(**mark(NOW - 9000))
    before = document(row(), row(), records={"7e472f": ended})
    assert part(before, NOW).document is before


# --- malformed, inside a good section --------------------------------------------------------------------------------


@pytest.mark.parametrize("odd", [[], "x", 5, True])
def test_a_malformed_record_is_left_untouched_and_its_row_too(odd: Any) -> None:
    before = document(row(**mark()), row(id="other", access_token=OTHER_TOKEN, **mark()), records={"7e472f": odd})
    made = part(before, NOW)
    assert made.document["credential_pool"][POOL][0] is before["credential_pool"][POOL][0]
    assert made.document[SECTION]["pools"][POOL]["7e472f"] is odd
    assert "other" in made.document[SECTION]["pools"][POOL]
    assert made.left == [Left(POOL, 0, "7e472f", "record_malformed")]
    back = join(before, NOW)
    assert back.document[SECTION]["pools"][POOL] == {"7e472f": odd}
    assert back.left == [Left(POOL, 0, "7e472f", "record_malformed")]


def test_a_malformed_record_of_no_row_is_kept() -> None:
    before = document(row(), records={"gone": ["x"]})
    made = part(before, NOW)
    assert made.document is before
    assert made.notes == [Note(POOL, "gone", What.ORPHAN)]


def test_a_null_record_says_nothing() -> None:
    before = document(row(**mark()), records={"7e472f": None})
    assert part(before, NOW).document[SECTION]["pools"][POOL] == {"7e472f": record(moved_at=NOW, **mark())}
    assert join(before, NOW).document == document(row(**mark()))


@pytest.mark.parametrize("odd", [["x"], "x", 5])
def test_a_malformed_pool_of_the_section_is_left_untouched_with_its_rows(odd: Any) -> None:
    before = document(row(**mark()), "no row")
    before["credential_pool"]["nous"] = [row(**mark())]
    before[SECTION] = {"schema": 1, "pools": {POOL: odd}}
    left = [Left(POOL, 0, "7e472f", "section_malformed"), Left(POOL, 1, None, "section_malformed")]
    made = part(before, NOW)
    assert made.document["credential_pool"][POOL] is before["credential_pool"][POOL]
    assert made.document[SECTION]["pools"] == {POOL: odd, "nous": {"7e472f": record(moved_at=NOW, **mark())}}
    assert made.left == left
    back = join(before, NOW)
    assert back.document is before
    assert back.left == left


@pytest.mark.parametrize("odd", [None, {}, "x", {"7e472f": {}}])
def test_a_pool_that_is_no_list_is_left_untouched_with_its_records(odd: Any) -> None:
    before = document(row(**mark()), records={})
    before["credential_pool"]["nous"] = odd
    before[SECTION]["pools"]["nous"] = {"7e472f": record(**mark(NOW - 9000))}
    made = part(before, NOW).document
    assert made["credential_pool"]["nous"] is odd
    assert made[SECTION]["pools"]["nous"] is before[SECTION]["pools"]["nous"]
    assert join(before, NOW).document is before


def test_a_record_of_a_doubled_id_can_go_back_to_neither_row_and_both_are_reported() -> None:
    before = document(row(), row(), records={"7e472f": record(**mark())})
    made = join(before, NOW)
    assert made.document is before
    assert [(left.index, left.reason) for left in made.left] == [(0, "duplicate_id"), (1, "duplicate_id")]


def test_rows_that_stay_without_a_record_are_no_news_on_the_way_back() -> None:
    assert join(document(row(last_status="dead"), row(id=None, **mark()), [], records={}), NOW).left == []


# --- the same document -----------------------------------------------------------------------------------------------


def changed(**fields: Any) -> dict[str, Any]:
    return document(row(**fields))


@pytest.mark.parametrize("key", ["last_status", "last_error_reset_at", "failure_reason", "model_cooldowns"])
def test_runtime_fields_that_are_null_or_empty_count_as_absent(key: str) -> None:
    bare = {name: value for name, value in row().items() if name != key}
    assert same_document(document(row(**{key: None})), document(bare))
    assert same_document(document(row(**{key: {}})), document(bare))
    assert not same_document(document(row(**{key: "x"})), document(bare))
    assert not same_document(document(row(**{key: 0})), document(bare))
    assert not same_document(document(row(**{key: False})), document(bare))


def test_any_other_null_counts() -> None:
    assert not same_document(changed(status_cleared_at=None), changed())
    assert not same_document(document(row()) | {"active_provider": None}, document(row()))


def test_the_time_of_the_last_save_is_ignored_at_the_top_only() -> None:
    assert same_document(document(row()) | {"updated_at": "now"}, document(row()))
    assert not same_document(changed(updated_at="now"), changed())


def test_order_of_rows_and_of_keys_counts() -> None:
    one, other = row(), row(id="other")
    assert not same_document(document(one, other), document(other, one))
    assert not same_document(document(one), document(dict(reversed(one.items()))))
    assert not same_document({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_spelling_counts() -> None:
    assert not same_document(changed(priority=1), changed(priority=1.0))
    assert not same_document(changed(priority=1), changed(priority=True))


def test_documents_with_anything_for_pools_can_be_compared() -> None:
    odd: list[Any] = [None, [], {"x": None}, {"x": ["no row"]}]
    for pools in odd:
        assert same_document({"credential_pool": pools}, {"credential_pool": pools})
        assert not same_document({"credential_pool": pools}, {"credential_pool": {"x": [row()]}})
