"""Enumerating a scenario: record it once, then make real, recover from and judge every disk that a crash may leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hermes_state.errors import StateError
from hermes_state.selftest.invariants import Case, Promise, violated
from hermes_state.selftest.model import Model, Tree
from hermes_state.selftest.recording import Operation, RecordingDisk, recorded
from hermes_state.selftest.scenarios import LATER, NOW, SCENARIOS, Act, Scenario
from hermes_state.selftest.workbench import Place


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that did not hold: after ``point`` operations, ``names`` of the invariants, ``error`` of recovery."""

    scenario: str
    point: int
    names: tuple[str, ...]
    error: str = ""


@dataclass(slots=True)
class Totals:
    """What enumerating one scenario came to. ``states`` counts the disks of each crash point, ``disks`` the different
    ones among them; ``recovery_points`` and ``recovery_states`` are those of crashes while recovering from each."""

    scenario: str
    skipped: str = ""
    operations: int = 0
    crash_points: int = 0
    states: int = 0
    disks: int = 0
    recovery_points: int = 0
    recovery_states: int = 0
    violations: list[Violation] = field(default_factory=list)


def record(place: Place, start: Tree, act: Act, now: float) -> list[Operation]:
    """Make ``start`` real and run ``act`` on it; its operations."""
    place.make(start)
    with recorded(RecordingDisk()) as disk:
        act(place, disk, now)
    return disk.operations


class Enumeration:
    """One scenario in one place."""

    def __init__(self, scenario: Scenario, place: Place) -> None:
        self.scenario, self.place = scenario, place
        self.start = scenario.start(place)
        record(place, self.start, scenario.act, LATER)
        later = dict(place.read()).get(place.path(*scenario.target.split("/")))
        self.operations = record(place, self.start, scenario.act, NOW)
        self.end = place.read()
        self.promise = Promise(
            place.top,
            place.path(*scenario.target.split("/")),
            dict(self.start),
            dict(self.end),
            later,
            scenario.backs_up,
            scenario.in_place,
        )
        self._judged: dict[tuple[Tree, bool], Case] = {}
        self._recoveries: dict[Tree, list[Operation]] = {}

    def model(self, start: Tree) -> Model:
        return Model(start, self.place.roots)

    def points(self, operations: Sequence[Operation], start: Tree | None = None) -> Iterator[tuple[int, set[Tree]]]:
        """(how many operations were done, every disk that a crash then may leave). Raises Impossible."""
        model = self.model(self.start if start is None else start)
        yield 0, model.disks()
        for number, operation in enumerate(operations, 1):
            model.apply(operation)
            yield number, model.disks()

    def case(self, crashed: Tree, reported: bool) -> Case:
        """What becomes of a disk that a crash left."""
        known = self._judged.get((crashed, not reported))
        if known is not None:
            return Case(self.promise, known.crashed, reported, known.recovered, known.again, known.error)
        if (crashed, reported) not in self._judged:
            self._judged[crashed, reported] = self._recovered(crashed, reported)
        return self._judged[crashed, reported]

    def _recovered(self, crashed: Tree, reported: bool) -> Case:
        recover = self.scenario.recover or self.scenario.act
        self.place.make(crashed)
        error = ""
        # What is durable here is the model's business: real syncs would only cost time.
        with recorded(RecordingDisk(synced=False)) as disk:
            try:
                recover(self.place, disk, LATER)
            except (OSError, StateError, ValueError) as raised:
                error = f"{type(raised).__name__}: {raised}"
            self._recoveries[crashed] = list(disk.operations)
            recovered = self.place.read()
            try:
                recover(self.place, disk, LATER)
            except (OSError, StateError, ValueError) as raised:
                error = error or f"again: {type(raised).__name__}: {raised}"
        return Case(self.promise, dict(crashed), reported, dict(recovered), dict(self.place.read()), error)

    def judge(self, crashed: Tree, reported: bool) -> tuple[list[str], str]:
        """The invariants that do not hold for a disk, and what recovery raised."""
        case = self.case(crashed, reported)
        return violated(case), case.error

    def totals(self, depth: int | None = None) -> Totals:
        """Enumerate the act, and at ``depth`` 2 (the scenario's own unless given) its recovery in the same way."""
        totals = Totals(self.scenario.name, operations=len(self.operations))
        # Not what was ever judged here: that includes what broken writers leave, which no recovery answers for.
        first: dict[Tree, None] = {}
        for point, disks in self.points(self.operations):
            totals.crash_points += 1
            totals.states += len(disks)
            self._judge_all(totals, point, disks, point == len(self.operations))
            first |= dict.fromkeys(disks)
        totals.disks = len(first)
        for crashed in first if (depth or self.scenario.depth) > 1 else ():
            operations = self._recoveries[crashed]
            for point, disks in self.points(operations, crashed):
                totals.recovery_points += 1
                totals.recovery_states += len(disks)
                self._judge_all(totals, point, disks, False)
                if point == len(operations):
                    self._require_settled(totals, point, disks)
        return totals

    def _judge_all(self, totals: Totals, point: int, disks: Iterable[Tree], reported: bool) -> None:
        for crashed in disks:
            names, error = self.judge(crashed, reported)
            if names:
                totals.violations.append(Violation(self.scenario.name, point, tuple(names), error))

    def _require_settled(self, totals: Totals, point: int, disks: Iterable[Tree]) -> None:
        """A recovery that has come to its end has reported that: the file is settled on every disk that may be left."""
        for crashed in disks:
            if dict(crashed).get(self.promise.target) not in self.promise.settled:
                totals.violations.append(Violation(self.scenario.name, point, ("recovered_is_durable",)))


def enumerate_all(place: Place) -> Iterator[Totals]:
    """The totals of each scenario, one after the other."""
    for scenario in SCENARIOS:
        reason = scenario.skipped(place)
        yield Totals(scenario.name, reason) if reason else Enumeration(scenario, place).totals()
