"""``inspect`` for people: one screen, whatever the terminal; nothing from a file acts on it; many homes in short."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from examples.demo import copy_demo_home
from hermes_state.cli.text import progress
from hermes_state.redaction import harmless
from tests.cli.test_signals import ended, paused, resume
from tests.inspection.homes import agent, auth, link, put, row

PROJECT = Path(__file__).resolve().parents[2]
Run = Callable[..., Any]
MODULE = ("-m", "hermes_state")
#: A line that holds a command, which is never broken.
COMMAND = re.compile(r" +(hermes-state|sudo|chmod|hermes|HERMES_HOME=\S+ hermes) .*")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    return copy_demo_home(tmp_path / "d", time.time())


def cooling(id: str, seconds: float = 3600.0, **fields: Any) -> dict[str, Any]:
    """A row that was marked just now."""
    at = time.time()
    mark = {"last_status": "exhausted", "last_status_at": at, "last_error_code": 429}
    return row(id, **(mark | {"last_error_reset_at": at + seconds} | fields))


def shell(home: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    """The program in a process and an environment of its own."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(home.parent), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-B", "-m", "hermes_state", "--home", str(home), *(arguments or ("inspect",))]
    return subprocess.run(command, env=kept | env, capture_output=True, check=False)


# --- one screen ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 100, 120])
def test_the_demo_home_is_told_on_one_screen(
    demo: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as far as can be told
    said = re.sub(r"\x1b\[[0-9;]*m", "", hermes_state("inspect", "--home", demo).out)
    lines = said.splitlines()
    assert 24 <= len(lines) <= 40
    assert [line for line in lines[1:] if len(line) > columns and not COMMAND.fullmatch(line)] == []
    assert [line for line in lines if line != line.rstrip()] == []


def test_the_verdict_comes_first_and_in_it_who_does_not_answer(demo: Path, hermes_state: Run) -> None:
    lines = hermes_state("inspect", "--home", demo).out.splitlines()
    assert lines[2] == "Providers"
    assert re.fullmatch(r"  ✗  anthropic +0 of 1 usable, next in \d+m \d+s: cooldown of 5a11e7 \(402\)", lines[3])
    assert lines[4] == f"     hermes-state --home {demo} clear-cooldown anthropic 5a11e7"
    assert re.fullmatch(r"  ✗  nous +0 of 1 usable, next in 21h \d+m: breaker", lines[5])
    assert lines[6] == f"     hermes-state --home {demo} clear-breaker nous"
    assert re.fullmatch(r"  ✓  openrouter +1 of 2 usable: cooldown of 9d7854 \(429\), \d+m \d+s left", lines[7])
    titles = [line.split(" ")[0] for line in lines if not line.startswith(" ")]
    assert titles == ["Home", "agent", "Providers", "Credentials", "Breakers", "Files", "Findings"]


def test_a_cooldown_has_a_bar_and_the_time_that_is_left(home: Path, hermes_state: Run) -> None:
    half = cooling("a", 1815.0, last_status_at=time.time() - 1815.0)
    put(home / "auth.json", auth({"openrouter": [half, row("b", last_status="dead")]}))
    said = hermes_state("inspect", "auth", "--home", home).out
    assert re.search(r"⚠  openrouter  a  key a  █████░░░░░ resets in 30m 1\ds  429\n", said)
    assert re.search(r"✗  openrouter  b  key b  dead\n", said)


@pytest.mark.parametrize(
    ("ago", "ahead", "drawn"),
    [(0.0, 7200.0, "█" * 10), (5040.0, 2160.0, "███░░░░░░░"), (3600.0, 60.0, "█░░░░░░░░░")],
)
def test_a_bar_is_the_share_that_is_left_of_the_whole_cooldown(
    home: Path, hermes_state: Run, ago: float, ahead: float, drawn: str
) -> None:
    at = time.time()
    put(home / "auth.json", auth({"openrouter": [cooling("a", ahead, last_status_at=at - ago)]}))
    put(home / "rate_limits" / "nous.json", {"reset_at": at + ahead, "recorded_at": at - ago})
    said = hermes_state("inspect", "--home", home).out
    assert f" {drawn} resets in " in said
    assert f" {drawn} blocks for " in said


@pytest.mark.parametrize("began", [None, 1000.0, "?"])
def test_there_is_no_bar_where_nobody_knows_when_it_began(home: Path, hermes_state: Run, began: Any) -> None:
    at = time.time()
    since = at + began if isinstance(began, float) else began  # a clock that was ahead
    put(home / "auth.json", auth({"openrouter": [cooling("a", last_status_at=since)]}))
    put(home / "rate_limits" / "nous.json", {"reset_at": at + 3600, "recorded_at": since})
    said = hermes_state("inspect", "--home", home).out
    assert "resets in 59m" in said and "blocks for 59m" in said
    assert "█" not in said


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_command_is_never_cut(home: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """It stands alone on its line, and does what it promises."""
    monkeypatch.setenv("COLUMNS", str(columns))
    put(home / "auth.json", auth({"openrouter": [cooling("a b")]}), 0o644)
    said = hermes_state("inspect", "auth", "--home", home).out
    line = f"hermes-state --home {home} clear-cooldown openrouter 'a b'"
    assert f"\n     {line}\n" in said
    assert hermes_state(*shlex.split(line)[1:]).code == 0
    assert "1 of 1 usable" in hermes_state("inspect", "auth", "--home", home).out
    assert f"chmod 600 {home}/auth.json" in said


def test_words_are_broken_between_words_only(home: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    message = "the quick brown fox jumps over the lazy dog and again over it"
    put(home / "auth.json", auth({"openrouter": [cooling("a", last_error_message=message)]}))
    lines = hermes_state("inspect", "auth", "--home", home).out.splitlines()
    assert message in " ".join(line.strip() for line in lines)
    assert max(len(line) for line in lines if not COMMAND.fullmatch(line) and str(home) not in line) <= 60


def test_long_names_and_long_messages_do_not_fill_the_screen(home: Path, hermes_state: Run) -> None:
    long: dict[str, Any] = {"label": "label " * 200, "last_error_message": "words " * 2000}
    put(home / "auth.json", auth({"openrouter": [cooling("a", **long)]}))
    said = hermes_state("inspect", "--home", home).out
    assert len(said.splitlines()) <= 24
    assert "label label label label label..." in said.replace(" ...", "...")


def test_every_fix_of_one_kind_is_shown_and_beyond_a_handful_where_the_rest_stands(
    home: Path, hermes_state: Run
) -> None:
    for number in range(9):
        dead = row(f"d{number}", last_status="dead", source=f"env:KEY_{number}")
        rows = [row("fine"), *(row(f"d{each}", last_status="dead", source=f"env:KEY_{each}") for each in range(number))]
        put(home / "auth.json", auth({"openrouter": [*rows, dead]}))
        said = hermes_state("inspect", "auth", "--home", home).out
        fixes = re.findall(r"put a valid key for (KEY_\d) into", said.partition("Findings")[2])
        assert fixes == [f"KEY_{each}" for each in range(min(number + 1, 6))]
        more = f"... and {number - 5} more:" if number > 5 else "\0"
        assert (more in said) is (number > 5)
        assert (f"hermes-state --home {home} check\n" in said.replace("`", "")) is (number > 5)


def test_findings_that_need_the_same_thing_are_one_row(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a"), row("a"), row("a")]}))
    said = hermes_state("inspect", "auth", "--home", home).out
    assert said.count("HS-AUTH-030") == 1 and "(and 2 more)" in said


def test_a_login_that_helps_comes_before_the_clear_that_does_not(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"openai-codex": [row("d", last_status="dead", auth_type="oauth")]}))
    lines = [line.strip() for line in hermes_state("inspect", "auth", "--home", home).out.splitlines()]
    at = next(number for number, line in enumerate(lines) if "openai-codex" in line)
    assert lines[at].endswith("0 of 1 usable: d is dead: log in again")
    assert lines[at + 1 : at + 3] == [
        f"HERMES_HOME={home} hermes -p default auth add openai-codex",
        f"hermes-state --home {home} clear-cooldown openai-codex d --dead",
    ]


def test_in_a_home_with_a_backquote_in_its_path_no_half_command_is_shown(tmp_path: Path, hermes_state: Run) -> None:
    home = tmp_path / "it`s"
    home.mkdir(mode=0o700)
    put(home / "auth.json", auth({"nous": [row("d", last_status="dead", auth_type="oauth")]}))
    answer = hermes_state("inspect", "auth", "--home", home)
    assert answer.code == 0
    assert "0 of 1 usable: d is dead: log in again\n" in answer.out
    assert "auth add" not in answer.out and "HERMES_HOME" not in answer.out


def test_where_auth_json_is_gone_and_a_copy_is_there_the_verdict_says_so(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json.corrupt", auth({"openrouter": [row("a")]}))
    said = hermes_state("inspect", "--home", home).out
    assert "all  no credentials, as auth.json is not there, though there are copies of it" in said
    assert f"hermes-state --home {home} restore auth.json.corrupt auth.json" in said
    assert hermes_state("check", "--home", home, "--fail-on", "error").code == 1


# --- very much of everything -----------------------------------------------------------------------------------------


def test_many_cooling_credentials_are_folded_the_worst_first(home: Path, hermes_state: Run) -> None:
    rows = [
        row("fine"),
        *(cooling(f"k{number}", 600.0 + 90 * number) for number in range(40)),
        row("x", last_status="dead"),
    ]
    put(home / "auth.json", auth({"openrouter": rows, "nous": [row("n")]}))
    said = hermes_state("inspect", "auth", "--home", home).out
    assert len(said.splitlines()) <= 40
    listed = re.findall(r"^  \S  openrouter  (\S+) +key", said, re.MULTILINE)
    assert listed[:3] == ["x", "k39", "k38"]
    hidden = 42 - len(listed)
    assert re.search(rf"\.\.\. and {hidden} more: {hidden - 1} cooling down, 1 ok \(--json has all\)", said)
    assert re.search(r"nous +n +key n +ok\n", said)


def test_a_pool_that_cools_down_whole_is_cleared_by_one_command(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling(f"k{number}") for number in range(40)]}))
    said = hermes_state("inspect", "auth", "--home", home).out
    assert said.count("clear-cooldown") == 1
    (line,) = [line.strip() for line in said.splitlines() if "clear-cooldown" in line]
    assert line == f"hermes-state --home {home} clear-cooldown openrouter"
    assert "; and 37 more" in said
    hermes_state(*shlex.split(line)[1:])
    assert "40 of 40 usable" in hermes_state("inspect", "auth", "--home", home).out


def test_of_very_much_of_everything_a_little_is_shown_and_the_rest_counted(home: Path, hermes_state: Run) -> None:
    pools = {f"custom:p{number}": [cooling("a"), cooling("a")] for number in range(60)}
    put(home / "auth.json", auth(pools), 0o644)
    for number in range(60):
        put(home / "rate_limits" / f"p{number}.json", {"reset_at": time.time() + 60.0}, 0o644)
    answer = hermes_state("inspect", "--home", home)
    assert answer.code == 0
    assert len(answer.out.splitlines()) <= 80
    assert answer.out.count("(--json has all)") >= 4
    assert "... and 54 more: 54 not usable (--json has all)" in answer.out


def test_what_holds_up_every_provider_is_said_once(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a")], "nous": [row("b")]}))
    agent(home, "0.22.2")
    put(home / "ESTOP", "")
    said = hermes_state("inspect", "auth", "--home", home).out
    providers = said.split("Credentials")[0]
    assert providers.count("a pause") == 1
    assert re.search(r"⚠  all +a pause", providers)


# --- any terminal ----------------------------------------------------------------------------------------------------

#: Names with letters that not every terminal has.
LETTERS: dict[str, Any] = {"label": "Schlüssel für Zoë 日本"}


@pytest.mark.parametrize(
    "env",
    [{"PYTHONIOENCODING": "ascii"}, {"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}],
    ids=["ascii", "LANG", "LC_ALL", "POSIX"],
)
def test_without_utf8_there_is_nothing_but_ascii(home: Path, env: dict[str, str]) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling("a", **LETTERS), row("b")]}))
    done = shell(home, **env)
    assert (done.returncode, done.stderr) == (0, b"")
    said = done.stdout.decode("ascii")
    assert re.search(r"  !   openrouter  a  Schl\\xfcssel f\\xfcr Zo\\xeb .* ########## resets in 59m", said)
    assert "  ok  openrouter  1 of 2 usable" in said


def test_with_utf8_names_are_as_people_spell_them(home: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling("a", **LETTERS)]}))
    said = shell(home, LC_ALL="C.UTF-8").stdout.decode("utf-8")
    assert "Schlüssel für Zoë 日本  ██████████ resets in" in said


def test_latin1_shows_the_letters_that_it_has(home: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling("a", **LETTERS)]}))
    done = shell(home, PYTHONIOENCODING="latin-1")
    assert (done.returncode, done.stderr) == (0, b"")
    assert r"Schlüssel für Zoë \u65e5\u672c" in done.stdout.decode("latin-1")
    assert b"##########" in done.stdout


@pytest.mark.parametrize(
    "env", [{}, {"TERM": "dumb"}, {"NO_COLOR": "1"}, {"COLUMNS": "wide"}, {"COLUMNS": "0"}, {"COLUMNS": "3"}]
)
def test_off_a_terminal_there_is_nothing_but_text(demo: Path, env: dict[str, str]) -> None:
    done = shell(demo, **env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("env", "wanted"),
    [
        ({"TERM": "xterm"}, {"1", "2", "31", "32", "33", "36"}),
        ({"TERM": "xterm", "NO_COLOR": "1"}, {"1", "2"}),
        ({"TERM": "dumb"}, set()),
    ],
    ids=["colours", "no-colour", "dumb"],
)
def test_on_a_terminal_there_are_colours_unless_they_are_not_wanted(
    demo: Path, env: dict[str, str], wanted: set[str]
) -> None:
    out, _ = on_a_terminal(demo, "inspect", LC_ALL="C.UTF-8", **env)
    codes = {code for found in re.findall(r"\x1b\[([0-9;]*)m", out) for code in found.split(";")} - {"0"}
    assert codes - {"1", "2"} == wanted - {"1", "2"} and bool(codes) == bool(wanted)
    assert re.sub(r"\x1b\[[0-9;]*m", "", out).count("\x1b") == 0


def on_a_terminal(home: Path, *arguments: str, program: Sequence[str] = MODULE, **env: str) -> tuple[str, int]:
    """What the program writes to a terminal of 80 columns, and its exit code."""
    import pty

    pid, fd = pty.fork()
    if pid == 0:
        kept = {"PATH": os.environ["PATH"], "HOME": str(home.parent), "PYTHONPATH": str(PROJECT), "COLUMNS": "80"}
        command = [sys.executable, "-B", *program, "--home", str(home), *arguments]
        os.execve(sys.executable, command, kept | env)
    pieces = []
    while True:
        try:
            piece = os.read(fd, 1 << 16)
        except OSError:  # Linux: the other side has gone
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(fd)
    return b"".join(pieces).decode("utf-8").replace("\r\n", "\n"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


# --- hostile content -------------------------------------------------------------------------------------------------

#: Each would do something to a terminal, or to its reader, if it got through.
HOSTILE = {
    "clear screen": "\x1b[2J\x1b[H",
    "title": "\x1b]0;owned\x07",
    "one byte control sequence": "\x9b31m",
    "overwrite": "fine\rgone",
    "new line": "one\n  ✓  nous  9 of 9 usable",
    "backspace": "abc\b\b\b",
    "bidi override": "\u202etxt.exe\u202c",
    "bidi isolate": "\u2066abc\u2069",
    "zero width": "no\u200bthing\u2060\ufeff",
    "filler": "\u3164\u115f",
    "tags": "\U000e0041\U000e0042",
    "half a pair": "\ud83d",
    "zero byte": "a\0b",
    "half a pair that stands for a byte": "\udcff",
    "markup": "[bold red]x[/] [link=file:///etc/passwd]y[/link] :bomb:",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_from_a_file_acts_on_the_terminal(home: Path, hermes_state: Run, name: str) -> None:
    text = HOSTILE[name]
    rows = [
        cooling(text, label=text, source=text, auth_type=text, last_error_message=text, last_error_reason=text),
        cooling("m", label=text, model_cooldowns={text: time.time() + 60.0}),
        row("odd", **{text: text}, last_status=text),
    ]
    put(home / "auth.json", auth({f"custom:{text}": rows, text: [5]}, {text: {text: {"last_status": text}}}), 0o644)
    put(home / "sessions" / "sessions.json", {text: {"session_id": 5, text: 5}, "k": {"session_key": text}})
    put(home / "config.yaml", f"{json.dumps(text)}: 1\n{json.dumps(text)}: 2\nmodel: [\n")
    said = {"gateway_state": text, "pid": os.getpid(), "hermes_home": text, "code_version": text}
    put(home / "gateway_state.json", said)
    put(home / "gateway.json", {"sessions_dir": text})
    put(home / "ESTOP", {"reason": text})
    put(home / ".managed", text.encode("utf-8", "surrogatepass"))
    with_name = re.sub("[/\0]", "_", text).encode("utf-8", "surrogatepass")
    (home / "rate_limits").mkdir()
    Path(os.fsdecode(os.fsencode(home / "rate_limits") + b"/" + with_name + b".json")).write_bytes(b"{}")
    link(home / "auth.lock", os.fsdecode(with_name))
    for command in (("inspect",), ("inspect", "--all-profiles")):
        answer = hermes_state(*command, "--home", home)
        assert answer.code == 0, answer.err
        for line in (answer.out + answer.err).splitlines():
            assert harmless(line) == line
        assert "\n  ✓  nous  9 of 9 usable" not in answer.out
    if name == "markup":
        assert "[bold red]x[/]" in hermes_state("inspect", "auth", "--home", home).out


def test_a_home_whose_path_cannot_be_shown_gets_no_commands(tmp_path: Path, hermes_state: Run) -> None:
    home = tmp_path / "a\x1b[2Jb"
    put(home / "auth.json", auth({"openrouter": [cooling("a")]}))
    answer = hermes_state("inspect", "--home", home)
    assert r"a\x1b[2Jb" in answer.out and "\x1b" not in answer.out + answer.err
    assert "clear-cooldown" not in answer.out
    assert "0 of 1 usable" in answer.out


def test_a_secret_in_a_block_or_a_name_is_not_shown(home: Path, hermes_state: Run) -> None:
    secret = "sk-or-v1-test-d41d8cd98f00b204e9800998ecf8427e"
    models = {secret: time.time() + 60.0}
    put(home / "auth.json", auth({secret: [cooling(secret, label=secret, last_error_message=secret)]}))
    put(home / "profiles" / "coder" / "auth.json", auth({"nous": [row("a", label=secret, model_cooldowns=models)]}))
    for command in (("inspect",), ("inspect", "--all-profiles"), ("inspect", "-p", "coder")):
        assert secret not in hermes_state(*command, "--home", home).out


# --- many homes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(home: Path) -> Path:
    """A root and 60 profiles, ten of which are in need."""
    put(home / "auth.json", auth({"openrouter": [row("a")], "nous": [row("b")]}))
    for number in range(60):
        path = home / "profiles" / f"p{number:02}"
        path.mkdir(parents=True)
        if number % 6 == 3:
            put(path / "auth.json", auth({"openrouter": [cooling("x")]}))
    return home


def test_of_many_homes_those_in_need_come_first_and_the_rest_is_folded(many: Path, hermes_state: Run) -> None:
    said = hermes_state("inspect", "--home", many, "--all-profiles").out
    lines = said.splitlines()
    assert lines[0] == "61 homes: 10 need attention, 51 are fine"
    assert lines[1].startswith(f"✗ p03  {many}/profiles/p03  ")
    assert re.match(r"  ✗  openrouter  0 of 1 usable, next in 59m \d+s: cooldown of x \(429\)", lines[2])
    assert f"     hermes-state --home {many}/profiles/p03 clear-cooldown openrouter x" in lines
    assert "  ... and 4 more that need attention (--json has all)" in lines
    assert "     ... and 43 more (--json has all)" in lines
    assert re.search(r"✓  default +2 providers, 2 credentials usable", said)
    assert "HS-AUTH-010  in 10 homes, as in p03: pending" in said
    assert len(lines) <= 50


def test_the_command_for_one_of_many_homes_tells_all_about_it(many: Path, hermes_state: Run) -> None:
    lines = hermes_state("inspect", "--home", many, "--all-profiles").out.splitlines()
    command = lines[lines.index("All about one of them:") + 1]
    assert "Credentials" in hermes_state(*shlex.split(command)[1:]).out


def test_homes_that_are_fine_are_only_counted_and_named(home: Path, hermes_state: Run) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a")]}))
    (home / "profiles" / "coder").mkdir(parents=True)
    said = hermes_state("inspect", "--home", home, "--all-profiles").out
    assert said.startswith("2 homes: 0 need attention, 2 are fine\nFine\n")
    assert "All about" not in said


def test_a_home_that_cannot_be_looked_at_is_in_need(many: Path, hermes_state: Run) -> None:
    (many / "profiles" / "p07" / "auth.json").mkdir()
    answer = hermes_state("inspect", "--home", many, "--all-profiles")
    assert answer.code == 3
    assert "11 need attention" in answer.out
    assert answer.out.splitlines()[1].startswith(f"✗ p07  {many}/profiles/p07  1 not looked at")
    assert "p07/auth.json" in answer.err


def test_an_interrupted_look_says_nothing_but_that(many: Path) -> None:
    """No home is told of, since not all were looked at."""
    running = paused("read", "auth.json", "before", "--home", str(many), "--all-profiles", "inspect")
    resume(running, signal.SIGINT)
    assert ended(running) == (130, "", "hermes-state: stopped by SIGINT\n")


# --- the progress bar ------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watch(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Somebody watches the stderr that is returned, and stdout is a terminal too."""
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    return stderr


def look(monkeypatch: pytest.MonkeyPatch, seconds: float, total: int = 100) -> None:
    """Look at ``total`` homes, each of which takes so many seconds."""
    at = 0.0
    monkeypatch.setattr(progress, "monotonic", lambda: at)
    with progress.watched(total, "looking at homes") as step:
        assert step is not None
        for _ in range(total):
            at += seconds
            step()


def test_a_bar_is_drawn_when_more_than_a_second_is_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    watching = watch(monkeypatch)
    look(monkeypatch, 0.05)
    assert "looking at homes" in watching.getvalue()
    assert "50/100" in watching.getvalue()
    assert watching.getvalue().endswith("\x1b[2K") or "\x1b[?25h" in watching.getvalue()


def test_no_bar_is_drawn_for_less_than_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    watching = watch(monkeypatch)
    look(monkeypatch, 0.009)
    assert watching.getvalue() == ""


def test_a_bar_that_is_interrupted_gives_the_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    at, watching = 0.0, watch(monkeypatch)
    monkeypatch.setattr(progress, "monotonic", lambda: at)
    with pytest.raises(KeyboardInterrupt), progress.watched(100, "homes") as step:
        assert step is not None
        at = 1.0
        step()
        assert "\x1b[?25l" in watching.getvalue() and "\x1b[?25h" not in watching.getvalue()
        raise KeyboardInterrupt
    assert "\x1b[?25h" in watching.getvalue()


@pytest.mark.parametrize("why", ["stdout is a pipe", "stderr is a pipe", "dumb", "one home"])
def test_nothing_is_drawn_where_nobody_watches(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    watch(monkeypatch)
    if why.endswith("pipe"):
        monkeypatch.setattr(sys, why.split()[0], io.StringIO())
    elif why == "dumb":
        monkeypatch.setenv("TERM", "dumb")
    with progress.watched(1 if why == "one home" else 100, "homes") as step:
        assert step is None


def test_json_never_has_a_bar(many: Path, hermes_state: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "watched", None)
    assert len(hermes_state("inspect", "--json", "--home", many, "--all-profiles").json["homes"]) == 61


def test_json_needs_nothing_of_what_draws_text(home: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling("a")]}))
    program = (
        "import sys; from hermes_state.cli import app; code = app.run(sys.argv[1:]); "
        "print(*sorted(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    env = {"PATH": os.environ["PATH"], "HOME": str(home.parent), "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, "-B", "-c", program, "--home", str(home), "inspect", "--json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    text = {
        "hermes_state.cli.text.render",
        "hermes_state.cli.text.screen",
        "hermes_state.cli.text.overview",
        "hermes_state.cli.text.progress",
    }
    assert {"rich", *text} & {*done.stderr.split()} == set()
    assert "hermes_state.cli.commands.inspect" in done.stderr


def test_on_a_terminal_the_overview_is_what_it_is_in_a_pipe(many: Path) -> None:
    out, code = on_a_terminal(many, "--all-profiles", "inspect", LC_ALL="C.UTF-8", TERM="xterm")
    assert code == 0
    assert "61 homes: 10 need attention, 51 are fine" in out


#: The program, with a bar from the first home on; at the thirtieth it is told to stop.
STOPPED = """
import os, signal
from hermes_state.cli import app
from hermes_state.cli.text import progress
progress._FIRST_LOOK = progress._WORTH_IT = progress._EVERY = -1.0
step = progress._Bar.step
def stopping(bar):
    step(bar)
    if bar._done == 30:
        os.kill(os.getpid(), signal.SIGINT)
progress._Bar.step = stopping
app.main()
"""


def test_a_bar_that_is_interrupted_on_a_terminal_leaves_it_as_it_was(many: Path) -> None:
    arguments = ("--all-profiles", "inspect")
    out, code = on_a_terminal(many, *arguments, program=("-c", STOPPED), LC_ALL="C.UTF-8", TERM="xterm")
    assert code == 130
    assert "30/61" in out
    assert out.rindex("\x1b[?25h") > out.rindex("\x1b[?25l")
    assert out.endswith("hermes-state: stopped by SIGINT\n")
    assert "need attention" not in out
