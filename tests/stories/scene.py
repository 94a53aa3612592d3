"""The files that stories begin with, what an agent makes of them, and how they are looked at in the end."""

from __future__ import annotations

import json
import os
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: In every secret of every story; it is looked for in everything that a command says.
CANARY = "test-canary"
#: The fields that every agent writes into every row of a pool that it saves (null where there is nothing to say).
STATUS = (
    "last_status",
    "last_status_at",
    "last_error_code",
    "last_error_reason",
    "last_error_message",
    "last_error_reset_at",
)
#: The fields that agents up to 0.19 do not know, and drop.
LATER = ("status_cleared_at", "model_cooldowns", "failure_reason")
SECTION = "credential_pool_runtime"


def row(identity: Any = "aaaaa1", **fields: Any) -> dict[str, Any]:
    """A healthy row, with its keys in the agent's order."""
    return {
        "id": identity,
        "label": f"key {identity}",
        "auth_type": "api_key",
        "priority": 0,
        "source": "manual",
        "access_token": f"sk-or-v1-{CANARY}-{identity}",
        **dict.fromkeys(STATUS),
        "base_url": "https://openrouter.ai/api/v1",
        "request_count": 0,
        **fields,
    }


def cooling(identity: Any = "aaaaa1", seconds: float = 3000.0, **fields: Any) -> dict[str, Any]:
    """A row that was told to wait a minute ago, and has ``seconds`` to wait still."""
    now = time.time()
    mark = ("exhausted", now - 60, 429, "rate_limit", "Rate limit exceeded", now + seconds)
    return row(identity, **dict(zip(STATUS, mark, strict=True)) | fields)


def dead(identity: Any = "aaaaa9", **fields: Any) -> dict[str, Any]:
    mark = ("dead", time.time() - 60, 401, "token_revoked", "Token revoked", None)
    return row(identity, **dict(zip(STATUS, mark, strict=True)) | fields)


def document(*rows: Any, provider: str = "openrouter") -> dict[str, Any]:
    return {"version": 1, "providers": {}, "credential_pool": {provider: list(rows)}, "mine": {"kept": [1, 2.50, "ü"]}}


def put(home: Path, *rows: Any, provider: str = "openrouter") -> Path:
    """``auth.json`` in ``home`` as an agent up to 0.20 spells it; the path of the file."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = home / "auth.json"
    file.write_text(json.dumps(document(*rows, provider=provider), indent=2) + "\n")
    file.chmod(0o600)
    return file


def put_breaker(home: Path, content: dict[str, Any] | bytes, provider: str = "nous") -> Path:
    """A breaker in ``home``; the path of the file."""
    folder = home / "rate_limits"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{provider}.json"
    file.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    file.chmod(0o600)
    return file


def until(seconds: float) -> dict[str, float]:
    """What a breaker holds that ends in so many seconds."""
    now = time.time()
    return {"reset_at": now + seconds, "recorded_at": now - 10, "reset_seconds": seconds + 10}


def read(home: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((home / "auth.json").read_text("utf-8-sig"))
    return found


def pool(home: Path, provider: str = "openrouter") -> list[Any]:
    return list(read(home)["credential_pool"][provider])


def marked(home: Path, provider: str = "openrouter") -> list[Any]:
    """The ids of the rows that carry a mark in the file, where every agent sees it."""
    rows = (each for each in pool(home, provider) if isinstance(each, dict))
    return [each["id"] for each in rows if each["last_status"] is not None]


def records(home: Path, provider: str = "openrouter") -> dict[str, Any]:
    """What the section holds for a pool."""
    found: dict[str, Any] = read(home).get(SECTION, {"pools": {}})["pools"].get(provider, {})
    return found


def tokens(home: Path, provider: str = "openrouter") -> list[str]:
    return [each["access_token"] for each in pool(home, provider)]


def agent_saves(home: Path, change: Callable[[list[Any]], object], provider: str = "openrouter") -> None:
    """What an agent up to 0.19 does to the file when it saves a pool that ``change`` was made to.

    All of its memory is written: each row with all status fields and a counter, but without the fields that only later
    agents know; the other keys of the file as found; ASCII, two spaces, a newline at the end, a new file under the old
    name, mode 0600, the links kept.
    """
    store = read(home)
    rows = store["credential_pool"][provider]
    change(rows)
    for each in rows:
        for field in STATUS:
            each.setdefault(field, None)
        each.setdefault("request_count", 0)
        for field in LATER:
            each.pop(field, None)
    store["version"] = 1
    store["updated_at"] = "2026-01-02T03:04:05.678901+00:00"
    real = Path(os.path.realpath(home / "auth.json"))
    temporary = real.with_name(f"auth.json.tmp.{os.getpid()}.0123456789abcdef0123456789abcdef")
    temporary.write_text(json.dumps(store, indent=2) + "\n")
    temporary.chmod(0o600)
    os.replace(temporary, real)


def strays(home: Path) -> list[str]:
    """Temporary files, in a home and beside what its links lead to."""
    places = {home, *(Path(os.path.realpath(link)).parent for link in home.rglob("*") if link.is_symlink())}
    found = (path for place in places if place.is_dir() for path in place.rglob("*"))
    return sorted(str(path) for path in found if path.name.endswith((".tmp", ".part", ".in-place")))


def names(home: Path) -> set[str]:
    """What there is in a home, backups aside."""
    below = {str(path.relative_to(home)) for path in home.rglob("*")}
    return {name for name in below if not name.startswith("backups")}


def typed(command: str) -> list[str]:
    """The words of a command that was offered, as a shell takes them, without the program's name."""
    program, *words = shlex.split(command)
    assert program == "hermes-state", command
    return words


def verdicts(answer: Any, provider: str = "openrouter") -> list[tuple[int, int]]:
    """How many credentials of how many are usable in each home, as ``inspect --json`` says."""
    seen = (each for home in answer.json["homes"] for each in home["providers"])
    return [(each["usable"], each["of"]) for each in seen if each["provider"] == provider]


def verdict(answer: Any, provider: str = "openrouter") -> tuple[int, int]:
    """The same of the one home, or the first."""
    return verdicts(answer, provider)[0]


def ids(answer: Any) -> list[str]:
    """The ids of all findings, of all homes, in ``inspect --json``."""
    return [each["id"] for home in answer.json["homes"] for each in home["findings"]]
