"""Makers of homes in which findings fire or stay silent: each prepares the home at the path that it gets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hermes_state.home import Home
from tests.inspection.homes import auth, link, put, row

GOOD = auth({"openrouter": [row()]})
ENTRY = "/agent:main:telegram:dm:11"

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


def breaker(content: Any, name: str = "nous.json") -> Maker:
    return file(f"rate_limits/{name}", content)


def session(**fields: Any) -> dict[str, Any]:
    key = "agent:main:telegram:dm:11"
    times = {"created_at": "2026-01-01T12:00:00", "updated_at": "2026-01-01T12:00:00"}
    return {key: {"session_key": key, "session_id": "20260101_120000_0123abcd", **times, **fields}}


def sessions(content: Any) -> Maker:
    return file("sessions/sessions.json", content)


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
