"""Single hostile things: what is no file, what is too large, and links that are swapped in at the worst moment."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_state.atomic import atomic_write_bytes
from hermes_state.clearing.breakers import clear_breakers
from hermes_state.codec.json import parse
from hermes_state.errors import ExitCode, FileNotOk, StateError
from hermes_state.links import Location, resolve
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.outcomes import Outcome
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.config import ConfigStore
from hermes_state.stores.reading import JSON_LIMIT, YAML_LIMIT, read
from hermes_state.stores.sessions import SessionsStore
from tests.fuzz.campaign import snapshot
from tests.fuzz.fuzzer import FILES
from tests.ground.doubles import RecordingDisk, WatchedDisk
from tests.inspection.homes import NOW, at, auth, cooling, link, look, put, row

GOOD = auth({"openrouter": [row("a"), cooling("b")]})


def _linked_to(target: str) -> Callable[[str], None]:
    return lambda path: os.symlink(target, path)


def _circle(path: str) -> None:
    os.symlink(path, f"{path}.other")
    os.symlink(f"{path}.other", path)


NO_FILES: dict[str, Callable[[str], None]] = {
    "a FIFO": lambda path: os.mkfifo(path, 0o600),
    "a socket": lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
    "a directory": lambda path: os.mkdir(path, 0o700),
    "a link to itself": lambda path: os.symlink(os.path.basename(path), path),
    "a circle of two": _circle,
    "a link to /dev/zero": _linked_to("/dev/zero"),
    "a link to /dev/full": _linked_to("/dev/full"),
    "a link to /dev/null": _linked_to("/dev/null"),
    "a link to /dev/tty": _linked_to("/dev/tty"),
    "a link below a file": _linked_to("/proc/self/status/x"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_unreadable_and_left_as_it_is(home: Path, kind: str, make: Callable[[str], None]) -> None:
    path = home / FILES[kind]
    path.parent.mkdir(mode=0o700, exist_ok=True)
    make(str(path))
    before = snapshot(str(home))
    (file,) = (each for each in look(home).files if each.kind == kind)
    assert file.outcome is Outcome.UNREADABLE
    assert snapshot(str(home)) == before


@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_not_migrated(home: Path, make: Callable[[str], None]) -> None:
    make(str(home / "auth.json"))
    before = snapshot(str(home))
    with pytest.raises(FileNotOk) as caught:
        migrate_auth(at(home), Options(), NOW)
    assert caught.value.exit_code is ExitCode.UNREADABLE
    assert snapshot(str(home)) == before


@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES)
def test_what_is_no_file_is_not_written_over(tmp_path: Path, make: Callable[[str], None]) -> None:
    path = tmp_path / "file"
    make(str(path))
    before = snapshot(str(tmp_path))
    with pytest.raises(OSError):
        atomic_write_bytes(path, b"new")
    assert snapshot(str(tmp_path)) == before


# --- sizes ------------------------------------------------------------------------------------------------------------

STORES = [(AuthStore, JSON_LIMIT), (SessionsStore, JSON_LIMIT), (ConfigStore, YAML_LIMIT)]


@pytest.mark.parametrize(("store", "limit"), STORES)
def test_a_file_just_over_the_limit_is_not_read_at_all(home: Path, store: Any, limit: int) -> None:
    disk = RecordingDisk()
    made = store(at(home), disk)
    put(Path(made.path), b"")
    os.truncate(made.path, limit + 1)
    reading = made.read()
    assert reading.outcome is Outcome.TOO_LARGE
    assert reading.stat.st_size == limit + 1
    assert "read" not in [verb for verb, _ in disk.calls]


@pytest.mark.parametrize(("store", "content"), [(AuthStore, GOOD), (SessionsStore, {}), (ConfigStore, "model: a\n")])
def test_a_file_of_exactly_the_limit_is_read(
    home: Path, store: Any, content: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = store(at(home))
    path = put(Path(made.path), content)
    monkeypatch.setattr(store, "limit", path.stat().st_size)
    assert made.read().outcome is Outcome.OK
    monkeypatch.setattr(store, "limit", path.stat().st_size - 1)
    assert made.read().outcome is Outcome.TOO_LARGE


def test_a_file_that_grows_while_it_is_read_is_too_large_too(home: Path) -> None:
    path = put(home / "auth.json", b"")

    def grow(verb: str, arguments: tuple[Any, ...]) -> None:
        if verb == "read":
            path.write_bytes(b" " * 200)

    reading = read(WatchedDisk(grow), "auth", str(path), 100, parse, lambda document: None)
    assert reading.outcome is Outcome.TOO_LARGE
    assert reading.data == b""


# --- links that are swapped in between a look and what is done on it --------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A directory that nothing may be written to, with a file by the name of each that is worked on."""
    path = tmp_path / "outside"
    path.mkdir(mode=0o700)
    for name in ("auth.json", "nous.json"):
        put(path / name, b"root:x:0:0:not yours")
    return path


def _swap_file(home: Path, outside: Path) -> None:
    """The file is a link that leads outside, from now on."""
    path = home / "dot" / "auth.json"
    path.rename(home / "dot" / "moved")
    path.symlink_to(outside / "auth.json")


def _swap_directory(home: Path, outside: Path) -> None:
    """The directory that the file is in is a link that leads outside, from now on."""
    (home / "dot").rename(home / "moved")
    (home / "dot").symlink_to(outside)


SWAPS = (_swap_file, _swap_directory)
Swap = Callable[[Path, Path], None]


def _prepared(home: Path) -> None:
    put(home / "dot" / "auth.json", GOOD)
    link(home / "auth.json", "dot/auth.json")


@pytest.mark.parametrize("swap", SWAPS)
def test_a_link_swapped_in_right_after_the_path_was_resolved_is_not_followed(
    home: Path, outside: Path, swap: Swap, monkeypatch: pytest.MonkeyPatch
) -> None:
    _prepared(home)
    swapped: list[Location] = []

    def resolve_and_swap(path: str) -> Location:
        where = resolve(path)
        if not swapped:
            swapped.append(where)
            swap(home, outside)
        return where

    monkeypatch.setattr("hermes_state.stores.reading.resolve", resolve_and_swap)
    before = snapshot(str(outside))
    with pytest.raises(StateError) as caught:
        migrate_auth(at(home), Options(), NOW)
    assert swapped and caught.value.exit_code is ExitCode.UNREADABLE
    assert snapshot(str(outside)) == before


@pytest.mark.parametrize("swap", SWAPS)
def test_a_library_write_does_not_follow_what_is_swapped_in(
    home: Path, outside: Path, swap: Swap, monkeypatch: pytest.MonkeyPatch
) -> None:
    _prepared(home)

    def resolve_and_swap(path: str) -> Location:
        where = resolve(path)
        swap(home, outside)
        return where

    monkeypatch.setattr("hermes_state.atomic.resolve", resolve_and_swap)
    before = snapshot(str(outside))
    with pytest.raises(OSError):
        atomic_write_bytes(home / "auth.json", b"new")
    assert snapshot(str(outside)) == before


def _at_each_verb(
    run: Callable[[WatchedDisk], None], reset: Callable[[], None], swap: Callable[[], None], since: str = ""
) -> int:
    """Run once for every verb of a run (from the first that is called ``since``), with ``swap`` right before that verb.

    Returns how many verbs those are.
    """
    recording = RecordingDisk()
    reset()
    run(recording)
    verbs = [verb for verb, _ in recording.calls]
    first = verbs.index(since) if since else 0
    for chosen in range(first, len(verbs)):
        seen = 0

        def watch(verb: str, arguments: tuple[Any, ...], chosen: int = chosen) -> None:
            nonlocal seen
            if seen == chosen:
                swap()
            seen += 1

        reset()
        run(WatchedDisk(watch))
        assert seen > chosen, "the verb was never reached"
    return len(verbs) - first


@pytest.mark.parametrize(("swap", "since"), [*((swap, "") for swap in SWAPS), (_swap_directory, "create")])
def test_a_migration_writes_nothing_outside_whenever_a_link_is_swapped_in(
    tmp_path: Path, outside: Path, swap: Swap, since: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first file that is made on, even where the one outside holds the very content that was read.

    Before that the path is resolved again, under the lock: a link that is there by then is one that leads to the file.
    """
    if since:
        put(outside / "auth.json", GOOD)
    before = snapshot(str(outside))
    homes: list[Path] = []

    def reset() -> None:
        homes.append(tmp_path / f"home{len(homes)}")
        homes[-1].mkdir(mode=0o700)
        _prepared(homes[-1])

    def run(disk: WatchedDisk) -> None:
        monkeypatch.setattr("hermes_state.stores.store.RealDisk", lambda: disk)
        try:
            migrate_auth(at(homes[-1]), Options(), NOW)
        except StateError as error:
            assert error.exit_code is not ExitCode.INTERNAL
        assert snapshot(str(outside)) == before

    assert _at_each_verb(run, reset, lambda: swap(homes[-1], outside), since) > 40


@pytest.mark.parametrize(("what", "since"), [("nous.json", ""), ("", "rename")], ids=["the file", "its directory"])
def test_clearing_a_breaker_touches_nothing_outside_whenever_a_link_is_swapped_in(
    tmp_path: Path, outside: Path, what: str, since: str
) -> None:
    """Its directory only once the breaker is being taken: before, a link there is a link that the user made."""
    before = snapshot(str(outside))
    homes: list[Path] = []

    def reset() -> None:
        homes.append(tmp_path / f"home{len(homes)}")
        homes[-1].mkdir(mode=0o700)
        put(homes[-1] / "rate_limits" / "nous.json", {"reset_at": NOW + 60})

    def swap() -> None:
        path = homes[-1] / "rate_limits" / what
        if path.exists():
            path.rename(homes[-1] / "moved")
        path.symlink_to(outside / what)

    def run(disk: WatchedDisk) -> None:
        report = clear_breakers([at(homes[-1])], "nous", dry_run=False, now=NOW, disk=disk)
        assert all(failed.error.exit_code is not ExitCode.INTERNAL for failed in report.errors)
        assert snapshot(str(outside)) == before

    assert _at_each_verb(run, reset, swap, since) > 3
