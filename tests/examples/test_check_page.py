"""What docs/check.md tells people to install works as it stands there."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from examples.demo import copy_demo_home
from hermes_state.cli.app import run
from hermes_state.cli.exits import EXITS

PROJECT = Path(__file__).resolve().parents[2]
PAGE = (PROJECT / "docs" / "check.md").read_text("utf-8")
FENCES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.S | re.M)


def fenced(language: str, holding: str) -> str:
    """The one fence of that language that holds the text."""
    [text] = [text for name, text in FENCES if name == language and holding in text]
    return text


def commands() -> list[str]:
    """Every ``hermes-state`` command of the page."""
    text = "\n".join([*(text for _, text in FENCES), *re.findall(r"`(hermes-state [^`]+)`", PAGE)])
    return sorted({found.strip() for found in re.findall(r"hermes-state (check\b[^|#\n]*)", text)})


@pytest.mark.parametrize("command", commands())
def test_every_command_of_the_page_runs(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "demo").mkdir()
    home = copy_demo_home(tmp_path / "demo", time.time())
    assert run([*shlex.split(command), "--home", str(home)]) in (0, 1)
    assert capsys.readouterr().err == ""


def test_the_page_tells_the_exit_codes_of_check() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d) \|", PAGE, re.M)}
    assert told == {0, 1, 3}
    assert told < {int(code) for exit in EXITS for code in exit.codes}


def test_the_units_are_a_service_and_its_timer() -> None:
    service, timer = configparser.RawConfigParser(), configparser.RawConfigParser()
    service.read_string(fenced("ini", "[Service]"))
    timer.read_string(fenced("ini", "[Timer]"))
    assert service["Service"]["Type"] == "oneshot"
    assert service["Service"]["ExecStart"].startswith("%h/.local/bin/hermes-state check")
    assert timer["Install"]["WantedBy"] == "timers.target"
    names = re.findall(r"`~/\.config/systemd/user/(\S+)\.(service|timer)`:", PAGE)
    assert names == [("hermes-state-check", "service"), ("hermes-state-check", "timer")]


@pytest.mark.tiers
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze")
    for kind, holding in (("service", "[Service]"), ("timer", "[Timer]")):
        text = fenced("ini", holding).replace("%h/.local/bin/hermes-state", sys.executable)
        (tmp_path / f"hermes-state-check.{kind}").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", *map(str, sorted(tmp_path.glob("hermes-state-check.*")))],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_cron_line_is_five_times_and_a_command() -> None:
    [line] = fenced("crontab", "check").splitlines()
    assert re.fullmatch(r"(?:[\d*/,-]+ ){5}\$HOME/\.local/bin/hermes-state check --all-profiles", line)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a home in its folder ``hermes``, and the program on the PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    command = programs / "hermes-state"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m hermes_state "$@"\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    for name, value in (("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null")):
        monkeypatch.setenv(name, value)
    (tmp_path / "repository" / "hermes").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", tmp_path / "repository"], check=True)
    return tmp_path / "repository"


def test_the_git_hook_refuses_a_broken_file_and_lets_a_good_one_pass(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text(fenced("sh", "#!/bin/sh"))
    hook.chmod(0o755)

    def commit(text: str) -> subprocess.CompletedProcess[str]:
        (repository / "hermes" / "config.yaml").write_text(text)
        git = ["git", "-C", str(repository), "-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run([*git, "add", "-A"], check=True)
        return subprocess.run([*git, "commit", "-q", "-m", "m"], capture_output=True, text=True, check=False)

    refused = commit("a: [\n")
    assert refused.returncode == 1
    assert "HS-CONF-003" in refused.stdout + refused.stderr
    passed = commit("model: anthropic/claude-sonnet-4\n")
    assert (passed.returncode, passed.stdout, passed.stderr) == (0, "", "")


def test_the_hooks_for_pre_commit_run_a_command_of_this_program(repository: Path) -> None:
    [shipped] = YAML(typ="safe").load(PROJECT / ".pre-commit-hooks.yaml")
    [local] = YAML(typ="safe").load(fenced("yaml", "repos:"))["repos"]
    [hook] = local["hooks"]
    assert local["repo"] == "local"
    assert (shipped["id"], shipped["language"], shipped["pass_filenames"]) == (hook["id"], "python", False)
    for entry in (shlex.split(hook["entry"]), [*shlex.split(shipped["entry"]), "config", "--home", "hermes"]):
        (repository / "hermes" / "config.yaml").write_text("a: [\n")
        done = subprocess.run(entry, cwd=repository, capture_output=True, text=True, check=False)
        assert (done.returncode, "HS-CONF-003" in done.stdout) == (1, True), done.stderr
    assert "args: [config, --home, hermes]" in PAGE
