"""For every finding a home in which it fires, at one place, and a neighbour of that home in which it stays silent.

A maker prepares the home at the path that it gets and may return another home to look at.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hermes_state.home import Home
from tests.inspection.homes import HOUR, NOW, agent, auth, cooling, link, mark, put, record, row

Maker = Callable[[Path], Path | Home | None]


class Case(NamedTuple):
    fires: Maker
    silent: Maker
    #: The JSON pointer that the finding has.
    pointer: str = ""


def file(name: str, content: Any, mode: int = 0o600) -> Maker:
    def make(home: Path) -> None:
        put(home / name, content, mode)

    return make


def directory(name: str) -> Maker:
    return lambda home: (home / name).mkdir(parents=True)


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


def breaker(content: Any, name: str = "nous.json") -> Maker:
    return file(f"rate_limits/{name}", content)


def session(**fields: Any) -> dict[str, Any]:
    key = "agent:main:telegram:dm:11"
    times = {"created_at": "2026-01-01T12:00:00", "updated_at": "2026-01-01T12:00:00"}
    return {key: {"session_key": key, "session_id": "20260101_120000_0123abcd", **times, **fields}}


def sessions(content: Any) -> Maker:
    return file("sessions/sessions.json", content)


#: More than is read of a file where a test has the limit lowered.
TOO_LARGE = b"#" * 5000


def owned(name: str, content: Any, uid: int, mode: int, home_uid: int = 1234) -> Maker:
    """A file of user ``uid`` in a home of user ``home_uid``."""

    def make(home: Path) -> None:
        path = put(home / name, content, mode)
        os.chown(path, uid, home_uid)
        os.chown(home, home_uid, home_uid)

    return make


def linked(name: str, target: str) -> Maker:
    def make(home: Path) -> None:
        link(home / name, target)

    return make


def both(*makers: Maker) -> Maker:
    def make(home: Path) -> None:
        for maker in makers:
            maker(home)

    return make


def hard_linked(home: Path) -> None:
    os.link(put(home / "auth.json", GOOD), home / "another-name")


GOOD = auth({"openrouter": [row()]})
TIE = record(row())
HELD = {"7e472f": {**TIE, **mark()}}
DOUBLED = '{"providers": {}, "credential_pool": {"nous": [{"id": "a", "id": "b", "source": "manual"}]}}'
HALF = '{"providers": {}, "credential_pool": {}, "note": "\\ud800"}'
ROW = "/credential_pool/openrouter/0"
RECORD = "/credential_pool_runtime/pools/openrouter/7e472f"
ENTRY = "/agent:main:telegram:dm:11"

CASES = {
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
}
