"""Inspecting homes: every room looks at its files, and what they saw becomes one report. Nothing is changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from hermes_state import clock
from hermes_state.cooldown import Rule
from hermes_state.errors import UnknownTarget
from hermes_state.home import Home
from hermes_state.inspection import breakers, circumstances, config, fitting, litter, sessions, verdict
from hermes_state.inspection import home as home_room
from hermes_state.inspection.auth import AuthLook, AuthRoom
from hermes_state.inspection.auth.origin import uncovering
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.breakers import BreakersLook
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Agent, Block, Gateway, HomeReport, Provider, Report, Unseen
from hermes_state.installed import agent_version
from hermes_state.outcomes import KINDS
from hermes_state.stores.auth import FILE


def inspect(
    homes: Sequence[Home],
    *,
    kinds: Collection[str] | None = None,
    now: float | None = None,
    after_each: Callable[[], None] | None = None,
) -> Report:
    """Look at the state files of ``homes``, at those of ``kinds`` only if given, as of ``now`` (epoch seconds).
    ``after_each`` is called after each home: a thousand take a while.

    Opens nothing for writing, creates nothing, takes no lock and raises for nothing that a file is or holds: what
    cannot be looked at is in ``Report.errors``. The verdict per provider comes with auth.json; breakers are looked at
    for it even when they are not among ``kinds``. Raises UnknownTarget for a kind that does not exist.
    """
    for kind in kinds or ():
        if kind not in KINDS:
            raise UnknownTarget("hermes-state", "kind", kind, KINDS)
    wanted = frozenset(kinds or KINDS)
    survey = _Survey(Neighbourhood(homes), wanted, clock.now() if now is None else now)
    reports = []
    for home in homes:
        reports.append(survey.home(home))
        if after_each is not None:
            after_each()
    return Report(tuple(reports), tuple(survey.unseen.values()))


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
        session = sessions.look(home, self.neighbourhood, agent.version, self.now) if "sessions" in self.kinds else None
        settings = config.look(home, self.neighbourhood, agent.version) if "config" in self.kinds else None
        breaker = breakers.look(home, self.neighbourhood, self.now, rule) if self.kinds & {"auth", "breaker"} else None
        paused = circumstances.pause(home, rule)
        held = () if paused is None else (paused.block,)
        providers = _providers(home, auth, breaker, held, self.now) if auth is not None and breaker is not None else []
        if "breaker" not in self.kinds:
            breaker = None
        looks = {"auth": auth, "sessions": session, "config": settings, "breaker": breaker}
        seen = {kind: look for kind, look in looks.items() if look is not None}
        files = [file for look in seen.values() for file in look.files]
        findings = [found for look in seen.values() for found in look.findings]
        findings += () if paused is None else (paused.finding,)
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
            findings=fitting.findings(
                [*findings, *home_room.findings(home, gateway, files), *litter.findings(home, self.now)]
            ),
        )

    def _note(self, unseen: Iterable[Unseen]) -> None:
        """Remember files that could not be looked at: the root's once, though every profile misses it."""
        for each in unseen:
            if each.error.path not in self.unseen:
                self.unseen[each.error.path] = each


def _pools(auth: AuthLook | None) -> list[Pool]:
    return [] if auth is None else [*auth.own, *auth.borrowed]


def _providers(
    home: Home, auth: AuthLook, breaker: BreakersLook, held: tuple[Block, ...], now: float
) -> Iterator[Provider]:
    """The verdicts, in the order of the pools; providers that are blocked and have no pool come last.

    ``held`` is what holds up the home as a whole, and so each of its providers.
    """
    borrowed = {pool.key for pool in auth.borrowed}
    for pool in auth.own:
        if pool.key not in borrowed:  # an empty list of its own says nothing: the agent takes the root's
            others = (*_barred(auth, pool), *_shadow(home, auth, pool), *held)
            yield verdict.of_pool(pool, home, now, breaker.blocks.get(pool.key), others)
    for pool in auth.borrowed:
        others = (*_barred(auth, pool), *held)
        yield verdict.of_pool(pool, auth.root, now, breaker.blocks.get(pool.key), others)
    keys = {pool.key for pool in auth.own} | borrowed
    for name in dict.fromkeys([*auth.barred, *breaker.blocks]):
        if name not in keys:
            others = (*auth.barred.get(name, ()), *held)
            yield verdict.of_none(name, breaker.blocks.get(name), others)


def _barred(auth: AuthLook, pool: Pool) -> Iterable[Block]:
    """What keeps agents from more credentials of a pool, where none of it is usable."""
    return () if pool.usable else auth.barred.get(pool.key, ())


def _shadow(home: Home, auth: AuthLook, pool: Pool) -> Iterator[Block]:
    """That a profile's own rows hide rows of the root which the agent could use."""
    hidden = auth.shadowed.get(pool.key)
    if hidden is not None and not pool.usable and hidden.usable and pool.rows:
        what = f"own rows, which hide {hidden.usable} usable in the root store"
        yield Block(what, os.path.join(home.path, FILE), None, uncovering(home, pool, hidden))
