"""How the providers of a home stand: what their credentials, breakers and pauses come to together."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from functools import cache
from typing import NamedTuple

from hermes_state.cooldown import Rule
from hermes_state.home import Home
from hermes_state.inspection import breakers, circumstances, verdict
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.auth.remedies import uncovering
from hermes_state.inspection.auth.store import AuthPools, AuthStores
from hermes_state.inspection.breakers import BreakersLook
from hermes_state.inspection.circumstances import Pause
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Block, Credential, Provider
from hermes_state.installed import AgentVersion, agent_version, installation
from hermes_state.liveness import Gateway
from hermes_state.stores.auth import FILE


class Outlook(NamedTuple):
    """What decides how the providers of a home stand, and how they do. ``rule`` is that of the home's agent, None where
    its version is not known; ``auth`` and ``breakers`` are None when they were not asked for."""

    gateway: Gateway
    agent: AgentVersion
    rule: Rule | None
    auth: AuthPools | None
    breakers: BreakersLook | None
    paused: Pause | None
    providers: tuple[Provider, ...]

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Those of the home, own and borrowed."""
        pools = [*self.auth.own, *self.auth.borrowed] if self.auth is not None else []
        return tuple(judged.credential for pool in pools for judged in pool.judged)


class Outlooks:
    """Looks at one home of a neighbourhood after the other, at ``now`` (epoch seconds)."""

    def __init__(self, neighbourhood: Neighbourhood, now: float) -> None:
        self._neighbourhood, self._now = neighbourhood, now
        self._auth = AuthStores(neighbourhood, now)
        self._installed = cache(installation)

    def of(self, home: Home, *, auth: bool = True, breaker: bool = True) -> Outlook:
        """The outlook of ``home``: with its credentials, its breakers, or both."""
        gateway = self._neighbourhood.gateways[home.path]
        agent = agent_version(home, gateway_runs=gateway.may_be_running, beside=self._installed)
        rule = Rule.for_version(agent.version) if agent.version is not None else None
        pools = self._auth.of(home, rule) if auth else None
        stops = breakers.look(home, self._neighbourhood, self._now, rule) if breaker else None
        paused = circumstances.pause(home, rule)
        held = () if paused is None else (paused.block,)
        providers: tuple[Provider, ...] = ()
        if pools is not None and stops is not None:
            providers = tuple(_providers(home, pools, stops, held, self._now))
        return Outlook(gateway, agent, rule, pools, stops, paused, providers)


def _providers(
    home: Home, auth: AuthPools, breaker: BreakersLook, held: tuple[Block, ...], now: float
) -> Iterator[Provider]:
    """The verdicts, in the order of the pools; providers that are blocked and have no pool come last.

    ``held`` is what holds up the home as a whole, and so each of its providers.
    """
    borrowed = {pool.key for pool in auth.borrowed}
    for pool in auth.own:
        if pool.key not in borrowed:  # an empty list of its own says nothing: the agent takes the root's
            others = (*_barred(auth, pool), *_shadow(home, auth, pool), *_doubt(breaker, pool.key), *held)
            yield verdict.of_pool(pool, home, now, breaker.blocks.get(pool.key), others)
    for pool in auth.borrowed:
        others = (*_barred(auth, pool), *_doubt(breaker, pool.key), *held)
        yield verdict.of_pool(pool, auth.root, now, breaker.blocks.get(pool.key), others)
    keys = {pool.key for pool in auth.own} | borrowed
    for name in dict.fromkeys([*auth.barred, *breaker.blocks, *breaker.doubtful]):
        if name not in keys:
            others = (*auth.barred.get(name, ()), *_doubt(breaker, name), *held)
            yield verdict.of_none(name, breaker.blocks.get(name), others)


def _doubt(breaker: BreakersLook, provider: str) -> Iterable[Block]:
    """The breaker that may keep agents from a provider."""
    return [breaker.doubtful[provider]] if provider in breaker.doubtful else []


def _barred(auth: AuthPools, pool: Pool) -> Iterable[Block]:
    """What keeps agents from more credentials of a pool, where none of it is usable."""
    return () if pool.usable else auth.barred.get(pool.key, ())


def _shadow(home: Home, auth: AuthPools, pool: Pool) -> Iterator[Block]:
    """That a profile's own rows hide rows of the root which the agent could use."""
    hidden = auth.shadowed.get(pool.key)
    if hidden is not None and not pool.usable and hidden.usable and pool.rows:
        what = f"own rows, which hide {hidden.usable} usable in the root store"
        yield Block(what, os.path.join(home.path, FILE), None, uncovering(home, pool, hidden))
