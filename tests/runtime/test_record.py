"""Which fields move, which rows can be moved, and what ties a record to its row."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from hermes_state.runtime import MOVED_FIELDS, fingerprint, is_pending, split, stays
from hermes_state.runtime.record import is_superseded, ties
from tests.runtime.pools import NOW, OTHER_TOKEN, POOL, TOKEN, mark, record, row

FINGERPRINT = "sha256:" + hashlib.sha256(TOKEN.encode()).hexdigest()[:16]


def test_eight_fields_move() -> None:
    assert set(MOVED_FIELDS) == {
        *("last_status", "last_status_at", "last_error_code", "last_error_reason"),
        *("last_error_message", "last_error_reset_at", "failure_reason", "model_cooldowns"),
    }


def test_a_fingerprint_has_the_agents_form() -> None:
    assert fingerprint(row()) == FINGERPRINT


def test_a_fingerprint_is_made_of_a_token_that_is_no_unicode_text() -> None:
    assert fingerprint(row(access_token="sk-\ud800")) == "sha256:" + hashlib.sha256(b"sk-\xed\xa0\x80").hexdigest()[:16]


def test_a_borrowed_row_gives_the_fingerprint_that_it_holds() -> None:
    assert fingerprint({"secret_fingerprint": FINGERPRINT}) == FINGERPRINT
    assert fingerprint({"access_token": "", "secret_fingerprint": FINGERPRINT}) == FINGERPRINT


def test_a_token_goes_before_a_stored_fingerprint() -> None:
    assert fingerprint(row(secret_fingerprint="sha256:0123456789abcdef")) == FINGERPRINT


@pytest.mark.parametrize("held", [None, "", 5, TOKEN, f"sha256:{TOKEN}", FINGERPRINT + "0", FINGERPRINT.upper()])
def test_what_does_not_look_like_a_fingerprint_is_not_repeated(held: Any) -> None:
    assert fingerprint({"secret_fingerprint": held}) is None


@pytest.mark.parametrize("token", [None, "", 5, ["sk"]])
def test_a_row_without_a_secret_has_no_fingerprint(token: Any) -> None:
    assert fingerprint({"access_token": token}) is None
    assert ties({"access_token": token, "source": 7}) == {}


def test_ties_are_source_and_fingerprint() -> None:
    assert ties(row()) == {"source": "manual", "token": FINGERPRINT}


def test_another_token_supersedes_a_record() -> None:
    assert is_superseded(record(), row(access_token=OTHER_TOKEN))
    assert is_superseded(record(), row(access_token=None))
    assert not is_superseded(record(), row())


def test_one_token_under_another_source_is_still_the_same_account() -> None:
    assert not is_superseded(record(), row(source="manual:dashboard_device_code"))


def test_source_decides_where_a_record_names_no_token() -> None:
    made = {"source": "env:KEY", "moved_at": NOW}
    assert is_superseded(made, row())
    assert not is_superseded(made, row(source="env:KEY"))
    assert not is_superseded({"moved_at": NOW}, row())
    assert not is_superseded({"source": None, "token": None}, row())


@pytest.mark.parametrize(
    ("pool", "odd", "reason"),
    [
        (POOL, row(last_status="dead"), "dead"),
        (POOL, row(id=None), "no_id"),
        (POOL, row(id=""), "no_id"),
        (POOL, {"access_token": TOKEN}, "no_id"),
        (POOL, row(id=5), "id_not_text"),
        (POOL, row(id=["7e472f"]), "id_not_text"),
        (POOL, None, "not_an_object"),
        (POOL, [row()], "not_an_object"),
        (POOL, "7e472f", "not_an_object"),
        ("photon", {"access_token": "photon-test-token", "issued_at": 1}, "photon"),
        ("photon_project", row(), "photon"),
        ("photon_user", row(), "photon"),
        ("photon", None, "not_an_object"),
        (POOL, row(), ""),
        (POOL, row(last_status="ok"), ""),
        ("photon2", row(), ""),
    ],
)
def test_why_a_row_stays(pool: str, odd: Any, reason: str) -> None:
    assert stays(pool, [odd]) == [reason]


def test_rows_of_one_id_all_stay() -> None:
    assert stays(POOL, [row(), row(id="other"), row(last_status="dead")]) == ["duplicate_id", "", "duplicate_id"]


def test_rows_without_an_id_are_no_duplicates_of_each_other() -> None:
    assert stays(POOL, [row(id=None), row(id=None), row(id=5), row(id=5)]) == ["no_id", "no_id"] + ["id_not_text"] * 2


@pytest.mark.parametrize("key", MOVED_FIELDS)
def test_any_movable_field_makes_a_row_pending(key: str) -> None:
    assert is_pending(row(**{key: "something"}))
    assert not is_pending(row(**{key: None}))
    assert not is_pending(row(**{key: {}}))
    assert not is_pending({"id": "7e472f"})


def test_ok_is_never_pending_nor_what_stands_beside_it() -> None:
    assert not is_pending(row(last_status="ok", last_status_at=NOW, failure_reason="billing"))


def test_model_cooldowns_are_pending_beside_ok() -> None:
    assert is_pending(row(last_status="ok", model_cooldowns={"opus": NOW}))


@pytest.mark.parametrize("field", ["status_cleared_at", "request_count", "priority", "expires_at_ms"])
def test_other_fields_are_never_pending(field: str) -> None:
    assert not is_pending(row(**{field: NOW}))


@pytest.mark.parametrize(
    ("pool", "odd", "identity", "reason"),
    [
        (POOL, row(last_status="dead"), "7e472f", "dead"),
        (POOL, row(id=None, **mark()), None, "no_id"),
        (POOL, row(id="", **mark()), None, "no_id"),
        (POOL, row(id=5, **mark()), None, "id_not_text"),
        (POOL, ["not a row"], None, "not_an_object"),
        ("photon", row(**mark()), "7e472f", "photon"),
    ],
)
def test_a_row_that_stays_is_left_whole_and_reported(pool: str, odd: Any, identity: str | None, reason: str) -> None:
    before = {"id": "first"}
    done = split(pool, [before, odd], {}, NOW)
    assert done.rows == [before, odd]
    assert done.records == {}
    assert done.moved == []
    assert [(left.pool, left.index, left.id, left.reason) for left in done.left] == [(pool, 1, identity, reason)]


def test_each_row_of_a_doubled_id_is_left_and_reported() -> None:
    done = split(POOL, [row(**mark()), row(**mark())], {}, NOW)
    assert [(left.index, left.id, left.reason) for left in done.left] == [
        (0, "7e472f", "duplicate_id"),
        (1, "7e472f", "duplicate_id"),
    ]
    assert done.records == {}


def test_a_row_that_could_not_be_moved_but_has_nothing_to_move_is_not_reported() -> None:
    assert split("photon", [{"access_token": "photon-test-token", "issued_at": 1}], {}, NOW).left == []
    assert split(POOL, [row(id=None), row(), row()], {}, NOW).left == []
