"""``hermes-state --version``: the version, and those of what it depends on."""

from __future__ import annotations

import os
import re
import sys

from hermes_state import __version__

#: The distributions that this one depends on, as pyproject.toml names them.
DEPENDENCIES = ("filelock", "pydantic", "rich", "ruamel.yaml", "typer")
_INSTALLED = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)(?:-[^-]+)?\.(?:dist|egg)-info")


def installed(path: list[str]) -> dict[str, str | None]:
    """The version of each dependency as the directories of ``path`` have it; None where none does.

    Their names tell. ``importlib.metadata`` says the same, but importing it takes longer than all the rest.
    """
    found: dict[str, str] = {}
    for folder in path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            if name.endswith("-info") and (match := _INSTALLED.fullmatch(name)):
                found.setdefault(_normal(match["name"]), match["version"])
    return {name: found.get(_normal(name)) for name in DEPENDENCIES}


def _normal(name: str) -> str:
    """``ruamel-yaml`` for every way in which ``ruamel.yaml`` may be spelled."""
    return re.sub(r"[-_.]+", "-", name).lower()


def print_versions(*, as_json: bool) -> None:
    """Print the versions of hermes-state, Python and the dependencies, as text or as one JSON object."""
    python = ".".join(map(str, sys.version_info[:3]))
    versions = installed(sys.path)
    if as_json:
        from hermes_state.cli.output import print_json

        print_json("version", {"version": __version__, "python": python, "dependencies": versions}, [])
        return
    print(f"hermes-state {__version__}")
    for name, version in {"python": python, **versions}.items():
        print(f"  {name} {version or 'not found'}")
