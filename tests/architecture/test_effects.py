"""Only disk.py and atomic.py change files: the audit hook of tests/conftest.py sees to it, and is seen to here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]

EFFECTS = {
    "rename": "os.rename(path, path + '.new')",
    "replace": "os.replace(path, path + '.new')",
    "remove": "os.remove(path)",
    "unlink": "pathlib.Path(path).unlink()",
    "truncate": "os.truncate(path, 0)",
    "write_text": "pathlib.Path(path).write_text('new')",
    "append": "open(path, 'a').close()",
    "open for writing": "os.close(os.open(path, os.O_RDWR))",
    "create": "os.close(os.open(path + '.new', os.O_RDONLY | os.O_CREAT))",
    "mkdir": "os.mkdir(path + '.new')",
    "chmod": "os.chmod(path, 0o644)",
    "copy": "shutil.copyfile(path, path + '.new')",
    "move": "shutil.move(path, path + '.new')",
}


def run_as(module: str, statement: str, path: Path) -> None:
    """Run ``statement`` as if it stood in ``module`` of the package."""
    names: dict[str, Any] = {"path": str(path)}
    code = compile(f"import os, pathlib, shutil\n{statement}", str(PROJECT / "hermes_state" / module), "exec")
    exec(code, names)


@pytest.fixture
def stray_effects(_no_stray_effects: list[str]) -> list[str]:
    return _no_stray_effects


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "auth.json"
    path.write_text("old")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("statement", EFFECTS.values(), ids=EFFECTS)
@pytest.mark.parametrize("module", ["inspection/facts.py", "cli/app.py", "__init__.py"])
def test_an_effect_elsewhere_in_the_package_is_stopped(
    module: str, statement: str, file: Path, stray_effects: list[str]
) -> None:
    with pytest.raises(AssertionError, match=r"outside of disk\.py"):
        run_as(module, statement, file)
    assert len(stray_effects) == 1
    stray_effects.clear()
    assert (file.read_text(), file.stat().st_mode & 0o777, os.listdir(file.parent)) == ("old", 0o600, [file.name])


def test_an_effect_is_reported_even_when_the_error_is_swallowed(file: Path, stray_effects: list[str]) -> None:
    run_as("cli/app.py", "try:\n    os.remove(path)\nexcept BaseException:\n    pass", file)
    assert len(stray_effects) == 1
    stray_effects.clear()


@pytest.mark.parametrize("statement", EFFECTS.values(), ids=EFFECTS)
@pytest.mark.parametrize("module", ["disk.py", "atomic.py"])
def test_the_disk_and_the_atomic_module_are_left_alone(module: str, statement: str, file: Path) -> None:
    run_as(module, statement, file)


def test_reading_is_nobodys_concern(file: Path) -> None:
    run_as("inspection/facts.py", "open(path).close()", file)
