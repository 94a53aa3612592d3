"""The project is the same on every machine: its files name no place on one, and no server to fetch from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
NOT_OURS = {
    ".git",
    ".venv",
    ".agents",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    "__pycache__",
    "dist",
    "build",
}

#: Written so that this file does not contain what it looks for.
FORBIDDEN = re.compile(
    rb"(?<![\w.>}*~)\]])/(?:wo" + rb"rk|sha" + rb"red)/"  # roots of a working place
    rb"|\.libr" + rb"ary\b"
    rb"|/root/\.|/home/(?!fake\b|user\b|you\b|alice\b|bob\b)\w+/"
    rb"|pypi\.o" + rb"rg|pythonhost" + rb"ed\.|--index-" + rb"url"
)


def project_files(top: Path) -> Iterator[Path]:
    for directory, folders, names in os.walk(top):
        folders[:] = sorted(set(folders) - NOT_OURS)
        yield from (Path(directory, name) for name in sorted(names))


def test_no_file_names_a_place_on_a_machine_or_a_server() -> None:
    found = {}
    for path in project_files(PROJECT):
        if path.is_file() and (match := FORBIDDEN.search(path.read_bytes())):
            found[str(path.relative_to(PROJECT))] = match.group().decode()
    assert found == {}


@pytest.mark.parametrize(
    "text",
    ["cd /wo" + "rk/x", "see /sha" + "red/design", "'.libr" + "ary'", "/root" + "/.cache", "https://pypi.o" + "rg"],
)
def test_such_a_name_is_found(text: str) -> None:
    assert FORBIDDEN.search(text.encode())


@pytest.mark.parametrize("text", ["<root>/shared/nous_auth.json", "{root}/shared/", "~/work/x", "a/work/b", "network/"])
def test_a_path_inside_of_a_home_is_not_meant(text: str) -> None:
    assert not FORBIDDEN.search(text.encode())
