"""The credentials that agents of a home have: its own, and those that it takes from its root's file."""

from __future__ import annotations

from typing import Any, NamedTuple

from hermes_state.cooldown import Rule
from hermes_state.home import Home, root_store
from hermes_state.inspection.auth import section, sources
from hermes_state.inspection.auth.pools import Pool, judge
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Block
from hermes_state.outcomes import Outcome
from hermes_state.runtime.record import PHOTON_POOLS
from hermes_state.stores.reading import Reading


class AuthPools(NamedTuple):
    """``own`` are the pools of the file; ``borrowed`` those that the agent takes from the file of the home ``root``
    instead; ``shadowed`` those of the root that own rows hide, by key. ``barred`` is what keeps agents from credentials
    beyond their rows, by provider. ``root_reading`` is None for a home that is its own root."""

    reading: Reading
    own: list[Pool]
    borrowed: list[Pool]
    shadowed: dict[str, Pool]
    barred: dict[str, list[Block]]
    root: Home
    root_reading: Reading | None


class AuthStores:
    """Looks at one home after the other; a root store that several profiles fall back to is judged once."""

    def __init__(self, neighbourhood: Neighbourhood, now: float) -> None:
        self._neighbourhood, self._now = neighbourhood, now
        self._roots: dict[tuple[str, Rule | None], list[Pool]] = {}

    def of(self, home: Home, rule: Rule | None) -> AuthPools:
        """What is in the auth.json of ``home``, whose agent keeps to ``rule`` (None: not known), and in its root's."""
        reading = self._neighbourhood.auth(home)
        own = _pools(reading, self._now, rule, "own")
        root_reading, root_pools = self._root(home, rule)
        has = {pool.key for pool in own if pool.rows}
        readable = reading.outcome is not Outcome.UNREADABLE
        return AuthPools(
            reading=reading,
            own=own,
            borrowed=[pool for pool in root_pools if readable and pool.rows and pool.key not in has],
            shadowed={pool.key: pool for pool in root_pools if pool.key in has},
            barred=sources.blocks(home, reading.path, reading.document),
            root=self._neighbourhood.root_of(home),
            root_reading=root_reading,
        )

    def _root(self, home: Home, rule: Rule | None) -> tuple[Reading | None, list[Pool]]:
        """The store that the agent falls back to pool by pool, and its pools; none for a home that is its own root."""
        if root_store(home) is None:
            return None, []
        reading = self._neighbourhood.auth(self._neighbourhood.root_of(home))
        if (home.root, rule) not in self._roots:
            self._roots[home.root, rule] = _pools(reading, self._now, rule, "root")
        return reading, self._roots[home.root, rule]


def _pools(reading: Reading, now: float, rule: Rule | None, store: str) -> list[Pool]:
    """The pools that can be judged, whatever else is wrong with the file. The Photon plugin's are no credentials."""
    document = reading.document
    found = document.get("credential_pool") if isinstance(document, dict) else None
    records: dict[str, Any] = (section.usable_section(reading) or {"pools": {}})["pools"]
    pools = [
        judge(key, pool, recorded if isinstance(recorded := records.get(key), dict) else {}, now, rule, store)
        for key, pool in (found.items() if isinstance(found, dict) else ())
        if isinstance(pool, list) and key not in PHOTON_POOLS
    ]
    return pools if reading.outcome is Outcome.OK else [pool._replace(may_edit=False) for pool in pools]
