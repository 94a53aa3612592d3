"""What starting costs is what is imported, so that is what is pinned; how long it takes is for the benchmarks."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hermes_state

PROJECT = Path(__file__).resolve().parents[2]


def newly_imported(statement: str) -> set[str]:
    """The modules that ``statement`` adds to those of a bare interpreter."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    # -S: the .pth files of an environment import modules of their own.
    run = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_importing_the_package_imports_nothing_else() -> None:
    assert newly_imported("import hermes_state") == {"hermes_state"}


def test_a_room_of_the_package_is_imported_without_looking_for_the_agent() -> None:
    imported = newly_imported("from hermes_state import outcomes")
    assert "hermes_state.outcomes" in imported
    assert "hermes_state.neighbour" not in imported


def test_how_a_provider_stands_is_asked_without_what_other_questions_need(tmp_path: Path) -> None:
    """As ``clear-breaker`` does: no findings, no other files, no migration, nothing that writes a document."""
    (tmp_path / "rate_limits").mkdir()
    (tmp_path / "rate_limits" / "nous.json").write_text('{"reset_at": 60.0}')
    (tmp_path / "auth.json").write_text('{"credential_pool": {"nous": [{"id": "a", "access_token": "test-a"}]}}')
    imported = newly_imported(
        "from hermes_state.home import find; from hermes_state.clearing.standing import standings; "
        f"(found,) = standings([(find({str(tmp_path)!r}, None, {{}}), 'nous')], 0.0); assert len(found.switches) == 1"
    )
    assert "hermes_state.inspection.outlook" in imported
    rooms = ("survey", "sessions", "config", "home", "litter", "auth.room")
    others = ("migration", "models.auth", "models.rules", "codec.rewrite", "codec.yaml", "rehearsal", "restoring")
    unneeded = {f"hermes_state.inspection.{room}" for room in rooms} | {f"hermes_state.{other}" for other in others}
    assert imported & unneeded == set()


@pytest.mark.parametrize(("name", "module"), sorted(hermes_state.__public__.items()))
def test_every_public_name_loads_from_its_module(name: str, module: str) -> None:
    assert getattr(hermes_state, name) is getattr(importlib.import_module(module), name)


def test_type_checkers_see_the_public_names_that_the_table_has() -> None:
    tree = ast.parse(Path(hermes_state.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hermes_state.")
        for alias in node.names
        if alias.asname
    }
    assert seen == hermes_state.__public__


def test_public_names_are_listed_before_they_are_loaded() -> None:
    package = importlib.import_module("hermes_state")
    assert set(package.__public__) <= set(dir(package))
    assert set(package.__public__) <= set(package.__all__)


def test_an_unknown_name_is_a_plain_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'hermes_state' has no attribute 'no_such_name'"):
        _ = importlib.import_module("hermes_state").no_such_name
