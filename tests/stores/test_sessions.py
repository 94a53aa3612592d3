"""What is special about sessions.json: where it lies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hermes_state.home import Home
from hermes_state.outcomes import Outcome
from hermes_state.stores.sessions import SessionsStore, moved_to


def at(home: Path) -> Home:
    return Home(str(home), "test", "default", str(home), None)


def test_the_index_is_in_the_sessions_directory_unless_told_otherwise(home: Path, tmp_path: Path) -> None:
    assert SessionsStore(at(home)).path == str(home / "sessions" / "sessions.json")
    moved = SessionsStore(at(home), directory=str(tmp_path / "elsewhere"))
    assert moved.path == str(tmp_path / "elsewhere" / "sessions.json")
    assert moved.lock_paths() == [str(home / ".hermes-state.lock")]


def test_the_legacy_gateway_file_moves_the_directory(home: Path, tmp_path: Path) -> None:
    (home / "gateway.json").write_text(json.dumps({"sessions_dir": str(tmp_path / "moved")}))
    assert moved_to(at(home)) == str(tmp_path / "moved")


@pytest.mark.parametrize(
    "content",
    ['{"sessions_dir": "rel"}', '{"sessions_dir": 5}', '{"sessions_dir": "/a\\u0000b"}', "[]", "{", "", "[" * 9999],
)
def test_what_names_no_directory_for_certain_moves_nothing(home: Path, content: str) -> None:
    (home / "gateway.json").write_text(content)
    assert moved_to(at(home)) is None


def test_the_config_does_not_move_the_directory(home: Path) -> None:
    (home / "config.yaml").write_text("sessions_dir: /elsewhere\n")
    assert moved_to(at(home)) is None


@pytest.mark.parametrize("version", ["0.13.0", "0.17.0", "0.19.0", "0.22.2"])
def test_what_agents_wrote_is_ok(version: str) -> None:
    sample = Path(__file__).parents[1] / "samples" / "sessions" / version
    store = SessionsStore(at(sample), directory=str(sample))
    reading = store.read()
    assert reading.outcome is Outcome.OK
    assert store.check(reading.document) == []
