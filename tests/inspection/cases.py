"""For every finding a home in which it fires, at one place, and a neighbour of that home in which it stays silent.

A maker prepares the home at the path that it gets and may return another home to look at.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.inspection.cases_home import CASES_HOME
from tests.inspection.homes import HOUR, NOW, SECRET, agent, at, auth, cooling, link, mark, put, record, row
from tests.inspection.makers import (
    ENTRY,
    GOOD,
    Case,
    Maker,
    both,
    breaker,
    directory,
    file,
    linked,
    owned,
    session,
    sessions,
)


def pool(
    *rows: Any, records: dict[str, Any] | None = None, version: str | None = None, key: str = "openrouter"
) -> Maker:
    def make(home: Path) -> None:
        if version is not None:
            agent(home, version)
        put(home / "auth.json", auth({key: list(rows)}, None if records is None else {key: records}))

    return make


def profile(root: Any, own: Any) -> Maker:
    """A profile beside a root store; either is the content of an auth.json or None."""

    def make(home: Path) -> Path:
        path = home / "profiles" / "coder"
        path.mkdir(parents=True)
        for place, content in ((home, root), (path, own)):
            if content is not None:
                put(place / "auth.json", content)
        return path

    return make


#: More than is read of a file where a test has the limit lowered.
TOO_LARGE = b"#" * 5000


def hard_linked(home: Path) -> None:
    os.link(put(home / "auth.json", GOOD), home / "another-name")


def benched_key(value: str) -> Maker:
    """A row from the environment that is cooling down, beside a ``.env`` that has ``value`` for its key."""
    borrowed = cooling(source="env:OPENROUTER_API_KEY", access_token=None, secret_fingerprint=TIE["token"])
    return both(pool(borrowed), file(".env", f"# keys\nexport OPENROUTER_API_KEY='{value}'\n"))


def login(**tokens: str) -> Maker:
    """A login under ``providers`` that an agent gave up, and what of its tokens is left."""
    error = {"code": "invalid_grant", "reason": "refresh_token_reused", "relogin_required": True}
    return file("auth.json", auth(providers={"nous": {"client_id": "x", "last_auth_error": error, **tokens}}))


def in_store(folder: str, name: str = "auth.json") -> Maker:
    """A file that is a link into ``folder`` beside the home; the tests take ``store`` for a store."""

    def make(home: Path) -> None:
        link(home / name, put(home.parent / folder / name, GOOD, 0o400))

    return make


def shared_by_link(name: str) -> Maker:
    """A file of a profile that is a link to the root's."""

    def make(home: Path) -> Path:
        link(home / "profiles" / "coder" / name, put(home / name, GOOD))
        return home / "profiles" / "coder"

    return make


def lost(copy: Any = GOOD) -> Maker:
    """A home in which only a snapshot of an agent still has an auth.json."""
    return file("state-snapshots/20260101-000000/auth.json", copy)


TIE = record(row())
HELD = {"7e472f": {**TIE, **mark()}}
DOUBLED = '{"providers": {}, "credential_pool": {"nous": [{"id": "a", "id": "b", "source": "manual"}]}}'
HALF = '{"providers": {}, "credential_pool": {}, "note": "\\ud800"}'
ROW = "/credential_pool/openrouter/0"
RECORD = "/credential_pool_runtime/pools/openrouter/7e472f"


CASES = CASES_HOME | {
    "HS-AUTH-001": Case(directory("auth.json"), file("auth.json", GOOD)),
    "HS-AUTH-002": Case(file("auth.json", b""), file("auth.json", b" ")),
    "HS-AUTH-003": Case(file("auth.json", b'{"providers": {'), file("auth.json", b'{"providers": {}}')),
    "HS-AUTH-004": Case(file("auth.json", TOO_LARGE), file("auth.json", GOOD)),
    "HS-AUTH-005": Case(
        file("auth.json", auth(credential_pool_runtime={"schema": 2, "pools": {}})),
        file("auth.json", auth(credential_pool_runtime={"schema": 1, "pools": {}})),
        "/credential_pool_runtime/schema",
    ),
    "HS-AUTH-006": Case(
        file("auth.json", auth({"nous": {}})), file("auth.json", auth({"nous": []})), "/credential_pool/nous"
    ),
    "HS-AUTH-010": Case(pool(cooling()), pool(row(), row("b", last_status="ok"))),
    "HS-AUTH-011": Case(
        file("auth.json", DOUBLED),
        file("auth.json", DOUBLED.replace('"a", "id"', '"a", "tag"')),
        "/credential_pool/nous/0/id",
    ),
    "HS-AUTH-012": Case(pool(row(odd=float("nan"))), pool(row(odd=1.5)), f"{ROW}/odd"),
    "HS-AUTH-013": Case(file("auth.json", HALF), file("auth.json", HALF.replace("ud800", "ud83d\\ude00")), "/note"),
    "HS-AUTH-014": Case(file("auth.json", b'\xef\xbb\xbf{"providers": {}}'), file("auth.json", b'{"providers": {}}')),
    "HS-AUTH-015": Case(pool(row(label=5)), pool(row(label=None)), f"{ROW}/label"),
    "HS-AUTH-020": Case(
        pool(cooling(), records={"7e472f": {**TIE, **mark(ago=900.0)}}), pool(cooling(), records={}), RECORD
    ),
    "HS-AUTH-021": Case(pool(row(**mark(ago=900.0)), records=HELD), pool(row(), records=HELD), RECORD),
    "HS-AUTH-022": Case(
        pool(cooling(), records={"7e472f": {**TIE, **mark(), "failure_reason": "billing"}}),
        pool(row(), records={"7e472f": {**TIE, **mark(), "failure_reason": "billing"}}),
        RECORD,
    ),
    "HS-AUTH-023": Case(
        pool(cooling(), records={"7e472f": {**TIE, "cleared_at": NOW - 10.0}}),
        pool(cooling(), records={"7e472f": {**TIE, "cleared_at": NOW - 100.0}}),
        RECORD,
    ),
    "HS-AUTH-024": Case(pool(row(last_status="ok"), records=HELD), pool(row(), records=HELD), RECORD),
    "HS-AUTH-025": Case(pool(row(access_token="sk-or-v1-test-new"), records=HELD), pool(row(), records=HELD), RECORD),
    "HS-AUTH-026": Case(
        pool(records={"7e472f": {**TIE, **mark()}}), pool(row(), records={"7e472f": {**TIE, **mark()}}), RECORD
    ),
    "HS-AUTH-027": Case(pool(row(), records={"7e472f": "oops"}), pool(row(), records={"7e472f": TIE}), RECORD),
    "HS-AUTH-028": Case(
        file("auth.json", auth(credential_pool_runtime={"entries": []})),
        file("auth.json", auth(credential_pool_runtime={"schema": 1, "pools": {}})),
        "/credential_pool_runtime",
    ),
    "HS-AUTH-029": Case(
        pool(row(), records=HELD), pool(row(), records={"7e472f": {**TIE, **mark(-1.0, ago=HOUR)}}), ROW
    ),
    "HS-AUTH-030": Case(pool(row(), row("b"), row()), pool(row(), row("b")), ROW),
    "HS-AUTH-031": Case(pool(row(None)), pool(row("x")), ROW),
    "HS-AUTH-032": Case(pool(row(5)), pool(row("5")), ROW),
    "HS-AUTH-033": Case(pool(row(source=5)), pool(row(source="five")), f"{ROW}/source"),
    "HS-AUTH-034": Case(pool(row(), key="OpenRouter"), pool(row(), key="openrouter"), "/credential_pool/OpenRouter"),
    "HS-AUTH-035": Case(
        profile(auth({"nous": [row("a")]}), auth({"nous": [cooling()]})),
        profile(auth({"nous": [cooling("a")]}), auth({"nous": [cooling()]})),
        "/credential_pool/nous",
    ),
    "HS-AUTH-036": Case(profile(b"[", None), profile(None, None)),
    "HS-AUTH-037": Case(benched_key("sk-or-v1-test-new"), benched_key(f"{SECRET}-7e472f"), ROW),
    "HS-AUTH-038": Case(
        pool(row(source="env:OPENROUTER_API_KEY")),
        pool(row(source="env:OPENROUTER_API_KEY", access_token=None, secret_fingerprint=TIE["token"])),
        f"{ROW}/access_token",
    ),
    "HS-AUTH-039": Case(
        pool(row(last_status="dead")), both(lambda home: agent(home, "0.15.2"), pool(row(last_status="dead"))), ROW
    ),
    "HS-AUTH-040": Case(
        pool(row(last_status="dead", last_status_at=NOW - HOUR)), pool(row(last_status="dead", last_status_at=0)), ROW
    ),
    "HS-AUTH-041": Case(
        file("auth.json", auth(suppressed_sources={"openrouter": ["env:OPENROUTER_API_KEY"]})),
        file("auth.json", auth(suppressed_sources={"openrouter": []})),
        "/suppressed_sources/openrouter",
    ),
    "HS-AUTH-042": Case(
        pool(cooling(last_status_at=(NOW - 60.0) * 1000)), pool(cooling(last_status_at=NOW)), f"{ROW}/last_status_at"
    ),
    "HS-AUTH-043": Case(pool(cooling()), pool(cooling(seconds=-1.0)), ROW),
    "HS-AUTH-044": Case(login(), login(refresh_token="rt-test-1"), "/providers/nous/last_auth_error"),
    "HS-AUTH-045": Case(lost(), both(lost(), file("auth.json", GOOD))),
    "HS-SESS-001": Case(directory("sessions/sessions.json"), sessions({})),
    "HS-SESS-002": Case(sessions(b""), sessions({})),
    "HS-SESS-003": Case(sessions(b"\0\0"), sessions({})),
    "HS-SESS-004": Case(sessions(TOO_LARGE), sessions({})),
    "HS-SESS-006": Case(sessions([]), sessions({})),
    "HS-SESS-011": Case(sessions('{"_a": 1, "_a": 2}'), sessions('{"_a": 1, "_b": 2}'), "/_a"),
    "HS-SESS-012": Case(
        sessions(session(metadata={"x": float("inf")})), sessions(session(metadata={"x": 1})), f"{ENTRY}/metadata/x"
    ),
    "HS-SESS-013": Case(sessions('{"_\\udfff": 1}'), sessions('{"_\\u00e9": 1}'), "/_\udfff"),
    "HS-SESS-014": Case(sessions(b"\xef\xbb\xbf{}"), sessions({})),
    "HS-SESS-020": Case(sessions(session(created_at="yesterday")), sessions(session()), f"{ENTRY}/created_at"),
    "HS-SESS-021": Case(
        sessions(session(updated_at="2026-01-01T12:00:00Z")),
        sessions(session(updated_at="2026-01-01 12:00")),
        f"{ENTRY}/updated_at",
    ),
    "HS-SESS-022": Case(sessions(session(session_id="../x")), sessions(session(session_id="x")), f"{ENTRY}/session_id"),
    "HS-SESS-023": Case(sessions(session(session_key="agent:main:x")), sessions(session()), f"{ENTRY}/session_key"),
    "HS-CONF-001": Case(directory("config.yaml"), file("config.yaml", "model: a\n")),
    "HS-CONF-002": Case(file("config.yaml", b""), file("config.yaml", "# nothing yet\n")),
    "HS-CONF-003": Case(file("config.yaml", "model: [a\n"), file("config.yaml", "model: a\n")),
    "HS-CONF-004": Case(file("config.yaml", TOO_LARGE), file("config.yaml", "model: a\n")),
    "HS-CONF-006": Case(file("config.yaml", "- a\n"), file("config.yaml", "model: a\n")),
    "HS-CONF-011": Case(file("config.yaml", "agent: {}\nagent: {}\n"), file("config.yaml", "agent: {}\n"), "/agent"),
    "HS-CONF-013": Case(file("config.yaml", 'model: "\\ud800"\n'), file("config.yaml", 'model: "\\u00e9"\n'), "/model"),
    "HS-CONF-016": Case(file("config.yaml", "model: 1e3\n"), file("config.yaml", "model: '1e3'\n"), "/model"),
    "HS-CONF-020": Case(file("config.yaml", "agent: 5\n"), file("config.yaml", "agent: {}\n"), "/agent"),
    "HS-CONF-021": Case(file("config.yaml", "modle: a\n"), file("config.yaml", "model: a\n"), "/modle"),
    "HS-BREAK-001": Case(directory("rate_limits/nous.json"), breaker({"reset_at": NOW + HOUR})),
    "HS-BREAK-002": Case(breaker(b""), breaker({"reset_at": NOW + HOUR})),
    "HS-BREAK-003": Case(breaker(b'{"reset_at"'), breaker({"reset_at": NOW + HOUR})),
    "HS-BREAK-004": Case(breaker(b" " * ((1 << 20) + 1)), breaker({"reset_at": NOW + HOUR})),
    "HS-BREAK-006": Case(breaker([]), breaker({"reset_at": NOW + HOUR})),
    "HS-BREAK-010": Case(breaker({"reset_at": NOW - 1.0}), breaker({"reset_at": NOW + 1.0})),
    "HS-BREAK-011": Case(breaker({"reset_at": (NOW + HOUR) * 1000}), breaker({"reset_at": NOW + HOUR}), "/reset_at"),
    "HS-BREAK-012": Case(breaker({}, "openrouter.json"), breaker({"reset_at": NOW + 1.0}, "nous-anonymous.json")),
    "HS-BREAK-014": Case(breaker(b'\xef\xbb\xbf{"reset_at": 1800000001}'), breaker(b'{"reset_at": 1800000001}')),
    "HS-HOME-001": Case(linked("auth.json", "gone.json"), both(linked("auth.json", "real"), file("real", GOOD))),
    "HS-HOME-002": Case(file("auth.json", GOOD, 0o640), file("auth.json", GOOD, 0o400)),
    "HS-HOME-003": Case(owned("auth.json", GOOD, 0, 0o640), owned("auth.json", GOOD, 1234, 0o640)),
    "HS-HOME-004": Case(owned("auth.json", GOOD, 0, 0o600), owned("auth.json", GOOD, 0, 0o640)),
    "HS-HOME-005": Case(hard_linked, file("auth.json", GOOD)),
    "HS-HOME-006": Case(directory("gateway_state.json"), file("gateway_state.json", {"gateway_state": "stopped"})),
    "HS-HOME-007": Case(in_store("store"), in_store("elsewhere")),
    "HS-HOME-008": Case(shared_by_link("auth.json"), shared_by_link("config.yaml")),
    "HS-HOME-009": Case(file("auth.json.corrupt", b"{"), file("backups/notes.txt", b"")),
    "HS-HOME-010": Case(lambda home: at(home, managed="NixOS"), at),
    "HS-HOME-011": Case(file("scope/config.yaml", "model: a\n"), directory("scope")),
    "HS-HOME-013": Case(in_store("store", "config.yaml"), in_store("store", "auth.json")),
    "HS-HOME-012": Case(file("ESTOP", b""), both(lambda home: agent(home, "0.19.0"), file("ESTOP", b""))),
}
