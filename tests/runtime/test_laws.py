"""The laws of the lens, on pools and records with anything in any field."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hermes_state import cooldown
from hermes_state.codec.comparison import same
from hermes_state.codec.json import parse
from hermes_state.runtime import MOVED_FIELDS, forget, is_pending, join, overlay, part, same_document, split, stays
from hermes_state.runtime.lens import binding_seconds
from tests.runtime.pools import (
    NOW,
    OTHER_TOKEN,
    POOL,
    TOKEN,
    anything,
    documents,
    plain_pools,
    pools,
    records_of,
    rows_of,
    states,
)

State = tuple[list[Any], dict[str, Any]]
LATER = NOW + 1000


def of_rows(rows: list[Any]) -> dict[str, Any]:
    """``rows`` as a document, to compare with ``same_document``."""
    return {"providers": {}, "credential_pool": {POOL: rows}}


def durable(row: Any, *more: str) -> Any:
    """A row without the fields that the lens may touch, in order."""
    return [(key, row[key]) for key in row if key not in (*MOVED_FIELDS, *more)] if isinstance(row, dict) else row


def facts(records: dict[str, Any]) -> dict[str, Any]:
    """Records without the time at which they were written."""
    return {
        identity: {key: value for key, value in record.items() if key != "moved_at"}
        if isinstance(record, dict)
        else record
        for identity, record in records.items()
    }


# --- the three laws --------------------------------------------------------------------------------------------------


@given(pools)
def test_overlay_after_split_gives_the_rows_back(rows: list[Any]) -> None:
    parted = split(POOL, rows, {}, NOW)
    joined = overlay(POOL, parted.rows, parted.records, NOW)
    assert same_document(of_rows(joined.rows), of_rows(rows))
    assert joined.records == {}


def never_reset(rows: list[Any]) -> list[Any]:
    """An agent's reset between two acts is another matter: it says that the marks are over."""
    return [
        {key: row[key] for key in row if key != "status_cleared_at"} if isinstance(row, dict) else row for row in rows
    ]


@given(pools.map(never_reset))
def test_overlay_long_after_split_gives_the_rows_back_elapsed_ones_too(rows: list[Any]) -> None:
    parted = split(POOL, rows, {}, NOW)
    joined = overlay(POOL, parted.rows, parted.records, LATER)
    assert same_document(of_rows(joined.rows), of_rows(rows))


@given(states(pools.map(never_reset)))
def test_split_after_overlay_changes_nothing(state: State) -> None:
    parted = split(POOL, *state, NOW)
    joined = overlay(POOL, parted.rows, parted.records, NOW)
    again = split(POOL, joined.rows, parted.records, LATER)
    assert same_document(of_rows(again.rows), of_rows(parted.rows))
    assert same(again.records, parted.records)


@given(states())
def test_split_after_overlay_says_what_split_alone_says(state: State) -> None:
    """With marks on both sides too: overlay merges by the same rules as split."""
    rows, records = state
    joined = overlay(POOL, rows, records, NOW)
    direct, around = split(POOL, rows, records, NOW), split(POOL, joined.rows, records, NOW)
    assert same_document(of_rows(around.rows), of_rows(direct.rows))
    assert same(sorted_facts(around.records), sorted_facts(direct.records))


def sorted_facts(records: dict[str, Any]) -> list[Any]:
    """Facts without places and order, which a row that was put together afresh gives in its own way."""
    return [
        (identity, sorted((key, repr(value)) for key, value in record.items() if key != "after"))
        if isinstance(record, dict)
        else (identity, repr(record))
        for identity, record in sorted(facts(records).items())
    ]


@given(states(), st.floats(0, 9000))
def test_split_twice_is_split_once(state: State, patience: float) -> None:
    once = split(POOL, *state, NOW, lambda remaining: remaining > patience)
    twice = split(POOL, once.rows, once.records, NOW, lambda remaining: remaining > patience)
    assert twice.rows is once.rows
    assert twice.records is once.records
    assert twice.moved == []
    assert twice.left == once.left


@given(states())
def test_overlay_twice_is_overlay_once(state: State) -> None:
    once = overlay(POOL, *state, NOW)
    twice = overlay(POOL, once.rows, once.records, LATER)
    assert twice.rows is once.rows
    assert twice.records is once.records
    assert twice.left == once.left


@given(documents())
def test_the_laws_hold_for_whole_documents(document: dict[str, Any]) -> None:
    parted = part(document, NOW).document
    assert part(parted, NOW).document is parted
    joined = join(parted, NOW).document
    assert join(joined, NOW).document is joined
    if "credential_pool_runtime" not in document:
        assert same_document(joined, document)


# --- what never happens ----------------------------------------------------------------------------------------------


@given(states(st.lists(anything | rows_of(anything), max_size=3)), anything, st.sampled_from([POOL, "photon"]))
def test_nothing_ever_raises(state: State, odd: Any, pool: str) -> None:
    rows, records = state
    split(pool, rows, records, NOW)
    overlay(pool, rows, records, NOW)
    split(pool, rows, {"a1": odd}, NOW)
    overlay(pool, rows, {"a1": odd}, NOW)
    for row in rows:
        if isinstance(row, dict):
            forget(row, odd, NOW)
            forget(row, records.get("a1"), NOW, "gpt")


@given(documents(), anything, anything)
def test_whole_documents_raise_only_for_a_section_that_is_not_ours(
    document: dict[str, Any], odd: Any, key: Any
) -> None:
    document["credential_pool_runtime"] = {"schema": 1, "pools": {POOL: odd, "photon": key}}
    document["credential_pool"] |= {"odd": odd}
    part(document, NOW)
    join(document, NOW)
    document["credential_pool"] = odd
    part(document, NOW)
    join(document, NOW)


@given(states(), documents())
def test_inputs_are_never_changed(state: State, document: dict[str, Any]) -> None:
    before = copy.deepcopy((state, document))
    split(POOL, *state, NOW)
    overlay(POOL, *state, NOW)
    part(document, NOW)
    join(document, NOW)
    for row in state[0]:
        if isinstance(row, dict):
            forget(row, state[1].get("a1"), NOW)
            forget(row, state[1].get("a1"), NOW, "gpt")
    assert repr((state, document)) == repr(before)


@given(pools)
def test_no_token_ever_gets_into_a_record(rows: list[Any]) -> None:
    records = split(POOL, rows, {}, NOW).records
    tombs = [forget(row, None, NOW)[1] for row in rows if isinstance(row, dict)]
    said = json.dumps([records, tombs])
    assert not any(secret in said for secret in (TOKEN, OTHER_TOKEN, "rt-test-cccccccccccccccc", "photon-test-token"))


@given(states())
def test_rows_keep_their_number_order_and_all_that_is_not_moved(state: State) -> None:
    rows, records = state
    for made in (split(POOL, rows, records, NOW).rows, overlay(POOL, rows, records, NOW).rows):
        assert same([durable(row) for row in made], [durable(row) for row in rows])


@given(states())
def test_rows_that_stay_and_do_not_change_are_the_very_same_objects(state: State) -> None:
    rows, records = state
    parted, overlaid = split(POOL, rows, records, NOW), overlay(POOL, rows, records, NOW)
    for old, new, reason in zip(rows, parted.rows, stays(POOL, rows), strict=True):
        if new is not old:
            assert not same(new, old)
            assert reason in ("", "dead")  # a dead mark goes only where a clear had ended it
            assert is_pending(old)
    assert all(new is old or not same(new, old) for old, new in zip(rows, overlaid.rows, strict=True))
    for identity, record in parted.records.items():
        assert record is records.get(identity) or not same(record, records.get(identity))


@given(states())
def test_records_that_no_row_can_take_are_the_very_same_objects(state: State) -> None:
    rows, records = state
    joined = overlay(POOL, rows, records, NOW)
    assert all(record is records[identity] for identity, record in joined.records.items())


@given(plain_pools)
def test_a_clear_touches_nothing_but_runtime_fields_and_its_stamp(rows: list[Any]) -> None:
    for row in rows:
        cleared, record = forget(row, None, NOW)
        assert same(durable(cleared, "status_cleared_at"), durable(row, "status_cleared_at"))
        assert cleared["status_cleared_at"] == NOW
        assert not is_pending(cleared)
        assert record["cleared_at"] == NOW


@given(st.data(), rows_of())
def test_a_cleared_row_stays_cleared_whatever_was_in_it(data: st.DataObject, row: dict[str, Any]) -> None:
    """The agent that was running all along writes its row back as it remembers it."""
    row.pop("last_status_at", None)
    row["last_status_at"] = data.draw(st.floats(NOW - 9999, NOW))
    _, record = forget(row, None, NOW)
    parted = split(POOL, [row], {row["id"]: record}, LATER)
    assert "last_status" not in parted.records[row["id"]]
    assert parted.records[row["id"]]["cleared_at"] == NOW
    assert not is_pending(parted.rows[0])
    assert parted.rows[0].get("last_status") in (None, {}, "ok")
    assert cooldown.model_ends(parted.records[row["id"]]) == {}


@given(states(plain_pools), st.sampled_from(["gpt", "opus"]))
def test_clearing_one_model_leaves_every_other_fact(state: State, model: str) -> None:
    rows, records = state
    for row in rows:
        before = records.get(row["id"])
        cleared, record = forget(row, before, NOW, model)
        assert same(durable(cleared), durable(row))
        assert cooldown.model_ends(cleared) == {m: e for m, e in cooldown.model_ends(row).items() if m != model}
        assert model not in cooldown.model_ends(record)
        assert all(cleared.get(key) is row.get(key) for key in MOVED_FIELDS if key != "model_cooldowns")


# --- with what it is made of -----------------------------------------------------------------------------------------


@given(rows_of(), pools)
def test_the_time_that_binds_is_the_longest_under_any_rule(row: dict[str, Any], siblings: list[Any]) -> None:
    end = cooldown.until(row, siblings, None).at
    ends = [*cooldown.model_ends(row).values(), *([] if end is None else [end])]
    assert binding_seconds(row, NOW) == max([0.0, *(end - NOW for end in ends)])


@given(documents())
def test_a_document_that_is_read_written_and_read_again_comes_back_too(document: dict[str, Any]) -> None:
    document.pop("credential_pool_runtime", None)
    read = parse(json.dumps(document).encode()).value
    written = parse(json.dumps(part(read, NOW).document).encode()).value
    assert same_document(json.loads(json.dumps(join(written, NOW).document)), json.loads(json.dumps(document)))


@given(st.data())
def test_records_of_one_row_are_never_applied_to_another(data: st.DataObject) -> None:
    rows = data.draw(plain_pools)
    records = {f"gone {key}": value for key, value in data.draw(records_of(rows)).items()}
    assert overlay(POOL, rows, records, NOW).rows is rows
