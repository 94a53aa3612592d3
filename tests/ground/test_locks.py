"""Locks: ours, the agent's, and who holds them."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from hermes_state import locks
from hermes_state.disk import RealDisk
from hermes_state.errors import LockTimeout, NotRegularFile, WriteFailed
from tests.ground.doubles import FailingDisk, RecordingDisk

AGENTS = os.environ.get("HERMES_STATE_AGENTS", "")


@pytest.fixture
def lock(tmp_path):
    return str(tmp_path / "auth.lock")


@pytest.fixture
def process():
    """Starts Python processes that say ``ready``; ends them."""
    started: list[subprocess.Popen[str]] = []

    def start(script, *arguments, python=sys.executable, **environment):
        begun = subprocess.Popen(
            [python, "-c", textwrap.dedent(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.getcwd()} | environment,
        )
        started.append(begun)
        assert begun.stdout is not None
        assert begun.stdout.readline() == "ready\n"
        return begun

    yield start
    for begun in started:
        begun.kill()
        begun.wait()
        for pipe in (begun.stdin, begun.stdout):
            if pipe is not None:
                pipe.close()


HOLD = """
    import sys
    from hermes_state import locks
    from hermes_state.disk import RealDisk
    with locks.held(RealDisk(), [sys.argv[1]], 5):
        print("ready", flush=True)
        sys.stdin.read()
"""


def can_take(lock):
    try:
        with locks.held(RealDisk(), [lock], 0.0):
            return True
    except LockTimeout:
        return False


# --- holding ----------------------------------------------------------------------------------------------------------


def test_lock_is_held_for_the_block_and_free_after_it(lock):
    with locks.held(RealDisk(), [lock]):
        assert not can_take(lock)
    assert can_take(lock)
    assert os.path.exists(lock)


def test_lock_is_free_after_an_error_in_the_block(lock):
    with pytest.raises(ZeroDivisionError), locks.held(RealDisk(), [lock]):
        raise ZeroDivisionError
    assert can_take(lock)


def test_two_processes_exclude_each_other(lock, process):
    other = process(HOLD, lock)
    assert not can_take(lock)
    other.stdin.close()
    assert other.wait(30) == 0
    assert can_take(lock)


def test_waiting_ends_when_the_other_process_lets_go(lock, process):
    other = process(HOLD, lock)
    threading.Timer(0.1, other.stdin.close).start()
    with locks.held(RealDisk(), [lock], 30):
        assert other.wait(30) == 0


def test_killed_holder_holds_nothing(lock, process):
    other = process(HOLD, lock)
    other.kill()
    other.wait()
    assert can_take(lock)


def test_increments_of_many_processes_are_all_there(lock, tmp_path, process):
    script = """
        import sys
        from hermes_state import locks
        from hermes_state.disk import RealDisk
        print("ready", flush=True)
        sys.stdin.read()
        for _ in range(50):
            with locks.held(RealDisk(), [sys.argv[1]], 30):
                with open(sys.argv[2]) as file:
                    number = int(file.read())
                with open(sys.argv[2], "w") as file:
                    file.write(str(number + 1))
    """
    (tmp_path / "number").write_text("0")
    counting = [process(script, lock, str(tmp_path / "number")) for _ in range(3)]
    for each in counting:
        each.stdin.close()
    assert [each.wait(60) for each in counting] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == "150"


# --- giving up --------------------------------------------------------------------------------------------------------


def test_lock_that_stays_held_is_an_error_that_names_the_holder_and_makes_nothing(lock, tmp_path, process):
    other = process(HOLD, lock)
    with pytest.raises(LockTimeout) as caught, locks.held(RealDisk(), [lock], 0.05):
        raise AssertionError("it was taken")
    assert (caught.value.path, caught.value.seconds, caught.value.exit_code) == (lock, 0.05, 6)
    if Path("/proc/locks").exists():
        assert caught.value.holder.startswith(f"pid {other.pid}: {sys.executable} -c")
    assert os.listdir(tmp_path) == ["auth.lock"]
    assert os.path.getsize(lock) == 0


def test_limit_is_for_all_locks_together(tmp_path, process):
    first, second = str(tmp_path / "first.lock"), str(tmp_path / "second.lock")
    process(HOLD, second)
    waited = []
    disk = RecordingDisk()
    disk._watch = lambda verb, arguments: waited.append(arguments[2]) if verb == "lock" else None
    with pytest.raises(LockTimeout), locks.held(disk, [first, second], 0.05):
        raise AssertionError("it was taken")
    assert 0.05 >= waited[0] > waited[1] >= 0
    assert can_take(first)


def test_content_of_a_lock_file_is_left_to_its_holder(lock, process):
    process(HOLD, lock)
    Path(lock).write_text("4242\n")
    assert not can_take(lock)
    assert Path(lock).read_text() == "4242\n"


# --- groups -----------------------------------------------------------------------------------------------------------


def test_groups_are_taken_in_the_order_given_and_let_go_in_the_reverse(tmp_path):
    names = ["profile", "other", "root"]
    for name in names:
        (tmp_path / name).mkdir()
    paths = [str(tmp_path / name / "auth.lock") for name in names]
    disk = RecordingDisk()
    with locks.held(disk, paths):
        assert not any(map(can_take, paths))
    assert [path for verb, path in disk.calls if verb == "lock"] == paths
    assert [path for verb, path in disk.calls if verb == "unlock"] == paths[::-1]


def test_lock_that_is_named_twice_is_taken_once(lock, tmp_path):
    (tmp_path / "linked").symlink_to(".")
    with locks.held(RealDisk(), [lock, lock, str(tmp_path / "linked" / "auth.lock")], 0.0):
        assert not can_take(lock)
    assert can_take(lock)


# --- lock files -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("directory", "mode"), [(0o700, 0o600), (0o755, 0o600), (0o770, 0o660), (0o2775, 0o660)])
@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_new_lock_file_opens_to_those_who_can_write_its_directory(lock, tmp_path, directory, mode, umask):
    tmp_path.chmod(directory)
    before = os.umask(umask)
    try:
        with locks.held(RealDisk(), [lock]):
            assert stat.S_IMODE(os.stat(lock).st_mode) == mode
    finally:
        os.umask(before)


def test_existing_lock_file_is_left_as_it_is(lock, root_only):
    Path(lock).write_text("x")
    os.chmod(lock, 0o644)
    os.chown(lock, 1234, 4321)
    before = os.stat(lock)
    with locks.held(RealDisk(), [lock]):
        pass
    after = os.stat(lock)
    assert [getattr(after, look) for look in ("st_mode", "st_uid", "st_gid", "st_ino")] == [
        getattr(before, look) for look in ("st_mode", "st_uid", "st_gid", "st_ino")
    ]


def test_lock_file_that_root_makes_belongs_to_the_owner_of_the_home(open_place, as_nobody, root_only):
    lock = str(open_place / "auth.lock")
    with locks.held(RealDisk(), [lock]):
        assert (os.stat(lock).st_uid, os.stat(lock).st_gid) == (1234, 1234)
    with as_nobody():
        assert can_take(lock)


def test_lock_file_that_is_a_link_is_refused_and_not_followed(lock, tmp_path):
    (tmp_path / "elsewhere").write_text("content")
    os.symlink("elsewhere", lock)
    with pytest.raises(NotRegularFile, match="it is a link"), locks.held(RealDisk(), [lock]):
        raise AssertionError("it was taken")
    assert (tmp_path / "elsewhere").read_text() == "content"


def test_link_to_nothing_is_refused_and_makes_nothing(lock, tmp_path):
    os.symlink("elsewhere", lock)
    with pytest.raises(NotRegularFile), locks.held(RealDisk(), [lock]):
        raise AssertionError("it was taken")
    assert os.listdir(tmp_path) == ["auth.lock"]


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_no_file_is_no_lock(lock, make):
    make(lock)
    with pytest.raises(NotRegularFile), locks.held(RealDisk(), [lock]):
        raise AssertionError("it was taken")


def test_lock_in_a_missing_directory_cannot_be_taken(tmp_path):
    lock = str(tmp_path / "none" / "auth.lock")
    with pytest.raises(WriteFailed, match="taking the lock") as caught, locks.held(RealDisk(), [lock]):
        raise AssertionError("it was taken")
    assert caught.value.errno == errno.ENOENT
    assert os.listdir(tmp_path) == []


def test_lock_file_of_another_user_cannot_be_taken(open_place, as_nobody, root_only):
    lock = open_place / "auth.lock"
    lock.touch(mode=0o600)  # root's
    with as_nobody(), pytest.raises(WriteFailed) as caught, locks.held(RealDisk(), [str(lock)]):
        raise AssertionError("it was taken")
    assert caught.value.errno == errno.EACCES


@pytest.mark.parametrize("verb", ["open_directory", "stat", "make_lock", "lock"])
def test_failure_frees_the_locks_that_were_taken(tmp_path, verb):
    first, second = str(tmp_path / "first.lock"), str(tmp_path / "second.lock")
    with pytest.raises(WriteFailed) as caught, locks.held(FailingDisk(verb, errno.EIO, nth=2), [first, second]):
        raise AssertionError("it was taken")
    assert (caught.value.path, caught.value.errno, caught.value.content) == (second, errno.EIO, "old")
    assert can_take(first)


def test_file_system_without_flock_is_no_reason_for_another_kind_of_lock(lock, monkeypatch):
    import fcntl

    def missing(fd, operation):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", missing)
    with pytest.raises(WriteFailed) as caught, locks.held(RealDisk(), [lock]):
        raise AssertionError("it was taken")
    assert caught.value.errno == errno.ENOSYS


# --- who holds it -----------------------------------------------------------------------------------------------------


def proc(tmp_path, rows, commands):
    (tmp_path / "locks").write_text("".join(f"{row}\n" for row in rows))
    for pid, command in commands.items():
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cmdline").write_bytes(command)
    return str(tmp_path)


def test_holder_is_read_from_the_table_of_locks(lock, tmp_path):
    Path(lock).touch()
    inode = os.stat(lock).st_ino
    table = proc(
        tmp_path,
        [
            f"1: POSIX  ADVISORY  WRITE 7 fd:00:{inode} 0 EOF",
            f"2: FLOCK  ADVISORY  WRITE 8 fd:00:{inode + 1} 0 EOF",
            f"3: -> FLOCK  ADVISORY  WRITE 9 fd:00:{inode} 0 EOF",
            f"4: FLOCK  ADVISORY  WRITE 10 fd:00:{inode} 0 EOF",
        ],
        {number: b"/usr/bin/python\0hermes\0gateway\0--token\0sk-or-v1-test-secret\0" for number in (7, 8, 9, 10)},
    )
    assert locks.holder(lock, table) == "pid 10: /usr/bin/python hermes gateway"


def test_holder_cannot_write_to_the_terminal(lock, tmp_path):
    Path(lock).touch()
    rows = [f"1: FLOCK  ADVISORY  WRITE 7 fd:00:{os.stat(lock).st_ino} 0 EOF"]
    found = locks.holder(lock, proc(tmp_path, rows, {7: b"a\x1b[2Jb\xff\xe2\x80\xaec\0"}))
    assert found.isprintable()
    assert found.startswith("pid 7: a?[2Jb")


@pytest.mark.parametrize(
    "rows", [[], ["garbage"], ["1: FLOCK"], ["1: FLOCK ADVISORY WRITE 0 fd:00:{inode} 0 EOF"], ["1: FLOCK a b 3 x:y:z"]]
)
def test_holder_that_cannot_be_seen_is_not_named(lock, tmp_path, rows):
    Path(lock).touch()
    rows = [row.format(inode=os.stat(lock).st_ino) for row in rows]
    assert locks.holder(lock, proc(tmp_path, rows, {})) == ""
    assert locks.holder(str(tmp_path / "none"), str(tmp_path)) == ""
    assert locks.holder(lock, str(tmp_path / "none")) == ""


# --- the agent --------------------------------------------------------------------------------------------------------

AGENT_HOLDS = """
    import sys
    from hermes_cli.auth import _auth_store_lock
    with _auth_store_lock():
        print("ready", flush=True)
        sys.stdin.read()
"""
AGENT_TRIES = """
    import sys
    from hermes_cli.auth import _auth_store_lock
    print("ready", flush=True)
    try:
        with _auth_store_lock(timeout_seconds=1.0):
            sys.exit(4)
    except TimeoutError:
        sys.exit(5)
"""


@pytest.fixture(params=["0.13.0", "0.19.0", "0.22.2"])
def agent(request, process, tmp_path):
    """Starts a script in the interpreter of a real agent, whose home is ``tmp_path``."""
    python = Path(AGENTS, request.param, "bin", "python")
    if not AGENTS or not python.exists():
        pytest.skip(f"no agent {request.param} (HERMES_STATE_AGENTS names a directory of them)")

    def start(script):
        return process(script, python=str(python), HERMES_HOME=str(tmp_path), HOME=str(tmp_path), PYTHONPATH="")

    return start


@pytest.mark.agent
def test_lock_of_the_agent_keeps_us_out(lock, agent):
    holding = agent(AGENT_HOLDS)
    assert not can_take(lock)
    holding.stdin.close()
    holding.wait(30)
    assert can_take(lock)


@pytest.mark.agent
def test_our_lock_keeps_the_agent_out(lock, agent):
    with locks.held(RealDisk(), [lock]):
        assert agent(AGENT_TRIES).wait(60) == 5
    assert agent(AGENT_TRIES).wait(60) == 4
