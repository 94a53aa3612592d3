"""How fast it feels, as ratios: each figure beside its yardstick, measured in turn so that a noisy machine hits both.

    .venv/bin/python benchmarks/run.py [--agents DIR] [--rounds N]

``--agents`` names a directory with an environment of the agent 0.19.0 (``make agents`` makes ``.agents``); without it
the comparison with the agent's own command is left out, and said so. Medians of N rounds (default 9).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(PROJECT), str(PROJECT / "examples")]

from demo import copy_demo_home  # noqa: E402

from hermes_state.atomic import atomic_json_write  # noqa: E402
from hermes_state.cli import app  # noqa: E402
from hermes_state.home import Home, all_homes, find  # noqa: E402
from hermes_state.inspection import inspect  # noqa: E402
from hermes_state.migration.run import Options, migrate_auth  # noqa: E402

SAMPLES = PROJECT / "tests" / "samples"
TRIVIAL = "import typer; a = typer.Typer(); a.command()(lambda: None); a()"


def timed(act: Callable[[], object]) -> float:
    """Seconds that ``act`` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def compare(name: str, ours: Callable[[], object], yardstick: Callable[[], object], most: float, rounds: int) -> None:
    """Print one row: both medians in milliseconds, their ratio, and the most that it should be."""
    ours(), yardstick()
    pairs = [(timed(ours), timed(yardstick)) for _ in range(rounds)]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    tell(name, f"{mine * 1e3:.2f} ms", f"{theirs * 1e3:.2f} ms", ratio, most)


def tell(name: str, ours: str, yardstick: str, ratio: float, most: float) -> None:
    """Print one row; what takes more than it should is marked."""
    print(f"{name:<58} {ours:>12} {yardstick:>12}  {ratio:6.2f}  (at most {most:g}){' MISSED' if ratio > most else ''}")


def process(*arguments: str, env: dict[str, str] | None = None) -> Callable[[], object]:
    """An act that runs a command to its end, cold, its output thrown away."""
    return lambda: subprocess.run(arguments, env=env, capture_output=True, check=False)


def home_at(path: Path) -> Home:
    return Home(str(path), "--home", "default", str(path), None)


def commands(folder: Path, agents: str | None, rounds: int) -> None:
    home = copy_demo_home(folder, time.time())
    env = {**os.environ, "PYTHONPATH": str(PROJECT), "HOME": str(folder), "HERMES_HOME": str(home)}
    python = sys.executable

    def ours(*arguments: str) -> Callable[[], object]:
        return process(python, "-m", "hermes_state", "--home", str(home), *arguments, env=env)

    trivial, bare = process(python, "-c", TRIVIAL, env=env), process(python, "-c", "pass", env=env)
    hermes = f"{agents}/0.19.0/bin/hermes"
    if agents and os.path.exists(hermes):
        compare(
            "inspect --json, demo home / hermes auth list",
            ours("inspect", "--json"),
            process(hermes, "auth", "list", env=env),
            0.5,
            rounds,
        )
    else:
        print("inspect --json / hermes auth list: left out, no agent 0.19.0 (--agents DIR)")
    compare("--version / a trivial typer app", ours("--version"), trivial, 1.25, rounds)
    compare("clear-breaker nous (absent) / a trivial typer app", ours("clear-breaker", "nous"), trivial, 1.25, rounds)
    compare(
        "import hermes_state / python -c pass", process(python, "-c", "import hermes_state", env=env), bare, 1.1, rounds
    )


def writes(folder: Path, rounds: int) -> None:
    data = {f"key{number}": {"value": "x" * 80, "number": number} for number in range(80)}
    for name, most in ((str(folder), 1.15), ("/dev/shm", 1.25)):
        if not os.path.isdir(name):
            print(f"atomic_json_write in {name}: left out, no such directory")
            continue
        with tempfile.TemporaryDirectory(dir=name) as place:
            target, bare = os.path.join(place, "ours.json"), os.path.join(place, "bare.json")
            compare(
                f"atomic_json_write, {len(json.dumps(data, indent=2)) // 1000} kB, {name} / the bare calls (x50)",
                lambda path=target: [atomic_json_write(path, data) for _ in range(50)],
                lambda path=bare: [bare_write(path, data) for _ in range(50)],
                most,
                rounds,
            )


def bare_write(path: str, data: object) -> None:
    fd = os.open(f"{path}.tmp", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.write(fd, json.dumps(data, indent=2).encode())
    os.fsync(fd)
    os.close(fd)
    os.rename(f"{path}.tmp", path)
    directory = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def migrations(folder: Path, rounds: int) -> None:
    for rows in (1_000, 10_000):
        home = folder / f"rows{rows}"
        home.mkdir()
        file = home / "auth.json"
        text = json.dumps(pool_of(rows), indent=2)

        def ours(home: Path = home, file: Path = file, text: str = text) -> None:
            migrate_auth(home_at(home), Options(), time.time())

        def yardstick(file: Path = file) -> None:
            with open(file, encoding="utf-8") as stream:
                document = json.load(stream)
            with open(f"{file}.tmp", "w", encoding="utf-8") as stream:
                json.dump(document, stream, indent=2)
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(f"{file}.tmp", file)

        pairs = []
        for _ in range(rounds):
            file.write_text(text)
            theirs = timed(yardstick)
            file.write_text(text)
            pairs.append((timed(ours), theirs))
            shutil.rmtree(home / "backups")
        mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        name = f"migrate {rows} rows / load, dump, fsync, rename"
        tell(name, f"{mine * 1e3:.2f} ms", f"{theirs * 1e3:.2f} ms", ratio, 2)


def pool_of(rows: int) -> dict[str, object]:
    document = json.loads((SAMPLES / "auth" / "0.19.0" / "pool_exhausted_429.json").read_text())
    row = document["credential_pool"]["openrouter"][0]
    document["credential_pool"]["openrouter"] = [
        {**row, "id": f"{number:06x}", "access_token": f"sk-or-v1-test-{number:08d}"} for number in range(rows)
    ]
    return document


def sessions(folder: Path, rounds: int) -> None:
    found = json.loads((SAMPLES / "sessions" / "0.19.0" / "sessions.json").read_text())
    entries = [entry for key, entry in found.items() if not key.startswith("_")]
    for count in (10_000, 100_000):
        home = folder / f"sessions{count}"
        (home / "sessions").mkdir(parents=True)
        file = home / "sessions" / "sessions.json"
        whole = {}
        for number in range(count):
            key = f"agent:main:telegram:dm:{number}"
            whole[key] = {**entries[number % len(entries)], "session_key": key}
        file.write_text(json.dumps(whole, indent=2))
        del whole

        def yardstick(file: Path = file) -> None:
            with open(file, encoding="utf-8") as stream:
                json.load(stream)

        compare(
            f"inspect {count} sessions / json.load",
            lambda home=home: inspect([home_at(home)], kinds=["sessions"]),
            yardstick,
            3,
            min(rounds, 3),
        )


def memory(folder: Path) -> None:
    """The most memory that an inspection of the sessions takes, beside that of reading them."""
    file = folder / "sessions100000" / "sessions" / "sessions.json"
    most = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    ours = "import sys; from hermes_state.home import find; from hermes_state.inspection import inspect\n"
    ours += "inspect([find(sys.argv[1], None, {})], kinds=['sessions'])\n"
    theirs = "import json, sys; json.load(open(sys.argv[1] + '/sessions/sessions.json', encoding='utf-8'))\n"

    def kib(program: str) -> int:
        command = [sys.executable, "-c", program + most, str(file.parent.parent)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT).stdout)

    a, b = kib(ours), kib(theirs)
    name = "memory to inspect 100000 sessions / json.load"
    tell(name, f"{a / 1024:.0f} MB", f"{b / 1024:.0f} MB", a / b, 3)


def growth(folder: Path, rounds: int) -> None:
    """What ten times as much costs: rows, entries and profiles."""

    def of(name: str, acts: dict[int, Callable[[], object]], before: Callable[[int], object]) -> None:
        least, most = acts
        pairs = []
        for _ in range(min(rounds, 5)):
            before(least)
            small = timed(acts[least])
            before(most)
            pairs.append((timed(acts[most]), small))
        mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(a / b for a, b in pairs)
        label = f"{name}: {most} / {least}"
        tell(label, f"{mine * 1e3:.2f} ms", f"{theirs * 1e3:.2f} ms", ratio, 11)

    texts = {rows: json.dumps(pool_of(rows), indent=2) for rows in (1_000, 10_000)}
    homes = {rows: folder / f"rows{rows}" for rows in texts}

    def fresh(rows: int) -> None:
        (homes[rows] / "auth.json").write_text(texts[rows])
        shutil.rmtree(homes[rows] / "backups", ignore_errors=True)

    def migrating(rows: int) -> Callable[[], object]:
        return lambda: migrate_auth(home_at(homes[rows]), Options(), time.time())

    of("migrate rows", {rows: migrating(rows) for rows in texts}, fresh)

    def inspecting(place: Path, every: bool) -> Callable[[], object]:
        def act() -> object:
            home = find(str(place), None, {})
            return inspect(all_homes(home) if every else [home])

        return act

    counts = (10_000, 100_000)
    of(
        "inspect sessions",
        {count: inspecting(folder / f"sessions{count}", False) for count in counts},
        lambda count: None,
    )
    for count in (100, 1_000):
        profiles(folder / f"profiles{count}", count)
    of(
        "inspect profiles",
        {count: inspecting(folder / f"profiles{count}", True) for count in (100, 1_000)},
        lambda count: None,
    )

    def rehearsing(place: Path) -> Callable[[], object]:
        def act() -> object:
            with contextlib.redirect_stdout(io.StringIO()):
                return app.run(["--home", str(place), "--all-profiles", "migrate", "--dry-run", "--json"])

        return act

    of(
        "migrate --dry-run profiles",
        {count: rehearsing(folder / f"profiles{count}") for count in (100, 1_000)},
        lambda count: None,
    )


def profiles(root: Path, count: int) -> None:
    demo = PROJECT / "examples" / "demo-home" / "home" / "profiles" / "coder"
    for number in range(count):
        shutil.copytree(demo, root / "profiles" / f"p{number:04d}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agents", default=os.environ.get("HERMES_STATE_AGENTS"))
    parser.add_argument("--rounds", type=int, default=9)
    asked = parser.parse_args()
    print(f"{'what / yardstick':<58} {'ours':>12} {'yardstick':>12}   ratio")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        commands(folder, asked.agents, asked.rounds)
        writes(folder, asked.rounds)
        migrations(folder, asked.rounds)
        sessions(folder, asked.rounds)
        memory(folder)
        growth(folder, asked.rounds)


if __name__ == "__main__":
    main()
