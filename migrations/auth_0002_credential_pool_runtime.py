"""Inline runtime state of credentials (cooldowns) moves from ``credential_pool`` into ``credential_pool_runtime``."""

from typing import Any

from hermes_state.migration import Context, Result
from hermes_state.runtime import is_pending, join, part, stays

TITLE = "move inline cooldowns out of credential_pool into credential_pool_runtime"
TOUCHES = (
    "/credential_pool/*/*/last_status",
    "/credential_pool/*/*/last_status_at",
    "/credential_pool/*/*/last_error_code",
    "/credential_pool/*/*/last_error_reason",
    "/credential_pool/*/*/last_error_message",
    "/credential_pool/*/*/last_error_reset_at",
    "/credential_pool/*/*/failure_reason",
    "/credential_pool/*/*/model_cooldowns",
    "/credential_pool_runtime",
)


def pending(document: dict[str, Any]) -> bool:
    """Whether a row that can be moved holds a non-null runtime field. Agents put the nulls back at every save."""
    pools = document.get("credential_pool")
    return isinstance(pools, dict) and any(
        not reason and is_pending(row)
        for pool, rows in pools.items()
        if isinstance(rows, list)
        for row, reason in zip(rows, stays(pool, rows), strict=True)
    )


def up(document: dict[str, Any], context: Context) -> Result:
    keep = (lambda remaining: True) if context.leave_binding else (lambda remaining: False)
    parted = part(document, context.now, keep)
    return Result(parted.document, parted.left, parted.moved, parted.notes)


def down(document: dict[str, Any], context: Context) -> Result:
    joined = join(document, context.now)
    return Result(joined.document, joined.left, notes=joined.notes)
