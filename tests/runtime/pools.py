"""Rows, records and documents for the tests of the lens: made by hand, or generated with the oddities of real files."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import strategies as st

from hermes_state.runtime import fingerprint
from hermes_state.runtime.record import STATUS_FIELDS, identity_of, ties

NOW = 1_760_000_000.0
POOL = "openrouter"
TOKEN = "sk-or-v1-test-aaaaaaaaaaaaaaaa"
OTHER_TOKEN = "sk-or-v1-test-bbbbbbbbbbbbbbbb"


def row(**fields: Any) -> dict[str, Any]:
    """A row as agents write it, in their order; what is given replaces or follows."""
    made: dict[str, Any] = {
        "id": "7e472f",
        "label": "work key",
        "auth_type": "api_key",
        "priority": 0,
        "source": "manual",
        "access_token": TOKEN,
    }
    made |= dict.fromkeys(STATUS_FIELDS)
    made |= {"base_url": "https://openrouter.ai/api/v1", "request_count": 1}
    return made | fields


def mark(at: Any = NOW - 100.5, **fields: Any) -> dict[str, Any]:
    """What a 429 leaves in a row."""
    return {"last_status": "exhausted", "last_status_at": at, "last_error_code": 429} | fields


def record(of: dict[str, Any] | None = None, moved_at: float = NOW - 50, **facts: Any) -> dict[str, Any]:
    """A record of a row."""
    made = row() if of is None else of
    return {"source": made["source"], "token": fingerprint(made), "moved_at": moved_at} | facts


def document(*rows: Any, records: dict[str, Any] | None = None, pool: str = POOL, **keys: Any) -> dict[str, Any]:
    """An auth.json with one pool and, if there are records, a section."""
    made: dict[str, Any] = {"version": 1, "providers": {}, "credential_pool": {pool: list(rows)}, "updated_at": "then"}
    if records is not None:
        made["credential_pool_runtime"] = {"schema": 1, "pools": {pool: records}}
    return made | keys


# --- generated -------------------------------------------------------------------------------------------------------

#: Values of every JSON type that no agent writes. Sampling is much faster than generating.
ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 7, 10**400, -(10**400), 0.0, -0.0, 1.5, 1e300, math.nan, math.inf, -math.inf),
    *("", " ", "x", "nan", "inf", "1e400", "1760000000", "2025-10-09", "\ud800", "\u202e", "a1"),
    *([], [1], ["a1"], [[]], {}, {"": 1}, {"gpt": "soon"}, {"gpt": None, "opus": True}, {"after": {}}),
]
anything = st.sampled_from(ODD)
#: Few values, so that marks of one row and record are often equal, or seconds apart.
clock = st.sampled_from(
    [NOW - 90_000, NOW - 200, NOW - 100, NOW - 100.0, NOW, NOW + 100, NOW + 9000.25, (NOW - 100) * 1000]
)
times = clock | st.sampled_from(["2025-10-09T08:51:40Z", "soon", "", 0, None]) | anything
ends = st.dictionaries(st.sampled_from(["", "gpt", "opus"]), clock | anything, max_size=2)
tokens = st.sampled_from([TOKEN, OTHER_TOKEN])
marks = st.sampled_from(["exhausted", "exhausted", "exhausted", None, "unheard of"])
statuses = st.sampled_from(["exhausted", "exhausted", "exhausted", "dead", "ok", None, "unheard of"])

facts: dict[str, st.SearchStrategy[Any]] = {
    "last_status": statuses | anything,
    "last_status_at": times,
    "last_error_code": st.sampled_from([429, 402, 401, None]) | anything,
    "last_error_reason": st.sampled_from(["rate_limit", None]),
    "last_error_message": st.sampled_from(["Key limit exceeded", None]) | anything,
    "last_error_reset_at": times,
    "failure_reason": st.sampled_from(["billing", "billing_unverified", None, {}]) | anything,
    "model_cooldowns": ends | anything,
}
identities = st.sampled_from(["a1", "b2", "c3", "d4"])
durable: dict[str, st.SearchStrategy[Any]] = {
    "": st.just("a key without a name"),
    "label": st.text(max_size=3),
    "source": st.sampled_from(["manual", "env:KEY", "device_code"]) | anything,
    "access_token": tokens | tokens | anything,
    "refresh_token": st.just("rt-test-cccccccccccccccc"),
    "secret_fingerprint": st.sampled_from(["sha256:0123456789abcdef", TOKEN, None]),
    "status_cleared_at": times,
    "request_count": st.integers(0, 5),
}


@st.composite
def rows_of(draw: st.DrawFn, identity: st.SearchStrategy[Any] = identities) -> dict[str, Any]:
    """A row with any of its fields, at any place."""
    made = draw(st.fixed_dictionaries({"id": identity}, optional=durable | facts))
    order = draw(st.sampled_from(["as made", "sorted", "reversed", "shuffled"]))
    keys = {"as made": list(made), "sorted": sorted(made), "reversed": [*reversed(made)]}.get(order)
    return {key: made[key] for key in keys or draw(st.permutations(list(made)))}


odd_rows = (
    rows_of(st.sampled_from([None, "", 5, ["a1"]]))
    | st.fixed_dictionaries({"access_token": st.just("photon-test-token"), "issued_at": st.just(1)})
    | anything
)
#: A pool whose records can be told apart.
plain_pools = st.lists(rows_of(), min_size=1, max_size=3, unique_by=lambda made: made["id"])
mixed_pools = st.lists(rows_of() | odd_rows, max_size=4)
pools = plain_pools | plain_pools | mixed_pools

untied = st.fixed_dictionaries(
    {}, optional={"source": durable["source"], "token": st.just("sha256:fedcba9876543210") | anything}
)
contents = st.fixed_dictionaries(
    {},
    optional={
        "moved_at": clock | times,
        "cleared_at": clock | times,
        "cleared_models": ends | anything,
        "unheard of": st.just(1),
        **facts,
        "last_status": marks | anything,
        "after": st.dictionaries(st.sampled_from(["failure_reason", "model_cooldowns"]), anything) | anything,
    },
)


@st.composite
def records_of(draw: st.DrawFn, rows: list[Any]) -> dict[str, Any]:
    """Records for most of ``rows``, and for rows that are not there. None says dead or ok: those are not moved."""
    found = {identity_of(row): row for row in rows}
    made: dict[str, Any] = {}
    for identity in draw(st.lists(st.sampled_from([*filter(None, found), "a1", "gone"]), max_size=4, unique=True)):
        tied = identity in found and draw(st.integers(0, 3)) > 0
        made[identity] = (ties(found[identity]) if tied else draw(untied)) | draw(contents)
        if draw(st.integers(0, 9)) == 0:
            made[identity] = draw(anything)
    return made


@st.composite
def states(draw: st.DrawFn, rows: st.SearchStrategy[list[Any]] = pools) -> tuple[list[Any], dict[str, Any]]:
    """The rows of a pool, and the records of its section."""
    made = draw(rows)
    return made, draw(records_of(made))


keys = st.sampled_from([POOL, "custom:a/b.c", "photon"])


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A file with some pools, and perhaps a section of ours."""
    found = draw(st.dictionaries(keys, states(), max_size=2))
    made: dict[str, Any] = {"version": 1, "providers": {}}
    made["credential_pool"] = {key: rows for key, (rows, _) in found.items()}
    if draw(st.booleans()):
        made["credential_pool_runtime"] = {"schema": 1, "pools": {key: records for key, (_, records) in found.items()}}
    return made
