"""Inspecting homes: every room looks at its files, and what they saw becomes one report. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from hermes_state import clock
from hermes_state.errors import UnknownTarget
from hermes_state.home import Home
from hermes_state.inspection import fitting, litter
from hermes_state.inspection import home as home_room
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.outlook import Outlooks
from hermes_state.inspection.report import Agent, Gateway, HomeReport, Report, Unseen
from hermes_state.outcomes import KINDS


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
        self.outlooks = Outlooks(neighbourhood, now)
        self.unseen: dict[str, Unseen] = {}

    def home(self, home: Home) -> HomeReport:
        outlook = self.outlooks.of(home, auth="auth" in self.kinds, breaker=bool(self.kinds & {"auth", "breaker"}))
        gateway, agent, paused = outlook.gateway, outlook.agent, outlook.paused
        auth = session = settings = None
        if outlook.auth is not None:
            from hermes_state.inspection.auth import room

            auth = room.look(home, outlook.auth, self.neighbourhood, self.now, outlook.rule)
        if "sessions" in self.kinds:
            from hermes_state.inspection.sessions import room as sessions

            session = sessions.look(home, self.neighbourhood, agent.version, self.now)
        if "config" in self.kinds:
            from hermes_state.inspection.config import room as config

            settings = config.look(home, self.neighbourhood, agent.version)
        breaker = outlook.breakers if "breaker" in self.kinds else None
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
            providers=outlook.providers,
            files=tuple(map(fitting.file, files)),
            credentials=outlook.credentials,
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
