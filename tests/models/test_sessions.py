from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hermes_state.models.issue import Issue, IssueKind
from hermes_state.models.sessions import check
from hermes_state.models.views.sessions import Entry, SessionsFile

SAMPLES = sorted((Path(__file__).parents[1] / "samples" / "sessions").glob("*/sessions.json"))
KEY = "agent:main:telegram:dm:11"


def entry(**fields: Any) -> dict[str, Any]:
    required = {
        "session_key": KEY,
        "session_id": "20260115_093000_fa4e0000",
        "created_at": "2026-01-15T09:30:00.123456",
        "updated_at": "2026-01-15T09:35:00",
    }
    return required | fields


def places(issues: list[Issue]) -> list[tuple[str, str]]:
    return [(issue.pointer, issue.kind_of) for issue in issues]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.parent.name)
def test_what_real_agents_write_has_no_issues(path: Path) -> None:
    assert check(json.loads(path.read_bytes())) == []


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_a_root_that_is_no_object_shuts_the_file(value: object) -> None:
    assert places(check(value)) == [("", IssueKind.ENVELOPE)]


@pytest.mark.parametrize("note", ["text", None, 5, {"session_key": 3}])
def test_keys_that_begin_with_an_underscore_are_no_entries(note: object) -> None:
    assert check({"_README": note, KEY: entry()}) == []


def test_an_entry_with_only_the_required_fields_is_fine() -> None:
    assert check({KEY: entry()}) == []


@pytest.mark.parametrize("name", ["session_key", "session_id", "created_at", "updated_at"])
def test_a_missing_required_field_is_told(name: str) -> None:
    broken = entry()
    del broken[name]
    assert check({KEY: broken}) == [Issue(f"/{KEY}/{name}", "is missing", IssueKind.MISSING)]


def test_a_faulty_entry_hides_no_other() -> None:
    document = {"a": "text", "b": entry(session_key="b", suspended="no"), "c": entry(session_key="c", input_tokens=-1)}
    assert places(check(document)) == [
        ("/a", IssueKind.TYPE),
        ("/b/suspended", IssueKind.TYPE),
        ("/c/input_tokens", IssueKind.VALUE),
    ]


@pytest.mark.parametrize("name", ["created_at", "updated_at", "last_resume_marked_at", "active_turn_started_at"])
@pytest.mark.parametrize("text", ["2026-01-15T09:30:00+00:00", "2026-01-15T09:30:00Z", "2026-01-15T09:30:00.5-0500"])
def test_a_time_with_an_offset_is_told_with_the_reason(name: str, text: str) -> None:
    issues = check({KEY: entry(**{name: text})})
    assert places(issues) == [(f"/{KEY}/{name}", IssueKind.UTC_OFFSET)]
    assert "local times" in issues[0].message


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30T09:30:00", "1768469400"])
def test_a_text_that_is_no_time_is_told(text: str) -> None:
    assert places(check({KEY: entry(created_at=text)})) == [(f"/{KEY}/created_at", IssueKind.VALUE)]


def test_an_offset_is_told_beside_other_faults_of_the_entry() -> None:
    issues = check({KEY: entry(suspended="no", updated_at="2026-01-15T09:30:00Z")})
    assert places(issues) == [(f"/{KEY}/suspended", IssueKind.TYPE), (f"/{KEY}/updated_at", IssueKind.UTC_OFFSET)]


@pytest.mark.parametrize("text", ["../x", "a/b", "a\\b", "C:x", "a..b"])
def test_a_session_id_that_could_be_a_path_is_told(text: str) -> None:
    assert places(check({KEY: entry(session_id=text)})) == [(f"/{KEY}/session_id", IssueKind.PATH_LIKE)]


@pytest.mark.parametrize("key", ["/x", "\\x", "C:x", "agent:main:x:dm:.."])
def test_a_session_key_that_could_be_a_path_is_told(key: str) -> None:
    pointer = "/" + key.replace("/", "~1")
    assert places(check({key: entry(session_key=key)})) == [(f"{pointer}/session_key", IssueKind.PATH_LIKE)]


def test_a_session_key_may_have_slashes_inside() -> None:
    key = "agent:main:google_chat:group:spaces/AAA/threads/BBB"
    assert check({key: entry(session_key=key)}) == []


def test_an_entry_under_another_key_than_its_own_is_told() -> None:
    assert places(check({"agent:main:x:dm": entry()})) == [("/agent:main:x:dm/session_key", IssueKind.MISMATCH)]


def test_platforms_are_an_open_set() -> None:
    origin = {"platform": "carrier-pigeon", "chat_id": 5, "new_field": 1}
    assert check({KEY: entry(platform="carrier-pigeon", origin=origin)}) == []


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("text", [("", IssueKind.TYPE)]),
        ({"chat_id": "1"}, [("/platform", IssueKind.MISSING)]),
        ({"platform": "slack"}, [("/chat_id", IssueKind.MISSING)]),
        ({"platform": "slack", "chat_id": None}, [("/chat_id", IssueKind.TYPE)]),
        ({"platform": "slack", "chat_id": "1", "user_id": 7}, [("/user_id", IssueKind.TYPE)]),
    ],
)
def test_a_faulty_origin_is_told(origin: object, expected: list[tuple[str, IssueKind]]) -> None:
    wanted = [(f"/{KEY}/origin{pointer}", kind) for pointer, kind in expected]
    assert places(check({KEY: entry(origin=origin)})) == wanted


def test_a_prompt_pin_that_the_agent_would_drop_is_told() -> None:
    issues = check({KEY: entry(prompt_pin={"version": 1, "context_key": "", "context_prompt": "x"})})
    assert places(issues) == [
        (f"/{KEY}/prompt_pin/context_key", IssueKind.VALUE),
        (f"/{KEY}/prompt_pin/redact_pii", IssueKind.MISSING),
    ]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("created_at", "2026-01-15T09:30:00Z", "has a UTC offset"),
        ("updated_at", "2026-02-30T09:30:00", "is not an ISO 8601 time"),
        ("session_id", "a/b", "could be used as a path"),
        ("session_key", "/x", "could be used as a path"),
    ],
)
def test_a_view_refuses_a_text_that_breaks_a_rule_of_the_agent(name: str, text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Entry.model_validate(entry(**{name: text}))


@pytest.mark.parametrize("text", ["2026-01-15", "20260115T093000", "2026-01-15 09:30", "2026-W03-4"])
def test_a_local_time_in_any_form_that_agents_read_is_fine(text: str) -> None:
    assert check({KEY: entry(created_at=text)}) == []
    assert Entry.model_validate(entry(created_at=text)).created_at == text


def test_a_whole_file_can_be_read_as_one_view() -> None:
    view = SessionsFile.model_validate({"_README": "note", KEY: entry(input_tokens=3)})
    assert view.model_extra is not None
    assert {key: read.input_tokens for key, read in view.model_extra.items()} == {KEY: 3}
