"""The house has floors (design section 3): a module imports only what lies below it, or left of it on its own floor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PACKAGE = PROJECT / "hermes_state"

#: From the ground up, and from left to right. A name is a module or a room (a subpackage, with all its modules).
FLOORS = (
    "outcomes errors interruption clock findings redaction shipped neighbour",
    "disk rehearsal links look writer replacement obstacle locks backup retention strays inplace atomic home installed",
    "edit codec",
    "models cooldown runtime",
    "processes liveness stores",
    "recovering restoring migration inspection clearing selftest",
    "agent cli",
)
HEIGHT = {room: height for height, room in enumerate(" ".join(FLOORS).split())}
#: ``hermes_state/__init__.py`` and ``__main__.py`` stand on all of it.
ROOF = len(HEIGHT)


def imports(source: str) -> Iterator[tuple[int, str]]:
    """(line, module) of every import in ``source``, at any depth: lazy ones are as binding as those at the top."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide where they lead"
            module = node.module or ""
            if module == "hermes_state":
                yield from ((node.lineno, f"{module}.{name.name}") for name in node.names)
            else:
                yield node.lineno, module
        elif isinstance(node, ast.Call) and "import" in ast.unparse(node.func) and node.args:
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield node.lineno, name.value


def room_of(module: str) -> str:
    """``hermes_state.stores.auth`` is in the room ``stores``; ``hermes_state`` itself is in none."""
    return module.split(".")[1] if module.count(".") else ""


def violations(room: str, source: str) -> list[str]:
    """What is wrong with the imports of a module in ``room``."""
    height = HEIGHT.get(room, ROOF)
    wrong = []
    for line, module in imports(source):
        if module.split(".")[0] != "hermes_state" or module == "hermes_state.__version__":
            continue  # the version is a constant of the package that every floor may tell
        if room_of(module) != room and HEIGHT.get(room_of(module), ROOF) >= height:
            wrong.append(f"line {line}: {room or 'the package'} imports {module}, which is not below it")
    return wrong


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "_shipped" not in path.parts)


def room_of_file(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return "" if len(inside.parts) == 1 and inside.stem.startswith("__") else inside.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_below(path: Path) -> None:
    assert violations(room_of_file(path), path.read_text(encoding="utf-8")) == []


def test_every_module_has_a_floor() -> None:
    assert {room_of_file(path) for path in modules()} - {""} <= set(HEIGHT)


@pytest.mark.parametrize("path", sorted((PROJECT / "migrations").glob("*.py")), ids=lambda path: path.name)
def test_a_step_imports_only_the_step_vocabulary_and_the_lens(path: Path) -> None:
    imported = {module for _, module in imports(path.read_text(encoding="utf-8"))}
    assert imported <= {"hermes_state.migration", "hermes_state.runtime", "typing"}


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("disk", "from hermes_state.atomic import replace"),
        ("disk", "def lazily():\n    from hermes_state import atomic"),
        ("codec", "import hermes_state.models.auth"),
        ("stores", "from hermes_state import AuthStore"),
        ("edit", "import importlib\nimportlib.import_module('hermes_state.cli.app')"),
        ("edit", "__import__('hermes_state.cli.app')"),
        ("cli", "import hermes_state"),
    ],
)
def test_an_import_from_above_is_found(room: str, source: str) -> None:
    assert len(violations(room, source)) == 1


@pytest.mark.parametrize(
    ("room", "source"),
    [
        ("atomic", "from hermes_state.disk import Disk"),
        ("stores", "from hermes_state.stores.auth import AuthStore"),
        ("cli", "from hermes_state import __version__"),
        ("disk", "from hermes_state_other import name"),
        ("", "from hermes_state.cli.app import main"),
    ],
)
def test_an_import_from_below_is_allowed(room: str, source: str) -> None:
    assert violations(room, source) == []
