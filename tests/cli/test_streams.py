"""A stdout or stderr that fails, or was closed, looks like nothing else: what was done is done, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "tests" / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"

pytestmark = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")


@pytest.fixture
def auth(home: Path) -> Path:
    file = home / "auth.json"
    file.write_bytes(SAMPLE.read_bytes())
    file.chmod(0o600)
    return file


def run(home: Path, *arguments: str, to: str) -> tuple[int, str]:
    """The program with its streams as the shell makes them of ``to``; its exit code, and what it said somewhere."""
    words = ["sh", "-c", f'"$@" {to}', "sh", sys.executable, "-m", "hermes_state", "--home", str(home), *arguments]
    env = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=env, timeout=60)
    said = done.stdout + done.stderr
    assert "Traceback" not in said and "defect" not in said
    return done.returncode, said


@pytest.mark.parametrize("json", [(), ("--json",)], ids=["text", "json"])
def test_an_answer_that_cannot_be_written_is_said_and_is_no_success(home: Path, auth: Path, json: tuple[str]) -> None:
    code, said = run(home, *json, "migrate", to=">/dev/full")
    assert code == 7
    assert said.splitlines() == [
        "hermes-state: the answer could not be written: No space left on device",
        "  what was done is done; to see it: hermes-state inspect",
    ]
    assert b"credential_pool_runtime" in auth.read_bytes()


def test_an_answer_longer_than_any_buffer_is_no_other_case(home: Path, auth: Path) -> None:
    for number in range(12):
        (home / "profiles" / f"p{number}").mkdir(parents=True)
    code, said = run(home, "--json", "--all-profiles", "inspect", to=">/dev/full")
    assert (code, "the answer could not be written" in said) == (7, True)


@pytest.mark.parametrize("json", [(), ("--json",)], ids=["text", "json"])
@pytest.mark.parametrize("to", [">&-", "2>&-", ">&- 2>&-", "2>/dev/full", "<&-"])
def test_a_stream_that_was_closed_or_that_nobody_could_hear_of_changes_no_exit_code(
    home: Path, auth: Path, to: str, json: tuple[str]
) -> None:
    assert run(home, *json, "inspect", to=to)[0] == 0
    assert run(home, *json, "-p", "nobody", "inspect", to=to)[0] == 2


def test_a_failing_stderr_does_not_hide_what_an_error_was(home: Path, auth: Path) -> None:
    auth.write_bytes(b"{")
    assert run(home, "migrate", to=">/dev/full 2>/dev/full")[0] == 7
    assert run(home, "migrate", to="2>/dev/full")[0] == 4


def test_the_help_and_the_version_may_be_unheard_too(home: Path) -> None:
    assert run(home, "--version", to=">/dev/full")[0] == 7
    for words in ("--help", "--version"):
        assert run(home, words, to=">&-")[0] == 0


def unread(home: Path, *arguments: str) -> int:
    """The exit code of the program whose stdout is a pipe that nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "hermes_state", "--home", str(home), *arguments]
    env = os.environ | {"PYTHONPATH": str(PROJECT)}
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True, check=False, env=env, timeout=60)
    os.close(writer)
    assert "Traceback" not in done.stderr and "defect" not in done.stderr
    return done.returncode


@pytest.mark.parametrize("json", [(), ("--json",)], ids=["text", "json"])
def test_a_reader_that_has_gone_changes_no_exit_code(home: Path, auth: Path, json: tuple[str]) -> None:
    assert unread(home, *json, "inspect") == 0
    assert unread(home, *json, "migrate", "--check") == 1
    assert unread(home, *json, "clear-cooldown", "nobody") == 2
    assert unread(home, *json, "migrate") == 0
    assert b"credential_pool_runtime" in auth.read_bytes()
