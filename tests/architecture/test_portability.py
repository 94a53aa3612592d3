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

# Words are taken apart, so that this file does not contain what it looks for.
#: Roots of a working place, and homes of people, as they are or with something below them.
_ROOTS = "|".join(("wo" + "rk", "sha" + "red", "ro" + "ot"))
_HOMES = r"(?:home|Users)/(?!(?:fake|user|you|alice|bob)\b)\w+"
#: Where packages come from, and a workplace's own tools.
_SERVERS = "|".join(
    (r"pypi\.o" + "rg", "pythonhost" + r"ed\.", r"registry\.npm" + "js", "index[-_]u" + "rl", "find[-_]li" + "nks")
)
_TOOLS = "|".join((r"\.libr" + r"ary\b", "bash_" + "jobs"))
FORBIDDEN = re.compile(rf"(?<![\w.>}}*~)\]-])/(?:(?:{_ROOTS})(?![\w.-])|{_HOMES})|(?i:{_SERVERS})|{_TOOLS}".encode())


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
    [
        "cd /wo" + "rk/x",
        'cwd="/wo' + 'rk"',
        "see /sha" + "red/design",
        "'.libr" + "ary'",
        "/ro" + "ot/.cache",
        "PATH=/ro" + "ot",
        "/home/" + "somebody",
        "/Users/" + "somebody/x",
        "https://pypi.o" + "rg",
        "PIP_INDEX_U" + "RL=x",
        "--extra-index-u" + "rl x",
        "--find-li" + "nks x",
    ],
)
def test_such_a_name_is_found(text: str) -> None:
    assert FORBIDDEN.search(text.encode())


@pytest.mark.parametrize(
    "text",
    ["<root>/shared/nous_auth.json", "{root}/shared/", "~/work/x", "a/work/b", "network/", "/rooted", "/home/you/x"],
)
def test_a_path_inside_of_a_home_is_not_meant(text: str) -> None:
    assert not FORBIDDEN.search(text.encode())
