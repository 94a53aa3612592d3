"""Inspecting homes: every room looks at its files, and what they saw becomes one report. Nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence

from hermes_state import clock
from hermes_state.cooldown import Rule
from hermes_state.errors import UnknownTarget
from hermes_state.home import Home
from hermes_state.inspection import breakers, config, fitting, sessions, verdict
from hermes_state.inspection import home as home_room
from hermes_state.inspection.auth import AuthLook, AuthRoom
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.breakers import BreakersLook
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Agent, Block, Gateway, HomeReport, Provider, Report, Unseen
from hermes_state.installed import agent_version
from hermes_state.outcomes import KINDS
from hermes_state.stores.auth import FILE


def inspect(homes: Sequence[Home], *, kinds: Collection[str] | None = None, now: float | None = None) -> Report:
    """Look at the state files of ``homes``, at those of ``kinds`` only if given, as of ``now`` (epoch seconds).

    Opens nothing for writing, creates nothing, takes no lock and raises for nothing that a file is or holds: what
    cannot be looked at is in ``Report.errors``. The verdict per provider comes with auth.json; breakers are looked at
    for it even when they are not among ``kinds``. Raises UnknownTarget for a kind that does not exist.
    """
    for kind in kinds or ():
        if kind not in KINDS:
            raise UnknownTarget("hermes-state", "kind", kind, KINDS)
    wanted = frozenset(kinds or KINDS)
    survey = _Survey(Neighbourhood(homes), wanted, clock.now() if now is None else now)
    return Report(tuple(map(survey.home, homes)), tuple(survey.unseen.values()))


class _Survey:
    def __init__(self, neighbourhood: Neighbourhood, kinds: frozenset[str], now: float) -> None:
        self.neighbourhood, self.kinds, self.now = neighbourhood, kinds, now
        self.auth = AuthRoom(neighbourhood, now)
        self.unseen: dict[str, Unseen] = {}

    def home(self, home: Home) -> HomeReport:
        gateway = self.neighbourhood.gateways[home.path]
        agent = agent_version(home, gateway_runs=gateway.may_be_running)
        rule = Rule.for_version(agent.version) if agent.version is not None else None
        auth = self.auth.look(home, rule) if "auth" in self.kinds else None
        session = sessions.look(home, self.neighbourhood, agent.version) if "sessions" in self.kinds else None
        settings = config.look(home, self.neighbourhood) if "config" in self.kinds else None
        breaker = breakers.look(home, self.neighbourhood, self.now, rule) if self.kinds & {"auth", "breaker"} else None
        providers = _providers(home, auth, breaker, self.now) if auth is not None and breaker is not None else []
        if "breaker" not in self.kinds:
            breaker = None
        looks = {"auth": auth, "sessions": session, "config": settings, "breaker": breaker}
        seen = {kind: look for kind, look in looks.items() if look is not None}
        files = [file for look in seen.values() for file in look.files]
        findings = [found for look in seen.values() for found in look.findings]
        for kind, look in seen.items():
            self._note(Unseen(home.path, kind, error) for error in look.unseen)
        return HomeReport(
            path=home.path,
            home_rule=home.rule,
            profile=home.profile,
            managed=home.managed,
            agent=Agent(agent.version, agent.found_by),
            gateway=Gateway(gateway.state, gateway.pid),
            providers=tuple(providers),
            files=tuple(map(fitting.file, files)),
            credentials=tuple(each.credential for pool in _pools(auth) for each in pool.judged),
            breakers=tuple(map(fitting.breaker, breaker.breakers if breaker is not None else ())),
            sessions=session.sessions if session is not None else None,
            config=settings.config if settings is not None else None,
            findings=fitting.findings([*findings, *home_room.findings(home, gateway, files)]),
        )

    def _note(self, unseen: Iterable[Unseen]) -> None:
        """Remember files that could not be looked at: the root's once, though every profile misses it."""
        for each in unseen:
            if each.error.path not in self.unseen:
                self.unseen[each.error.path] = each


def _pools(auth: AuthLook | None) -> list[Pool]:
    return [] if auth is None else [*auth.own, *auth.borrowed]


def _providers(home: Home, auth: AuthLook, breaker: BreakersLook, now: float) -> Iterator[Provider]:
    """The verdicts, in the order of the pools; a provider that has a breaker only comes last."""
    borrowed = {pool.key for pool in auth.borrowed}
    for pool in auth.own:
        if pool.key not in borrowed:  # an empty list of its own says nothing: the agent takes the root's
            yield verdict.of_pool(pool, home, now, breaker.blocks.get(pool.key), _shadow(home, auth, pool))
    for pool in auth.borrowed:
        yield verdict.of_pool(pool, auth.root, now, breaker.blocks.get(pool.key))
    keys = {pool.key for pool in auth.own} | borrowed
    yield from (verdict.of_breaker(name, block) for name, block in breaker.blocks.items() if name not in keys)


def _shadow(home: Home, auth: AuthLook, pool: Pool) -> Block | None:
    """That a profile's own rows hide rows of the root which the agent could use."""
    hidden = auth.shadowed.get(pool.key)
    if hidden is None or pool.usable or not hidden.usable or not pool.rows:
        return None
    return Block(f"own rows, which hide {hidden.usable} usable in the root store", os.path.join(home.path, FILE))
