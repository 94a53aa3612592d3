"""Every call of every act fails once with every error that a disk knows: the old content stays, or the new is there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from typing import Any

import pytest

from hermes_state.errors import StateError, WriteFailed
from hermes_state.selftest.model import Node
from hermes_state.selftest.recording import recorded
from hermes_state.selftest.scenarios import LATER, NOW, SCENARIOS, Scenario
from hermes_state.selftest.workbench import Place, place
from tests.ground.doubles import WatchedDisk

NUMBERS = (
    errno.ENOSPC,
    errno.EIO,
    errno.EACCES,
    errno.EROFS,
    errno.EBUSY,
    errno.EXDEV,
    errno.EMFILE,
    errno.EDQUOT,
)
#: Nearly the calls of another scenario: not for every run.
LIKE_ANOTHER = ("downgrade", "in place, shorter")
LINK = ("home", "rate_limits", "nous.json")
#: What an act may end with: a backup that cannot be seen, unreadable, refused, no lock, not written.
CODES = (2, 3, 5, 6, 7)


class FailsAt(WatchedDisk):
    """Fails with ``number`` at the ``nth`` call of any verb (from 1; 0: never)."""

    def __init__(self, nth: int = 0, number: int = 0) -> None:
        self.nth, self.number, self.verbs = nth, number, list[str]()
        super().__init__(self._fail)

    def _fail(self, verb: str, arguments: tuple[Any, ...]) -> None:
        self.verbs.append(verb)
        if len(self.verbs) == self.nth:
            raise OSError(self.number, os.strerror(self.number))


@pytest.fixture(scope="module")
def bench() -> Iterator[Place]:
    with place("/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as made:
        yield made


class Swept:
    """One scenario, as it goes when nothing fails."""

    def __init__(self, scenario: Scenario, bench: Place) -> None:
        self.scenario, self.place = scenario, bench
        self.start = scenario.start(bench)
        self.target = bench.path(*scenario.target.split("/"))
        self.old = dict(self.start).get(self.target)
        whole = FailsAt()
        self.run(whole)
        self.verbs = whole.verbs
        self.new = self.found()
        bench.make(self.start)
        self.again()
        self.later = self.found()

    def run(self, disk: WatchedDisk) -> Exception | None:
        self.place.make(self.start)
        with recorded(disk):  # type: ignore[arg-type]
            try:
                self.scenario.act(self.place, disk, NOW)
            except Exception as error:
                return error
            finally:
                for lock in disk._locks.values():  # where releasing it was what failed, the end of the process would
                    lock.release()  # type: ignore[attr-defined]
        return None

    def again(self) -> None:
        disk = WatchedDisk(lambda verb, arguments: None)
        with recorded(disk):  # type: ignore[arg-type]
            (self.scenario.recover or self.scenario.act)(self.place, disk, LATER)

    def found(self) -> Node | None:
        return dict(self.place.read()).get(self.target)

    def temporary(self) -> list[str]:
        return [path for path, _ in self.place.read() if path.endswith((".tmp", ".part"))]

    def excused(self) -> bool:
        """Whether success means something else here: pruning is done as far as it can be, and a breaker is gone for the
        agents too when the link to it is (what cannot be looked at is not deleted; the result says so)."""
        by_link = self.scenario.name == "clear-breaker through a link"
        return self.scenario.name == "prune" or (by_link and not os.path.lexists(self.place.path(*LINK)))

    def is_drop_in(self, error: Exception) -> bool:
        """The drop-in for ``os.replace`` raises what that raises."""
        return self.scenario.name == "re-staging" and isinstance(error, OSError)

    def faults(self, nth: int, number: int) -> list[str]:
        """What is wrong after the ``nth`` call failed."""
        error = self.run(FailsAt(nth, number))
        found, wrong = self.found(), []
        if error is None and found != self.new and not self.excused():
            wrong.append("success, but the file is not new")
        if error is not None and not isinstance(error, StateError) and not self.is_drop_in(error):
            wrong.append(f"a bare {type(error).__name__}")
        if isinstance(error, StateError) and error.exit_code not in CODES:
            wrong.append(f"exit code {error.exit_code}")
        if isinstance(error, WriteFailed) and error.path == self.target:
            says = {"old": self.old, "new": self.new}
            if error.content in says and found != says[error.content]:
                wrong.append(f"the error says {error.content}, the file is not")
        elif error is not None and found not in (self.old, self.new):
            wrong.append("neither old nor new")
        if self.temporary() and self.verbs[nth - 1] not in ("unlink",):
            wrong.append("a temporary file is left")
        try:
            self.again()
        except Exception as second:
            wrong.append(f"the second run fails: {second!r}")
        if self.found() not in (self.new, self.later) and not self.excused():
            wrong.append("the second run does not make it new")
        return wrong


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(one, marks=pytest.mark.slow if one.name in LIKE_ANOTHER else ()) for one in SCENARIOS],
    ids=lambda scenario: scenario.name.replace(" ", "-"),
)
def test_no_error_at_any_call_loses_anything(scenario: Scenario, bench: Place, record_property: Any) -> None:
    if reason := scenario.skipped(bench):
        pytest.skip(reason)
    swept = Swept(scenario, bench)
    points = [(nth, number) for nth in range(1, len(swept.verbs) + 1) for number in NUMBERS]
    faults: dict[tuple[str, ...], list[str]] = {}
    for nth, number in points:
        for what in swept.faults(nth, number):
            faults.setdefault((what,), []).append(f"{nth} {swept.verbs[nth - 1]} {errno.errorcode[number]}")
    record_property("errno_points", len(points))
    print(f"{scenario.name}: {len(points)} points")
    assert not faults, "\n".join(f"{what}: {sorted(set(places))}" for (what,), places in faults.items())
