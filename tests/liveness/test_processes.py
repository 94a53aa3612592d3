from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_state.processes import Process, Processes, View, command_kind, hermes_processes

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs /proc")

LAUNCHER = "import os, re, sys\nfrom hermes_cli.main import main\nsys.exit(main())"
WATCHER = "import subprocess, sys\nsubprocess.Popen(sys.argv[2:])"

Run = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Start ``python <place> <words>`` that waits until it is killed; ``name`` is its process name."""
    started: list[subprocess.Popen[bytes]] = []

    def start(
        place: str, *words: str, env: dict[str, str] | None = None, name: str = "", cwd: Path | None = None
    ) -> subprocess.Popen[bytes]:
        script = tmp_path / place
        script.parent.mkdir(parents=True, exist_ok=True)
        rename = f"open('/proc/self/comm', 'w').write({name!r})\n" if name else ""
        script.write_text(f"import sys\n{rename}print(flush=True)\nsys.stdin.read()\n")
        child = subprocess.Popen(
            [sys.executable, str(script), *words], env=env, cwd=cwd, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(child)
        assert child.stdout is not None
        child.stdout.readline()
        return child

    yield start
    for child in started:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


@pytest.mark.parametrize(
    ("argv", "kind"),
    [
        (["/venv/bin/python3.11", "/venv/bin/hermes", "gateway", "run"], "gateway"),
        (["/venv/bin/python3.11", "/venv/bin/hermes", "gateway"], "gateway"),
        (["/venv/bin/python", "-m", "hermes_cli.main", "gateway", "run", "-v"], "gateway"),
        (["python", "-X", "utf8", "-Im", "hermes_cli.main", "gateway", "restart"], "gateway"),
        (["python3", "-u", "/opt/hermes/hermes_cli/main.py", "gateway", "--replace"], "gateway"),
        (["hermes", "-p", "gateway", "gateway", "run"], "gateway"),
        (["hermes", "gateway", "--profile=coder", "run"], "gateway"),
        (["python", "/opt/hermes/gateway/run.py"], "gateway"),
        (["python", "gateway/run.py"], "gateway"),
        (["python", "-m", "gateway.run"], "gateway"),
        (["/usr/bin/hermes-gateway"], "gateway"),
        (["C:\\Program Files\\Hermes\\hermes-gateway.exe"], "gateway"),
        (["C:\\Python\\python.exe", "C:\\Hermes\\hermes_cli\\main.py", "gateway", "run"], "gateway"),
        (["python3", "-I", "-c", LAUNCHER, "gateway", "run"], "gateway"),
        (["python3", "-c", WATCHER, "12", "python", "-m", "hermes_cli.main", "gateway", "run"], None),
        (["hermes", "gateway", "status"], "agent"),
        (["hermes", "gateway", "stop"], "agent"),
        (["hermes", "-p", "gateway", "chat"], "agent"),
        (["hermes"], "agent"),
        (["python", "/venv/bin/hermes-acp"], "agent"),
        (["python", "-m", "tui_gateway.server"], "agent"),
        (["python", "-W", "ignore", "/opt/hermes/run_agent.py"], "agent"),
        (["python", "/venv/bin/hermes-state", "inspect"], None),
        (["python", "-m", "hermes_state", "inspect"], None),
        (["vim", "hermes"], None),
        (["tail", "-f", "/home/user/.hermes/logs/gateway.log"], None),
        (["python"], None),
        (["python", "-m"], None),
        ([""], None),
        ([], None),
    ],
)
def test_a_command_line_is_known_by_what_it_runs(argv: list[str], kind: str | None) -> None:
    assert command_kind(argv) == kind


def test_a_process_lives_until_it_ends_even_before_its_parent_has_noticed(run: Run) -> None:
    child = run("bin/hermes")
    table = Processes()
    assert table.alive(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # ended, and still there as a zombie
    assert os.path.exists(f"/proc/{child.pid}")
    assert not table.alive(child.pid)
    child.wait()
    assert not table.alive(child.pid)


def test_somebody_elses_process_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(pid: int, signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", denied)
    assert Processes().alive(os.getpid())


def test_start_times_hold_what_a_naive_split_records(run: Run) -> None:
    plain, odd = run("bin/hermes"), run("bin/odd", name="a) b c")
    fields = Path(f"/proc/{plain.pid}/stat").read_text().split()
    assert Processes().start_times(plain.pid) == {int(fields[21])}
    text = Path(f"/proc/{odd.pid}/stat").read_text()
    assert Processes().start_times(odd.pid) == {int(text.rpartition(")")[2].split()[19]), int(text.split()[21])}
    assert len(Processes().start_times(odd.pid)) == 2
    assert Processes("/nowhere").start_times(plain.pid) == set()


def test_a_process_is_on_the_home_that_its_own_environment_chooses(run: Run, tmp_path: Path) -> None:
    root = tmp_path / "user/.hermes"
    for name in ("coder", "other"):
        (root / "profiles" / name).mkdir(parents=True)
    home = {"HOME": str(tmp_path / "user")}
    named = {"HERMES_HOME": str(tmp_path / "named")}
    (tmp_path / "named").mkdir()
    table = Processes()
    assert table.home(run("bin/hermes", env=home).pid) == str(root)
    assert table.home(run("bin/hermes", "-p", "coder", env=home).pid) == str(root / "profiles/coder")
    assert table.home(run("bin/hermes", "chat", "--profile=other", env=home).pid) == str(root / "profiles/other")
    assert table.home(run("bin/hermes", "--", "-p", "coder", env=home).pid) == str(root)
    assert table.home(run("bin/hermes", env=home | named).pid) == str(tmp_path / "named")
    assert table.home(run("bin/hermes", env=home | {"HERMES_HOME": "named"}, cwd=tmp_path).pid) == str(
        tmp_path / "named"
    )
    (root / "active_profile").write_text("coder")
    assert table.home(run("bin/hermes", env=home).pid) == str(root / "profiles/coder")


def test_a_home_that_cannot_be_known_is_not_guessed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "user/.hermes").mkdir(parents=True)
    home = {"HOME": str(tmp_path / "user")}
    assert Processes().home(run("bin/hermes", env={"PATH": "/bin"}).pid) is None
    assert Processes().home(run("bin/hermes", "-p", "gone", env=home).pid) is None
    child = run("bin/hermes", env=home)
    proc = tmp_path / "proc"
    (proc / "self/ns").mkdir(parents=True)
    (proc / "self/ns/mnt").symlink_to("mnt:[1]")  # as seen from another container
    (proc / str(child.pid)).symlink_to(f"/proc/{child.pid}")
    assert Processes(str(proc)).home(child.pid) is None


def test_the_agents_processes_are_listed_and_nothing_else(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "named").mkdir()
    env = {"HERMES_HOME": str(tmp_path / "named"), "HOME": "/nowhere"}
    gateway = run("bin/hermes", "gateway", "run", env=env)
    chat = run("bin/hermes", env={"PATH": "/bin"})
    other = run("bin/else", "hermes", "gateway", "run", env=env)
    mine = [process for process in hermes_processes() if process.pid in (gateway.pid, chat.pid, other.pid)]
    assert sorted(mine, key=lambda process: process.kind) == [
        Process(chat.pid, "agent", None),
        Process(gateway.pid, "gateway", str(tmp_path / "named")),
    ]
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    assert hermes_processes() == []


def test_this_process_and_one_that_has_just_ended_are_not_listed(tmp_path: Path) -> None:
    for pid in (os.getpid(), 2):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "cmdline").write_bytes(b"hermes\0gateway\0run\0")
    (tmp_path / "3").symlink_to("gone")
    assert [process.pid for process in hermes_processes(str(tmp_path))] == [2]


def test_without_a_process_table_nobody_is_listed() -> None:
    assert hermes_processes("/nowhere/at/all") == []


# --- locks -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc of our own, of a machine without containers."""
    place = tmp_path / "proc"
    (place / "self/ns").mkdir(parents=True)
    (place / "self/ns/pid").symlink_to("pid:[4026531836]")
    return place


def row(path: Path, pid: int, *, device: int | None = None, kind: str = "FLOCK ", arrow: str = "") -> str:
    found = path.stat()
    number = found.st_dev if device is None else device
    return (
        f"1: {arrow}{kind} ADVISORY  WRITE {pid} {os.major(number):02x}:{os.minor(number):02x}:{found.st_ino} 0 EOF\n"
    )


def test_a_held_lock_names_its_holder(proc: Path, tmp_path: Path) -> None:
    lock = tmp_path / "gateway.lock"
    lock.write_text("")
    (proc / "locks").write_text(row(tmp_path, 7) + row(lock, 4242))
    hold = Processes(str(proc)).lock(str(lock))
    assert (hold.view, hold.pid) == (View.HELD, 4242)


@pytest.mark.parametrize("pid", [0, -1])
def test_a_holder_in_another_container_has_no_number(proc: Path, tmp_path: Path, pid: int) -> None:
    lock = tmp_path / "gateway.lock"
    lock.write_text("")
    (proc / "locks").write_text(row(lock, pid))
    hold = Processes(str(proc)).lock(str(lock))
    assert (hold.view, hold.pid) == (View.HELD, None)


def test_who_waits_or_holds_something_else_does_not_hold_it(proc: Path, tmp_path: Path) -> None:
    lock = tmp_path / "gateway.lock"
    lock.write_text("")
    elsewhere = os.makedev(os.major(lock.stat().st_dev) + 1, 5)
    rows = row(lock, 7, arrow="-> ") + row(lock, 7, kind="POSIX ") + row(lock, 7, device=elsewhere) + row(tmp_path, 7)
    (proc / "locks").write_text(rows + "garbage\n9: FLOCK  ADVISORY  WRITE 7 <none>:0 0 EOF\n")
    assert Processes(str(proc)).lock(str(lock)).view is View.FREE


def test_a_lock_that_nobody_is_seen_to_hold_is_free_only_where_everybody_is_seen(proc: Path, tmp_path: Path) -> None:
    lock = tmp_path / "gateway.lock"
    (proc / "locks").write_text("")
    for present in (False, True):
        if present:
            lock.write_text("")
        assert Processes(str(proc)).lock(str(lock)).view is View.FREE
        (proc / "self/ns/pid").unlink()
        assert Processes(str(proc)).lock(str(lock)).view is View.HIDDEN
        (proc / "self/ns/pid").symlink_to("pid:[4026532999]")
        assert Processes(str(proc)).lock(str(lock)).view is View.HIDDEN
        (proc / "self/ns/pid").unlink()
        (proc / "self/ns/pid").symlink_to("pid:[4026531836]")


@pytest.mark.parametrize(
    ("kind", "view"), [("ext4", View.FREE), ("nfs4", View.HIDDEN), ("fuse.sshfs", View.HIDDEN), ("fuseblk", View.FREE)]
)
def test_on_a_shared_file_system_another_machine_may_hold_it(proc: Path, tmp_path: Path, kind: str, view: View) -> None:
    lock = tmp_path / "gateway.lock"
    lock.write_text("")
    device = lock.stat().st_dev
    here = f"{os.major(device)}:{os.minor(device)}"
    (proc / "locks").write_text("")
    (proc / "self/mountinfo").write_text(
        f"20 1 999:9 / / rw - nfs4 server:/ rw\n21 20 {here} / /mnt rw shared:1 - {kind} server:/x rw\n"
    )
    assert Processes(str(proc)).lock(str(lock)).view is view


def test_without_a_list_of_locks_nothing_is_seen(tmp_path: Path, proc: Path) -> None:
    lock = tmp_path / "gateway.lock"
    lock.write_text("")
    assert Processes("/nowhere/at/all").lock(str(lock)).view is View.BLIND
    assert Processes(str(proc)).lock(str(lock)).view is View.HIDDEN  # a /proc that lacks the list


def test_a_lock_that_cannot_be_looked_at_is_hidden(proc: Path, tmp_path: Path) -> None:
    (proc / "locks").write_text("")
    lock = tmp_path / "gateway.lock"
    lock.symlink_to("gateway.lock")
    assert Processes(str(proc)).lock(str(lock)).view is View.HIDDEN


def test_where_devices_have_two_numbers_the_holder_is_known_by_its_open_files(
    proc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "gateway.lock"
    lock.write_text("")
    monkeypatch.setattr(os, "major", lambda device: 0)  # as btrfs and overlay number theirs
    listed = row(lock, os.getpid(), device=os.makedev(0, 77))
    (proc / "locks").write_text(listed)
    (proc / str(os.getpid())).symlink_to("/proc/self")
    assert Processes(str(proc)).lock(str(lock)).view is View.FREE
    with lock.open():
        assert Processes(str(proc)).lock(str(lock)).pid == os.getpid()
    (proc / str(os.getpid())).unlink()
    assert Processes(str(proc)).lock(str(lock)).view is View.HIDDEN
