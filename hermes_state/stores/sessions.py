"""``sessions/sessions.json``: the gateway's routing index.

Up to 0.18.0 it is the only copy; later agents keep the index in ``state.db`` and mirror it here. The gateway rewrites
the file as a whole and takes no lock, so a change made beside a live gateway is lost. Our commands only read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

from hermes_state.codec.json import JsonText, parse
from hermes_state.disk import Disk
from hermes_state.edit import Edit
from hermes_state.home import Home
from hermes_state.look import peek
from hermes_state.outcomes import Fault, Outcome
from hermes_state.stores import OWN_LOCK
from hermes_state.stores.reading import JSON_LIMIT
from hermes_state.stores.store import Store

FILE = os.path.join("sessions", "sessions.json")


class SessionsStore(Store):
    """``sessions.json`` of one home; ``directory`` is where it lies if not in ``<home>/sessions``."""

    kind = "sessions"
    limit = JSON_LIMIT

    def __init__(self, home: Home, disk: Disk | None = None, *, directory: str | None = None) -> None:
        path = os.path.join(home.path, FILE)
        super().__init__(path if directory is None else os.path.join(directory, os.path.basename(FILE)), disk)
        self.home = home

    def parse(self, data: bytes) -> JsonText:
        return parse(data)

    def edits(self, text: JsonText, document: Any) -> Sequence[Edit]:
        from hermes_state.codec.rewrite import rewrite

        return rewrite(text, document)

    def check(self, document: Any) -> Sequence[Any]:
        from hermes_state.models.sessions import check

        return check(document)

    def envelope(self, document: Any) -> Fault | None:
        """Agents load nothing from a file that is no object, and overwrite it at their next save."""
        if isinstance(document, dict):
            return None
        return Fault(Outcome.INVALID, "it is not an object at the top; agents load no session from it")

    def lock_paths(self) -> list[str]:
        return [os.path.join(self.home.path, OWN_LOCK)]


def moved_to(home: Home) -> str | None:
    """The directory that ``sessions_dir`` of the legacy ``gateway.json`` names; None where it says nothing usable.

    No version of the agent reads this key from ``config.yaml`` (``gateway/config.py``, 0.13 to 0.22). A relative path
    depends on the directory that the gateway was started in, which nobody else knows: None too.
    """
    try:
        found = json.loads(peek(os.path.join(home.path, "gateway.json")).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    named = found.get("sessions_dir") if isinstance(found, dict) else None
    return named if isinstance(named, str) and os.path.isabs(named) and "\0" not in named else None
