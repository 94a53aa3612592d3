"""The homes around a home: who shares a file with it, and the root store that its profiles fall back to."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable

from hermes_state.errors import NoSuchHome
from hermes_state.home import Home, all_homes
from hermes_state.liveness import Gateway, gateways
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.reading import Reading

#: Where the file in question is in a home.
Place = Callable[[Home], str]


class Neighbourhood:
    """All homes of the roots that the inspected homes belong to. Every file of them is looked at once at most."""

    def __init__(self, homes: Iterable[Home]) -> None:
        self.gateways: dict[str, Gateway] = {}
        self._homes: dict[str, list[Home]] = {}
        self._names: dict[tuple[str, str], dict[tuple[int, int], list[str]]] = {}
        self._stores: dict[str, Reading] = {}
        named: dict[str, dict[str, Home]] = defaultdict(dict)
        for home in homes:
            named[home.root][home.path] = home
        for root, inspected in named.items():
            first = next(iter(inspected.values()))
            try:
                others = all_homes(first)
            except NoSuchHome:  # the profiles cannot be listed: only those that were named are known
                others = []
            self._homes[root] = list({**{home.path: home for home in others}, **inspected}.values())
            self.gateways |= gateways(self._homes[root])

    def shared_with(self, home: Home, what: str, place: Place) -> tuple[str, ...]:
        """The other homes whose file at ``place`` is the real file of ``home``; ``what`` names the place."""
        names = self._names.get((home.root, what))
        if names is None:
            names = self._names[home.root, what] = defaultdict(list)
            for each in self._homes[home.root]:
                found = _identity(place(each))
                if found is not None:
                    names[found].append(each.path)
        mine = _identity(place(home))
        return tuple(path for path in names.get(mine, ()) if path != home.path) if mine is not None else ()

    def auth(self, home: Home) -> Reading:
        """What ``auth.json`` of a root home, or of one that is not a profile's, holds; read once."""
        if home.path != home.root:
            return AuthStore(home).read()
        if home.path not in self._stores:
            self._stores[home.path] = AuthStore(home).read()
        return self._stores[home.path]

    def root_of(self, home: Home) -> Home:
        """The root home of ``home``."""
        known = (each for each in self._homes[home.root] if each.path == home.root)
        return next(known, Home(home.root, "root", "default", home.root, home.managed))


def _identity(path: str) -> tuple[int, int] | None:
    try:
        looks = os.stat(path)
    except OSError:
        return None
    return looks.st_dev, looks.st_ino
