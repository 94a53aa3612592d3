"""Real processes, killed before each system call that would change something; then the same command again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hermes_state import strays
from hermes_state.clock import HOUR
from hermes_state.disk import RealDisk
from tests.crash import straced

pytestmark = [pytest.mark.crash, pytest.mark.tiers]

SAMPLE = straced.PROJECT / "tests" / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"
BACKUP = "20260101T000000Z-0a0a"


def write(path: Path, data: bytes) -> None:
    for folder in (*reversed(path.parent.parents), path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)


def inline(home: Path) -> Path:
    write(home / "auth.json", SAMPLE.read_bytes())
    return home / "auth.json"


def backed_up(home: Path) -> Path:
    import hashlib

    data = SAMPLE.read_bytes()
    folder = home / "backups" / "hermes-state" / BACKUP
    write(folder / "auth.json", data)
    entry = {"name": "auth.json", "kind": "auth", "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    write(folder / "manifest.json", json.dumps({"created_at": 1.0, "reason": "migrate", "files": [entry]}).encode())
    write(home / "auth.json", data.replace(b"work key", b"other key"))
    return home / "auth.json"


def limited(home: Path) -> Path:
    write(home / "rate_limits" / "nous.json", b'{"reset_at": 4102444800.0, "recorded_at": 1.0, "reset_seconds": 1.0}')
    return home / "rate_limits" / "nous.json"


@dataclass(frozen=True)
class Command:
    """``prepare`` makes the home and names the file that the command changes."""

    arguments: tuple[str, ...]
    prepare: Callable[[Path], Path]


COMMANDS = {
    "migrate": Command(("migrate",), inline),
    "restore": Command(("restore", BACKUP, "--with-tokens"), backed_up),
    "clear-breaker": Command(("clear-breaker", "nous"), limited),
    "clear-cooldown": Command(("clear-cooldown", "openrouter"), inline),
}


@pytest.fixture(scope="module")
def left_in_all() -> Iterator[Counter[str]]:
    """Over all commands; printed at the end (pytest -s shows it)."""
    left: Counter[str] = Counter()
    yield left
    print("\nkills:", dict(left))


class Bench:
    """A home that is made anew for each run, always at the same path."""

    def __init__(self, command: Command, top: Path) -> None:
        self.top, self.home, self.log = top, top / "home", top / "log"
        self.command = [*straced.python("-m", "hermes_state"), "--home", str(self.home), *command.arguments]
        self.prepare = command.prepare

    def fresh(self) -> Path:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(mode=0o700)
        return self.prepare(self.home)

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        traced = straced.command(self.log, *options) if options else []
        environment = straced.environment(self.top)
        return subprocess.run(
            [*traced, *self.command], check=False, env=environment, capture_output=True, text=True, cwd=self.top
        )

    def strays(self) -> list[Path]:
        """Temporary files, and backups that were not finished."""
        folders = self.home.glob("backups/hermes-state/*")
        unfinished = [folder for folder in folders if not (folder / "manifest.json").exists()]
        return [*self.home.rglob("*.tmp"), *unfinished]


@pytest.mark.parametrize(
    "name",
    [*(pytest.param(name, marks=pytest.mark.slow) for name in COMMANDS if name != "clear-breaker"), "clear-breaker"],
)
def test_a_command_killed_at_any_write_leaves_old_or_new_and_works_the_next_time(
    name: str, tmp_path: Path, left_in_all: Counter[str]
) -> None:
    if reason := straced.available():
        pytest.skip(reason)
    bench = Bench(COMMANDS[name], tmp_path)
    file = bench.fresh()
    old = file.read_bytes()
    survey = bench.run("-e", f"trace={straced.CALLS}")
    assert survey.returncode == 0, survey.stderr
    writes = [call for call in straced.calls(bench.log) if call.writes and call.path.startswith(str(bench.home))]
    left: Counter[str] = Counter()
    for call in writes:
        bench.fresh()
        # With an error as well the call itself is never made, whenever exactly the signal comes.
        inject = f"inject={call.name}:error=EINTR:signal=KILL:when={call.nth}"
        killed = bench.run("-e", f"trace={call.name}", "-e", inject)
        assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), (call, killed)
        now = file.read_bytes() if file.exists() else None
        left["old" if now == old else "new"] += 1
        left["stray"] += bool(bench.strays())
        if now != old:
            require_new(name, now)
        require_private(bench.home)
        again = bench.run()
        assert again.returncode == 0, (call, again.stderr)
        require_new(name, file.read_bytes() if file.exists() else None)
        strays.sweep(RealDisk(), str(bench.home), time.time() + 2 * HOUR)
        assert bench.strays() == []
    print(f"{name}: {len(writes)} kills left", dict(left))
    left_in_all.update(left, kills=len(writes))
    assert min(left["old"], left["new"], left["stray"]) > 0


def require_new(name: str, data: bytes | None) -> None:
    if name == "clear-breaker":
        assert data is None
    elif name == "restore":
        assert data == SAMPLE.read_bytes()
    else:
        assert data is not None
        record = json.loads(data)["credential_pool_runtime"]["pools"]["openrouter"]["2a97a2"]
        assert ("cleared_at" in record) is (name == "clear-cooldown")
        assert record.get("last_error_code") == (429 if name == "migrate" else None)


def require_private(home: Path) -> None:
    for path in home.rglob("*"):
        assert not os.stat(path).st_mode & 0o077, path
