"""What keeps agents from the credentials of a provider beyond the rows: sources switched off, logins that ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.auth.origin import adding, is_borrowed
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.auth.rows import place
from hermes_state.inspection.commands import quoted
from hermes_state.inspection.report import Block
from hermes_state.models.issue import pointer
from hermes_state.redaction import is_secret_key, redact, shown

SUPPRESSED = "suppressed_sources"
#: The tokens of a login under ``providers``: without any of them nobody is logged in.
_TOKENS = ("access_token", "refresh_token", "agent_key", "anon_token")


def findings(home: Home, path: str, document: Any, pools: list[Pool]) -> Iterator[Finding]:
    """What a user should know about where the credentials in the file of ``home`` at ``path`` come from."""
    for pool in pools:
        yield from _raw(path, pool)
    for provider, sources in suppressed(document).items():
        message = f"{provider}: agents take up no credential from {', '.join(sources)}, which was removed on purpose"
        at = pointer(SUPPRESSED, provider)
        add = _adding(home, provider)
        asks = f"{quoted(add)} asks for a credential, and takes it up again" if add else ""
        hint = asks or "remove it from the file by hand to take it up again"
        yield finding("HS-AUTH-041", path, at, message, hint)
    for provider, why in ended(document).items():
        add = adding(home, provider)
        hint = f"{quoted(add)} logs in again" if add else "log in again"
        message = f"{provider}: the login has ended{f' ({why})' if why else ''}, and its tokens are gone"
        yield finding("HS-AUTH-044", path, pointer("providers", provider, "last_auth_error"), message, hint)


def blocks(home: Home, path: str, document: Any) -> dict[str, list[Block]]:
    """The same for the verdict: what keeps agents of ``home`` from credentials of a provider, by provider."""
    found: dict[str, list[Block]] = {}
    for provider, sources in suppressed(document).items():
        what = f"{', '.join(map(shown, sources))} suppressed: agents take up no credential from there"
        found.setdefault(provider, []).append(Block(what, path, None, _adding(home, provider)))
    for provider, why in ended(document).items():
        what = f"a login that has ended{f' ({why})' if why else ''}: log in again"
        found.setdefault(provider, []).append(Block(what, path, None, adding(home, provider)))
    return found


def suppressed(document: Any) -> dict[str, list[str]]:
    """The sources that agents of the home take no credential from, by provider; an object stands for its keys."""
    table = _object(document, SUPPRESSED)
    lists = {provider: list(names) for provider, names in table.items() if isinstance(names, list | dict)}
    texts = {provider: [name for name in names if isinstance(name, str)] for provider, names in lists.items()}
    return {provider: names for provider, names in texts.items() if names}


def ended(document: Any) -> dict[str, str]:
    """The providers whose login an agent gave up for good, and the reason (``relogin_required``), made fit to show."""
    found = {}
    for provider, state in _object(document, "providers").items():
        error = _object(state, "last_auth_error")
        if error.get("relogin_required") is True and not _has_token(state) and not _has_token(_object(state, "tokens")):
            reason = error.get("reason") or error.get("code")
            found[provider] = shown(reason) if isinstance(reason, str) else ""
    return found


def _adding(home: Home, provider: str) -> str | None:
    """What takes suppressed sources up again; of ``custom:`` pools agents leave them suppressed."""
    return adding(home, provider) if not provider.startswith("custom:") else None


def _raw(path: str, pool: Pool) -> Iterator[Finding]:
    """Rows whose secret belongs elsewhere, and stands in the file all the same (agents up to 0.14 write it)."""
    for index, row in enumerate(pool.rows):
        if not isinstance(row, dict) or not is_borrowed(pool.key, row):
            continue
        for key, value in row.items():
            if is_secret_key(key) and isinstance(value, str) and value:
                source = redact(str(row["source"]))
                message = f"{pool.key} row {index + 1}: {key} holds the secret itself, which belongs to {source}"
                hint = "agents since 0.15 replace it by a fingerprint the next time that they load the pool"
                yield finding("HS-AUTH-038", path, place(pool, index, key), message, hint)


def _has_token(state: Any) -> bool:
    return isinstance(state, dict) and any(state.get(key) for key in _TOKENS)


def _object(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}
