"""Which rows a restore brings, takes away or changes, and how live tokens stay live.

Refresh tokens of several providers can be used once: a token from a backup may be spent. So where a row of the backup
and a row of now are the same credential (pool, id and source), the restored row keeps the tokens of now. With other
tokens it also keeps what agents hold against them now: a mark of the backup is about a token that is gone, and a row
that is dead since more than a day is deleted by agents, fresh token and all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hermes_state.runtime.record import MOVED_FIELDS

#: What one login or refresh writes together: tokens, and the times that belong to them.
TOKEN_FIELDS = (
    "access_token",
    "refresh_token",
    "id_token",
    "expires_at",
    "expires_at_ms",
    "expires_in",
    "obtained_at",
    "last_refresh",
    "agent_key",
    "agent_key_id",
    "agent_key_expires_at",
    "agent_key_expires_in",
    "agent_key_reused",
    "agent_key_obtained_at",
    "anon_token",
    "tokens",
    "secret_fingerprint",
)
#: What agents hold against the tokens of a row, or have forgiven them.
MARK_FIELDS = (*MOVED_FIELDS, "status_cleared_at")

Document = dict[str, Any]


class RowDifference(NamedTuple):
    """``what`` is only_in_backup, only_now, token_differs or fields_differ; ``id`` is None for a row without one."""

    pool: str
    id: str | int | None
    what: str


def with_live_tokens(backup: Document, live: Document) -> Document:
    """``backup`` with the tokens of ``live`` in every row and provider state that both have; the rest is shared."""
    made = dict(backup)
    pools, now = _object(backup, "credential_pool"), _object(live, "credential_pool")
    if pools:
        made["credential_pool"] = {pool: _pool(rows, now.get(pool)) for pool, rows in pools.items()}
    states, current = _object(backup, "providers"), _object(live, "providers")
    if states:
        made["providers"] = {
            name: _freshened(state, current[name]) if name in current else state for name, state in states.items()
        }
    return made


def differences(backup: Document, live: Document) -> list[RowDifference]:
    """How the rows of a backup differ from those of now, pool by pool."""
    return list(_differences(_object(backup, "credential_pool"), _object(live, "credential_pool")))


def _differences(then: Document, now: Document) -> Iterator[RowDifference]:
    for pool in [*then, *(pool for pool in now if pool not in then)]:
        old, new = _identified(then.get(pool)), _identified(now.get(pool))
        for identity, row in old.items():
            if identity not in new:
                yield RowDifference(pool, identity[0], "only_in_backup")
            elif _has_other_tokens(row, new[identity]):
                yield RowDifference(pool, identity[0], "token_differs")
            elif row != new[identity]:
                yield RowDifference(pool, identity[0], "fields_differ")
        yield from (RowDifference(pool, identity[0], "only_now") for identity in new if identity not in old)


def _pool(rows: Any, live: Any) -> Any:
    if not isinstance(rows, list):
        return rows
    now = _identified(live)
    return [_freshened(row, now[key]) if (key := _identity(row)) in now else row for row in rows]


def _has_other_tokens(row: Document, live: Document) -> bool:
    return any(row.get(key) != live.get(key) for key in TOKEN_FIELDS)


def _freshened(row: Any, live: Any) -> Any:
    """``row`` with the token fields of ``live``, and with its marks where the tokens differ: those that only the
    backup has go, those that only live has come last."""
    if not isinstance(row, dict) or not isinstance(live, dict):
        return row
    fields = (*TOKEN_FIELDS, *MARK_FIELDS) if _has_other_tokens(row, live) else TOKEN_FIELDS
    made = {key: live.get(key, value) if key in fields else value for key, value in row.items()}
    made = {key: value for key, value in made.items() if key not in fields or key in live}
    made |= {key: live[key] for key in fields if key in live}
    return row if made == row and list(made) == list(row) else made


def _identity(row: Any) -> tuple[str | None, Any, int] | None:
    if not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        return None
    source = row.get("source")
    return None if isinstance(source, list | dict) else (row["id"], source, 0)


def _identified(rows: Any) -> dict[Any, Document]:
    """Rows by id and source; rows without an id, and ids that stand twice, by their place (they match nothing live)."""
    found: dict[Any, Document] = {}
    for index, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, dict):
            identity = _identity(row)
            named = row.get("id")
            other = (named if type(named) in (str, int) else None, index, 1)
            key = identity if identity is not None and identity not in found else other
            found[key] = row
    return found


def _object(document: Document, key: str) -> Document:
    found = document.get(key)
    return found if isinstance(found, dict) else {}
