"""The demo home is the scene that the README describes, at whatever time it is copied."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from examples.demo import DEMO_HOME, RECORDED_AT, copy_demo_home, files, rows, shifted

NOW = RECORDED_AT + 86400 * 365 + 0.75


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return copy_demo_home(tmp_path / "demo", NOW)


def row(home: Path, id: str) -> dict[str, Any]:
    return next(row for row in rows((home / "auth.json").read_bytes()) if row["id"] == id)


def test_the_links_are_copied_as_links(copy: Path) -> None:
    assert os.readlink(copy / "auth.json") == "../dotfiles/hermes/auth.json"
    assert os.readlink(copy / "config.yaml") == "../dotfiles/hermes/config.yaml"


def test_what_is_copied_is_private(copy: Path) -> None:
    modes = {
        path.lstat().st_mode & 0o777 for path in copy.parent.rglob("*") if path.is_file() and not path.is_symlink()
    }
    assert modes == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (copy, copy / "sessions", copy.parent)} == {0o700}


def test_cooldowns_are_as_far_ahead_as_when_they_were_recorded(copy: Path) -> None:
    assert row(copy, "9d7854")["last_error_reset_at"] - NOW == pytest.approx(47 * 60 + 13, abs=1)
    assert NOW - row(copy, "276cbd")["last_status_at"] == pytest.approx(5400, abs=2)
    assert NOW - row(copy, "5a11e7")["last_status_at"] == pytest.approx(21 * 60, abs=2)
    breaker = json.loads((copy / "rate_limits" / "nous.json").read_text())
    assert breaker["reset_at"] - NOW == pytest.approx(22 * 3600, abs=2)
    assert breaker["reset_at"] - breaker["recorded_at"] == breaker["reset_seconds"]


def test_only_digits_of_times_differ_from_what_was_recorded(copy: Path) -> None:
    recorded, copied = files(DEMO_HOME), files(copy.parent)
    assert recorded.keys() == copied.keys()
    for path, content in recorded.items():
        assert re.sub(rb"\d", b"0", os.fsencode(content)) == re.sub(rb"\d", b"0", os.fsencode(copied[path])), path
    assert copied["home/sessions/sessions.json"] == recorded["home/sessions/sessions.json"]


@pytest.mark.parametrize(
    "text", ['"chat_id": "1000000001"', '"C0FAKE0001:1795250000.000100"', '"1795250000"', "2026-07-01T10:00:00Z", "429"]
)
def test_what_is_no_time_of_the_scene_is_not_shifted(text: str) -> None:
    assert shifted(text, 1000) == text


def test_a_time_is_shifted_and_keeps_its_spelling() -> None:
    assert shifted('{"at": 1795250000.10, "iso": "2026-11-21T23:59:59.5+00:00"}', 1) == (
        '{"at": 1795250001.10, "iso": "2026-11-22T00:00:00.5+00:00"}'
    )


@pytest.mark.skipif(
    not Path(sys.executable).with_name("hermes-state").exists(), reason="hermes-state is not installed: run make test"
)
def test_the_demo_goes_as_it_claims() -> None:
    demo = subprocess.run(
        [sys.executable, DEMO_HOME.parent / "demo.py"], capture_output=True, text=True, check=False, timeout=120
    )
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert demo.stdout.count("\n$ hermes-state --home home ") == 5
    assert "../dotfiles/hermes/auth.json" in demo.stdout
