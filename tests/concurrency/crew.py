"""Processes that work at the same time: forked, started together, and asked at the end for what they counted."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Self

from hermes_state import locks
from hermes_state.errors import Superseded
from hermes_state.home import Home
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.store import Held

FORK = multiprocessing.get_context("fork")
Counts = dict[str, Any]
#: Far above what any of these tests takes, in seconds: a deadlock ends, and slowness is no failure.
PATIENCE = 900.0


class Crew:
    """Processes that wait for each other. Those that are still there at the end of the ``with`` block are killed."""

    def __init__(self) -> None:
        self.stop = FORK.Event()
        self._go = FORK.Event()
        self._members: list[tuple[BaseProcess, Connection]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process, answers in self._members:
            process.kill()
            process.join()
            answers.close()

    def add(self, work: Callable[..., Counts], *arguments: Any) -> int:
        """A process that does ``work`` once ``go`` was called; the number by which to ask for its counts."""
        answers, told = FORK.Pipe(duplex=False)

        def run() -> None:
            self._go.wait(PATIENCE)
            told.send(work(*arguments))

        process = FORK.Process(target=run)
        process.start()
        told.close()
        self._members.append((process, answers))
        return len(self._members) - 1

    def go(self) -> None:
        self._go.set()

    def counts(self, number: int) -> Counts:
        """What the process counted. Fails when it died of an exception, which is then on stderr."""
        process, answers = self._members[number]
        assert answers.poll(PATIENCE), f"process {number} does not end"
        try:
            counts: Counts = answers.recv()
        except EOFError:
            process.join()
            raise AssertionError(f"process {number} died with code {process.exitcode}") from None
        process.join()
        return counts


def home_at(path: Path, root: Path | None = None) -> Home:
    profile = "default" if root is None else path.name
    return Home(str(path), "--home", profile, str(root or path), None)


def put(path: Path, **more: Any) -> None:
    """An auth.json that takes several reads and writes: torn content would show."""
    rows = [
        {"id": f"a{number:05}", "label": f"key {number}", "access_token": f"sk-or-v1-test-{number:040}"}
        for number in range(60)
    ]
    document = {"version": 1, "providers": {}, "credential_pool": {"openrouter": rows}, **more}
    path.write_text(json.dumps(document, indent=2))
    path.chmod(0o600)


class Watched(AuthStore):
    """Looks inside each locked section whether somebody else is in one: the first detector, an occupancy marker."""

    def __init__(self, home: Home, marker: Path) -> None:
        super().__init__(home)
        self.marker = marker
        self.overlaps = 0
        self.longest_wait = 0.0

    @contextmanager
    def locked(self, seconds: float = locks.DEFAULT_SECONDS) -> Iterator[Held]:
        asked = time.monotonic()
        with super().locked(seconds) as held:
            self.longest_wait = max(self.longest_wait, time.monotonic() - asked)
            try:
                os.close(os.open(self.marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                self.overlaps += 1
                yield held
                return
            try:
                yield held
            finally:
                os.unlink(self.marker)


class Unguarded(Watched):
    """The same without the locks, and without the look before the rename: for seeing the detectors fire."""

    def lock_paths(self) -> list[str]:
        return []

    @contextmanager
    def locked(self, seconds: float = locks.DEFAULT_SECONDS) -> Iterator[Held]:
        with super().locked(seconds) as held:
            held._is_unchanged = lambda at: True  # type: ignore[method-assign]
            yield held


def count_up(store: Watched, name: str, updates: int) -> Counts:
    """Increments its own counter and that of all, ``updates`` times: the second detector is an increment that is lost.

    ``handovers`` counts how often somebody else had written last, so that a run without any contention is seen.
    """
    own = random.Random(name)
    counts = {"done": 0, "superseded": 0, "handovers": 0}

    def change(document: dict[str, Any]) -> dict[str, Any]:
        counts["handovers"] += document["last"] != name
        each = {**document["each"], name: document["each"][name] + 1}
        return {**document, "each": each, "all": document["all"] + 1, "last": name}

    for _ in range(updates):
        try:
            store.update(change, seconds=PATIENCE)
            counts["done"] += 1
        except Superseded:
            counts["superseded"] += 1
        time.sleep(own.uniform(0, 0.02))  # one that comes straight back would keep the others out for long
    return {**counts, "overlaps": store.overlaps, "longest_wait": store.longest_wait}


def read_on(path: Path, stop: Any) -> Counts:
    """Reads as an agent does, without a lock, until told to stop; every document has to be a whole one."""
    counts = {"reads": 0, "changes": 0}
    before = -1
    while not stop.is_set():
        with open(path, encoding="utf-8") as file:
            document = json.loads(file.read())
        assert document["all"] == sum(document["each"].values()), "a mixture of two documents"
        assert document["all"] >= before, "an older document came back"
        counts["reads"] += 1
        counts["changes"] += document["all"] != before
        before = document["all"]
        time.sleep(0.001)  # leaves the processor to the writers
    return counts
