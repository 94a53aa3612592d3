from __future__ import annotations

import errno
import json
import math
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.cooldown import Rule
from hermes_state.errors import FileNotOk
from hermes_state.outcomes import Outcome
from hermes_state.rehearsal import DryDisk
from hermes_state.stores.breaker import IMPLAUSIBLE, LIMIT, AgentDoes, BreakerState, Looks, State, breakers, look
from tests.ground.doubles import FailingDisk

HERE = Path(__file__).parent
CASES: dict[str, dict[str, Any]] = json.loads((HERE / "breaker_cases.json").read_text(encoding="utf-8"))
ANSWERS: dict[str, dict[str, dict[str, Any]]] = json.loads((HERE / "breaker_agents.json").read_text(encoding="utf-8"))
SAMPLES = sorted((HERE.parent / "samples" / "rate_limits").glob("*.json"))
NOW = 1768469400.25

ACTIVE = """
    valid; BOM and valid; reset_at is an instant ahead; reset_at is a whole number; reset_at is seven days ahead
    nested 300 deep beside a valid time; same key twice, last future; extra keys; half a surrogate pair
    Windows line ends; link, target future; rate_limits is a link
"""
EXPIRED = """
    BOM and expired; reset_at is zero; reset_at is negative; reset_at is past; reset_at is now
    same key twice, last past; link, target expired
"""
NOTHING = "dangling link; dangling link into nowhere"
UNREADABLE = "directory; FIFO; socket; link loop; link to a directory; link to the null device; rate_limits is a file"
IMPLAUSIBLES = """
    BOM and huge integer; reset_at is NaN; reset_at is -Infinity; reset_at is Infinity; reset_at is 1e400
    reset_at is -1e400; reset_at is milliseconds; reset_at is more than seven days ahead; reset_at has 300 digits
    reset_at has 400 digits; reset_at has 400 digits and a minus
"""
ABSENT = "missing; rate_limits is a dangling link"


def named(table: str) -> set[str]:
    return {name.strip() for line in table.splitlines() for name in line.split(";") if name.strip()}


STATES = {
    **dict.fromkeys(CASES, State.CORRUPT),  # all the others
    **dict.fromkeys(named(ACTIVE), State.ACTIVE),
    **dict.fromkeys(named(EXPIRED), State.EXPIRED),
    **dict.fromkeys(named(IMPLAUSIBLES), State.IMPLAUSIBLE),
    **dict.fromkeys(named(NOTHING), State.ABSENT),
    **dict.fromkeys(named(UNREADABLE), State.UNREADABLE),
    **dict.fromkeys(named(ABSENT), None),
}


def grow(home: Path, case: dict[str, Any]) -> Path:
    """The home of a case; returns the path of the breaker."""
    folder = home / "rate_limits"
    path = folder / "nous.json"
    if case.get("folder") == "file":
        folder.write_text("no directory")
        return path
    if "folder" in case:
        folder.symlink_to("other_limits")
        folder = home / "other_limits"
        if case["folder"] == "dangling":
            return path
    folder.mkdir()
    entry = path
    if "link" in case:
        entry.symlink_to(case["link"])
        entry = folder / case["link"]
    if case.get("made") == "directory":
        entry.mkdir()
    elif case.get("made") == "fifo":
        os.mkfifo(entry)
    elif case.get("made") == "socket":
        here = os.getcwd()
        os.chdir(entry.parent)
        try:
            with socket.socket(socket.AF_UNIX) as made:
                made.bind(entry.name)
        finally:
            os.chdir(here)
    elif "hex" in case:
        entry.write_bytes(bytes.fromhex(case["hex"]))
    elif "content" in case:
        entry.write_bytes("".join(text * times for text, times in case["content"]).encode())
    return path


def place(home: Path, content: bytes, name: str = "nous.json") -> Path:
    path = home / "rate_limits" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def seen(path: Path) -> BreakerState:
    found = look(str(path), NOW)
    assert found is not None
    return found


# --- every case, beside what the agents answered ---------------------------------------------------------------------


def test_every_state_of_the_tables_is_a_case() -> None:
    assert set(STATES) == set(CASES) == set(ANSWERS)
    assert {tuple(row) for row in ANSWERS.values()} == {("0.13.0", "0.19.0", "0.22.2")}


@pytest.mark.parametrize("name", CASES)
def test_every_case_has_its_state(name: str, home: Path) -> None:
    found = look(str(grow(home, CASES[name])), NOW)
    assert (found.state if found else None) == STATES[name]
    if found is not None:
        assert found.provider == "nous"
        assert found.detail or found.state in (State.ACTIVE, State.EXPIRED)
        hash(found)


def does(answer: dict[str, Any]) -> AgentDoes:
    remaining = answer["remaining"]
    if isinstance(remaining, dict):
        return AgentDoes.FAILS
    if remaining is None:
        return AgentDoes.IGNORES if answer["kept"] else AgentDoes.REMOVES
    return AgentDoes.HANGS if remaining == "hangs" else AgentDoes.WAITS


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state is not None])
def test_every_case_tells_what_each_agent_does(name: str, home: Path) -> None:
    found = seen(grow(home, CASES[name]))
    if name == "link to the null device":  # a device is not opened to find out
        assert found.agent_does(None) is AgentDoes.UNKNOWN
        return
    for version, answer in ANSWERS[name].items():
        rule = Rule.for_version(version)
        assert (version, found.agent_does(rule)) == (version, does(answer))
        assert found.blocks(rule) == (does(answer) in (AgentDoes.WAITS, AgentDoes.HANGS))
        if does(answer) is AgentDoes.WAITS:
            assert found.remaining_seconds == float(answer["remaining"])
    assert found.agent_does(None) is does(ANSWERS[name]["0.22.2"])


@pytest.mark.parametrize("name", [name for name, state in STATES.items() if state is not None])
def test_a_look_changes_nothing(name: str, home: Path) -> None:
    path = grow(home, CASES[name])
    before = [(entry.name, entry.lstat().st_mtime_ns) for entry in sorted(home.rglob("*"))]
    look(str(path), NOW)
    assert [(entry.name, entry.lstat().st_mtime_ns) for entry in sorted(home.rglob("*"))] == before


@pytest.mark.parametrize("path", [path for path in SAMPLES if "limit" not in path.name and "_" not in path.name])
def test_what_agents_write_is_active_until_its_time(path: Path, home: Path) -> None:
    found = seen(place(home, path.read_bytes()))
    if path.name.startswith("infinite"):
        assert (found.state, found.reset_at) == (State.IMPLAUSIBLE, math.inf)
        return
    if path.name == "http-date-retry-after.0.22.2.json":  # a date in 2099
        assert (found.state, found.blocks(None)) == (State.IMPLAUSIBLE, True)
        return
    assert found.reset_at is not None
    assert (found.state, found.has_shape, found.remaining_seconds) == (State.ACTIVE, True, found.reset_at - NOW)
    later = look(found.path, found.reset_at)
    assert later is not None
    assert (later.state, later.remaining_seconds) == (State.EXPIRED, 0.0)


@given(st.binary(max_size=60))
def test_no_content_is_too_odd(data: bytes) -> None:
    from hermes_state.stores import breaker

    found = breaker._judged(BreakerState("nous", "nous.json", State.CORRUPT, data=data), NOW)
    assert found.agent is not AgentDoes.UNKNOWN


# --- what is told ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("reset_at is milliseconds", "milliseconds"),
        ("reset_at is Infinity", "infinite"),
        ("reset_at is more than seven days ahead", "more than 7 days"),
        ("NULs", "NUL bytes"),
        ("white space", "white space only"),
        ("nested 100000 deep", "nested too deep"),
        ("reset_at has 5000 digits", "thousands of digits"),
        ("no reset_at", "it has no reset_at"),
        ("reset_at is true", "not a number"),
        ("a list", "not an object"),
        ("link loop", "circle"),
        ("dangling link", "does not exist"),
        ("directory", "a directory"),
        ("FIFO", "a FIFO"),
    ],
)
def test_the_detail_names_the_condition(name: str, words: str, home: Path) -> None:
    assert words in seen(grow(home, CASES[name])).detail


def test_a_link_tells_where_it_leads_and_a_directory_that_it_is_one(home: Path) -> None:
    path = grow(home, CASES["link, target future"])
    target = home / "elsewhere.json"
    found = seen(path)
    assert (found.link_target, found.where and found.where.path) == (str(target), str(target))
    assert (found.entry, found.real) == (Looks.of(path.lstat()), Looks.of(target.stat()))
    assert found.data == target.read_bytes()
    path.unlink()
    path.mkdir()
    assert (seen(path).is_directory, seen(path).link_target) == (True, None)


def test_a_link_to_a_directory_is_no_directory(home: Path) -> None:
    found = seen(grow(home, CASES["link to a directory"]))
    assert (found.is_directory, found.state, found.link_target) == (
        False,
        State.UNREADABLE,
        str(home / "elsewhere.json"),
    )


def test_a_loop_tells_its_first_step(home: Path) -> None:
    found = seen(grow(home, CASES["link loop"]))
    assert (found.link_target, found.where, found.real) == (str(home / "rate_limits" / "nous.json"), None, None)


def test_only_content_with_a_field_of_a_breaker_has_its_shape(home: Path) -> None:
    assert seen(place(home, b'{"recorded_at": 1}')).has_shape
    assert not seen(place(home, b'{"providers": {}}')).has_shape
    assert not seen(place(home, b'{"reset_at": 17')).has_shape


def test_a_file_that_is_too_large_is_not_read_whole(home: Path) -> None:
    found = seen(place(home, b'{"reset_at": 1}' + b" " * LIMIT))
    assert (found.state, found.outcome, found.agent) == (State.CORRUPT, Outcome.TOO_LARGE, AgentDoes.UNKNOWN)
    assert len(found.data) == LIMIT + 1


def test_a_file_without_permission_is_unreadable(home: Path) -> None:
    path = place(home, b'{"reset_at": 1}')
    found = look(str(path), NOW, FailingDisk("read", errno.EACCES))
    assert found is not None
    assert (found.state, found.outcome, found.agent) == (State.UNREADABLE, Outcome.UNREADABLE, AgentDoes.UNKNOWN)
    assert found.detail == "Permission denied"
    assert (found.data, found.entry) == (b"", Looks.of(path.stat()))


def test_a_folder_without_permission_makes_its_breakers_unreadable(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = place(home, b'{"reset_at": 1}')
    found = look(str(path), NOW, FailingDisk("stat", errno.EACCES))
    assert found is not None
    assert (found.state, found.outcome, found.entry) == (State.UNREADABLE, Outcome.UNREADABLE, None)

    def refuse(folder: str) -> list[str]:
        raise PermissionError(errno.EACCES, "Permission denied", folder)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(FileNotOk, match="Permission denied") as caught:
        breakers(str(home))
    assert caught.value.exit_code == 3


def test_a_breaker_that_goes_while_it_is_looked_at_is_gone(home: Path) -> None:
    assert look(str(place(home, b"{}")), NOW, FailingDisk("read", errno.ENOENT)) is None


def test_implausible_is_measured_from_now(home: Path) -> None:
    path = place(home, json.dumps({"reset_at": NOW + IMPLAUSIBLE + 1}).encode())
    found = [look(str(path), at) for at in (NOW, NOW + 1, NOW + IMPLAUSIBLE + 1)]
    assert [each.state for each in found if each] == [State.IMPLAUSIBLE, State.ACTIVE, State.EXPIRED]


def test_a_name_that_no_agent_gives_is_foreign_whatever_it_holds(home: Path) -> None:
    found = seen(place(home, b'{"reset_at": 1768471230}', "openrouter.json"))
    assert (found.provider, found.state, found.reset_at, found.blocks(None)) == (
        "openrouter",
        State.FOREIGN,
        None,
        False,
    )
    assert seen(place(home, b"\xff", "x.y.json")).provider == "x.y"


def test_the_anonymous_tier_has_a_breaker_too(home: Path) -> None:
    assert seen(place(home, b'{"reset_at": 1768471230}', "nous-anonymous.json")).state is State.ACTIVE


def test_a_rehearsed_change_is_seen_on_its_disk_only(home: Path) -> None:
    path = place(home, b'{"reset_at": 1768471230}')
    disk = DryDisk()
    at = disk.open_directory(str(path.parent))
    disk.unlink(at, path.name)
    disk.close_directory(at)
    assert look(str(path), NOW, disk) is None
    assert look(str(path), NOW) is not None


# --- the list --------------------------------------------------------------------------------------------------------


def test_everything_called_json_is_listed(home: Path) -> None:
    folder = home / "rate_limits"
    folder.mkdir()
    (folder / "nous.json").write_text("{}")
    (folder / "nous-anonymous.json").symlink_to("nowhere")
    (folder / "dir.json").mkdir()
    os.mkfifo(folder / "pipe.json")
    (folder / os.fsdecode(b"\xff.json")).write_text("{}")
    for other in ("tmpab12.tmp", ".tmp_x.tmp", ".nous.json.hermes-state.1.0123abcd.tmp", "nous.json.bak", "notes"):
        (folder / other).write_text("")
    assert [os.path.basename(path) for path in breakers(str(home))] == [
        "dir.json",
        "nous-anonymous.json",
        "nous.json",
        "pipe.json",
        os.fsdecode(b"\xff.json"),
    ]
    assert all(look(path, NOW) is not None for path in breakers(str(home)))


@pytest.mark.parametrize("name", ["missing", "rate_limits is a dangling link"])
def test_a_home_without_the_folder_has_no_breakers(name: str, home: Path) -> None:
    grow(home, CASES[name] if name != "missing" else {"folder": "dangling"})
    assert breakers(str(home)) == []


def test_a_folder_behind_a_link_is_listed(home: Path) -> None:
    path = grow(home, CASES["rate_limits is a link"])
    assert breakers(str(home)) == [str(path)]


def test_a_folder_that_is_a_file_is_told(home: Path) -> None:
    grow(home, CASES["rate_limits is a file"])
    with pytest.raises(FileNotOk, match="agents cannot keep a breaker there"):
        breakers(str(home))


def test_a_folder_that_leads_in_a_circle_is_told(home: Path) -> None:
    (home / "rate_limits").symlink_to("rate_limits")
    with pytest.raises(FileNotOk):
        breakers(str(home))
