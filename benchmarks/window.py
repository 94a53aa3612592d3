"""How wide the window is that no lock closes: from our last look at ``auth.json`` to the rename that replaces it.

    .venv/bin/python benchmarks/window.py [--rounds N] [--dir DIR]

A writer that takes no lock and replaces the file within it loses its change, and nobody is told. For each size it also
shows what the two system calls cost that could be the last step: the rename, and an exchange (``renameat2`` with
RENAME_EXCHANGE, Linux only), after which the content that was displaced can still be looked at.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from hermes_state.disk import Directory, RealDisk  # noqa: E402
from hermes_state.home import Home  # noqa: E402
from hermes_state.stores.auth import AuthStore  # noqa: E402

RENAME_EXCHANGE = 2
#: Credentials in the file, and thereby its size.
CREDENTIALS = (3, 300, 10_000)


class Timed(RealDisk):
    """Notes, in microseconds, the time from the start of the last read to the end of the rename after it.

    The old file is kept open meanwhile: freeing its blocks, which can take milliseconds, comes after the switch and
    is no part of the window.
    """

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = 0
        self.old = -1
        self.windows: list[float] = []
        self.renames: list[float] = []

    def read(self, at: Directory, name: str, limit: int) -> bytes:
        self.let_go()
        self.old = os.open(name, os.O_RDONLY, dir_fd=at.fd)
        self.looked_at = time.perf_counter_ns()
        return super().read(at, name, limit)

    def rename(self, at: Directory, name: str, to: Directory, new: str) -> None:
        start = time.perf_counter_ns()
        super().rename(at, name, to, new)
        end = time.perf_counter_ns()
        self.windows.append((end - self.looked_at) / 1e3)
        self.renames.append((end - start) / 1e3)
        self.let_go()

    def let_go(self) -> None:
        if self.old >= 0:
            os.close(self.old)
            self.old = -1


def windows(home: Path, credentials: int, rounds: int) -> Timed:
    """Update a file of so many credentials ``rounds`` times."""
    rows = [
        {"id": f"a{number:05}", "label": f"key {number}", "access_token": f"sk-or-v1-test-{number:040}"}
        for number in range(credentials)
    ]
    document = {"version": 1, "providers": {}, "credential_pool": {"openrouter": rows}, "count": 0}
    (home / "auth.json").write_text(json.dumps(document, indent=2))
    disk = Timed()
    store = AuthStore(Home(str(home), "--home", "default", str(home), None), disk)

    def change(found: dict[str, Any]) -> dict[str, Any]:
        return {**found, "count": found["count"] + 1}

    for _ in range(rounds):
        store.update(change)
    disk.let_go()
    return disk


def exchanges(home: Path, rounds: int) -> list[float]:
    """Exchange a synced new file with ``auth.json`` and look at what was displaced; empty where that is impossible."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return []
    content = (home / "auth.json").read_bytes()
    staged = home / "staged"
    at = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    found: list[float] = []
    try:
        for _ in range(rounds):
            with staged.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            start = time.perf_counter_ns()
            if renameat2(at, b"staged", at, b"auth.json", RENAME_EXCHANGE) != 0:
                return []
            displaced = staged.read_bytes()
            found.append((time.perf_counter_ns() - start) / 1e3)
            assert displaced == content
            os.unlink(staged)
            os.fsync(at)
    finally:
        os.close(at)
    return found


def told(name: str, found: Sequence[float]) -> str:
    if not found:
        return f"  {name:<44} not possible here"
    ordered = sorted(found)
    median, late, most = statistics.median(ordered), ordered[len(ordered) * 99 // 100], ordered[-1]
    return f"  {name:<44} {median:9.1f} {late:9.1f} {most:9.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="The window between the last look and the rename, in microseconds.")
    parser.add_argument("--rounds", type=int, default=300, help="updates for each size (default 300)")
    parser.add_argument("--dir", help="a directory on the file system to measure (default: that of temporary files)")
    options = parser.parse_args()
    print(f"  {'microseconds':<44} {'median':>9} {'99 %':>9} {'most':>9}")
    for credentials in CREDENTIALS:
        with tempfile.TemporaryDirectory(dir=options.dir) as folder:
            home = Path(folder)
            disk = windows(home, credentials, max(20, options.rounds if credentials < 1000 else options.rounds // 10))
            print(f"{credentials} credentials, {(home / 'auth.json').stat().st_size / 1024:.0f} KiB")
            print(told("window: last look to rename done", disk.windows))
            print(told("of this the rename", disk.renames))
            print(told("an exchange, and a look at what it displaced", exchanges(home, len(disk.windows))))


if __name__ == "__main__":
    main()
