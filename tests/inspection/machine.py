"""What some cases need of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_state.stores.auth import AuthStore
from hermes_state.stores.config import ConfigStore
from hermes_state.stores.sessions import SessionsStore
from tests.inspection.homes import HOUR

#: Findings about files of other users.
NEEDS_ROOT = {"HS-HOME-003", "HS-HOME-004", "HS-BREAK-015"}


def prepare(id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make the machine one on which the case of the finding ``id`` can be made; it spares it files of 512 MiB."""
    if id in NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root can give files away")
    if id in ("HS-HOME-007", "HS-HOME-013"):
        monkeypatch.setattr("hermes_state.inspection.home.STORES", (f"{tmp_path}/store/",))
    if id in ("HS-HOME-011", "HS-CONF-026", "HS-CONF-027"):
        monkeypatch.setenv("HERMES_MANAGED_DIR", str(tmp_path / ".hermes" / "scope"))
    if id == "HS-HOME-020":  # the time of a change cannot be set
        monkeypatch.setattr("hermes_state.strays._is_old", lambda looks, now: looks.st_mtime < now - HOUR)
    if id.endswith("-004"):
        for store in (AuthStore, SessionsStore, ConfigStore):
            monkeypatch.setattr(store, "limit", 4096)
