"""``config.yaml``: the user's settings, and the user's comments. No version of the agent takes a lock on it."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from hermes_state import locks
from hermes_state.codec.comparison import same
from hermes_state.codec.yaml import YamlText, parse
from hermes_state.disk import Disk
from hermes_state.edit import Edit, apply
from hermes_state.errors import Refused
from hermes_state.home import Home
from hermes_state.outcomes import Fault, Outcome
from hermes_state.redaction import meet
from hermes_state.stores import OWN_LOCK
from hermes_state.stores.reading import YAML_LIMIT
from hermes_state.stores.store import Held, Store

FILE = "config.yaml"

_REBUILD = {
    "NixOS": "change it in the Nix configuration, then rebuild: sudo nixos-rebuild switch",
    "Homebrew": "change it where Homebrew takes it from, then: brew upgrade hermes-agent",
}

Pointer = tuple[Hashable, ...]


class ConfigStore(Store):
    """``config.yaml`` of one home. On managed installs it is read only: what builds it would undo a change."""

    kind = "config"
    limit = YAML_LIMIT

    def __init__(self, home: Home, disk: Disk | None = None) -> None:
        super().__init__(os.path.join(home.path, FILE), disk)
        self.home = home

    def parse(self, data: bytes) -> YamlText:
        text = parse(data)
        meet(text.value)
        return text

    def edits(self, text: YamlText, document: Any) -> Sequence[Edit]:
        """Scalars that changed are set one after the other, each in the text that the one before left.

        Raises BadText where that cannot be done without changing something else, and Refused for a list or a section
        that would have to be written anew.
        """
        from hermes_state.codec.yaml.removing import remove
        from hermes_state.codec.yaml.setting import set_scalar

        made = text
        for pointer, value in self._changes(text.value, document, ()):
            changed = remove(made, pointer) if value is _GONE else set_scalar(made, pointer, value)
            made = parse(made.encode(apply(made.text, changed)))
        return [] if made.text == text.text else [Edit(0, len(text.text), made.text)]

    def _changes(self, old: Any, new: Any, at: Pointer) -> Iterator[tuple[Pointer, Any]]:
        """The place and the new value of each scalar that changes, ``_GONE`` for a key that goes."""
        if old is new or same(old, new):
            return
        if isinstance(new, dict) and (new or isinstance(old, dict)):
            before = old if isinstance(old, dict) else {}
            for key in new:
                yield from self._changes(before.get(key, _GONE), new[key], (*at, key))
            yield from (((*at, key), _GONE) for key in before if key not in new)
        elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
            for index, (before, after) in enumerate(zip(old, new, strict=True)):
                yield from self._changes(before, after, (*at, index))
        elif at and (new is None or isinstance(new, str | int | float)):
            yield at, new
        else:
            raise Refused(self.path, f"{'.'.join(map(str, at)) or 'the whole file'} would have to be written anew")

    def check(self, document: Any) -> Sequence[Any]:
        from hermes_state.models.config import check

        return check(document)

    def envelope(self, document: Any) -> Fault | None:
        """A file without content counts as one without settings, as it does for the agents."""
        if isinstance(document, dict):
            return None
        return Fault(Outcome.INVALID, "it is not a mapping at the top; agents up to 0.19 overwrite it")

    def lock_paths(self) -> list[str]:
        return [os.path.join(self.home.path, OWN_LOCK)]

    @contextmanager
    def locked(self, seconds: float = locks.DEFAULT_SECONDS) -> Iterator[Held]:
        """As the base says. Raises Refused on a managed install, before anything is created."""
        if self.home.managed:
            advice = _REBUILD.get(self.home.managed, f"change it where {self.home.managed} takes it from, and rebuild")
            raise Refused(self.path, f"this install is managed by {self.home.managed}", advice=advice)
        with super().locked(seconds) as held:
            yield held


_GONE = object()
