"""Whatever stands in the files: an inspection ends, its JSON fits the published schema, and it says the same twice."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_state.inspection import as_json
from hermes_state.runtime.record import MOVED_FIELDS
from tests import outputs
from tests.inspection.cases_home import state_db
from tests.inspection.homes import NOW, agent, put, report, row

#: What the gateway remembers, and the limits of pairing.
GATEWAY_FILES = (
    ".restart_failure_counts",
    "gateway/restart_loop.json",
    "gateway/dead_targets.json",
    "gateway-starts.log",
    "platforms/pairing/_rate_limits.json",
    "pairing/telegram-pending.json",
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=8),
    st.sampled_from([NOW, NOW + 60.0, (NOW + 60.0) * 1000, 10**400, "exhausted", "dead", "ok", "2027-01-15T08:01:00"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
IDS = st.sampled_from(["a", "b"]) | VALUES
FIELDS = st.sampled_from(
    [*MOVED_FIELDS, "id", "source", "priority", "label", "request_count", "status_cleared_at", "access_token"]
)
ROWS = st.builds(lambda id, odd: row(id) | odd, IDS, st.dictionaries(FIELDS, VALUES, max_size=6)) | VALUES
RECORDS = st.dictionaries(
    FIELDS | st.sampled_from(["cleared_at", "cleared_models", "moved_at", "token"]), VALUES, max_size=6
)
POOLS = st.dictionaries(st.sampled_from(["openrouter", "nous", "photon", "Odd "]), st.lists(ROWS, max_size=4) | VALUES)
SECTIONS = st.fixed_dictionaries(
    {"schema": st.sampled_from([1, 2, "1"]) | VALUES},
    optional={
        "pools": st.dictionaries(
            st.sampled_from(["openrouter", "nous", "gone"]),
            st.dictionaries(st.sampled_from(["a", "b", "c"]), RECORDS | VALUES) | VALUES,
        )
        | VALUES
    },
)
AUTH = st.fixed_dictionaries(
    {"version": VALUES},
    optional={
        "providers": st.just({}) | VALUES,
        "credential_pool": POOLS | VALUES,
        "credential_pool_runtime": SECTIONS | VALUES,
    },
)
ENTRY_FIELDS = st.sampled_from(
    ["session_key", "session_id", "created_at", "updated_at", "origin", "suspended", "metadata"]
)
SESSIONS = st.dictionaries(st.text(max_size=6), st.dictionaries(ENTRY_FIELDS, VALUES, max_size=5) | VALUES, max_size=4)


def inspected(version: str | None, name: str, content: str | bytes) -> dict[str, Any]:
    """What a root home and a profile with the same file give."""
    with tempfile.TemporaryDirectory() as base:
        home = Path(base)
        coder = home / "profiles" / "coder"
        for place in (home, coder):
            put(place / name, content)
        if version is not None:
            agent(home, version)
        first, second = (as_json(report(home, coder)) for _ in range(2))
        text = json.dumps(first, allow_nan=False)
        assert text == json.dumps(second, allow_nan=False)
        assert outputs.faults(text) == []
        made: dict[str, Any] = json.loads(text)
        return made


@settings(max_examples=150)
@given(content=AUTH | VALUES, version=st.sampled_from([None, "0.13.0", "0.15.2", "0.19.0", "0.20.1", "0.22.2"]))
def test_any_auth_file_can_be_inspected(content: Any, version: str | None) -> None:
    home, profile = inspected(version, "auth.json", json.dumps(content))["homes"]
    assert home["files"][0]["outcome"] in ("ok", "invalid", "too_new")
    for each in home, profile:
        assert all(0 <= provider["usable"] <= provider["of"] for provider in each["providers"])


@settings(max_examples=50)
@given(content=SESSIONS | VALUES)
def test_any_index_can_be_inspected(content: Any) -> None:
    for home in inspected(None, "sessions/sessions.json", json.dumps(content))["homes"]:
        assert home["sessions"] is None or 0 <= home["sessions"]["invalid"] <= home["sessions"]["count"]


@settings(max_examples=50)
@given(content=st.dictionaries(st.sampled_from(["reset_at", "recorded_at"]), VALUES) | VALUES)
def test_any_breaker_can_be_inspected(content: Any) -> None:
    inspected(None, "rate_limits/nous.json", json.dumps(content))


@settings(max_examples=50)
@given(content=VALUES)
def test_any_config_can_be_inspected(content: Any) -> None:
    inspected(None, "config.yaml", json.dumps(content))


MEMORIES = st.dictionaries(
    st.sampled_from(["boots", "_lockout:telegram", "_failures:telegram", "telegram:1", "agent:main:x"]) | st.text(),
    VALUES | st.dictionaries(st.sampled_from(["created_at", "reason", "marked_at"]), VALUES),
    max_size=4,
)


@settings(max_examples=20)
@given(content=MEMORIES | VALUES)
@pytest.mark.parametrize("name", GATEWAY_FILES)
def test_any_memory_of_the_gateway_can_be_inspected(name: str, content: Any) -> None:
    inspected(None, name, json.dumps(content))


@settings(max_examples=30)
@given(content=st.dictionaries(st.text(max_size=5), VALUES, max_size=3), entry=VALUES)
def test_any_index_in_a_database_can_be_inspected(content: Any, entry: Any) -> None:
    with tempfile.TemporaryDirectory() as base:
        put(Path(base) / "sessions" / "sessions.json", {"agent:main:x": entry})
        state_db({key.encode("utf-8", "replace").decode(): value for key, value in content.items()})(Path(base))
        json.dumps(as_json(report(Path(base))), allow_nan=False)


@settings(max_examples=25)
@given(content=st.binary(max_size=40))
@pytest.mark.parametrize(
    "name",
    ["auth.json", "sessions/sessions.json", "config.yaml", "rate_limits/nous.json", "state.db", *GATEWAY_FILES, ".env"],
)
def test_any_bytes_can_be_inspected(name: str, content: bytes) -> None:
    inspected(None, name, content)
