"""Is a gateway running? Asked of real processes that hold, write and leave behind what a gateway does."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hermes_state import liveness
from hermes_state.errors import NoSuchHome
from hermes_state.home import Home, all_homes, find
from hermes_state.liveness import Gateway, Hosts, State, gateway, gateways
from hermes_state.processes import Processes

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")

SAMPLES = Path(__file__).parents[1] / "samples/sessions"
FILES = ("gateway.lock", "gateway.pid", "gateway_state.json")
#: What a gateway does with its files, in the order in which it does it.
GATEWAY = """
import fcntl, json, os, sys

home, options = os.environ["HERMES_HOME"], json.loads(os.environ["OPTIONS"])
if options.get("name"):
    open("/proc/self/comm", "w").write(options["name"])
lock = open(home + "/gateway.lock", "a+")
if options.get("lock", True):
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
started = int(open(f"/proc/{os.getpid()}/stat").read().split()[21])  # as the agent splits it
record = {"pid": os.getpid(), "kind": "hermes-gateway", "argv": sys.argv, "start_time": started}
record |= options.get("record", {})
lock.truncate(0)
json.dump(record, lock)
lock.flush()
with open(home + "/gateway.pid", "w") as file:
    json.dump(record, file)
with open(home + "/gateway_state.json", "w") as file:
    json.dump(record | {"gateway_state": "running"} | options.get("state", {}), file)
print("ready", flush=True)
sys.stdin.read()
"""

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start what looks like ``hermes gateway run`` on a home; it runs until it is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def run(home: Home, place: str = "bin/hermes", words: tuple[str, ...] = ("gateway", "run"), **options: Any) -> Any:
        script = tmp_path / place
        script.parent.mkdir(exist_ok=True)
        script.write_text(GATEWAY)
        env = {"HERMES_HOME": home.path, "HOME": "/nowhere", "OPTIONS": json.dumps(options)}
        child = subprocess.Popen(
            [sys.executable, str(script), *words], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        return child

    yield run
    for child in started:
        end(child)
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()


def make(path: Path, *profiles: str) -> Home:
    path.mkdir()
    for name in profiles:
        (path / "profiles" / name).mkdir(parents=True)
    return find(str(path), None, {}, user_home="/nowhere")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make(tmp_path / "r", "coder", "other")


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc as a container has it: it shows this machine's processes, but no lock that is held outside."""
    place = tmp_path / "proc"
    (place / "self/ns").mkdir(parents=True)
    (place / "self/ns/pid").symlink_to("pid:[4026532999]")
    (place / "locks").write_text("")
    return place


def write(home: Home, name: str, **record: Any) -> None:
    Path(home.path, name).write_text(json.dumps(record))


def profile(home: Home, name: str) -> Home:
    return next(other for other in all_homes(home, {}) if other.profile == name)


def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


# --- by the lock -----------------------------------------------------------------------------------------------------


def test_a_home_without_gateway_files_has_no_gateway(home: Home) -> None:
    assert gateway(home) == Gateway(
        State.STOPPED, None, "gateway.lock is free, and no recorded gateway process lives", None
    )
    assert not gateway(home).may_be_running


def test_a_gateway_is_known_by_the_lock_that_it_holds(home: Home, start: Start) -> None:
    child = start(home)
    assert gateway(home) == Gateway(State.RUNNING, child.pid, f"gateway.lock is held by process {child.pid}")
    assert gateway(home).may_be_running


def test_a_killed_gateway_leaves_everything_behind_and_is_stopped(home: Home, start: Start) -> None:
    end(start(home))
    assert sorted(os.listdir(home.path)) == [*FILES, "profiles"]
    assert json.loads(Path(home.path, "gateway_state.json").read_text())["gateway_state"] == "running"
    assert gateway(home).state is State.STOPPED


def test_whoever_holds_the_lock_is_the_gateway_whatever_it_is_called(home: Home, start: Start) -> None:
    child = start(home, place="bin/launcher", words=())
    assert (gateway(home).state, gateway(home).pid) == (State.RUNNING, child.pid)


def test_a_lock_behind_a_link_is_found(home: Home, start: Start, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.lock").write_text("")
    Path(home.path, "gateway.lock").symlink_to(tmp_path / "elsewhere.lock")
    child = start(home)
    assert gateway(home).pid == child.pid


def test_a_lock_held_from_another_container_is_a_running_gateway(home: Home, proc: Path) -> None:
    lock = Path(home.path, "gateway.lock")
    lock.write_text("")
    found = lock.stat()
    (proc / "locks").write_text(
        f"1: FLOCK  ADVISORY  WRITE 0 {os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino} 0 EOF\n"
    )
    assert gateway(home, proc_root=str(proc)) == Gateway(
        State.RUNNING, None, "gateway.lock is held by a process outside this container"
    )


def test_a_lock_that_outlives_its_taker_is_unclear(home: Home) -> None:
    # The taker forks and ends; its child keeps the descriptor, and with it the lock.
    source = (
        "import fcntl, os, sys\n"
        "lock = open(sys.argv[1], 'a+')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "child = os.fork()\n"
        "if child:\n"
        "    print(child, flush=True)\n"
        "    os._exit(0)\n"
        "sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", source, str(Path(home.path, "gateway.lock"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as taker:
        assert taker.stdout is not None
        taker.stdout.readline()
        taker.wait()
        found = gateway(home)
        assert found.state is State.UNCLEAR
        assert found.pid is None
        assert found.evidence == f"gateway.lock is still held, but process {taker.pid}, which took it, ended"
        assert found.may_be_running


# --- by the records --------------------------------------------------------------------------------------------------


def test_a_gateway_whose_lock_file_was_deleted_is_known_by_its_record(home: Home, start: Start) -> None:
    child = start(home)  # up to 0.19 the agent's own status check does this to a gateway that it does not recognise
    Path(home.path, "gateway.lock").unlink()
    Path(home.path, "gateway.pid").unlink()
    assert gateway(home) == Gateway(
        State.RUNNING, child.pid, f"gateway_state.json names process {child.pid}, which lives"
    )


def test_a_start_time_from_a_split_at_every_blank_is_recognised(home: Home, start: Start) -> None:
    child = start(home, name="a) b c", lock=False)
    recorded = json.loads(Path(home.path, "gateway.pid").read_text())["start_time"]
    assert recorded != int(Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19])
    assert gateway(home).state is State.RUNNING


def test_a_recycled_process_id_is_told_by_its_start_time(home: Home, start: Start) -> None:
    child = start(home, lock=False, words=("chat",), record={"start_time": 5})
    assert child.poll() is None
    assert gateway(home).state is State.STOPPED


def test_a_gateway_that_got_the_number_of_its_predecessor_is_unclear_until_it_holds_the_lock(
    home: Home, start: Start, tmp_path: Path
) -> None:
    child = start(home, lock=False, record={"start_time": 5})
    assert (gateway(home).state, gateway(home).pid) == (State.UNCLEAR, child.pid)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("gateway.pid", "gateway_state.json"):
        shutil.copy(Path(home.path, name), elsewhere)
    assert gateway(home._replace(path=str(elsewhere), root=str(elsewhere))).state is State.STOPPED


@pytest.mark.parametrize(("drift", "state"), [(150, State.RUNNING), (-150, State.RUNNING), (5000, State.STOPPED)])
def test_a_start_time_that_is_a_little_off_is_the_same(home: Home, start: Start, drift: int, state: State) -> None:
    child = start(home, lock=False, words=("chat",))
    (started,) = Processes().start_times(child.pid)
    for name in ("gateway.pid", "gateway.lock", "gateway_state.json"):
        path = Path(home.path, name)
        path.write_text(json.dumps(json.loads(path.read_text()) | {"start_time": started + drift}))
    assert gateway(home).state is state


def test_a_zombie_is_not_a_gateway(home: Home, start: Start) -> None:
    child = start(home)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert os.path.exists(f"/proc/{child.pid}")
    assert gateway(home).state is State.STOPPED


def test_without_a_start_time_the_command_line_and_its_home_decide(home: Home, start: Start, tmp_path: Path) -> None:
    unknown = {"start_time": None}
    child = start(home, lock=False, record=unknown)
    assert gateway(home).state is State.RUNNING
    end(child)
    child = start(home, lock=False, place="bin/launcher", words=(), record=unknown)
    assert gateway(home).state is State.STOPPED  # recycled for something else
    end(child)
    child = start(home, lock=False, place="bin/hermes", words=("chat",), record=unknown)
    assert (gateway(home).state, gateway(home).pid) == (State.UNCLEAR, child.pid)
    end(child)
    second = make(tmp_path / "second")
    child = start(second, lock=False, record=unknown)
    shutil.copy(f"{second.path}/gateway_state.json", home.path)  # recycled for the gateway of another home
    assert gateway(second).state is State.RUNNING
    assert gateway(home).state is State.STOPPED


def test_a_process_that_may_be_a_gateway_by_its_words_is_unclear(home: Home, start: Start) -> None:
    start(home, lock=False, place="bin/my-gateway", words=(), record={"start_time": None})
    assert gateway(home).state is State.UNCLEAR


def test_a_lock_files_record_alone_counts_only_where_the_lock_cannot_be_seen(home: Home, start: Start) -> None:
    start(home, lock=False, words=("chat",), record={"start_time": None})
    for name in ("gateway.pid", "gateway_state.json"):
        Path(home.path, name).unlink()
    assert gateway(home).state is State.STOPPED
    assert gateway(home, proc_root="/nowhere/at/all").state is State.UNCLEAR


@pytest.mark.parametrize("named", ["", "  ", None, 7])
def test_a_record_that_names_no_home_is_of_this_one(home: Home, start: Start, named: Any) -> None:
    start(home, lock=False, record={"hermes_home": named})
    assert gateway(home).state is State.RUNNING


def test_a_record_with_a_byte_order_mark_is_read(home: Home, start: Start) -> None:
    start(home, lock=False)
    path = Path(home.path, "gateway_state.json")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert gateway(home).state is State.RUNNING


def test_a_living_process_that_should_hold_the_lock_and_does_not_is_unclear(home: Home, start: Start) -> None:
    child = start(home, lock=False)
    Path(home.path, "gateway_state.json").unlink()
    found = gateway(home)
    assert (found.state, found.pid) == (State.UNCLEAR, child.pid)
    assert found.evidence == f"gateway.pid names process {child.pid}, which lives but does not hold gateway.lock"


def test_a_record_in_the_old_form_is_a_bare_number(home: Home, start: Start) -> None:
    child = start(home, lock=False)
    for name in FILES:
        Path(home.path, name).unlink()
    Path(home.path, "gateway.pid").write_text(f"{child.pid}\n")
    assert (gateway(home).state, gateway(home).pid) == (State.UNCLEAR, child.pid)


@pytest.mark.parametrize("state", ["stopped", "startup_failed"])
def test_a_process_that_outlives_its_gateway_is_none(home: Home, start: Start, state: str) -> None:
    start(home, lock=False, state={"gateway_state": state})
    assert gateway(home).state is State.STOPPED


@pytest.mark.parametrize("state", ["starting", "draining", "degraded", "some later word"])
def test_every_other_state_is_a_gateway_at_work(home: Home, start: Start, state: str) -> None:
    start(home, lock=False, state={"gateway_state": state})
    assert gateway(home).state is State.RUNNING


def test_the_record_of_a_copied_home_is_of_the_original(home: Home, start: Start, tmp_path: Path) -> None:
    child = start(home, record={"hermes_home": home.path})
    copy = make(tmp_path / "copy")
    for name in FILES:
        shutil.copy(f"{home.path}/{name}", copy.path)
    assert gateway(copy).state is State.STOPPED
    assert gateway(home).pid == child.pid
    Path(home.path, "gateway.lock").unlink()
    (tmp_path / "alias").symlink_to(home.path)
    alias = find(str(tmp_path / "alias"), None, {}, user_home="/nowhere")
    assert gateway(alias).state is State.RUNNING  # another name for the same place


@pytest.mark.parametrize("version", ["0.13.0", "0.15.2", "0.19.0", "0.22.2"])
def test_real_leftovers_of_every_version_are_understood(home: Home, version: str, proc: Path) -> None:
    for name in FILES:
        shutil.copy(SAMPLES / version / f"{name.removesuffix('.json')}.json", Path(home.path, name))
    assert gateway(home).state is State.STOPPED
    assert gateway(home, proc_root=str(proc)).state is State.UNCLEAR


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '"1"', "[" * 100_000, '{"pid": true}', '{"pid": -1}', '{"pid": "x"}', "1e400"]
)
def test_a_record_that_is_none_says_nothing(home: Home, content: str, proc: Path) -> None:
    for name in FILES:
        Path(home.path, name).write_text(content)
    assert gateway(home).state is State.STOPPED
    assert gateway(home, proc_root=str(proc)).state is State.STOPPED


def test_process_ids_that_no_system_has_are_not_asked_about(home: Home, proc: Path) -> None:
    for pid in (0, 1 << 31, 10**30, float("inf")):
        write(home, "gateway_state.json", pid=pid, gateway_state="running")
        assert gateway(home, proc_root=str(proc)).state is State.STOPPED


def test_a_record_that_cannot_be_read_is_unclear(home: Home) -> None:
    Path(home.path, "gateway_state.json").mkdir()
    assert gateway(home) == Gateway(State.UNCLEAR, None, "gateway_state.json cannot be read: not a regular file")


# --- where not everything is seen ------------------------------------------------------------------------------------


def test_from_a_container_a_process_that_is_not_seen_may_run_elsewhere(home: Home, proc: Path) -> None:
    root = str(proc)
    assert gateway(home, proc_root=root).state is State.STOPPED
    pid = dead_pid()
    write(home, "gateway.lock", pid=pid)
    assert gateway(home, proc_root=root).state is State.STOPPED  # every gateway leaves this behind
    write(home, "gateway_state.json", pid=pid, gateway_state="stopped")
    write(home, "gateway.pid", pid=pid)
    assert gateway(home, proc_root=root).state is State.STOPPED
    write(home, "gateway_state.json", pid=pid, gateway_state="running")
    assert gateway(home, proc_root=root) == Gateway(
        State.UNCLEAR, None, f"gateway_state.json names process {pid}, which is not seen here but may be elsewhere"
    )
    Path(home.path, "gateway_state.json").unlink()
    assert gateway(home, proc_root=root).state is State.UNCLEAR


def test_from_a_container_a_gateway_inside_is_known_by_its_record(home: Home, proc: Path, start: Start) -> None:
    child = start(home, lock=False)
    (proc / str(child.pid)).symlink_to(f"/proc/{child.pid}")
    assert (gateway(home, proc_root=str(proc)).state, gateway(home, proc_root=str(proc)).pid) == (
        State.RUNNING,
        child.pid,
    )


def test_a_home_that_a_container_calls_otherwise_is_unclear_where_locks_are_not_seen(home: Home, proc: Path) -> None:
    write(home, "gateway_state.json", pid=dead_pid(), gateway_state="running", hermes_home="/opt/data")
    for root in (str(proc), "/nowhere/at/all"):
        assert gateway(home, proc_root=root) == Gateway(
            State.UNCLEAR, None, "gateway_state.json is of a gateway that calls its home /opt/data"
        )
    assert gateway(home).state is State.STOPPED


def test_without_a_process_table_a_living_process_is_unclear_and_a_dead_one_stopped(home: Home, start: Start) -> None:
    child = start(home)
    found = gateway(home, proc_root="/nowhere/at/all")
    assert (found.state, found.pid) == (State.UNCLEAR, child.pid)
    end(child)
    found = gateway(home, proc_root="/nowhere/at/all")
    assert found.state is State.STOPPED
    assert found.evidence == "gateway.lock is not seen to be held, and no recorded gateway process lives"


# --- one gateway for several homes -----------------------------------------------------------------------------------


def test_the_roots_gateway_serves_the_profiles_that_it_names(home: Home, start: Start) -> None:
    child = start(home, state={"served_profiles": ["default", " Coder "]})
    coder, other = profile(home, "coder"), profile(home, "other")
    assert gateway(coder) == Gateway(
        State.RUNNING, child.pid, f"gateway.lock is held by process {child.pid}", served_by=home.path
    )
    assert gateway(other).state is State.STOPPED
    assert gateway(home).served_by is None
    end(child)
    assert gateway(coder).state is State.STOPPED


def test_a_gateway_in_a_profile_may_serve_the_root_and_its_siblings(home: Home, start: Start) -> None:
    coder = profile(home, "coder")
    child = start(coder, state={"served_profiles": ["coder", "default", "other"]})
    for served in (home, profile(home, "other")):
        assert (gateway(served).pid, gateway(served).served_by) == (child.pid, coder.path)
    assert gateway(coder).served_by is None


def test_a_profiles_own_gateway_counts_before_one_that_serves_it(home: Home, start: Start) -> None:
    start(home, state={"served_profiles": ["coder"]})
    coder = profile(home, "coder")
    own = start(coder)
    assert (gateway(coder).pid, gateway(coder).served_by) == (own.pid, None)


def test_a_profile_that_is_served_does_not_serve_others_by_an_old_record(home: Home, start: Start) -> None:
    start(home, state={"served_profiles": ["coder"]})
    coder = profile(home, "coder")
    write(coder, "gateway_state.json", pid=dead_pid(), gateway_state="running", served_profiles=["coder", "other"])
    assert gateway(coder).served_by == home.path
    assert gateway(profile(home, "other")).state is State.STOPPED


def test_for_a_run_over_many_homes_the_answer_is_the_same(home: Home, start: Start) -> None:
    coder, hosts = profile(home, "coder"), Hosts()
    start(coder, state={"served_profiles": ["coder", "default"]})
    assert [gateway(each, hosts=hosts) for each in all_homes(home, {})] == [
        gateway(each) for each in all_homes(home, {})
    ]
    assert gateway(home, hosts=hosts).served_by == coder.path


def test_a_gateway_of_the_home_or_of_its_root_that_starts_during_a_run_is_seen_at_once(
    home: Home, start: Start
) -> None:
    coder, other, hosts = profile(home, "coder"), profile(home, "other"), Hosts()
    assert gateway(coder, hosts=hosts).state is State.STOPPED
    own = start(coder)
    assert gateway(coder, hosts=hosts).pid == own.pid
    start(home, state={"served_profiles": ["default", "other"]})
    assert gateway(other, hosts=hosts).served_by == home.path


def test_a_gateway_that_serves_a_home_and_ends_during_a_run_is_seen_to_end(home: Home, start: Start) -> None:
    coder, hosts = profile(home, "coder"), Hosts()
    child = start(coder, state={"served_profiles": ["coder", "default"]})
    assert gateway(home, hosts=hosts).state is State.RUNNING
    end(child)
    assert gateway(home, hosts=hosts).state is State.STOPPED


def test_a_profile_that_begins_to_serve_others_during_a_run_is_seen_after_a_second(
    home: Home, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = 100.0
    monkeypatch.setattr(liveness, "monotonic", lambda: at)
    coder, other, hosts = profile(home, "coder"), profile(home, "other"), Hosts()
    assert gateway(other, hosts=hosts).state is State.STOPPED
    start(coder, state={"served_profiles": ["coder", "other"]})
    at += 1.0
    assert gateway(other, hosts=hosts).served_by == coder.path


def test_a_run_over_many_homes_does_not_ask_all_of_them_each_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, hosts = [], Hosts()

    def counted(each: Home, env: dict[str, str]) -> list[Home]:
        asked.append(each.path)
        return all_homes(each, env)

    monkeypatch.setattr(liveness, "all_homes", counted)
    monkeypatch.setattr(liveness, "monotonic", lambda: 100.0)
    for _ in range(3):
        gateway(home, hosts=hosts)
    assert asked == [home.path]


def test_a_home_of_the_same_name_under_another_root_is_not_served(home: Home, start: Start, tmp_path: Path) -> None:
    start(home, state={"served_profiles": ["default", "coder"]})
    second = make(tmp_path / "second", "coder")
    found = gateways([*all_homes(home, {}), *all_homes(second, {})])
    assert found[profile(home, "coder").path].state is State.RUNNING
    assert found[profile(second, "coder").path].state is State.STOPPED
    assert found[second.path].state is State.STOPPED


@pytest.mark.parametrize("served", [None, [], "coder", {"coder": 1}, [1, None]])
def test_a_gateway_that_names_no_profiles_serves_none(home: Home, start: Start, served: Any) -> None:
    start(home, state={"served_profiles": served})
    assert gateway(profile(home, "coder")).state is State.STOPPED


def test_where_the_profiles_cannot_be_listed_the_root_is_still_asked(
    home: Home, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(home, state={"served_profiles": ["coder"]})
    coder = profile(home, "coder")

    def closed(home: Home, env: dict[str, str]) -> list[Home]:
        raise NoSuchHome(home.root, "cannot be listed: Permission denied")

    monkeypatch.setattr(liveness, "all_homes", closed)
    assert gateway(coder).served_by == home.path


def test_an_unclear_host_makes_its_profiles_unclear(home: Home, proc: Path) -> None:
    write(home, "gateway_state.json", pid=dead_pid(), gateway_state="running", served_profiles=["coder"])
    found = gateway(profile(home, "coder"), proc_root=str(proc))
    assert (found.state, found.served_by) == (State.UNCLEAR, home.path)


def test_a_home_outside_the_list_of_its_root_is_answered_too(home: Home, start: Start) -> None:
    (Path(home.path) / "sub").mkdir()
    sub = home._replace(path=f"{home.path}/sub", profile="custom")
    assert gateway(sub).state is State.STOPPED
    child = start(sub)
    assert gateway(sub).pid == child.pid


# --- looking only ----------------------------------------------------------------------------------------------------


def test_looking_changes_no_file_takes_no_lock_and_sends_no_signal(
    home: Home, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = start(home)
    paths = [Path(home.path, name) for name in FILES]
    contents = [path.read_bytes() for path in paths]
    for path in paths:
        os.utime(path, (1_000_000, 2_000_000))  # so old that any ordinary read would renew the access time
    states = [path.stat() for path in paths]
    opened: list[tuple[str, int]] = []
    signals: list[int] = []
    real_open, real_kill = os.open, os.kill

    def watched_open(path: str, flags: int) -> int:
        opened.append((path, flags))
        return real_open(path, flags)

    def watched_kill(pid: int, number: int) -> None:
        signals.append(number)
        real_kill(pid, number)

    def no_lock(*_: Any) -> None:
        raise AssertionError("a lock was taken")

    monkeypatch.setattr(os, "open", watched_open)
    monkeypatch.setattr(os, "kill", watched_kill)
    monkeypatch.setattr(fcntl, "flock", no_lock)
    monkeypatch.setattr(fcntl, "lockf", no_lock)
    assert gateway(home).state is State.RUNNING
    assert gateway(home, proc_root="/nowhere/at/all").state is State.UNCLEAR  # this reads the records as well
    assert {os.path.basename(path) for path, _ in opened} >= set(FILES)
    assert not any(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) for _, flags in opened)
    assert set(signals) == {0}
    assert child.poll() is None
    after = [path.stat() for path in paths]
    for then, now in zip(states, after, strict=True):
        assert (then.st_mtime_ns, then.st_atime_ns, then.st_size, then.st_mode) == (
            now.st_mtime_ns,
            now.st_atime_ns,
            now.st_size,
            now.st_mode,
        )
    assert [path.read_bytes() for path in paths] == contents
