"""``--version``: the version, and those of what it depends on, without importing any of it."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from hermes_state import __version__
from hermes_state.cli.commands.versions import DEPENDENCIES, installed

PROJECT = Path(__file__).resolve().parents[2]


def test_the_dependencies_are_those_of_the_project() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    assert sorted(DEPENDENCIES) == sorted(re.split(r"[<>=!~ ]", each)[0] for each in declared)


def test_the_versions_are_those_that_are_installed(hermes_state) -> None:
    lines = hermes_state("--version").out.splitlines()
    assert lines[0] == f"hermes-state {__version__}"
    assert dict(line.split() for line in lines[1:]) == {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in DEPENDENCIES},
    }


@pytest.mark.parametrize("arguments", [("--version", "--json"), ("--json", "--version")])
def test_as_json_it_is_one_object(hermes_state, arguments) -> None:
    answer = hermes_state(*arguments)
    assert answer.code == 0
    assert answer.json == {
        "format": "hermes-state/version",
        "format_version": 1,
        "version": __version__,
        "python": platform.python_version(),
        "dependencies": {name: importlib.metadata.version(name) for name in DEPENDENCIES},
        "errors": [],
    }


def test_it_needs_no_command_and_looks_at_no_home(hermes_state, tmp_path: Path) -> None:
    assert hermes_state("--home", tmp_path / "nowhere", "--version").code == 0


def test_a_command_after_it_is_not_run(hermes_state, home: Path) -> None:
    assert hermes_state("--version", "inspect", "--home", home) == hermes_state("--version")


@pytest.mark.parametrize(
    ("folder", "name", "version"),
    [
        ("ruamel_yaml-0.18.16.dist-info", "ruamel.yaml", "0.18.16"),
        ("ruamel.yaml-0.19.1.dist-info", "ruamel.yaml", "0.19.1"),
        ("Rich-14.3.3.dist-info", "rich", "14.3.3"),
        ("rich-14.3.3-py3.11.egg-info", "rich", "14.3.3"),
        ("filelock-4.0.dev1+local.dist-info", "filelock", "4.0.dev1+local"),
    ],
)
def test_however_an_installer_spells_it(tmp_path: Path, folder: str, name: str, version: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / "pydantic_core-9.dist-info").mkdir()
    assert installed([str(tmp_path)]) == {**dict.fromkeys(DEPENDENCIES), name: version}


def test_the_first_on_the_path_is_the_one_that_is_imported(tmp_path: Path) -> None:
    for place, version in (("a", "1"), ("b", "2")):
        (tmp_path / place / f"rich-{version}.dist-info").mkdir(parents=True)
    path = [str(tmp_path / name) for name in ("missing", "a", "b")]
    assert installed(path)["rich"] == "1"


def test_what_is_not_there_is_said_to_be_missing(hermes_state, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hermes_state.cli.commands.versions.DEPENDENCIES", ("no-such-distribution",))
    assert "no-such-distribution not found" in hermes_state("--version").out


def test_nothing_is_imported_to_tell_it() -> None:
    code = (
        "import sys, typer; before = set(sys.modules); from hermes_state.cli.app import run; run(['--version']);"
        "print(*sorted(name for name in set(sys.modules) - before if not name.startswith(('hermes_state', 'typer'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT)
    imported = done.stdout.splitlines()[-1].split()
    assert not {"importlib.metadata", "rich", "pydantic", "ruamel", "filelock", "json"} & set(imported)
