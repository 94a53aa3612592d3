"""Beside a writer that takes no lock: what we call done was on the disk when we looked, else we say *superseded*.

What such a writer makes of a document that it read before our change is beyond anybody's reach; it is only counted.
How wide the window is in which its own change can be lost to us, is measured by ``benchmarks/window.py``.
"""

from __future__ import annotations

import json
import os
import random
import time
from pathlib import Path
from typing import Any

import pytest

from hermes_state.disk import Directory, File, RealDisk
from hermes_state.errors import Superseded
from hermes_state.stores.auth import AuthStore
from tests.concurrency.crew import Counts, Crew, home_at, put


class Witness(RealDisk):
    """Remembers the last content that was read, the last that was written, and the renames."""

    def __init__(self) -> None:
        super().__init__()
        self.last_read = b""
        self.last_written = b""
        self.renames = 0

    def read(self, at: Directory, name: str, limit: int) -> bytes:
        self.last_read = super().read(at, name, limit)
        return self.last_read

    def write(self, file: File, data: bytes, offset: int = 0) -> None:
        super().write(file, data, offset)
        self.last_written = data

    def rename(self, at: Directory, name: str, to: Directory, new: str) -> None:
        super().rename(at, name, to, new)
        self.renames += 1


def overwrite(path: Path, pause: float, stop: Any) -> Counts:
    """Reads, changes and replaces the file without any lock, as the Photon plugin of 0.17 to 0.19 does."""
    own = random.Random(4)
    writes = 0
    while not stop.is_set():
        document = json.loads(path.read_bytes())
        document["theirs"] = writes
        staged = path.with_name("auth.json.tmp.theirs")
        staged.write_text(json.dumps(document, indent=2))
        os.replace(staged, path)
        writes += 1
        time.sleep(own.uniform(0, pause))
    return {"writes": writes}


@pytest.mark.parametrize(
    ("updates", "pause"),
    [
        pytest.param(25, 0.002, id="25, a crowd"),
        pytest.param(60, 0.05, id="60"),
        pytest.param(2000, 0.002, id="2000, a crowd", marks=pytest.mark.slow),
        pytest.param(2000, 0.05, id="2000", marks=pytest.mark.slow),
    ],
)
def test_what_is_called_done_was_on_the_disk_at_the_look_after_it(updates: int, pause: float, home: Path) -> None:
    file = home / "auth.json"
    put(file, ours=-1, theirs=-1)
    disk = Witness()
    store = AuthStore(home_at(home), disk)
    counts = dict.fromkeys(("done", "gave up before it", "superseded after the rename"), 0)
    undone_later = built_upon = 0
    with Crew() as crew:
        their_number = crew.add(overwrite, file, pause, crew.stop)
        crew.go()
        for number in range(updates):
            renames = disk.renames

            def change(document: dict[str, Any], number: int = number) -> dict[str, Any]:
                return {**document, "ours": number}

            try:
                written = store.update(change)
            except Superseded:
                # Either we never wrote, or we did and saw that it did not last: there is no third thing.
                after = disk.renames - renames
                assert after in (0, 1)
                counts["superseded after the rename" if after else "gave up before it"] += 1
                if after:
                    assert disk.last_read != disk.last_written
                    built_upon += json.loads(disk.last_read)["ours"] == number
                continue
            assert disk.renames == renames + 1
            assert disk.last_read == disk.last_written == written.after
            assert json.loads(disk.last_read)["ours"] == number
            counts["done"] += 1
            undone_later += json.loads(file.read_bytes())["ours"] != number
        crew.stop.set()
        theirs = crew.counts(their_number)["writes"]
    assert theirs > 0
    assert sum(counts.values()) == updates
    assert counts["done"] > 0 or pause < 0.05  # in a crowd there may be no time when nobody is in the way
    assert [path.name for path in home.iterdir() if path.name.endswith(".tmp")] == []
    document = json.loads(file.read_bytes())
    assert len(document["credential_pool"]["openrouter"]) == 60
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(
        f"\n{updates} updates beside {theirs} writes without a lock: {told} ({built_upon} of these built upon"
        f" by the other), {undone_later} undone by the other after our last look"
    )
