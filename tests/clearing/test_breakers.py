from __future__ import annotations

import errno
import json
import os
import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from hermes_state.clearing.breakers import ALL, SMALL, Blocking, ClearReport, as_json, clear_breakers
from hermes_state.disk import Disk
from hermes_state.errors import FileNotOk, NotVerified, Refused, Superseded, UnknownTarget, WriteFailed
from hermes_state.home import Home
from hermes_state.inspection.report import Block
from hermes_state.obstacle import MOUNTED, SEALED
from hermes_state.stores.breaker import look
from tests.ground.doubles import FailingDisk, RecordingDisk, WatchedDisk
from tests.ground.places import snapshot

NOW = 1768469400.25
ACTIVE = b'{"reset_at": 1768471230.25, "recorded_at": 1768469400.25, "reset_seconds": 1830.0}'
NEWER = b'{"reset_at": 1768473000.5, "recorded_at": 1768469400.5, "reset_seconds": 3600.0}'
NEWEST = b'{"reset_at": 1768476000.5, "recorded_at": 1768469400.75, "reset_seconds": 6600.0}'
RECORDED = Path(__file__).parents[1] / "stores"
CASES: dict[str, dict[str, Any]] = json.loads((RECORDED / "breaker_cases.json").read_text(encoding="utf-8"))
ANSWERS: dict[str, dict[str, dict[str, Any]]] = json.loads(
    (RECORDED / "breaker_agents.json").read_text(encoding="utf-8")
)


@pytest.fixture
def folder(home: Path) -> Path:
    path = home / "rate_limits"
    path.mkdir()
    return path


def as_home(path: Path, profile: str = "default") -> Home:
    return Home(str(path), "--home", profile, str(path), None)


def clear(home: Path, provider: str | None = "nous", *, dry_run: bool = False, **more: Any) -> ClearReport:
    return clear_breakers([as_home(home)], provider, dry_run=dry_run, now=NOW, **more)


def error_of(report: ClearReport) -> Exception:
    (failed,) = report.errors
    return failed.error


# --- what is cleared -------------------------------------------------------------------------------------------------


def test_an_active_breaker_is_gone_from_the_disk(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(ACTIVE)
    report = clear(home)
    assert os.listdir(folder) == []
    assert report.exit_code == 0
    assert as_json(report) == {
        "dry_run": False,
        "cleared": [
            {
                "provider": "nous",
                "home": str(home),
                "path": str(folder / "nous.json"),
                "was": {"state": "active", "remaining_seconds": 1830.0},
                "removed": str(folder / "nous.json"),
                "note": "",
            }
        ],
        "left": [],
        "still_blocked_by": [],
    }


def test_the_file_is_taken_looked_at_deleted_and_proven_gone(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(ACTIVE)
    disk = RecordingDisk()
    clear(home, disk=disk)
    verbs = [verb for verb, _ in disk.calls if verb not in ("open_directory", "close_directory")]
    first = verbs.index("rename")
    assert verbs[first:] == ["rename", "stat", "read", "unlink", "sync_directory", "stat"]
    taken = [path for verb, path in disk.calls if verb == "unlink"]
    assert re.fullmatch(
        rf"{re.escape(str(folder))}/\.nous\.json\.hermes-state\.{os.getpid()}\.[0-9a-f]{{8}}\.tmp", taken[0]
    )


CLEARED = [name for name, case in CASES.items() if case and "folder" not in case and "link" not in case]


def put(path: Path, case: dict[str, Any]) -> None:
    if case.get("made") == "fifo":
        os.mkfifo(path)
    elif case.get("made") == "socket":
        here = os.getcwd()
        os.chdir(path.parent)
        try:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(path.name)
        finally:
            os.chdir(here)
    elif "hex" in case:
        path.write_bytes(bytes.fromhex(case["hex"]))
    else:
        path.write_bytes("".join(text * times for text, times in case["content"]).encode())


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("name", [name for name in CLEARED if name != "directory"])
def test_a_breaker_goes_in_any_state(name: str, dry_run: bool, home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    put(path, CASES[name])
    before = snapshot(home)
    shown = look(str(path), NOW)
    report = clear(home, dry_run=dry_run)
    assert shown is not None
    assert [(one.was.state, one.path) for one in report.cleared] == [(shown.state, str(path))]
    assert (report.errors, report.left, report.dry_run) == ((), (), dry_run)
    json.dumps(as_json(report), allow_nan=False)
    if dry_run:
        assert snapshot(home) == before
    else:
        assert os.listdir(folder) == []


def test_a_file_of_any_size_goes(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(b" " * (3 << 20))
    assert clear(home).cleared
    assert os.listdir(folder) == []


def test_a_file_that_cannot_be_read_goes(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(ACTIVE)
    assert clear(home, disk=FailingDisk("read", errno.EACCES)).cleared[0].was.state == "unreadable"
    assert os.listdir(folder) == []


def test_a_directory_is_refused(home: Path, folder: Path) -> None:
    (folder / "nous.json").mkdir()
    report = clear(home)
    assert isinstance(error_of(report), Refused)
    assert (report.exit_code, report.cleared, os.listdir(folder)) == (5, (), ["nous.json"])


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["../elsewhere.json", "chain"])
def test_a_link_stays_and_its_target_goes(text: str, home: Path, folder: Path) -> None:
    target = home / "elsewhere.json"
    target.write_bytes(ACTIVE)
    (folder / "chain").symlink_to(target)
    (folder / "nous.json").symlink_to(text)
    report = clear(home)
    assert (report.cleared[0].removed, report.cleared[0].note) == (str(target), "")
    assert (os.readlink(folder / "nous.json"), target.exists(), report.exit_code) == (text, False, 0)


def test_an_empty_target_of_the_same_name_goes_too(home: Path, folder: Path) -> None:
    (home / "nous.json").touch()
    (folder / "nous.json").symlink_to("../nous.json")
    assert clear(home).cleared[0].removed == str(home / "nous.json")


def test_an_empty_target_of_another_name_may_be_a_flag_of_somebodys(home: Path, folder: Path) -> None:
    (home / ".nologin").touch()
    (folder / "nous.json").symlink_to("../.nologin")
    assert "it is empty, and has another name" in clear(home).cleared[0].note
    assert (home / ".nologin").exists()


@pytest.mark.tiers
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize(("link", "file", "goes"), [(1234, 4321, False), (1234, 1234, True), (0, 4321, True)])
def test_a_users_link_makes_root_delete_no_file_of_another_one(
    link: int, file: int, goes: bool, home: Path, folder: Path
) -> None:
    target = home / "nous.json"
    target.write_bytes(ACTIVE)
    os.chown(target, file, file)
    (folder / "nous.json").symlink_to("../nous.json")
    os.chown(folder / "nous.json", link, link, follow_symlinks=False)
    report = clear(home)
    assert (target.exists(), (folder / "nous.json").is_symlink(), report.exit_code) == (not goes, goes, 0)
    assert goes or "the link is user 1234's and the file user 4321's" in report.cleared[0].note


@pytest.mark.parametrize("name", ["missing", "dangling link", "dangling link into nowhere"])
def test_no_agent_is_blocked_by_what_a_clear_leaves(name: str) -> None:
    assert {version: answer["remaining"] for version, answer in ANSWERS[name].items()} == dict.fromkeys(ANSWERS[name])


def test_clearing_again_leaves_the_link_alone(home: Path, folder: Path) -> None:
    (home / "elsewhere.json").write_bytes(ACTIVE)
    (folder / "nous.json").symlink_to("../elsewhere.json")
    clear(home)
    report = clear(home)
    assert (report.cleared, report.exit_code, len(report.left)) == ((), 0, 1)
    assert "does not exist: it blocks nobody" in report.left[0].reason
    assert (folder / "nous.json").is_symlink()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (ACTIVE + b" " * SMALL, "more than 64 KiB"),
        (b'{"version": 1, "providers": {}}', "does not look like a breaker"),
        (b"export PATH=/bin\n", "does not look like a breaker"),
        (b'{"reset_at": 17', "does not look like a breaker"),
        (b'{"note": "\xff"}', "does not look like a breaker"),
    ],
)
@pytest.mark.parametrize("target", ["auth.json", "../outside.json"])
def test_of_a_link_to_something_else_only_the_link_goes(
    target: str, content: bytes, reason: str, home: Path, folder: Path
) -> None:
    (home / target).write_bytes(content)
    (folder / "nous.json").symlink_to(f"../{target}")
    report = clear(home)
    assert report.cleared[0].removed == str(folder / "nous.json")
    assert report.cleared[0].note.startswith("only the link was removed; what it leads to stays: ")
    assert reason in report.cleared[0].note
    assert (os.listdir(folder), (home / target).read_bytes()) == ([], content)


def test_of_a_link_to_a_directory_only_the_link_goes(home: Path, folder: Path) -> None:
    (home / "kept").mkdir()
    (folder / "nous.json").symlink_to("../kept")
    report = clear(home)
    assert "it is a directory" in report.cleared[0].note
    assert (os.listdir(folder), (home / "kept").is_dir()) == ([], True)


@pytest.mark.parametrize("links", [{"nous.json": "nous.json"}, {"nous.json": "a", "a": "b", "b": "nous.json"}])
def test_of_links_in_a_circle_the_one_that_agents_read_goes(links: dict[str, str], home: Path, folder: Path) -> None:
    for name, text in links.items():
        (folder / name).symlink_to(text)
    report = clear(home)
    assert "circle" in report.cleared[0].note
    assert sorted(os.listdir(folder)) == sorted(set(links) - {"nous.json"})


@pytest.mark.parametrize("verb", ["stat", "read"])
@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE])
def test_a_link_that_cannot_be_followed_at_the_moment_stays_and_that_is_no_success(
    number: int, verb: str, home: Path, folder: Path
) -> None:
    """What it leads to may be a breaker: it is to be cleared, and not to be lost sight of."""
    (home / "elsewhere.json").write_bytes(ACTIVE)
    (folder / "nous.json").symlink_to("../elsewhere.json")
    report = clear(home, disk=FailingDisk(verb, number, nth=2 if verb == "stat" else 1))
    assert isinstance(error_of(report), FileNotOk)
    assert (report.exit_code, report.cleared) == (3, ())
    assert (os.listdir(folder), (home / "elsewhere.json").read_bytes()) == (["nous.json"], ACTIVE)


def test_of_a_link_to_what_nobody_may_look_at_only_the_link_goes(home: Path, folder: Path) -> None:
    (home / "elsewhere.json").write_bytes(ACTIVE)
    (folder / "nous.json").symlink_to("../elsewhere.json")
    report = clear(home, disk=FailingDisk("read", errno.EACCES))
    assert "Permission denied" in report.cleared[0].note
    assert (os.listdir(folder), (home / "elsewhere.json").read_bytes()) == ([], ACTIVE)


def test_a_folder_behind_a_link_is_followed(home: Path) -> None:
    (home / "other").mkdir()
    (home / "other" / "nous.json").write_bytes(ACTIVE)
    (home / "rate_limits").symlink_to("other")
    report = clear(home)
    assert report.cleared[0].path == str(home / "rate_limits" / "nous.json")
    assert (os.listdir(home / "other"), (home / "rate_limits").is_symlink()) == ([], True)


# --- which ones ------------------------------------------------------------------------------------------------------


def plant_all(folder: Path) -> None:
    for name in ("nous.json", "nous-anonymous.json", "openrouter.json"):
        (folder / name).write_bytes(ACTIVE)


def test_only_the_named_provider_is_cleared(home: Path, folder: Path) -> None:
    plant_all(folder)
    assert [one.provider for one in clear(home, "nous-anonymous").cleared] == ["nous-anonymous"]
    assert sorted(os.listdir(folder)) == ["nous.json", "openrouter.json"]


def test_all_means_those_of_the_agents_and_foreign_files_are_named_and_left(home: Path, folder: Path) -> None:
    plant_all(folder)
    report = clear(home, ALL)
    assert [one.provider for one in report.cleared] == ["nous", "nous-anonymous"]
    assert [(one.provider, one.path) for one in report.left] == [("openrouter", str(folder / "openrouter.json"))]
    assert os.listdir(folder) == ["openrouter.json"]


def test_a_foreign_file_goes_when_it_is_named(home: Path, folder: Path) -> None:
    plant_all(folder)
    assert clear(home, "openrouter").cleared[0].was.state == "foreign"
    assert "openrouter.json" not in os.listdir(folder)


@pytest.mark.parametrize("name", ["nous", "nous-anonymous"])
@pytest.mark.parametrize("dry_run", [True, False])
def test_a_breaker_that_is_not_there_is_nothing_to_do(name: str, dry_run: bool, home: Path) -> None:
    report = clear(home, name, dry_run=dry_run)
    assert (report.exit_code, report.cleared, report.errors) == (0, (), ())
    assert [(one.provider, one.reason) for one in report.left] == [(name, "there is no breaker: nothing to do")]
    assert list(home.iterdir()) == []


def test_all_of_none_is_nothing_to_do(home: Path) -> None:
    assert clear(home, ALL) == ClearReport(dry_run=False)


@pytest.mark.parametrize(
    "name", ["openrouter", "../auth", "/etc/passwd", "", "*", "nous.json", "NOUS", "rate_limits/nous"]
)
def test_an_unknown_name_is_a_usage_error_and_never_a_path(name: str, home: Path, folder: Path) -> None:
    (home / "auth.json").write_bytes(ACTIVE)
    (folder / "nous.json").write_bytes(ACTIVE)
    (folder / "mine.json").write_bytes(ACTIVE)
    before = snapshot(home)
    with pytest.raises(UnknownTarget) as caught:
        clear(home, name)
    assert (caught.value.exit_code, caught.value.known) == (2, ("nous", "nous-anonymous", "mine"))
    assert snapshot(home) == before


# --- several homes ---------------------------------------------------------------------------------------------------


def test_what_goes_wrong_in_one_home_stops_no_other(tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("file", "directory", "fine", "none")]
    for path in homes:
        path.mkdir()
    (homes[0] / "rate_limits").write_text("no directory")
    (homes[1] / "rate_limits" / "nous.json").mkdir(parents=True)
    (homes[2] / "rate_limits").mkdir()
    (homes[2] / "rate_limits" / "nous.json").write_bytes(ACTIVE)
    report = clear_breakers([as_home(path) for path in homes], "nous", dry_run=False, now=NOW)
    assert [one.home for one in report.cleared] == [str(homes[2])]
    assert [one.home for one in report.left] == [str(homes[3])]
    assert [(failed.home, type(failed.error)) for failed in report.errors] == [
        (str(homes[0]), FileNotOk),
        (str(homes[1]), Refused),
    ]
    assert report.exit_code == 3


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_breaker_that_two_homes_share_is_cleared_once(dry_run: bool, tmp_path: Path) -> None:
    shared = tmp_path / "shared.json"
    shared.write_bytes(ACTIVE)
    homes = [tmp_path / "one", tmp_path / "two"]
    for path in homes:
        (path / "rate_limits").mkdir(parents=True)
        (path / "rate_limits" / "nous.json").symlink_to(shared)
    report = clear_breakers([as_home(path) for path in homes], "nous", dry_run=dry_run, now=NOW)
    assert [[one.home for one in part] for part in (report.cleared, report.left)] == [[str(homes[0])], [str(homes[1])]]
    assert (report.errors, shared.exists()) == ((), dry_run)


def test_a_foreign_name_that_one_home_has_is_nothing_to_do_in_the_other(tmp_path: Path) -> None:
    homes = [tmp_path / "one", tmp_path / "two"]
    for path in homes:
        (path / "rate_limits").mkdir(parents=True)
    (homes[1] / "rate_limits" / "mine.json").touch()
    report = clear_breakers([as_home(path) for path in homes], "mine", dry_run=False, now=NOW)
    assert ([one.home for one in report.left], [one.home for one in report.cleared]) == (
        [str(homes[0])],
        [str(homes[1])],
    )


# --- what still blocks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_else_blocks_is_asked_after_the_clearing_and_told(dry_run: bool, home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)
    asked: list[tuple[str, str, bool]] = []
    pool = Block(
        "cooldown of work key (429)", str(home / "auth.json"), 1768473000.0, "hermes-state clear-cooldown nous"
    )

    def blocks(wanted: Sequence[tuple[Home, str]]) -> list[Blocking]:
        asked.extend((each.path, provider, path.exists()) for each, provider in wanted)
        found = [pool, pool, Block("breaker", str(path))] if path.exists() else [pool, pool]
        return [Blocking(str(home), block) for block in found]

    report = clear(home, dry_run=dry_run, still_blocked=blocks)
    assert asked == [(str(home), "nous", dry_run)]
    assert as_json(report)["still_blocked_by"] == [
        {
            "home": str(home),
            "what": "cooldown of work key (429)",
            "path": str(home / "auth.json"),
            "until_at": 1768473000.0,
            "clear_with": "hermes-state clear-cooldown nous",
        }
    ]


def test_what_else_blocks_is_told_without_a_breaker_too(home: Path) -> None:
    pool = Blocking(str(home), Block("cooldown", "auth.json"))
    assert clear(home, still_blocked=lambda asked: [pool]).still_blocked_by == (pool,)
    assert clear(home, ALL, still_blocked=lambda asked: [pool]).still_blocked_by == ()


def test_what_else_blocks_is_asked_once_for_all_homes(home: Path) -> None:
    homes = [as_home(path) for path in (home, home / "profiles" / "a", home / "profiles" / "b")]
    for each in homes:
        os.makedirs(os.path.join(each.path, "rate_limits"))
        Path(each.path, "rate_limits", "nous.json").write_bytes(ACTIVE)
    asked: list[list[str]] = []

    def blocks(wanted: Sequence[tuple[Home, str]]) -> list[Blocking]:
        asked.append([each.path for each, _ in wanted])
        return []

    clear_breakers(homes, "nous", dry_run=False, now=NOW, still_blocked=blocks)
    assert asked == [[each.path for each in homes]]


@pytest.mark.parametrize("name", ["nous.json", "real.json"])
def test_no_command_is_offered_for_what_has_just_failed(name: str, home: Path, folder: Path) -> None:
    """It would be the very command that failed; whatever else blocks keeps its own."""
    (folder / name).write_bytes(ACTIVE)
    if name != "nous.json":
        (folder / "nous.json").symlink_to(name)
    stop = Block("breaker", str(folder / "nous.json"), None, "hermes-state clear-breaker nous")
    pool = Block("cooldown", str(home / "auth.json"), None, "hermes-state clear-cooldown nous")
    both = [Blocking(str(home), stop), Blocking(str(home), pool)]
    report = clear(home, disk=FailingDisk("rename", errno.EACCES), still_blocked=lambda asked: both)
    assert isinstance(error_of(report), WriteFailed)
    assert [(one.block.what, one.block.clear_with) for one in report.still_blocked_by] == [
        ("breaker", None),
        ("cooldown", "hermes-state clear-cooldown nous"),
    ]


# --- beside a running agent ------------------------------------------------------------------------------------------


def interfering(verb: str, act: Callable[[], object], *, nth: int = 1) -> Disk:
    """A disk on which ``act`` happens right before ``verb`` is called for the ``nth`` time after the taking."""
    seen = {"taken": verb == "rename", "calls": 0}

    def watch(called: str, arguments: tuple[Any, ...]) -> None:
        if called == verb and seen["taken"]:
            seen["calls"] += 1
            if seen["calls"] == nth:
                act()
        seen["taken"] = seen["taken"] or called == "rename"

    return WatchedDisk(watch)


def record(path: Path, content: bytes) -> None:
    """What an agent does: a new file in place of the old."""
    staged = path.parent / "tmpab12cd.tmp"
    staged.write_bytes(content)
    staged.replace(path)


def test_a_newer_limit_that_was_taken_is_put_back(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)
    report = clear(home, disk=interfering("rename", lambda: record(path, NEWER)))
    assert isinstance(error_of(report), Superseded)
    assert (report.exit_code, report.cleared) == (7, ())
    assert (os.listdir(folder), path.read_bytes()) == (["nous.json"], NEWER)


def test_a_limit_written_in_place_is_put_back_too(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)
    report = clear(home, disk=interfering("rename", lambda: path.write_bytes(NEWER)))
    assert isinstance(error_of(report), Superseded)
    assert (os.listdir(folder), path.read_bytes()) == (["nous.json"], NEWER)


def test_the_newest_limit_stays_when_the_name_was_taken_again(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)

    def twice(verb: str, arguments: tuple[Any, ...]) -> None:
        if verb == "rename":
            record(path, NEWER)
        if verb == "rename_no_replace":
            record(path, NEWEST)

    report = clear(home, disk=WatchedDisk(twice))
    assert isinstance(error_of(report), Superseded)
    assert (os.listdir(folder), path.read_bytes()) == (["nous.json"], NEWEST)


def test_the_same_limit_written_again_is_cleared(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)
    assert clear(home, disk=interfering("rename", lambda: record(path, ACTIVE))).cleared
    assert os.listdir(folder) == []


def test_a_new_limit_right_after_the_deletion_is_not_called_cleared(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)
    report = clear(home, disk=interfering("sync_directory", lambda: record(path, NEWER)))
    assert isinstance(error_of(report), Superseded)
    assert (report.cleared, path.read_bytes()) == ((), NEWER)


def test_a_breaker_that_an_agent_removes_first_is_nothing_to_do(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)
    report = clear(home, disk=interfering("rename", path.unlink))
    assert (report.exit_code, report.cleared) == (0, ())
    assert report.left[0].reason == "an agent has removed it itself: nothing to do"


def test_a_breaker_that_goes_before_it_is_looked_at_is_nothing_to_do(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(ACTIVE)
    report = clear(home, disk=FailingDisk("stat", errno.ENOENT, nth=1))
    assert report.left[0].reason == "an agent has removed it itself: nothing to do"


def test_a_file_swapped_for_a_link_is_put_back(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)

    def swap() -> None:
        path.unlink()
        path.symlink_to("../auth.json")

    report = clear(home, disk=interfering("rename", swap))
    assert isinstance(error_of(report), Superseded)
    assert (os.listdir(folder), os.readlink(path)) == (["nous.json"], "../auth.json")


def test_a_link_swapped_for_a_limit_is_put_back(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.symlink_to("nous.json")

    def swap() -> None:
        path.unlink()
        path.write_bytes(NEWER)

    report = clear(home, disk=interfering("rename", swap))
    assert isinstance(error_of(report), Superseded)
    assert (os.listdir(folder), path.read_bytes()) == (["nous.json"], NEWER)


# --- errors and crashes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.EROFS, errno.EBUSY])
@pytest.mark.parametrize("verb", ["rename", "unlink"])
def test_a_failure_leaves_the_breaker_where_it_was(verb: str, number: int, home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)
    report = clear(home, disk=FailingDisk(verb, number, nth=1))
    error = error_of(report)
    assert isinstance(error, WriteFailed)
    assert (error.errno, error.content, report.exit_code, report.cleared) == (number, "old", 7, ())
    assert (os.listdir(folder), path.read_bytes()) == (["nous.json"], ACTIVE)


def test_a_failure_to_look_at_what_was_taken_puts_it_back(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(ACTIVE)
    report = clear(home, disk=FailingDisk("read", errno.EIO, nth=2))
    assert isinstance(error_of(report), WriteFailed)
    assert (folder / "nous.json").read_bytes() == ACTIVE


def test_a_failure_to_put_back_names_where_it_lies(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)

    def fail(verb: str, arguments: tuple[Any, ...]) -> None:
        if verb in ("unlink", "rename_no_replace"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    error = error_of(clear(home, disk=WatchedDisk(fail)))
    assert isinstance(error, NotVerified)
    (left,) = os.listdir(folder)
    assert left in error.message


def test_a_deletion_that_may_not_last_is_not_called_cleared(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(ACTIVE)
    report = clear(home, disk=FailingDisk("sync_directory", errno.EIO))
    assert isinstance(error_of(report), NotVerified)
    assert (report.cleared, os.listdir(folder)) == ((), [])


def test_a_directory_that_cannot_be_synced_is_said(home: Path, folder: Path) -> None:
    (folder / "nous.json").write_bytes(ACTIVE)
    report = clear(home, disk=FailingDisk("sync_directory", errno.EINVAL))
    assert "cannot be synced here" in report.cleared[0].note


def test_an_interruption_puts_the_breaker_back(home: Path, folder: Path) -> None:
    path = folder / "nous.json"
    path.write_bytes(ACTIVE)

    def interrupt(verb: str, arguments: tuple[Any, ...]) -> None:
        if verb == "unlink" and path.name in arguments[1] and arguments[1] != path.name and not path.exists():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clear(home, disk=WatchedDisk(interrupt))
    assert path.read_bytes() == ACTIVE


class Crash(BaseException):
    """The process is gone: nothing that it would do afterwards happens."""


@pytest.mark.parametrize("target", [None, "../elsewhere.json"])
def test_a_crash_at_any_point_leaves_the_breaker_or_a_stray_that_blocks_nobody(target: str | None, home: Path) -> None:
    outcomes = set()
    for point in range(30):
        top = home / f"crash-{point}"
        (top / "rate_limits").mkdir(parents=True)
        path = top / "rate_limits" / "nous.json"
        if target is not None:
            path.symlink_to(target)
        path.write_bytes(ACTIVE)
        left = [point]

        def watch(verb: str, arguments: tuple[Any, ...], left: list[int] = left) -> None:
            if verb == "close_directory":
                return
            if left[0] <= 0:
                raise Crash
            left[0] -= 1

        try:
            report = clear(top, disk=WatchedDisk(watch))
        except Crash:
            found = look(str(path), NOW)
            blocked = found is not None and found.blocks(None)
            strays = [each for each in top.rglob("*.tmp")]
            assert blocked == (not strays and path.exists())
            assert all(each.name.startswith(".") and not each.name.endswith(".json") for each in strays)
            outcomes.add((blocked, bool(strays)))
        else:
            assert report.cleared
            break
    else:
        pytest.fail("it never came to an end")
    assert outcomes == {(True, False), (False, True), (False, False)}


def test_a_dry_run_beside_an_error_tells_the_error(home: Path, folder: Path) -> None:
    (folder / "nous.json").mkdir()
    before = snapshot(home)
    report = clear(home, dry_run=True)
    assert (report.exit_code, report.dry_run) == (5, True)
    assert snapshot(home) == before


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("reason", [MOUNTED, SEALED])
def test_what_is_mounted_by_itself_is_refused_before_it_is_tried(
    home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, reason: str, dry_run: bool
) -> None:
    (folder / "nous.json").write_text("{}")
    monkeypatch.setattr("hermes_state.clearing.breakers.obstacle", lambda where: reason)
    error = error_of(clear(home, dry_run=dry_run))
    assert isinstance(error, Refused)
    assert (error.reason, error.hint) == (f"{reason}, so it cannot be removed", "remove it where it is mounted from")
    assert (folder / "nous.json").exists()
