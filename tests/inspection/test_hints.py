"""The commands in the hints of findings, and in the verdict, are typed as they stand: they must end what was said.

In a hint a command stands in backquotes. What begins with ``hermes`` needs an agent: that is typed beside real ones.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from hermes_state.cli.app import run
from hermes_state.findings import Finding
from hermes_state.home import Home
from tests.inspection.cases import CASES, benched_key, pool, profile
from tests.inspection.homes import NOW, auth, cooling, link, look, mark, put, record, row
from tests.inspection.machine import prepare
from tests.inspection.makers import GOOD, Case, Maker, breaker

#: The commands of agents that hints and verdicts name, and the first version that has them.
AGENT_WORDS = {"auth add": "0.13", "auth remove": "0.13", "resume": "0.20"}
VERSIONS = ("0.13.0", "0.15.2", "0.19.0", "0.22.2")
#: Commands of the system that hints may name. The tests leave ``sudo`` out.
SYSTEM = {"chmod", "chown", "install", "mv", "rm"}
#: What no command ends in the home of its case: it is mended by hand, or from a copy that is not there, or only told.
_BY_HAND = {
    "AUTH": "002 003 004 005 006 011 012 013 014 015 026 027 028 030 031 032 033 034 035 036 038",
    "BREAK": "012 017",
    "CONF": "002 003 004 006 011 013 016 020 021 022 023 024 025 026 027",
    "HOME": "005 006 008 009 010 011 013",
    "SESS": "002 003 004 006 011 012 013 014 020 021 022 023 024 025 027 028 029",
}
BY_HAND = {f"HS-{kind}-{number}" for kind, numbers in _BY_HAND.items() for number in numbers.split()}
OF_AN_AGENT = re.compile(r"(?:HERMES_HOME=\S+ )?hermes (?:-p default )?(.*)")
Place = tuple[str, str, str]


@pytest.fixture(autouse=True)
def _a_second_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time at which commands are typed."""
    monkeypatch.setattr("hermes_state.clock.time", SimpleNamespace(time=lambda: NOW + 1.0))


@pytest.fixture
def ready(id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prepare(id, monkeypatch, tmp_path)


def commands(hint: str) -> list[str]:
    return re.findall(r"`([^`]+)`", hint)


def typed(command: str) -> None:
    """Run a command of ours or of the system as a shell would."""
    words = shlex.split(command.removeprefix("sudo "))
    if words[0] == "hermes-state":
        assert run(words[1:]) == 0, command
    else:
        assert words[0] in SYSTEM, command
        subprocess.run(["sh", "-c", command.removeprefix("sudo ")], check=True, timeout=30)


def findings(home: Path | Home, id: str) -> dict[Place, Finding]:
    return {(each.id, each.path, each.pointer): each for each in look(home).findings if each.id == id}


def copied(source: Path, target: Path) -> None:
    subprocess.run(["rm", "-rf", str(target)], check=True, timeout=30)
    subprocess.run(["cp", "-a", str(source), str(target)], check=True, timeout=30)


@pytest.mark.parametrize(("id", "case"), CASES.items(), ids=CASES)
@pytest.mark.usefixtures("ready")
def test_what_a_hint_says_to_type_ends_the_finding(id: str, case: Case, home: Path, tmp_path: Path) -> None:
    made = case.fires(home) or home
    said = [(place, command) for place, hit in findings(made, id).items() for command in commands(hit.hint)]
    assert bool(said) is (id not in BY_HAND)
    copied(home, tmp_path / "as it was")
    for place, command in said:
        if words := OF_AN_AGENT.fullmatch(command):
            assert words[1].startswith(tuple(AGENT_WORDS))
            continue
        typed(command)
        assert place not in findings(made, id), command
        copied(tmp_path / "as it was", home)
        assert place in findings(made, id)


@pytest.mark.parametrize(("id", "case"), CASES.items(), ids=CASES)
@pytest.mark.usefixtures("ready")
def test_no_command_stands_in_a_hint_without_its_quotes(id: str, case: Case, home: Path) -> None:
    for hit in findings(case.fires(home) or home, id).values():
        bare = re.sub(r"`[^`]*`", "", hit.hint)
        assert "`" not in bare
        assert re.search(r"\bhermes(?:-state)? [a-z-]", bare) is None, hit.hint


@pytest.mark.parametrize(
    ("id", "name", "content"),
    [
        ("HS-AUTH-002", "auth.json", b""),
        ("HS-AUTH-003", "auth.json", b'{"providers": {'),
        ("HS-AUTH-004", "auth.json", b" " * 5000),
        ("HS-AUTH-006", "auth.json", b'{"providers": {}, "credential_pool": {"nous": {}}}'),
        ("HS-AUTH-036", "auth.json", b"["),
        ("HS-CONF-003", "config.yaml", b"model: [a\n"),
        ("HS-CONF-006", "config.yaml", b"- a\n"),
    ],
)
@pytest.mark.usefixtures("ready")
def test_a_file_that_is_not_ok_is_brought_back_by_what_its_hint_says(
    id: str, name: str, content: bytes, home: Path
) -> None:
    put(home / "state-snapshots" / "20260101-000000" / name, GOOD if name == "auth.json" else "model: a\n")
    put(home / name, content)
    coder = home / "profiles" / "coder"
    coder.mkdir(parents=True)
    seen = coder if id == "HS-AUTH-036" else home
    ((place, hit),) = findings(seen, id).items()
    assert "(1 credential)" in hit.hint or name == "config.yaml"
    (command,) = commands(hit.hint)
    typed(command)
    assert place not in findings(seen, id)


@pytest.mark.parametrize("copy", ["state-snapshots/20260101-000000/auth.json", "auth.json.corrupt"])
@pytest.mark.parametrize("dangling", [False, True])
def test_a_file_that_is_gone_is_brought_back_by_what_its_hint_says(copy: str, dangling: bool, home: Path) -> None:
    put(home / copy, GOOD)
    if dangling:
        (home / "dotfiles").mkdir()
        link(home / "auth.json", home / "dotfiles" / "auth.json")
    ((place, hit),) = findings(home, "HS-AUTH-045").items()
    assert "(1 credential)" in hit.hint
    (command,) = commands(hit.hint)
    typed(command)
    assert place not in findings(home, "HS-AUTH-045")
    assert json.loads((home / "auth.json").read_bytes())["credential_pool"] == GOOD["credential_pool"]
    assert (home / "auth.json").is_symlink() is dangling


def test_a_file_that_is_gone_is_no_finding_where_no_copy_of_it_can_be_used(home: Path) -> None:
    put(home / "auth.json.corrupt", b"{")
    put(home / "state-snapshots" / "20260101-000000" / "config.yaml", "model: a\n")
    assert findings(home, "HS-AUTH-045") == {}


def test_what_a_restore_cannot_help_names_none(home: Path) -> None:
    put(home / "state-snapshots" / "20260101-000000" / "auth.json", GOOD)
    put(home / "auth.json", auth(credential_pool_runtime={"schema": 2, "pools": {}}))
    (hit,) = findings(home, "HS-AUTH-005").values()
    assert "restore" not in hit.hint


@pytest.mark.parametrize("id", ["HS-AUTH-043", "HS-BREAK-010", "HS-HOME-001", "HS-HOME-002"])
def test_a_path_that_needs_quotes_is_typed_as_it_stands(id: str, tmp_path: Path) -> None:
    home = tmp_path / "it's $HOME; echo" / ".hermes"
    home.mkdir(parents=True, mode=0o700)
    CASES[id].fires(home)
    ((place, hit),) = findings(home, id).items()
    typed(commands(hit.hint)[-1])
    assert place not in findings(home, id)


HELD = {"7e472f": {**record(row()), "cleared_at": NOW - 10.0}}
BLOCKS: dict[str, tuple[Maker, str]] = {
    "cooldown": (pool(cooling(), row("b")), "cooldown of 7e472f (429)"),
    "cooldown of a model": (pool(row(model_cooldowns={"x": NOW + 60.0})), "cooldown of 7e472f for x"),
    "no credential for a model": (
        pool(row(model_cooldowns={"x": NOW + 60.0}), row("b", model_cooldowns={"x": NOW + 60.0})),
        "cooldowns that leave no credential for x",
    ),
    "outdated mark": (pool(cooling(), records=HELD), "outdated mark of 7e472f, which agents still see"),
    "dead": (pool(row(last_status="dead", source="claude_code")), "7e472f is dead: log in again with Claude Code"),
    "breaker": (breaker({"reset_at": NOW + 60.0}), "breaker"),
    "cooldown in the section": (
        pool(row(), records={"7e472f": {**record(row()), **mark()}}),
        "cooldown of 7e472f (429), unseen by stock agents, which use it all the same",
    ),
}


@pytest.mark.parametrize(("maker", "what"), BLOCKS.values(), ids=BLOCKS)
def test_what_the_verdict_says_to_type_ends_the_block(maker: Maker, what: str, home: Path) -> None:
    def blocks() -> dict[str, str | None]:
        return {block.what: block.clear_with for each in look(home).providers for block in each.blocked_by}

    maker(home)
    command = blocks()[what]
    assert command is not None
    typed(command)
    assert what not in blocks()


# --- beside real agents -----------------------------------------------------------------------------------------------


@pytest.fixture(params=VERSIONS)
def program(request: pytest.FixtureRequest) -> Path:
    """The directory of ``hermes`` of an agent."""
    folder = os.environ.get("HERMES_STATE_AGENTS")
    path = Path(folder or "/nowhere", request.param, "bin")
    if folder is None or not path.is_dir():
        pytest.skip(f"no agent {request.param}: HERMES_STATE_AGENTS is not set (make agents)")
    return path


def shell(program: Path, command: str) -> str:
    """Type ``command`` where ``hermes`` is ``program``'s; its output. The user's home is that of the test."""
    env = {"PATH": f"{program}:{os.environ['PATH']}", "HOME": os.environ["HOME"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def version(program: Path) -> tuple[int, ...]:
    return tuple(map(int, program.parent.name.split(".")[:2]))


@pytest.mark.agent
@pytest.mark.parametrize("words", AGENT_WORDS)
def test_agents_have_the_commands_that_hints_name(program: Path, words: str, home: Path) -> None:
    since = tuple(map(int, AGENT_WORDS[words].split(".")))
    if version(program) >= since:
        assert words.split()[-1] in shell(program, f"HERMES_HOME={home} hermes {words} --help")


def hinted(home: Path | Home, id: str) -> str:
    ((_, hit),) = findings(home, id).items()
    return next(command for command in commands(hit.hint) if OF_AN_AGENT.fullmatch(command))


@pytest.mark.agent
def test_an_agent_takes_a_suppressed_source_up_again(program: Path, home: Path) -> None:
    put(home / "active_profile", "coder")  # must not catch the command
    put(home / "auth.json", auth(suppressed_sources={"openrouter": ["env:OPENROUTER_API_KEY"]}))
    command = hinted(home, "HS-AUTH-041")
    shell(program, f"{command} --type api-key --api-key sk-or-v1-test-added")
    assert findings(home, "HS-AUTH-041") == {}


@pytest.mark.agent
def test_an_agent_uncovers_the_rows_of_the_root(program: Path, home: Path) -> None:
    coder = profile(auth({"openrouter": [row("a")]}), auth({"openrouter": [cooling("a")]}))(home)
    assert isinstance(coder, Path)
    shell(program, hinted(coder, "HS-AUTH-035"))
    assert findings(coder, "HS-AUTH-035") == {}
    assert look(coder).providers[0].usable == 1


@pytest.mark.agent
@pytest.mark.parametrize("program", ["0.22.2"], indirect=True)  # agents have a pause since 0.20
def test_an_agent_that_has_a_pause_ends_it(program: Path, home: Path) -> None:
    shell(program, f"HERMES_HOME={home} hermes pause --reason 'a test'")
    ((_, hit),) = findings(home, "HS-HOME-012").items()
    assert "(a test)" in hit.message
    shell(program, hinted(home, "HS-HOME-012"))
    assert findings(home, "HS-HOME-012") == {}


@pytest.mark.agent
@pytest.mark.parametrize("program", ["0.15.2", "0.19.0", "0.22.2"], indirect=True)  # 0.13 puts it there
def test_an_agent_takes_the_raw_secret_out_of_a_borrowed_row(program: Path, home: Path) -> None:
    pool(row(source="env:OPENROUTER_API_KEY"))(home)
    assert len(findings(home, "HS-AUTH-038")) == 1
    shell(program, f"HERMES_HOME={home} hermes auth list openrouter")
    assert findings(home, "HS-AUTH-038") == {}


@pytest.mark.agent
def test_a_new_key_stays_benched_for_what_the_old_one_did_until_it_is_cleared(program: Path, home: Path) -> None:
    """0.22 drops the mark in the process that notices, and writes it back into the file all the same."""
    benched_key("sk-or-v1-test-new")(home)
    ((_, hit),) = findings(home, "HS-AUTH-037").items()
    agents_list = f"HERMES_HOME={home} hermes auth list openrouter"
    for _ in range(2):
        seen = shell(program, agents_list)
    assert "left)" in seen
    assert findings(home, "HS-AUTH-037") == {}  # the agent took the new key's fingerprint, and kept the mark
    (command,) = commands(hit.hint)
    typed(command)
    assert "left)" not in shell(program, agents_list)
