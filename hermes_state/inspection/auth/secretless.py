"""Rows without a secret: an agent that selects one asks its provider with an empty key.

Agents since 0.19 pass over such rows of keys, since 0.22 over such logins too (``agent/credential_pool.py``:
``_available_entries``); 0.13 and 0.15 select them. What real agents did is in ``tests/inspection/secretless.json``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hermes_state.inspection.auth.origin import is_manual


def has_no_secret(pool: str, row: Mapping[str, Any]) -> bool:
    """Whether a row of ``pool`` holds no secret, and gets none from elsewhere when an agent loads it.

    Only rows that were added by hand (``manual``, ``manual:...``, or no source at all) are known to get none: others
    are borrowed from the environment, the config or another program, or follow a login under ``providers``. A login
    that has a refresh token can get its access token by that.
    """
    if not is_manual(row):
        return False
    keys = ["access_token", "agent_key"] if pool == "nous" else ["access_token"]
    if (row.get("auth_type") or "api_key") != "api_key":
        keys.append("refresh_token")
    return not any(row.get(key) for key in keys)
