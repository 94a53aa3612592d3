"""What the README shows works as it stands."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import hermes_state

README = (Path(__file__).parent.parent.parent / "README.md").read_text("utf-8")


def test_the_librarys_ten_lines_run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, re.S)
    (home / "auth.json").write_text('{"providers": {}, "kept": 1.50}')
    monkeypatch.setenv("HERMES_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {})
    assert (home / "auth.json").read_text() == '{"providers": {}, "kept": 1.50, "active_provider": "nous"}'
    assert json.loads((tmp_path / "state.json").read_text())["links"] == "kept"


def test_every_public_name_is_told_of() -> None:
    told = set(re.findall(r"`(?:hermes_state\.)?(\w+)`", README))
    assert hermes_state.__public__.keys() - told == set()


def test_every_command_of_the_readme_exists_and_every_command_is_in_it(hermes_state_help: str) -> None:
    shown = set(re.findall(r"^\| `([a-z-]+)", README, re.M))
    offered = set(re.findall(r"^  ([a-z-]+)  ", hermes_state_help.partition("Commands:")[2].partition("\n\n")[0], re.M))
    assert shown == offered


@pytest.fixture
def hermes_state_help(capsys: pytest.CaptureFixture[str]) -> str:
    from hermes_state.cli.app import run

    assert run(["--help"]) == 0
    return capsys.readouterr().out
