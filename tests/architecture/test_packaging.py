"""What is installed: one package, with the migrations and schemas of the checkout inside it."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import hermes_state

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the build backend is not installed: make test installs it")
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory],
        cwd=PROJECT,
        check=True,
        capture_output=True,
    )
    (path,) = directory.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with what the wheel brings; installers put its ``.data`` somewhere else."""
    directory = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return directory


def test_only_the_package_is_at_the_top_level(installed: Path) -> None:
    info = f"hermes_state-{hermes_state.__version__}.dist-info"
    assert {path.name for path in installed.iterdir() if path.suffix != ".data"} == {"hermes_state", info}


def test_the_manual_page_goes_where_man_looks(installed: Path) -> None:
    data = installed / f"hermes_state-{hermes_state.__version__}.data" / "data"
    assert [path.relative_to(data).as_posix() for path in data.rglob("*") if path.is_file()] == [
        "share/man/man1/hermes-state.1"
    ]
    page = (data / "share/man/man1/hermes-state.1").read_bytes()
    assert page == (PROJECT / "docs/hermes-state.1").read_bytes()


@pytest.mark.parametrize(("folder", "pattern"), [("migrations", "*.py"), ("schemas", "*.json")])
def test_migrations_and_schemas_are_inside_the_package(installed: Path, folder: str, pattern: str) -> None:
    in_checkout = {path.name: path.read_bytes() for path in (PROJECT / folder).glob(pattern)}
    in_wheel = {path.name: path.read_bytes() for path in (installed / "hermes_state/_shipped" / folder).iterdir()}
    assert in_checkout
    assert in_wheel == in_checkout


def test_every_module_and_the_typing_marker_are_in_the_wheel(installed: Path) -> None:
    package = PROJECT / "hermes_state"
    wanted = {str(path.relative_to(PROJECT)) for path in (*package.rglob("*.py"), package / "py.typed")}
    assert wanted <= {str(path.relative_to(installed)) for path in installed.rglob("*")}


@pytest.mark.parametrize("folder", ["migrations", "schemas"])
def test_the_installed_package_finds_its_own_copies(installed: Path, folder: str) -> None:
    program = f"from hermes_state.shipped import shipped; print(shipped({folder!r}))"
    run = subprocess.run([sys.executable, "-c", program], cwd=installed, check=True, capture_output=True, text=True)
    assert run.stdout.strip() == str(installed / "hermes_state/_shipped" / folder)


def test_the_command_is_declared(installed: Path) -> None:
    entry_points = next(installed.glob("*.dist-info/entry_points.txt")).read_text()
    assert "hermes-state = hermes_state.__main__:main" in entry_points
