"""Signals end a run at a safe place: locks released, nothing half done, said what was done and what not, never 0."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hermes_state.locks import holder

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "tests" / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}

#: The program, with a Disk that stops the process itself before (or after) a certain call on a certain file.
PAUSED = """
import os, signal, sys
from hermes_state import disk
verb, name, when = sys.argv.pop(1), sys.argv.pop(1), sys.argv.pop(1)
if verb == "wait":
    import time
    sleep = time.sleep
    def paused(seconds):
        time.sleep = sleep
        os.kill(os.getpid(), signal.SIGSTOP)
        sleep(seconds)
    time.sleep = paused
    verb = "lock"
real = getattr(disk.RealDisk, verb)
def pausing(self, *arguments):
    named = any(argument == name or getattr(argument, "name", "") == name for argument in arguments)
    if named and when == "before":
        os.kill(os.getpid(), signal.SIGSTOP)
    done = real(self, *arguments)
    if named and when == "after":
        os.kill(os.getpid(), signal.SIGSTOP)
    return done
setattr(disk.RealDisk, verb, pausing)
from hermes_state.cli.app import main
main()
"""


@pytest.fixture
def homes(home: Path) -> tuple[Path, Path, Path]:
    """A root home and two profiles, each with a migration pending."""
    made = (home, home / "profiles" / "one", home / "profiles" / "two")
    for path in made:
        path.mkdir(parents=True, exist_ok=True)
        (path / "auth.json").write_bytes(SAMPLE.read_bytes())
        (path / "auth.json").chmod(0o600)
    return made


_started: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def _no_process_stays() -> Iterator[None]:
    yield
    while _started:
        running = _started.pop()
        if running.poll() is None:
            running.kill()
        running.communicate()


def start(*arguments: str, program: list[str] | None = None) -> subprocess.Popen[str]:
    running = subprocess.Popen(
        [sys.executable, *(program or ["-m", "hermes_state"]), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    )
    _started.append(running)
    return running


def paused(verb: str, name: str, when: str, *arguments: str) -> subprocess.Popen[str]:
    """Start the program and wait until it has stopped itself at that call."""
    running = start(verb, name, when, *arguments, program=["-c", PAUSED])
    # Asked without reaping: an end before the stop is left for Popen to see.
    found = os.waitid(os.P_PID, running.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert found is not None and found.si_code == os.CLD_STOPPED, running.communicate()
    return running


def resume(running: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send the signal to a stopped process, which meets it as soon as it goes on."""
    running.send_signal(number)
    running.send_signal(signal.SIGCONT)


@contextmanager
def locked(home: Path) -> Iterator[Path]:
    """Hold the home's ``auth.lock``, as an agent does."""
    path = home / "auth.lock"
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield path


def waiting(*arguments: str) -> subprocess.Popen[str]:
    """Start the program and wait until it waits for a lock that it will not get."""
    return paused("wait", "", "", "--lock-timeout", "600", *arguments)


def ended(running: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = running.communicate(timeout=60)
    _started.remove(running)
    assert "Traceback" not in out + err
    return running.returncode, out, err


def is_free(home: Path) -> bool:
    with (home / "auth.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def temporary(home: Path) -> list[str]:
    return [str(path) for path in home.rglob("*") if path.name.endswith((".tmp", ".part"))]


@pytest.mark.parametrize("number", CODES)
def test_waiting_for_a_lock_ends_at_once(homes: tuple[Path, Path, Path], number: signal.Signals) -> None:
    home = homes[0]
    with locked(home):
        running = waiting("--home", str(home), "--json", "migrate")
        resume(running, number)
        code, out, _ = ended(running)
    answer = json.loads(out)
    assert code == CODES[number]
    assert [(error["code"], error["home"]) for error in answer["errors"]] == [("stopped", str(home))]
    assert number.name in answer["errors"][0]["message"]
    assert answer["homes"][0]["changed"] is False
    assert (home / "auth.json").read_bytes() == SAMPLE.read_bytes()
    assert not (home / "backups").exists()


@pytest.mark.parametrize("as_json", [True, False])
def test_in_the_middle_of_all_profiles_it_says_what_was_done_and_what_not(
    homes: tuple[Path, Path, Path], as_json: bool
) -> None:
    root, one, two = homes
    with locked(one):
        running = waiting("--home", str(root), "--all-profiles", *(["--json"] if as_json else []), "migrate")
        resume(running, signal.SIGTERM)
        code, out, err = ended(running)
    assert code == 143
    assert b"credential_pool_runtime" in (root / "auth.json").read_bytes()
    assert [home.joinpath("auth.json").read_bytes() for home in (one, two)] == [SAMPLE.read_bytes()] * 2
    if as_json:
        answer = json.loads(out)
        assert [home["changed"] for home in answer["homes"]] == [True, False, False]
        assert [(error["code"], error["home"]) for error in answer["errors"]] == [
            ("stopped", str(one)),
            ("stopped", str(two)),
        ]
    else:
        assert "auth.json was migrated" in out
        assert err.count("stopped by SIGTERM before anything was written here") == 2
    assert is_free(root) and is_free(one)
    assert temporary(root) == []


def test_a_signal_during_the_backup_stops_before_the_file_is_touched(homes: tuple[Path, Path, Path]) -> None:
    home = homes[0]
    running = paused("create", "auth.json", "before", "--home", str(home), "--json", "migrate")
    resume(running, signal.SIGINT)
    code, out, _ = ended(running)
    assert (code, json.loads(out)["errors"][0]["code"]) == (130, "stopped")
    assert (home / "auth.json").read_bytes() == SAMPLE.read_bytes()
    assert is_free(home)
    assert temporary(home) == []
    (backup,) = (home / "backups" / "hermes-state").iterdir()
    assert (backup / "auth.json").read_bytes() == SAMPLE.read_bytes()
    assert (backup / "manifest.json").exists()


def test_a_signal_after_the_rename_lets_the_transaction_end(homes: tuple[Path, Path, Path]) -> None:
    home = homes[0]
    running = paused("rename", "auth.json", "after", "--home", str(home), "--json", "--all-profiles", "migrate")
    resume(running, signal.SIGHUP)
    code, out, _ = ended(running)
    answer = json.loads(out)
    assert code == 129
    assert [entry["changed"] for entry in answer["homes"]] == [True, False, False]
    assert answer["homes"][0]["backup"] is not None
    assert [error["home"] for error in answer["errors"]] == [str(path) for path in homes[1:]]
    assert b"credential_pool_runtime" in (home / "auth.json").read_bytes()
    assert temporary(home) == [] and is_free(home)


def test_a_signal_in_the_last_transaction_is_no_success_though_all_was_done(homes: tuple[Path, Path, Path]) -> None:
    home = homes[1]
    running = paused("rename", "auth.json", "after", "--home", str(home), "--json", "migrate")
    resume(running, signal.SIGTERM)
    code, out, _ = ended(running)
    answer = json.loads(out)
    assert (code, answer["errors"], answer["homes"][0]["changed"]) == (143, [], True)


@pytest.mark.parametrize("command", [["restore", "2"], ["recover"]])
def test_restore_and_recover_end_too(homes: tuple[Path, Path, Path], command: list[str]) -> None:
    home = homes[0]
    assert ended(start("--home", str(home), "migrate"))[0] == 0
    (home / "backups" / "hermes-state" / "20260101T000000Z-0000.in-place").mkdir(mode=0o700)
    before = (home / "auth.json").read_bytes()
    with locked(home):
        running = waiting("--home", str(home), "--json", *command)
        resume(running, signal.SIGTERM)
        code, out, _ = ended(running)
    assert (code, [error["code"] for error in json.loads(out)["errors"]]) == (143, ["stopped"])
    assert (home / "auth.json").read_bytes() == before


@pytest.fixture
def limited(homes: tuple[Path, Path, Path]) -> tuple[Path, Path, Path]:
    """Each of the homes has a breaker for Nous too, and a profile's auth.json has the provider of its own."""
    for home in homes:
        (home / "rate_limits").mkdir()
        (home / "rate_limits" / "nous.json").write_text('{"reset_at": 4000000000.0, "recorded_at": 1.0}')
    return homes


@pytest.mark.parametrize("number", CODES)
def test_a_breaker_that_is_being_cleared_is_cleared_and_the_next_home_is_not_begun(
    limited: tuple[Path, Path, Path], number: signal.Signals
) -> None:
    root, one, two = limited
    words = ("--home", str(root), "--all-profiles", "--json", "clear-breaker", "nous")
    # Renamed, and not yet deleted: the middle of the act.
    running = paused("rename", "nous.json", "after", *words)
    assert len(os.listdir(root / "rate_limits")) == 1
    resume(running, number)
    code, out, _ = ended(running)
    answer = json.loads(out)
    assert code == CODES[number]
    assert [cleared["home"] for cleared in answer["cleared"]] == [str(root)]
    assert [(error["code"], error["home"]) for error in answer["errors"]] == [
        ("stopped", str(home)) for home in (one, two)
    ]
    assert [sorted(os.listdir(home / "rate_limits")) for home in limited] == [[], ["nous.json"], ["nous.json"]]


def test_a_signal_before_a_breaker_is_taken_leaves_no_doubt_either(limited: tuple[Path, Path, Path]) -> None:
    home = limited[1]
    running = paused("rename", "nous.json", "before", "--home", str(home), "clear-breaker", "--all")
    resume(running, signal.SIGTERM)
    code, out, err = ended(running)
    assert (code, err) == (143, "")
    assert "the breaker of nous was cleared" in out
    assert os.listdir(home / "rate_limits") == []


@pytest.mark.parametrize("number", CODES)
def test_a_cooldown_that_is_being_cleared_is_cleared_and_the_next_home_is_not_begun(
    homes: tuple[Path, Path, Path], number: signal.Signals
) -> None:
    root, one, two = homes
    [provider] = json.loads(SAMPLE.read_text())["credential_pool"]
    words = ("--home", str(root), "--all-profiles", "--json", "clear-cooldown", provider)
    running = paused("rename", "auth.json", "before", *words)
    assert temporary(root)
    resume(running, number)
    code, out, _ = ended(running)
    answer = json.loads(out)
    assert code == CODES[number]
    assert {cleared["home"] for cleared in answer["cleared"]} == {str(root)}
    assert [(error["code"], error["home"]) for error in answer["errors"]] == [
        ("stopped", str(home)) for home in (one, two)
    ]
    assert b'"cleared_at"' in (root / "auth.json").read_bytes()
    assert [home.joinpath("auth.json").read_bytes() for home in (one, two)] == [SAMPLE.read_bytes()] * 2
    assert temporary(root) == []
    assert all(is_free(home) for home in homes)


def test_clear_cooldown_does_not_wait_for_a_lock_after_a_signal(homes: tuple[Path, Path, Path]) -> None:
    home = homes[1]
    [provider] = json.loads(SAMPLE.read_text())["credential_pool"]
    with locked(home):
        running = waiting("--home", str(home), "clear-cooldown", provider)
        resume(running, signal.SIGINT)
        code, out, err = ended(running)
    assert code == 130
    assert "cleared" not in out and "stopped by SIGINT before anything was written here" in err
    assert (home / "auth.json").read_bytes() == SAMPLE.read_bytes()


#: The program, with a function of it that sends the process a signal when it is called.
SIGNALLED = """
import os, sys
from importlib import import_module
module, name, number = sys.argv.pop(1), sys.argv.pop(1), int(sys.argv.pop(1))
real = getattr(import_module(module), name)
def signalling(*arguments):
    os.kill(os.getpid(), number)
    return real(*arguments)
setattr(import_module(module), name, signalling)
from hermes_state.cli.app import main
main()
"""


@pytest.mark.parametrize("number", CODES)
def test_printing_a_schema_ends_at_once(number: signal.Signals) -> None:
    words = ["-c", SIGNALLED, "hermes_state.shipped", "shipped", str(int(number))]
    code, out, err = ended(start("schema", "auth", program=words))
    assert (code, out) == (CODES[number], "")
    assert f"stopped by {number.name}" in err


@pytest.mark.parametrize("number", CODES)
def test_a_selftest_ends_after_the_scenario_and_takes_its_folder_along(number: signal.Signals, tmp_path: Path) -> None:
    words = ["-c", SIGNALLED, "hermes_state.selftest.run", "enumerate_all", str(int(number))]
    (tmp_path / "here").mkdir()
    code, out, err = ended(start("selftest", "--in", str(tmp_path / "here"), program=words))
    assert code == CODES[number]
    assert "violation" not in out
    assert f"stopped by {number.name}" in err
    assert os.listdir(tmp_path / "here") == []


@pytest.mark.parametrize("command", ["inspect", "check"])
def test_a_command_that_only_looks_ends_at_once(homes: tuple[Path, Path, Path], command: str) -> None:
    running = paused("read", "auth.json", "before", "--home", str(homes[0]), "--json", command)
    resume(running, signal.SIGTERM)
    code, out, err = ended(running)
    assert (code, json.loads(out)["errors"][0]["code"]) == (143, "stopped")
    assert "stopped by SIGTERM" in err


def test_an_interrupt_while_the_program_is_still_loaded_ends_it_without_a_traceback(home: Path) -> None:
    program = """
import runpy, signal, sys
class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Pressed())
sys.argv = ["hermes-state", "inspect"]
runpy.run_module("hermes_state", run_name="__main__")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_signal_that_is_ignored_stays_ignored(homes: tuple[Path, Path, Path]) -> None:
    """As under ``nohup``."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        running = paused("create", "auth.json", "before", "--home", str(homes[0]), "--json", "migrate")
    finally:
        signal.signal(signal.SIGHUP, before)
    resume(running, signal.SIGHUP)
    code, out, _ = ended(running)
    assert (code, json.loads(out)["homes"][0]["changed"]) == (0, True)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks tells the holder")
def test_the_message_of_a_timeout_names_who_may_hold_the_lock(homes: tuple[Path, Path, Path]) -> None:
    home = homes[0]
    program = "import fcntl, sys; f = open(sys.argv[1], 'a+'); fcntl.flock(f, 2); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(home / "auth.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as agent:
        assert agent.stdout is not None and agent.stdout.readline() == "held\n"
        if not holder(str(home / "auth.lock")):
            agent.communicate("\n")
            pytest.skip("this kernel does not list locks in /proc/locks")
        code, out, _ = ended(start("--home", str(home), "--json", "--lock-timeout", "0.1", "migrate"))
        text = ended(start("--home", str(home), "--lock-timeout", "0.1", "migrate"))
        agent.communicate("\n")
    (error,) = json.loads(out)["errors"]
    assert (code, error["code"]) == (6, "lock_timeout")
    assert f"may be held by pid {agent.pid}: {sys.executable}" in error["message"]
    assert (text[0], f"pid {agent.pid}" in text[2], "--lock-timeout" in text[2]) == (6, True, True)
    assert (home / "auth.json").read_bytes() == SAMPLE.read_bytes()
