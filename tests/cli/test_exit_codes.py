"""Exit codes are an interface: one table (cli/exits.py), each code from files on disk, and by a real run."""

from __future__ import annotations

import fcntl
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from hermes_state.cli.exits import EXITS, WORST
from hermes_state.errors import SEVEREST_FIRST, ExitCode

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
GOOD = b'{"providers": {}, "credential_pool": {"p": [{"id": "a", "last_status": "exhausted", "last_status_at": 1}]}}'


def write(data: bytes) -> Callable[[Path], object]:
    return lambda home: (home / "auth.json").write_bytes(data)


def breaker_directory(home: Path) -> None:
    (home / "rate_limits" / "nous.json").mkdir(parents=True)


def hard_linked(home: Path) -> None:
    write(GOOD)(home)
    os.link(home / "auth.json", home / "other")


TABLE: list[tuple[int, Callable[[Path], Any], tuple[str, ...]]] = [
    (0, write(GOOD), ("migrate",)),
    (0, write(b'{"providers": {}}'), ("migrate", "--check")),
    (0, lambda home: None, ("migrate",)),
    (0, lambda home: None, ("inspect",)),
    (0, write(b"{"), ("inspect",)),
    (0, lambda home: None, ("check",)),
    (0, lambda home: None, ("backups",)),
    (0, lambda home: None, ("recover",)),
    (0, lambda home: None, ("schema", "auth")),
    (0, lambda home: None, ("--version",)),
    (0, lambda home: None, ("--help",)),
    (0, write(b'{"credential_pool": {"p": [{"id": "a"}]}}'), ("clear-cooldown", "p")),
    (0, lambda home: None, ("clear-breaker", "nous")),
    (1, write(GOOD), ("migrate", "--check")),
    (1, write(b"{"), ("check",)),
    (2, lambda home: None, ("--json",)),
    (2, lambda home: None, ("check", "nonsense")),
    (2, lambda home: None, ("check", "--fail-on", "nonsense")),
    (2, lambda home: None, ("check", "--lock-timeout", "-1")),
    (2, lambda home: None, ("restore", "nonsense")),
    (2, lambda home: None, ("restore", "nonsense", "--all-profiles")),
    (2, lambda home: None, ("selftest", "--in", "nonsense")),
    (2, write(GOOD), ("clear-cooldown", "nonsense")),
    (2, write(GOOD), ("clear-cooldown", "p", "nonsense")),
    (2, write(GOOD), ("clear-cooldown", "p", "--model", "m", "--dead")),
    (2, lambda home: None, ("migrate", "nonsense")),
    (2, lambda home: None, ("inspect", "nonsense")),
    (2, lambda home: None, ("nonsense",)),
    (2, lambda home: None, ("migrate", "--to", "nonsense")),
    (2, lambda home: None, ("clear-breaker", "nonsense")),
    (2, lambda home: None, ("clear-breaker",)),
    (2, lambda home: None, ("clear-breaker", "nous", "--all")),
    (2, lambda home: None, ("-p", "nonsense", "inspect")),
    (2, lambda home: None, ("-p", "nonsense", "--all-profiles", "inspect")),
    (2, lambda home: None, ("schema", "nonsense")),
    (3, lambda home: (home / "auth.json").mkdir(), ("migrate",)),
    (3, lambda home: (home / "auth.json").mkdir(), ("clear-cooldown", "p")),
    (3, lambda home: os.mkfifo(home / "auth.json"), ("migrate",)),
    (3, lambda home: (home / "auth.json").symlink_to("auth.json"), ("migrate",)),
    (4, write(b"{"), ("migrate",)),
    (4, write(b""), ("migrate",)),
    (4, write(b"[]"), ("migrate",)),
    (4, write(b"{"), ("clear-cooldown", "p")),
    (5, write(b'{"providers": {}, "credential_pool_runtime": []}'), ("migrate",)),
    (5, write(b'{"providers": {}, "credential_pool_runtime": {"schema": 9, "pools": {}}}'), ("migrate",)),
    (5, hard_linked, ("migrate",)),
    (5, breaker_directory, ("clear-breaker", "nous")),
]


@pytest.mark.parametrize(
    ("code", "spoil", "arguments"), TABLE, ids=lambda value: " ".join(value) if isinstance(value, tuple) else None
)
def test_the_exit_code_says_what_kind_of_end_it_was(home: Path, hermes_state, code, spoil, arguments) -> None:
    spoil(home)
    before = sorted(str(path) for path in home.rglob("*"))
    answer = hermes_state("--home", home, *arguments)
    assert answer.code == code, answer.err
    if code >= 2:
        assert answer.err.strip(), "an error says what is wrong"
        assert sorted(str(path) for path in home.rglob("*") if path.name != "auth.lock") == before


@pytest.mark.parametrize(("code", "spoil", "arguments"), [row for row in TABLE if row[0] >= 2])
def test_every_failure_is_one_json_object_too(home: Path, hermes_state, code, spoil, arguments) -> None:
    spoil(home)
    answer = hermes_state("--home", home, *arguments, "--json")
    assert answer.code == code
    assert answer.json["format"].startswith("hermes-state/")
    assert answer.json["format_version"] == 1
    [error] = answer.json["errors"]
    assert set(error) == {"code", "kind", "home", "path", "pointer", "message", "hint"}
    assert error["message"]


# --- one real run for every code of the table ------------------------------------------------------------------------


class Run(NamedTuple):
    """A run of the program that ends with a certain code; ``first`` is what becomes of the process before."""

    arguments: tuple[str, ...]
    spoil: Callable[[Path], Any] = write(GOOD)
    around: Callable[[Path], Any] = lambda home: nullcontext()
    first: str = ""
    limit: int | None = None


@contextmanager
def locked(home: Path) -> Iterator[None]:
    with open(home / "auth.lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def signalled(number: int) -> Run:
    """The process gets the signal while it looks for its home."""
    first = (
        "import os; from hermes_state import home; find = home.find;"
        f"home.find = lambda *a: os.kill(os.getpid(), {number:d}) or find(*a)"
    )
    return Run(("migrate",), first=first)


RUNS = {
    ExitCode.OK: Run(("migrate",)),
    ExitCode.FINDINGS: Run(("check",), write(b"{")),
    ExitCode.USAGE: Run(("check", "nonsense")),
    ExitCode.UNREADABLE: Run(("migrate",), lambda home: (home / "auth.json").mkdir()),
    ExitCode.CORRUPT: Run(("migrate",), write(b"{")),
    ExitCode.REFUSED: Run(("migrate",), hard_linked),
    ExitCode.LOCKED: Run(("migrate", "--lock-timeout", "0.1"), around=locked),
    # No file of this process may grow, so the first byte that it writes is refused.
    ExitCode.WRITE_FAILED: Run(("migrate",), limit=0),
    ExitCode.INTERNAL: Run(("migrate",), first="from hermes_state import home; home.find = None"),
    ExitCode.HUNG_UP: signalled(signal.SIGHUP),
    ExitCode.INTERRUPTED: signalled(signal.SIGINT),
    ExitCode.TERMINATED: signalled(signal.SIGTERM),
}


@pytest.mark.parametrize("code", list(ExitCode), ids=lambda code: f"{code:d}")
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_every_code_of_the_table_is_the_end_of_a_real_run(home: Path, code: ExitCode, as_json: bool) -> None:
    run = RUNS[code]
    run.spoil(home)
    before = (home / "auth.json").read_bytes() if (home / "auth.json").is_file() else b""
    program = f"{run.first}\nfrom hermes_state.cli.app import main\nmain()"

    def limited() -> None:
        if run.limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (run.limit, run.limit))

    with run.around(home):
        done = subprocess.run(
            [
                sys.executable,
                "-B",
                "-c",
                program,
                *run.arguments,
                "--home",
                str(home),
                *(["--json"] if as_json else []),
            ],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=limited,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    if code not in (ExitCode.OK, ExitCode.FINDINGS):
        assert as_json or done.stderr.strip(), "an error says what is wrong"
        if (home / "auth.json").is_file():
            assert (home / "auth.json").read_bytes() == before
    if as_json:
        assert json.loads(done.stdout)["format"].startswith("hermes-state/")


def test_the_table_has_every_code_once_and_in_order() -> None:
    assert [code for exit in EXITS for code in exit.codes] == list(ExitCode) == sorted(RUNS)
    assert set(SEVEREST_FIRST) == set(ExitCode)


def test_the_readme_shows_the_table() -> None:
    rows = re.findall(r"^\| (\d[\d, ]*) \| (.*) \|$", README.replace("`", ""), re.M)
    assert rows == [(exit.numbers, exit.meaning) for exit in EXITS]
    assert WORST in README


def test_the_help_shows_the_table(hermes_state) -> None:
    shown = " ".join(hermes_state("--help").out.split())
    for exit in EXITS:
        assert f"{exit.numbers} {exit.meaning}" in shown


def test_a_home_that_is_none_is_code_three(tmp_path: Path, hermes_state) -> None:
    assert hermes_state("--home", tmp_path / "nowhere", "inspect").code == 3
    (tmp_path / "file").touch()
    assert hermes_state("inspect", "--home", tmp_path / "file").code == 3


def test_a_held_lock_is_code_six_and_names_who_may_hold_it(home: Path, hermes_state) -> None:
    write(GOOD)(home)
    with open(home / "auth.lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = hermes_state("migrate", "--home", home, "--lock-timeout", "0.1")
    assert answer.code == 6
    assert "0.1 s" in answer.err and "--lock-timeout" in answer.err
    assert (home / "auth.json").read_bytes() == GOOD


def test_over_several_homes_the_worst_code_wins_and_the_others_are_still_done(home: Path, hermes_state) -> None:
    write(GOOD)(home)
    for name, data in (("ada", b"{"), ("bob", GOOD), ("eve", b"")):
        (home / "profiles" / name).mkdir(parents=True)
        write(data)(home / "profiles" / name)
    answer = hermes_state("--all-profiles", "--home", home, "migrate", "--json")
    assert answer.code == 4
    assert [entry["profile"] for entry in answer.json["homes"]] == ["default", "ada", "bob", "eve"]
    assert [entry["changed"] for entry in answer.json["homes"]] == [True, False, True, False]
    assert [Path(error["home"]).name for error in answer.json["errors"]] == ["ada", "eve"]


def test_options_work_before_and_after_the_command_and_the_later_one_wins(
    home: Path, tmp_path: Path, hermes_state
) -> None:
    before = hermes_state("--home", home, "--json", "inspect")
    after = hermes_state("inspect", "--json", "--home", home)
    both = hermes_state("--home", tmp_path / "nowhere", "inspect", "--json", "--home", home)
    assert [answer.json["homes"][0]["path"] for answer in (before, after, both)] == [str(home)] * 3


def test_the_installed_command_and_the_module_answer_alike(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hermes_state", "--home", str(home), "inspect", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["homes"][0]["path"] == str(home)


def test_a_reader_that_closes_our_output_early_is_no_error(home: Path) -> None:
    shell = f'"{sys.executable}" -m hermes_state --help | head -1; echo "${{PIPESTATUS[0]}}"'
    done = subprocess.run(
        ["bash", "-c", shell],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""
