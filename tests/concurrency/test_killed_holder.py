"""A writer that is killed while it holds the lock: the next one gets on, and finds the old file or the new one."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hermes_state.disk import Directory, File, RealDisk
from hermes_state.errors import LockTimeout
from hermes_state.stores.auth import AuthStore
from tests.concurrency.crew import home_at, put

pytestmark = pytest.mark.crash

#: Where the holder stops, in the order of a write, and whether its new content is in place by then.
STAGES = {
    "changing": False,
    "created": False,
    "half written": False,
    "synced": False,
    "before the rename": False,
    "after the rename": True,
    "read back": True,
}


class Stopping(RealDisk):
    """Says that the stage is reached, and stops there for ever."""

    def __init__(self, stage: str, told: int) -> None:
        super().__init__()
        self.stage, self.told = stage, told
        self.renamed = False

    def reach(self, stage: str) -> None:
        if stage == self.stage:
            os.write(self.told, b"!")
            signal.pause()

    def create(self, at: Directory, name: str) -> File:
        file = super().create(at, name)
        self.reach("created")
        return file

    def write(self, file: File, data: bytes, offset: int = 0) -> None:
        if self.stage == "half written":
            super().write(file, data[: len(data) // 2], offset)
            self.reach("half written")
        super().write(file, data, offset)

    def sync(self, file: File) -> None:
        super().sync(file)
        self.reach("synced")

    def rename(self, at: Directory, name: str, to: Directory, new: str) -> None:
        self.reach("before the rename")
        super().rename(at, name, to, new)
        self.renamed = True
        self.reach("after the rename")

    def read(self, at: Directory, name: str, limit: int) -> bytes:
        data = super().read(at, name, limit)
        if self.renamed:
            self.reach("read back")
        return data


@contextmanager
def holder(home: Path, stage: str) -> Iterator[int]:
    """A process that is inside the section, at ``stage``."""
    seen, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            disk = Stopping(stage, told)

            def change(document: dict[str, Any]) -> dict[str, Any]:
                disk.reach("changing")
                return {**document, "count": document["count"] + 1}

            AuthStore(home_at(home), disk).update(change)
        finally:
            os._exit(1)
    os.close(told)
    try:
        assert os.read(seen, 1) == b"!", "the holder ended before it got there"
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(seen)


@pytest.mark.parametrize("stage", STAGES)
def test_the_next_writer_gets_on_after_a_holder_was_killed(stage: str, home: Path) -> None:
    file = home / "auth.json"
    put(file, count=0)
    old = file.read_bytes()
    new = old.replace(b'"count": 0', b'"count": 1')
    store = AuthStore(home_at(home))

    def change(document: dict[str, Any]) -> dict[str, Any]:
        return {**document, "count": document["count"] + 10}

    with holder(home, stage), pytest.raises(LockTimeout):
        store.update(change, seconds=0.05)
    assert file.read_bytes() == (new if STAGES[stage] else old)

    strays = [path for path in home.iterdir() if path.name.endswith(".tmp")]
    assert len(strays) == (stage in ("created", "half written", "synced", "before the rename"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in strays] == [0o600] * len(strays)

    assert store.update(change).replaced is not None
    assert json.loads(file.read_text())["count"] == (11 if STAGES[stage] else 10)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
