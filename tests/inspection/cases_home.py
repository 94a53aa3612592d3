"""The cases of what the gateway, the administrator and crashed programs leave in a home, and of state.db beside it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.inspection.homes import HOUR, NOW, SECRET, agent, put
from tests.inspection.makers import ENTRY, Case, Maker, both, breaker, directory, file, session, sessions

CHAT = "agent:main:telegram:dm:11"
DEAD = {"telegram:-1001": {"platform": "telegram", "chat_id": "-1001", "reason": "Forbidden", "marked_at": NOW - HOUR}}
LIMITS = "platforms/pairing/_rate_limits.json"
OLD, NEW = b"model: aaaa\n", b"model: bb\n"
#: A process that no system has.
NOBODY = (1 << 31) - 1


def state_db(entries: dict[str, Any], scope: str | None = None) -> Maker:
    """A database with the index of ``entries`` for the home's sessions directory, or for ``scope``."""

    def make(home: Path) -> None:
        mine = os.path.realpath(home / "sessions") if scope is None else scope
        with closing(sqlite3.connect(home / "state.db")) as database, database:
            database.execute(
                "CREATE TABLE gateway_routing (scope TEXT NOT NULL DEFAULT '', session_key TEXT NOT NULL, "
                "entry_json TEXT NOT NULL, updated_at REAL NOT NULL, PRIMARY KEY (scope, session_key))"
            )
            rows = [(mine, key, json.dumps(entry), NOW) for key, entry in entries.items()]
            database.executemany("INSERT INTO gateway_routing VALUES (?, ?, ?, ?)", rows)
        os.utime(home / "state.db", (NOW - HOUR, NOW - HOUR))

    return make


def of_agent(version: str, *makers: Maker) -> Maker:
    return both(lambda home: agent(home, version), *makers)


def aged(name: str, seconds: float = 2 * HOUR, content: Any = "") -> Maker:
    """A file that was written so long ago."""

    def make(home: Path) -> None:
        os.utime(put(home / name, content), (NOW - seconds, NOW - seconds))

    return make


def cut_short(pid: int) -> Maker:
    """A write in place of config.yaml by process ``pid`` that was cut short, with its record."""

    def make(home: Path) -> None:
        record = home / "backups" / "hermes-state" / "20270101T000000Z-0123.in-place"
        path = put(home / "config.yaml", b"model: bbaa\n")
        writer = {"pid": pid, "started": None, "boot": "", "space": ""}
        facts = {
            "format": "hermes-state/in-place",
            "format_version": 2,
            "writer": writer,
            "real_path": os.path.realpath(path),
        }
        sums = {"old_sha256": hashlib.sha256(OLD).hexdigest(), "new_sha256": hashlib.sha256(NEW).hexdigest()}
        for name, content in (("old", OLD), ("new", NEW), ("manifest.json", facts | sums)):
            put(record / name, content)

    return make


def breakers_of(uid: int, mode: int) -> Maker:
    """A folder for breakers of user ``uid`` in a home of user 1234."""

    def make(home: Path) -> None:
        (home / "rate_limits").mkdir(mode=mode)
        os.chown(home / "rate_limits", uid, uid)
        os.chown(home, 1234, 1234)

    return make


def config(text: str) -> Maker:
    return file("config.yaml", text)


def pinned(text: str) -> Maker:
    """What an administrator pins, where the tests have agents look for it."""
    return file("scope/config.yaml", text)


def pending(*ages: float) -> Maker:
    codes = {f"{at:016x}": {"created_at": NOW - age} for at, age in enumerate(ages)}
    return file("platforms/pairing/telegram-pending.json", codes)


def boots(*ages: float) -> Maker:
    return file("gateway/restart_loop.json", {"boots": [NOW - age for age in ages]})


def starts(*ages: float) -> Maker:
    return file("gateway-starts.log", "".join(f"{NOW - age!r}\n" for age in ages))


CASES_HOME: dict[str, Case] = {
    "HS-SESS-024": Case(
        sessions(session(updated_at="2031-01-01T00:00:00")),
        sessions(session(updated_at="2027-01-16T20:00:00")),
        f"{ENTRY}/updated_at",
    ),
    "HS-SESS-025": Case(
        of_agent("0.17.0", sessions({"_README": "a note", **session()})),
        of_agent("0.18.0", sessions({"_README": "a note", **session()})),
        "/_README",
    ),
    "HS-SESS-026": Case(
        both(sessions(session()), state_db({"agent:main:x": {"session_id": "b"}})),
        both(sessions(session()), state_db(session())),
        ENTRY,
    ),
    "HS-SESS-027": Case(
        both(sessions(session()), state_db({CHAT: {"session_id": "b"}}), file("state.db-wal", b"x" * 100)),
        both(sessions(session()), state_db({CHAT: {"session_id": "b"}}), file("state.db-wal", b"x" * 32)),
        ENTRY,
    ),
    "HS-SESS-028": Case(both(sessions({}), aged("state.db", content=b"no database")), both(sessions({}), state_db({}))),
    "HS-SESS-029": Case(
        both(sessions(session()), state_db(session(), "/opt/data/sessions")), both(sessions({}), state_db(session()))
    ),
    "HS-SESS-030": Case(file(".restart_failure_counts", {CHAT: 3}), file(".restart_failure_counts", {CHAT: 2}), ENTRY),
    "HS-SESS-031": Case(boots(30.0, 20.0, 10.0), boots(400.0, 10.0), "/boots"),
    "HS-SESS-032": Case(
        file("gateway/dead_targets.json", DEAD), file("gateway/dead_targets.json", {}), "/telegram:-1001"
    ),
    "HS-SESS-033": Case(file("gateway/dead_targets.json", "{"), file("gateway/dead_targets.json", "{}")),
    "HS-SESS-034": Case(starts(*[10.0] * 5), starts(*[10.0] * 4, 130.0)),
    "HS-SESS-035": Case(
        file(LIMITS, {"_lockout:telegram": NOW + 60.0}),
        file(LIMITS, {"_lockout:telegram": NOW - 60.0, "_failures:telegram": 4}),
        "/_lockout:telegram",
    ),
    "HS-SESS-036": Case(
        file(LIMITS, {"telegram:1": NOW - 60.0}), file(LIMITS, {"telegram:1": NOW - 601.0}), "/telegram:1"
    ),
    "HS-SESS-037": Case(
        file(LIMITS, {"telegram:1": NOW * 1000}), file(LIMITS, {"telegram:1": NOW + 60.0}), "/telegram:1"
    ),
    "HS-SESS-038": Case(pending(10.0, 20.0, 30.0), pending(10.0, 20.0, 3700.0)),
    "HS-CONF-022": Case(
        config(f"model:\n  default: a\n  api_key: {SECRET}\n"),
        config("model:\n  default: a\n  api_key: ${OPENROUTER_API_KEY}\n"),
        "/model/api_key",
    ),
    "HS-CONF-023": Case(config("_config_version:\n"), config("_config_version: 12\n"), "/_config_version"),
    "HS-CONF-024": Case(
        of_agent("0.19.0", config("_config_version: 34\n")),
        of_agent("0.19.0", config("_config_version: 33\n")),
        "/_config_version",
    ),
    "HS-CONF-025": Case(
        of_agent("0.19.0", config("_config_version: 32\n")), config("_config_version: 32\n"), "/_config_version"
    ),
    "HS-CONF-026": Case(
        both(config("agent: {max_turns: 5}\n"), pinned("agent: {max_turns: 9}\n")),
        both(config("agent: {max_turns: 5}\n"), pinned("agent: {max_turns: 5, verify_on_stop: true}\n")),
        "/agent/max_turns",
    ),
    "HS-CONF-027": Case(both(config("agent: {}\n"), pinned("agent: [\n")), both(config("agent: {}\n"), pinned(""))),
    "HS-BREAK-013": Case(
        file("rate_limits/nous.json", {"reset_at": NOW + HOUR}, 0o666),
        file("rate_limits/nous.json", {"reset_at": NOW + HOUR}, 0o664),
    ),
    "HS-BREAK-015": Case(breakers_of(0, 0o755), breakers_of(1234, 0o755)),
    "HS-BREAK-016": Case(
        breaker({"reset_at": NOW + 2 * HOUR, "recorded_at": NOW + HOUR}),
        breaker({"reset_at": NOW + HOUR, "recorded_at": NOW + 1.0}),
        "/recorded_at",
    ),
    "HS-BREAK-017": Case(
        of_agent("0.19.0", breaker({"reset_at": NOW + HOUR}, "nous-anonymous.json")),
        of_agent("0.22.2", breaker({"reset_at": NOW + HOUR}, "nous-anonymous.json")),
    ),
    "HS-HOME-020": Case(
        aged(f".auth.json.hermes-state.{NOBODY}.0123abcd.tmp"),
        aged(f".auth.json.hermes-state.{NOBODY}.0123abcd.tmp", 60.0),
    ),
    "HS-HOME-021": Case(cut_short(NOBODY), cut_short(os.getpid())),
    "HS-HOME-022": Case(aged(".auth_abcd1234.tmp"), both(aged(".auth_abcd1234.tmp", 60.0), directory("x_tmp"))),
}
