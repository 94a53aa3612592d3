"""Where a credential comes from, by the ``source`` of its row, and so how it gets another secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from hermes_state.home import Home
from hermes_state.inspection.commands import agent_command, is_typable, quoted

#: Sources outside of ``manual`` whose secrets agents keep in auth.json (``is_borrowed_credential_source``, 0.15 on).
_OWNED = frozenset(
    {
        ("anthropic", "hermes_pkce"),
        ("minimax-oauth", "oauth"),
        ("nous", "device_code"),
        ("openai-codex", "device_code"),
        ("xai-oauth", "device_code"),
        ("xai-oauth", "loopback_pkce"),  # 0.15 to 0.18
    }
)
#: Sources that belong to another program.
_PROGRAMS = {"claude_code": "Claude Code", "qwen-cli": "the Qwen CLI", "gh_cli": "the GitHub CLI"}
ENVIRONMENT = ".env"


def is_manual(row: Mapping[str, Any]) -> bool:
    """Whether a row was added by hand; agents take a row without a source for one."""
    source = row.get("source") or "manual"
    return isinstance(source, str) and (source == "manual" or source.startswith("manual:"))


def is_borrowed(pool: str, row: Mapping[str, Any]) -> bool:
    """Whether the secret of a row belongs somewhere else, so that agents since 0.15 keep only its fingerprint."""
    source = row.get("source")
    name = source.strip().lower() if isinstance(source, str) else ""
    return name != "" and not is_manual({"source": name}) and (pool.strip().lower(), name) not in _OWNED


def variable(row: Mapping[str, Any]) -> str | None:
    """The environment variable that a row has its secret from."""
    source = row.get("source")
    name = source.removeprefix("env:") if isinstance(source, str) and source.startswith("env:") else ""
    return name or None


def adding(owner: Home, pool: str) -> str | None:
    """The agent's command that logs in, or asks for a key, and takes suppressed sources of ``pool`` up again."""
    from shlex import quote

    words = agent_command(owner, f"auth add {quote(pool)}")
    return words if is_typable(pool) and "`" not in words else None  # in a text it stands in backquotes


def renewal(owner: Home, pool: str, row: Mapping[str, Any]) -> str:
    """How a credential in the file of ``owner`` gets another secret, in words; the command in it is quoted."""
    name, source = variable(row), row.get("source")
    if name is not None:
        path = os.path.join(owner.path, ENVIRONMENT)
        return f"put a valid key for {name} into {path}" if is_typable(name) else f"put a valid key into {path}"
    if isinstance(source, str) and source in _PROGRAMS:
        return f"log in again with {_PROGRAMS[source]}"
    if isinstance(source, str) and (source.startswith("config:") or source == "model_config"):
        return "put a valid key into config.yaml"
    what = "add a valid key" if (row.get("auth_type") or "api_key") == "api_key" else "log in again"
    words = adding(owner, pool)
    return f"{what}: {quoted(words)}" if words else what
