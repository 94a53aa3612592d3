"""Every call of every act fails once with every error that a disk knows: the old content stays, or the new is there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import pytest

from hermes_state import backup, inplace
from hermes_state.clock import HOUR
from hermes_state.disk import Disk
from hermes_state.errors import NotVerified, StateError, WriteFailed
from hermes_state.home import Home
from hermes_state.recovering import recover
from hermes_state.selftest.model import Node, Tree
from hermes_state.selftest.recording import recorded
from hermes_state.selftest.scenarios import BASE, LATER, LONGER, NOW, SCENARIOS, Scenario
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
#: What looking fails with.
LOOKING = (errno.EIO, errno.EACCES, errno.EMFILE)
#: Nearly the calls of another scenario: not for every run.
LIKE_ANOTHER = ("downgrade", "in place, shorter")
LINK = ("home", "rate_limits", "nous.json")
#: What an act may end with: unreadable, refused, no lock, not written.
CODES = (3, 5, 6, 7)
#: No process has it: above the largest that Linux gives.
DEAD = 4194305


def torn(place: Place) -> Tree:
    """A home with a write in place that was cut short, its record, and the temporary file of another killed run."""

    def node(kind: str, mode: int, data: bytes = b"") -> Node:
        return Node(kind, mode, os.geteuid(), os.getegid(), data)

    half = len(LONGER) // 2
    facts = {
        "real_path": place.path("home", "auth.json"),
        "writer": {"pid": DEAD},
        **{f"{which}_sha256": hashlib.sha256(data).hexdigest() for which, data in (("old", BASE), ("new", LONGER))},
    }
    record = "home/backups/hermes-state/20260101T000000Z-0000" + inplace.SUFFIX
    there = dict.fromkeys(("home", "home/backups", "home/backups/hermes-state", record), node("directory", 0o700))
    files = {"old": BASE, "new": LONGER, backup.MANIFEST: json.dumps(facts).encode()}
    there |= {f"{record}/{name}": node("file", 0o600, data) for name, data in files.items()}
    there["home/auth.json"] = node("file", 0o600, LONGER[:half] + BASE[half:].ljust(len(LONGER) - half, b"\0"))
    there[f"home/.auth.json.hermes-state.{DEAD}.0123abcd.tmp"] = node("file", 0o600, b"cut short")
    return frozenset((place.path(*name.split("/")), what) for name, what in there.items())


def recover_all(place: Place, disk: Disk, now: float) -> object:
    """What the command does: what it has to leave is an error."""
    done = recover(Home(place.home, "--home", "default", place.home, None), time.time() + 2 * HOUR, disk=disk)
    for one in done.left:
        raise NotVerified(one.path or one.record, one.state)
    return done


RECOVER = Scenario("recover", "home/auth.json", torn, recover_all)


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


@pytest.fixture(scope="module")
def figures() -> Iterator[Counter[str]]:
    """How often something failed, over all scenarios; printed at the end (pytest -s shows it)."""
    counted: Counter[str] = Counter()
    yield counted
    print("\nerrors:", ", ".join(f"{count} {what}" for what, count in counted.items()))


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

    def run(self, disk: WatchedDisk, calls: AbstractContextManager[object] | None = None) -> Exception | None:
        self.place.make(self.start)
        with recorded(disk):  # type: ignore[arg-type]
            try:
                with calls or nullcontext():
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

    def excused(self, number: int) -> bool:
        """Whether success means something else here: pruning is done as far as it can be, and a breaker that nobody may
        look at is gone for the agents when the link to it is (the result says so)."""
        by_link = self.scenario.name == "clear-breaker through a link" and number == errno.EACCES
        return self.scenario.name == "prune" or (by_link and not os.path.lexists(self.place.path(*LINK)))

    def is_theirs(self, error: Exception) -> bool:
        """Whether the act raises what the system does: the drop-in for ``os.replace`` does, and so does following the
        links before any work, which is the caller's business in the bare acts."""
        bare = ("first creation", "replace", "replace through a link", "in place, longer", "in place, shorter")
        resolving = any(frame.name == "resolve" for frame in traceback.extract_tb(error.__traceback__))
        by_caller = self.scenario.name == "re-staging" or (self.scenario.name in bare and resolving)
        return by_caller and isinstance(error, OSError)

    def faults(self, error: Exception | None, number: int, verb: str) -> list[str]:
        """What is wrong after a call of ``verb`` failed with ``number``, and the act ended with ``error``."""
        found, wrong = self.found(), []
        if error is None and found != self.new and not self.excused(number):
            wrong.append("success, but the file is not new")
        if error is not None and not isinstance(error, StateError) and not self.is_theirs(error):
            wrong.append(f"a bare {type(error).__name__}")
        if isinstance(error, StateError) and error.exit_code not in CODES:
            wrong.append(f"exit code {error.exit_code}")
        if isinstance(error, WriteFailed) and error.path == self.target:
            says = {"old": self.old, "new": self.new}
            if error.content in says and found != says[error.content]:
                wrong.append(f"the error says {error.content}, the file is not")
        elif error is not None and found not in (self.old, self.new) and self.scenario is not RECOVER:
            wrong.append("neither old nor new")
        if self.temporary() and verb != "unlink" and self.scenario is not RECOVER:
            wrong.append("a temporary file is left")
        try:
            self.again()
        except Exception as second:
            wrong.append(f"the second run fails: {second!r}")
        if self.found() not in (self.new, self.later) and not self.excused(number):
            wrong.append("the second run does not make it new")
        if self.scenario is RECOVER and self.temporary():
            wrong.append("the second run does not sweep")
        return wrong


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(one, marks=pytest.mark.slow if one.name in LIKE_ANOTHER else ()) for one in (*SCENARIOS, RECOVER)],
    ids=lambda scenario: scenario.name.replace(" ", "-"),
)
def test_no_error_at_any_call_loses_anything(scenario: Scenario, bench: Place, figures: Counter[str]) -> None:
    if reason := scenario.skipped(bench):
        pytest.skip(reason)
    swept = Swept(scenario, bench)
    points = [(nth, number) for nth in range(1, len(swept.verbs) + 1) for number in NUMBERS]
    faults: dict[str, list[str]] = {}
    for nth, number in points:
        verb = swept.verbs[nth - 1]
        for what in swept.faults(swept.run(FailsAt(nth, number)), number, verb):
            faults.setdefault(what, []).append(f"{nth} {verb} {errno.errorcode[number]}")
    figures.update({"points at the disk interface": len(points)})
    assert not faults, "\n".join(f"{what}: {sorted(set(places))}" for what, places in faults.items())


class Looking:
    """For the length of a ``with`` block the ``nth`` call (from 1; 0: none) of a function that only looks fails with
    ``number``: also where nobody goes through the disk, to follow a link, to list a folder, to look for a gateway."""

    NAMES = ("open", "stat", "lstat", "fstat", "readlink", "listdir", "scandir", "read")

    def __init__(self, top: str, nth: int = 0, number: int = 0) -> None:
        self.top, self.nth, self.number, self.calls = top, nth, number, list[str]()

    def __enter__(self) -> None:
        self.real = {name: getattr(os, name) for name in self.NAMES}
        for name, function in self.real.items():
            setattr(os, name, self._failing(name, function))

    def __exit__(self, *error: object) -> None:
        for name, function in self.real.items():
            setattr(os, name, function)

    def _failing(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if isinstance(path, int) or "dir_fd" in options or os.fspath(path).startswith(self.top):
                self.calls.append(name)
                if len(self.calls) == self.nth:
                    raise OSError(self.number, os.strerror(self.number), path)
            return function(path, *arguments, **options)

        return call


@pytest.mark.slow
@pytest.mark.parametrize("scenario", (*SCENARIOS, RECOVER), ids=lambda scenario: scenario.name.replace(" ", "-"))
def test_no_error_while_looking_loses_anything(scenario: Scenario, bench: Place, figures: Counter[str]) -> None:
    if reason := scenario.skipped(bench):
        pytest.skip(reason)
    swept = Swept(scenario, bench)
    whole = Looking(bench.top)
    assert swept.run(FailsAt(), whole) is None
    faults: dict[str, list[str]] = {}
    points = [(nth, number) for nth in range(1, len(whole.calls) + 1) for number in LOOKING]
    for nth, number in points:
        error = swept.run(FailsAt(), Looking(bench.top, nth, number))
        for what in swept.faults(error, number, whole.calls[nth - 1]):
            faults.setdefault(what, []).append(f"{nth} {whole.calls[nth - 1]} {errno.errorcode[number]}")
    figures.update({"points of looking": len(points)})
    assert not faults, "\n".join(f"{what}: {sorted(set(places))}" for what, places in faults.items())
