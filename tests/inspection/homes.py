"""Homes to inspect: made of few words, with fake secrets only."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from hermes_state.findings import Finding
from hermes_state.home import Home
from hermes_state.inspection import Report, inspect
from hermes_state.inspection.report import HomeReport
from hermes_state.runtime.record import ties

NOW = 1_800_000_000.0
HOUR = 3600.0
DAY = 24 * HOUR
#: Planted in every row: must never come out of an inspection.
SECRET = "sk-or-v1-test-d41d8cd98f00b204e9800998ecf8427e"


def row(id: Any = "7e472f", **fields: Any) -> dict[str, Any]:
    """A healthy row of an API key, as agent 0.19 writes it; ``fields`` come on top."""
    nothing = ("status", "status_at", "error_code", "error_reason", "error_message", "error_reset_at")
    return {
        "id": id,
        "label": f"key {id}",
        "auth_type": "api_key",
        "priority": 0,
        "source": "manual",
        "access_token": f"{SECRET}-{id}",
        **{f"last_{name}": None for name in nothing},
        "request_count": 0,
        **fields,
    }


def cooling(id: Any = "7e472f", seconds: float = HOUR, **fields: Any) -> dict[str, Any]:
    """A row that was marked a minute ago and can be used again in ``seconds``."""
    return row(id, **(mark(seconds) | fields))


def mark(seconds: float = HOUR, ago: float = 60.0) -> dict[str, Any]:
    """What a 429 leaves in a row: marked ``ago`` seconds before NOW, over ``seconds`` after NOW."""
    return {
        "last_status": "exhausted",
        "last_status_at": NOW - ago,
        "last_error_code": 429,
        "last_error_reset_at": NOW + seconds,
    }


def record(of: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A record of the runtime section, tied to the row that it is ``of``."""
    return {**ties(of), "moved_at": NOW - 30.0, **fields}


def auth(pools: Any = None, section: Any = None, **more: Any) -> dict[str, Any]:
    """The content of an auth.json; ``section`` are the pools of the runtime section."""
    document: dict[str, Any] = {"version": 1, "providers": {}, "credential_pool": pools if pools is not None else {}}
    if section is not None:
        document["credential_pool_runtime"] = {"schema": 1, "pools": section}
    return document | more


def put(path: Path, content: Any, mode: int = 0o600) -> Path:
    """``content`` at ``path``: bytes and text as they are, other values as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    data = (
        content
        if isinstance(content, bytes)
        else (content if isinstance(content, str) else json.dumps(content)).encode()
    )
    path.write_bytes(data)
    path.chmod(mode)
    return path


def at(path: Path, *, managed: str | None = None, rule: str = "--home") -> Home:
    """The home at ``path``: a profile if it lies in ``profiles``, else a root."""
    in_profiles = path.parent.name == "profiles"
    root = path.parent.parent if in_profiles else path
    return Home(str(path), rule, path.name if in_profiles else "default", str(root), managed)


def report(*homes: Path | Home, kinds: list[str] | None = None) -> Report:
    named = [each if isinstance(each, Home) else at(each) for each in homes]
    return inspect(named, kinds=kinds, now=NOW)


def look(home: Path | Home, kinds: list[str] | None = None) -> HomeReport:
    """The report on one home."""
    return report(home, kinds=kinds).homes[0]


def found(home: Path | Home, id: str) -> list[Finding]:
    """The findings with ``id``."""
    return [each for each in look(home).findings if each.id == id]


def agent(home: Path, version: str) -> None:
    """Make ``version`` the one that is known for the agent of ``home``: it has the checkout of that version."""
    put(home / "hermes-agent" / "pyproject.toml", f'[project]\nname = "hermes-agent"\nversion = "{version}"\n')


def link(path: Path, target: str | Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.symlink(target, path)
    return path
