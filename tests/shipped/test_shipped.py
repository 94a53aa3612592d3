from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from hermes_state import shipped as module


def installed_at(site: Path) -> ModuleType:
    """The module as it is in ``site``, the way an installed package has it."""
    package = site / "hermes_state"
    package.mkdir(parents=True)
    copy = package / "shipped.py"
    shutil.copyfile(module.__file__, copy)
    spec = importlib.util.spec_from_file_location("shipped_copy", copy)
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_a_checkout_has_the_folders_beside_the_package() -> None:
    assert module.shipped("schemas") == Path(module.__file__).resolve().parents[1] / "schemas"
    assert (module.shipped("schemas") / "auth.v1.json").is_file()


def test_an_installed_package_has_the_folders_inside(tmp_path: Path) -> None:
    installed = installed_at(tmp_path)
    inside = tmp_path / "hermes_state" / "_shipped" / "migrations"
    inside.mkdir(parents=True)
    assert installed.shipped("migrations") == inside.resolve()


def test_a_folder_of_the_same_name_beside_an_installed_package_is_not_taken(tmp_path: Path) -> None:
    installed = installed_at(tmp_path)
    inside = tmp_path / "hermes_state" / "_shipped" / "migrations"
    inside.mkdir(parents=True)
    (tmp_path / "migrations").mkdir()
    assert installed.shipped("migrations") == inside.resolve()


def test_a_damaged_installation_is_named_as_such(tmp_path: Path) -> None:
    installed = installed_at(tmp_path)
    with pytest.raises(FileNotFoundError, match="lacks its 'schemas' folder"):
        installed.shipped("schemas")
