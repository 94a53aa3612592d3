"""All migration files, found by path, loaded, and checked before anything runs."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from hermes_state.migration.step import Step
from hermes_state.shipped import shipped

_NAME = re.compile(r"(?P<kind>[a-z]+)_(?P<number>\d{4})_[a-z0-9_]+")


class BrokenRegistry(Exception):
    """The set of migration files is not one that may run: a programming error, found before any file is touched."""


@cache
def steps(kind: str, folder: Path | None = None) -> tuple[Step, ...]:
    """The steps for ``kind``, first to last. Raises BrokenRegistry for a gap, a duplicate, or a file that lacks a
    part."""
    found = sorted(
        (_load(path) for path in (folder or shipped("migrations")).glob("*.py") if path.name.startswith(f"{kind}_")),
        key=lambda step: step.number,
    )
    numbers = [step.number for step in found]
    if numbers != list(range(1, len(found) + 1)):
        raise BrokenRegistry(f"migrations for {kind} are numbered {numbers}; they must count from 1 without gaps")
    return tuple(found)


def _load(path: Path) -> Step:
    name = _NAME.fullmatch(path.stem)
    if name is None:
        raise BrokenRegistry(f"{path.name} is not named <kind>_<NNNN>_<what>.py")
    spec = importlib.util.spec_from_file_location(f"_hermes_state_migration_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BrokenRegistry(f"{path.name} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    irreversible = getattr(module, "IRREVERSIBLE", "")
    if bool(irreversible) == hasattr(module, "down"):
        raise BrokenRegistry(f"{path.name} must have either down() or IRREVERSIBLE, and not both")
    return Step(
        id=path.stem,
        kind=name["kind"],
        number=int(name["number"]),
        title=_part(module, path, "TITLE"),
        touches=tuple(_part(module, path, "TOUCHES")),
        pending=_part(module, path, "pending"),
        up=_part(module, path, "up"),
        down=getattr(module, "down", None),
        irreversible=irreversible,
    )


def _part(module: ModuleType, path: Path, name: str) -> Any:
    found = getattr(module, name, None)
    if not found:
        raise BrokenRegistry(f"{path.name} does not define {name}")
    return found
