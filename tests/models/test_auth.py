from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hermes_state.models.auth import SECTION_SCHEMA, check
from hermes_state.models.issue import Issue, IssueKind
from hermes_state.models.views.auth import AuthFile, Record, Row
from hermes_state.runtime import empty_section, section_of

SAMPLES = sorted((Path(__file__).parents[1] / "samples" / "auth").glob("*/*.json"))
SECTION = "credential_pool_runtime"
SECRET = "sk-or-v1-test-canary"


def with_row(row: object) -> dict[str, Any]:
    return {"providers": {}, "credential_pool": {"openrouter": [{"id": "aaaaaa"}, row, {"id": "bbbbbb"}]}}


def with_section(section: object) -> dict[str, Any]:
    return {"providers": {}, SECTION: section}


def with_record(record: object) -> dict[str, Any]:
    return with_section({"schema": 1, "pools": {"openrouter": {"7e472f": record}}})


def places(issues: list[Issue]) -> list[tuple[str, str]]:
    return [(issue.pointer, issue.kind_of) for issue in issues]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: "/".join(path.parts[-2:]))
def test_what_real_agents_write_has_no_issues_except_sections_made_by_hand(path: Path) -> None:
    if path.name == "shared_nous_auth.json":
        expected = [("", IssueKind.EMPTY_STORE)]  # another file of the agent
    elif path.name.startswith(("move_2", "move_3")):
        expected = [(f"/{SECTION}", IssueKind.FOREIGN)]
    else:
        expected = []
    assert places(check(json.loads(path.read_bytes()))) == expected


@pytest.mark.parametrize("value", [None, [], "x", 3, True])
def test_a_root_that_is_no_object_shuts_the_file(value: object) -> None:
    assert places(check(value)) == [("", IssueKind.ENVELOPE)]


@pytest.mark.parametrize("value", [{}, {"version": 1}, {SECTION: {"schema": 1, "pools": {}}}])
def test_a_file_that_the_agent_takes_for_empty_is_told(value: dict[str, Any]) -> None:
    assert places(check(value)) == [("", IssueKind.EMPTY_STORE)]


@pytest.mark.parametrize("value", [{"providers": {}}, {"credential_pool": {}}, {"systems": {}}])
def test_one_store_is_enough_for_the_agent(value: dict[str, Any]) -> None:
    assert check(value) == []


@pytest.mark.parametrize("pool", [None, [], "x"])
def test_a_credential_pool_that_is_no_object_shuts_the_file(pool: object) -> None:
    assert places(check({"providers": {}, "credential_pool": pool})) == [("/credential_pool", IssueKind.ENVELOPE)]


def test_a_pool_that_is_no_list_shuts_the_file_and_hides_no_other_pool() -> None:
    pool = {"a/b": {}, "openrouter": [{"priority": None}]}
    assert places(check({"credential_pool": pool})) == [
        ("/credential_pool/a~1b", IssueKind.ENVELOPE),
        ("/credential_pool/openrouter/0/priority", IssueKind.TYPE),
    ]


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        ("text", ""),
        (None, ""),
        ({"priority": None}, "/priority"),
        ({"id": True}, "/id"),
        ({"id": 1.5}, "/id"),
        ({"last_status": 5}, "/last_status"),
        ({"last_status_at": []}, "/last_status_at"),
        ({"last_error_reset_at": {}}, "/last_error_reset_at"),
        ({"last_error_code": "429"}, "/last_error_code"),
        ({"request_count": -1}, "/request_count"),
        ({"model_cooldowns": []}, "/model_cooldowns"),
        ({"model_cooldowns": {"fake/model": "soon"}}, "/model_cooldowns/fake~1model"),
    ],
)
def test_a_faulty_row_is_told_and_does_not_shut_the_file(row: object, pointer: str) -> None:
    issues = check(with_row(row))
    assert [issue.pointer for issue in issues] == [f"/credential_pool/openrouter/1{pointer}"]
    assert not {IssueKind.ENVELOPE, IssueKind.FOREIGN, IssueKind.TOO_NEW} & {issue.kind_of for issue in issues}


@pytest.mark.parametrize(
    "row",
    [
        {"id": 5},
        {"id": None},
        {"last_status": "some later word"},
        {"last_status_at": "2026-01-15T09:30:00", "last_error_reset_at": 1768469400250},
        {"last_error_reset_at": "1768469400.25"},
        {"source": "env:OPENROUTER_API_KEY", "secret_fingerprint": "sha256:0123456789abcdef"},
        {"phone_number": "+15550000000", "issued_at": 1795247092, "user_id": "u"},
        {"unknown": {"deep": [None]}},
    ],
    ids=["number id", "null id", "new status", "old times", "numeric text", "borrowed", "photon", "unknown keys"],
)
def test_odd_rows_that_agents_can_read_have_no_issues(row: dict[str, Any]) -> None:
    assert check(with_row(row)) == []


def test_a_suppressed_source_list_may_be_an_object() -> None:
    assert check({"providers": {}, "suppressed_sources": {"a": ["x"], "b": {"x": {"since": 1}}}}) == []
    issues = check({"providers": {}, "suppressed_sources": {"a": [1]}})
    assert places(issues) == [("/suppressed_sources/a/0", IssueKind.TYPE)]


def test_faulty_logins_are_told_one_by_one() -> None:
    logins = {"openai-codex": {"tokens": {"access_token": 5}}, "nous": [], "xai-oauth": {"tokens": None}}
    assert places(check({"providers": logins})) == [
        ("/providers/openai-codex/tokens/access_token", IssueKind.TYPE),
        ("/providers/nous", IssueKind.TYPE),
    ]


@pytest.mark.parametrize(
    ("portal", "pointer"),
    [([], "/systems/nous_portal"), ({"refresh_token": True}, "/systems/nous_portal/refresh_token")],
)
def test_a_faulty_login_of_the_oldest_form_is_told_where_it_is(portal: object, pointer: str) -> None:
    assert places(check({"systems": {"nous_portal": portal}})) == [(pointer, IssueKind.TYPE)]
    assert check({"systems": {"nous_portal": None, "x": 5}, "version": 1}) == []


def test_providers_that_are_no_object_do_not_shut_the_file() -> None:
    assert places(check({"providers": None, "credential_pool": {}})) == [("/providers", IssueKind.TYPE)]


FOREIGN: list[object] = [
    None,
    [],
    {},
    {"schema": 1},
    {"pools": {}},
    {"schema": "1", "pools": {}},
    {"schema": True, "pools": {}},
    {"schema": 1.0, "pools": {}},
    {"schema": 0, "pools": {}},
    {"schema": -1, "pools": {}},
    {"schema": 1, "pools": []},
    {"schema_version": 1, "entries": {}},
]


@pytest.mark.parametrize("section", FOREIGN)
def test_a_section_of_unknown_shape_is_foreign(section: object) -> None:
    issues = check(with_section(section))
    assert places(issues) == [(f"/{SECTION}", IssueKind.FOREIGN)]


@pytest.mark.parametrize("section", [*FOREIGN, {"schema": 1, "pools": {}}, {"schema": 2, "pools": {}}, empty_section()])
def test_the_check_and_the_lens_agree_about_whose_a_section_is(section: object) -> None:
    try:
        ours = section_of(with_section(section)) is section
    except ValueError:
        ours = False
    assert ours == (IssueKind.FOREIGN not in {issue.kind_of for issue in check(with_section(section))})


def test_the_section_that_the_lens_begins_has_the_schema_that_is_checked() -> None:
    assert empty_section()["schema"] == SECTION_SCHEMA
    assert check(with_section(empty_section())) == []


def test_a_later_section_is_too_new_and_not_looked_into() -> None:
    issues = check(with_section({"schema": 2, "pools": {"openrouter": []}}))
    assert issues == [Issue(f"/{SECTION}", "has schema 2; this version of hermes-state knows 1", IssueKind.TOO_NEW)]


def test_a_pool_of_the_section_that_is_no_object_shuts_the_file() -> None:
    issues = check(with_section({"schema": 1, "pools": {"openrouter": []}}))
    assert places(issues) == [(f"/{SECTION}/pools/openrouter", IssueKind.ENVELOPE)]


def test_a_full_record_has_no_issues() -> None:
    record = {
        "source": "manual",
        "token": "sha256:0123456789abcdef",
        "moved_at": 1760000100.5,
        "last_status": "exhausted",
        "last_status_at": 1760000000.25,
        "last_error_code": 429,
        "last_error_reason": "rate_limit",
        "last_error_message": "slow down",
        "last_error_reset_at": 1760003600,
        "failure_reason": "billing",
        "model_cooldowns": {"m": 1760003600.0},
        "cleared_at": 1760000200,
        "cleared_models": {"m": 1760003600.0},
        "after": {"failure_reason": "request_count", "model_cooldowns": ""},
    }
    assert set(record) == set(Record.model_fields)
    assert check(with_record(record)) == []


def test_a_faulty_record_does_not_shut_the_file() -> None:
    assert places(check(with_record("text"))) == [(f"/{SECTION}/pools/openrouter/7e472f", IssueKind.TYPE)]


def test_a_token_where_a_fingerprint_belongs_is_told_without_being_shown() -> None:
    issues = check(with_record({"token": SECRET}))
    assert places(issues) == [(f"/{SECTION}/pools/openrouter/7e472f/token", IssueKind.VALUE)]
    assert SECRET not in repr(issues)


@pytest.mark.parametrize("wrong", [SECRET, [SECRET], {"x": SECRET}], ids=["text", "list", "object"])
@pytest.mark.parametrize("holder", ["row", "login", "record", "file"])
def test_no_value_ever_reaches_an_issue(holder: str, wrong: object) -> None:
    fields: dict[str, Any] = dict.fromkeys([*Row.model_fields, *Record.model_fields, "tokens", "expires_in"], wrong)
    documents: dict[str, object] = {
        "row": with_row(fields),
        "login": {"providers": {"nous": fields}},
        "record": with_record(fields),
        "file": dict.fromkeys(AuthFile.model_fields, wrong),
    }
    issues = check(documents[holder])
    assert issues
    assert SECRET not in repr(issues)


def test_a_row_is_read_as_it_is_spelled() -> None:
    row = Row.model_validate({"id": 5, "last_error_reset_at": 1768469400250, "other": None})
    assert (row.id, row.last_error_reset_at, row.model_extra) == (5, 1768469400250, {"other": None})


@pytest.mark.parametrize("value", [{"version": 1}, {"providers": {}, SECTION: None}], ids=["no store", "null section"])
def test_a_view_of_the_whole_file_refuses_what_types_cannot_say(value: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AuthFile.model_validate(value)


def test_a_whole_file_can_be_read_as_one_view() -> None:
    section = {"schema": 1, "pools": {"openrouter": {"aaaaaa": {"cleared_at": 5.5}}}}
    view = AuthFile.model_validate(with_row({"id": "cccccc"}) | {SECTION: section})
    assert [row.id for row in view.credential_pool["openrouter"]] == ["aaaaaa", "cccccc", "bbbbbb"]
    assert view.credential_pool_runtime is not None
    assert view.credential_pool_runtime.pools["openrouter"]["aaaaaa"].cleared_at == 5.5
