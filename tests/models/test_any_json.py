"""Files may be edited by anybody: the checks must cope with whatever JSON can say, in every place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from hermes_state.models import auth, breaker, sessions
from hermes_state.models.issue import Issue, IssueKind
from hermes_state.models.views.auth import Login, Record, Row
from hermes_state.models.views.breaker import BreakerFile
from hermes_state.models.views.sessions import Entry, Origin

#: Texts and keys with lone surrogates, NaN and infinities included.
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters()), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_no_json_value_makes_the_check_of_auth_raise(value: Any) -> None:
    auth.check(value)
    auth.check({"providers": value, "credential_pool": value, "credential_pool_runtime": value})
    fields = dict.fromkeys([*Row.model_fields, *Record.model_fields, "tokens"], value)
    for part in (value, fields):
        section = {"schema": 1, "pools": {"openrouter": {"7e472f": part}}}
        auth.check(
            {"providers": {"nous": part}, "credential_pool": {"nous": [part]}, "credential_pool_runtime": section}
        )


@given(json_values)
def test_no_json_value_makes_the_check_of_sessions_raise(value: Any) -> None:
    sessions.check(value)
    sessions.check({"key": value})
    sessions.check({"key": dict.fromkeys(Entry.model_fields, value)})
    sessions.check({"key": {"origin": dict.fromkeys(Origin.model_fields, value)}})


@given(json_values)
def test_no_json_value_makes_the_check_of_a_breaker_raise(value: Any) -> None:
    breaker.check(value)
    breaker.check(dict.fromkeys(BreakerFile.model_fields, value))


ENTRY = {
    "session_key": "key",
    "session_id": "20260115_093000_fa4e0000",
    "created_at": "2026-01-15T09:30:00",
    "updated_at": "2026-01-15T09:35:00",
}
#: View, what it needs at least, and how its object is checked where it belongs.
CHECKED: list[tuple[type[BaseModel], dict[str, Any], Callable[[dict[str, Any]], list[Issue]]]] = [
    (Row, {}, lambda row: auth.check({"credential_pool": {"nous": [row]}})),
    (Login, {}, lambda login: auth.check({"providers": {"nous": login}})),
    (
        Record,
        {},
        lambda record: auth.check(
            {"systems": {}, "credential_pool_runtime": {"schema": 1, "pools": {"nous": {"7e472f": record}}}}
        ),
    ),
    (Entry, ENTRY, lambda entry: sessions.check({"key": entry})),
    (
        Origin,
        {"platform": "slack", "chat_id": "C1"},
        lambda origin: sessions.check({"key": {**ENTRY, "origin": origin}}),
    ),
    (BreakerFile, {}, breaker.check),
]


@pytest.mark.parametrize(("view", "least", "check"), CHECKED, ids=lambda part: getattr(part, "__name__", ""))
@given(st.data())
def test_a_view_refuses_exactly_what_its_check_tells(
    view: type[BaseModel],
    least: dict[str, Any],
    check: Callable[[dict[str, Any]], list[Issue]],
    data: st.DataObject,
) -> None:
    changed = {**least, data.draw(st.sampled_from(sorted(view.model_fields))): data.draw(json_values)}
    told = [issue for issue in check(changed) if issue.kind_of != IssueKind.MISMATCH]
    try:
        view.model_validate(changed)
    except ValidationError:
        assert told
    else:
        assert told == []
