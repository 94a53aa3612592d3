"""``auth.json``: credentials, pools, and the runtime section."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from hermes_state.codec.json import JsonText, parse
from hermes_state.disk import Disk
from hermes_state.edit import Edit
from hermes_state.home import Home, all_homes
from hermes_state.outcomes import Fault, Outcome
from hermes_state.redaction import meet
from hermes_state.runtime import SECTION, section_of
from hermes_state.runtime.document import SCHEMA
from hermes_state.stores.permits import Permits
from hermes_state.stores.reading import JSON_LIMIT, Reading
from hermes_state.stores.store import Store

FILE = "auth.json"
LOCK = "auth.lock"


class Sharing:
    """Which homes have the same real ``auth.json``. The homes of a root are followed once, so that a run over a
    thousand profiles does not follow a million links; a link that leads elsewhere by now is noticed, a new one of
    another home is not."""

    def __init__(self) -> None:
        self._roots: dict[str, dict[str, list[Home]]] = {}

    def of(self, home: Home) -> list[Home]:
        """``home`` and those that share its file. Raises NoSuchHome when the profiles cannot be listed."""
        if home.root not in self._roots:
            named = self._roots[home.root] = defaultdict(list)
            for each in all_homes(home):
                named[_real(each)].append(each)
        real = _real(home)
        others = self._roots[home.root].get(real, ())
        return [home, *(each for each in others if each.path != home.path and _real(each) == real)]


def _real(home: Home) -> str:
    return os.path.realpath(os.path.join(home.path, FILE))


class AuthStore(Store):
    """``auth.json`` of one home. Every write holds the agent's own lock, and those of all homes that link to the
    file."""

    kind = "auth"
    limit = JSON_LIMIT

    def __init__(self, home: Home, disk: Disk | None = None, *, sharing: Sharing | None = None) -> None:
        """``sharing`` is for a run over many homes, which asks once what they share; None asks whenever it matters."""
        super().__init__(os.path.join(home.path, FILE), disk)
        self.home = home
        self._sharing = sharing

    def parse(self, data: bytes) -> JsonText:
        text = parse(data)
        meet(text.value)
        return text

    def edits(self, text: JsonText, document: Any) -> Sequence[Edit]:
        from hermes_state.codec.rewrite import rewrite

        return rewrite(text, document)

    def check(self, document: Any) -> Sequence[Any]:
        from hermes_state.models.auth import check

        return check(document)

    def envelope(self, document: Any) -> Fault | None:
        """The agent takes a file without an object ``providers`` or ``credential_pool`` for empty and overwrites it;
        the old ``systems`` form is the one exception."""
        if not isinstance(document, dict):
            return Fault(Outcome.INVALID, "it is not an object at the top; agents would overwrite it as empty")
        pools = document.get("credential_pool")
        if not any(isinstance(document.get(key), dict) for key in ("providers", "credential_pool", "systems")):
            return Fault(
                Outcome.INVALID, "neither 'providers' nor 'credential_pool' is an object; agents take it for empty"
            )
        if pools is not None and not isinstance(pools, dict):
            return Fault(Outcome.INVALID, "it is not an object", "/credential_pool")
        for key, rows in (pools or {}).items():
            if not isinstance(rows, list):
                return Fault(Outcome.INVALID, "this pool is not a list", f"/credential_pool/{_escaped(key)}")
        return _section_fault(document)

    def foresee_edits(self, reading: Reading, document: Any, permits: Permits, *, backs_up: bool = False) -> None:
        """As ``foresee`` does for a change to ``document``. Raises FileNotOk too, where a key stands twice in its
        place."""
        self.foresee(reading, permits, backs_up=backs_up)
        if reading.text.repeated:
            self.edited(reading, document)

    def homes(self) -> list[Home]:
        """The homes whose ``auth.json`` leads to the same real file: profiles first, the root last (the agent's order
        of locks)."""
        group = (self._sharing or Sharing()).of(self.home)
        group.sort(key=lambda home: (home.path == home.root, home.path))
        return group

    def lock_paths(self) -> list[str]:
        """``auth.lock`` beside the path as named, of every home that has the file."""
        return [os.path.join(home.path, LOCK) for home in self.homes()]


def _section_fault(document: dict[str, Any]) -> Fault | None:
    try:
        section = section_of(document)
    except ValueError as error:
        hint = f"move the key {SECTION} out of the file, or ask the tool that made it"
        return Fault(Outcome.INVALID, f"{SECTION} is not ours: {error}", f"/{SECTION}", hint=hint)
    if section is not None and section["schema"] > SCHEMA:
        return Fault(
            Outcome.TOO_NEW,
            f"the runtime section has schema {section['schema']}, this version knows {SCHEMA}",
            f"/{SECTION}/schema",
            hint="upgrade hermes-state",
        )
    return None


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
