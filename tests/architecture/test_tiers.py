"""What ``HERMES_STATE_ALL_TIERS`` promises: a tier that did not run is not passed over, and the last lines say so."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ALL_TIERS, NEEDS_MORE, PROJECT, TIERS

LACKING = """
import pytest

@pytest.fixture
def strace():
    pytest.skip("strace is not installed")

@pytest.mark.parametrize("tier", [pytest.param(tier, marks=getattr(pytest.mark, tier)) for tier in {tiers}])
def test_that_lacks_something(tier):
    pytest.skip("this machine has none")

def test_that_asks_for_a_tool(strace): ...

def test_of_no_tier():
    pytest.skip("it does not apply here")
"""


def run(tmp_path: Path, **more: str) -> str:
    file = tmp_path / "test_lacking.py"
    file.write_text(LACKING.format(tiers=TIERS))
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-c", str(PROJECT / "pyproject.toml"), str(file)]
    environment = {name: value for name, value in os.environ.items() if name != ALL_TIERS} | more
    return subprocess.run(
        [*command, "-p", "no:cacheprovider"],
        cwd=PROJECT,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    ).stdout


def test_a_tier_that_lacks_its_tool_is_skipped_and_counted(tmp_path: Path) -> None:
    said = run(tmp_path)
    assert re.findall(r"^tier (\w+): (.*)$", said, re.MULTILINE) == [
        (tier, "2 skipped" if tier == "tiers" else "1 skipped") for tier in TIERS
    ]
    assert "6 skipped" in said.splitlines()[-1]


def test_with_all_tiers_asked_for_it_is_a_failure(tmp_path: Path) -> None:
    said = run(tmp_path, **{ALL_TIERS: "1"})
    assert "4 failed, 1 skipped, 1 error" in said.splitlines()[-1]  # one is skipped by its fixture
    assert "HERMES_STATE_ALL_TIERS is set, and this was skipped: Skipped: this machine has none" in said


@pytest.mark.parametrize("name", sorted(NEEDS_MORE))
def test_every_fixture_that_needs_more_is_one(name: str) -> None:
    assert any(
        re.search(rf"@pytest\.fixture[^\n]*\ndef {name}\(", path.read_text(encoding="utf-8"))
        for path in (PROJECT / "tests").rglob("*.py")
    )
