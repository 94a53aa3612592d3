"""Which version of the agent uses a home, as far as something on disk says so. Read-only, and no process is started."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from hermes_state.home import Home
from hermes_state.look import peek

_VERSION = re.compile(r"(?=.{3,64}\Z)\d+\.\d+[\w.+!-]*")
_DISTRIBUTION = re.compile(r"hermes[-_.]agent(?:[-_.](?:iot|axisrow))?-([^-]+)\.dist-info", re.IGNORECASE)
_PROJECT_VERSION = re.compile(r"^\[project\]\s*$(?:\n(?!\[).*)*?\nversion\s*=\s*[\"']([^\"']+)[\"']", re.MULTILINE)


class AgentVersion(NamedTuple):
    """``version`` as its source spells it; ``found_by`` says what the source is. Both None when nothing says it."""

    version: str | None
    found_by: str | None


def agent_version(
    home: Home,
    *,
    gateway_runs: bool | None = None,
    env: Mapping[str, str] = os.environ,
    search_path: Sequence[str] | None = None,
    beside: Callable[[], AgentVersion] | None = None,
) -> AgentVersion:
    """The version of the agent that uses ``home``, from the first source that says one.

    In order: the record of a running gateway (0.22), the checkout in ``<root>/hermes-agent``, the distribution in our
    own environment (``search_path``, ``sys.path`` by default), the one that the ``hermes`` command on ``PATH`` runs
    from, and the record of a stopped gateway. ``gateway_runs`` is what is known about the gateway; None believes its
    record. Each source says what is probably used on this home, none proves that nothing else is. ``beside`` is for a
    run over many homes, which asks once what is installed.
    """
    stopped = None
    for path in dict.fromkeys((home.path, home.root)):
        version, runs = _gateway_version(path)
        if version and (runs if gateway_runs is None else gateway_runs):
            return AgentVersion(version, "gateway_state.json")
        stopped = stopped or version
    if checkout := _project_version(os.path.join(home.root, "hermes-agent", "pyproject.toml")):
        return AgentVersion(checkout, "hermes-agent/pyproject.toml")
    installed = beside() if beside is not None else installation(env, search_path)
    if installed.version is not None:
        return installed
    return AgentVersion(stopped, "gateway_state.json of a stopped gateway" if stopped else None)


def installation(env: Mapping[str, str] = os.environ, search_path: Sequence[str] | None = None) -> AgentVersion:
    """The version of the agent that is installed here, whatever the home: beside us, else on ``PATH``."""
    if installed := _distribution(sys.path if search_path is None else search_path):
        return AgentVersion(installed, "the agent installed beside hermes-state")
    if command := _distribution(_command_search_path(env.get("PATH", ""))):
        return AgentVersion(command, "the hermes command on PATH")
    return AgentVersion(None, None)


def _gateway_version(path: str) -> tuple[str | None, bool]:
    """The version in a gateway's record, and whether that gateway has not said that it stopped."""
    import json

    try:
        record = json.loads(peek(os.path.join(path, "gateway_state.json")).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return None, False
    if not isinstance(record, dict):
        return None, False
    version = record.get("code_version")
    runs = record.get("gateway_state") not in (None, "stopped", "startup_failed")
    return (version if isinstance(version, str) and _VERSION.fullmatch(version) else None), runs


def _project_version(path: str) -> str | None:
    try:
        found = _PROJECT_VERSION.search(peek(path).decode("utf-8", "replace"))
    except OSError:
        return None
    return found[1] if found and _VERSION.fullmatch(found[1]) else None


def _distribution(search_path: Iterable[str]) -> str | None:
    """The version of the agent's distribution, or of a known fork's, from its directory's name."""
    for directory in search_path:
        try:
            names = os.listdir(directory or ".")
        except OSError:
            continue
        for name in names:
            if (found := _DISTRIBUTION.fullmatch(name)) and _VERSION.fullmatch(found[1]):
                return found[1]
    return None


def _command_search_path(path: str) -> list[str]:
    """The package directories of the environment that the first ``hermes`` on ``path`` is a script of."""
    for directory in filter(os.path.isabs, path.split(os.pathsep)):
        script = os.path.join(directory, "hermes")
        if os.access(script, os.X_OK) and os.path.isfile(script):
            library = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(script))), "lib")
            try:
                return [os.path.join(library, name, "site-packages") for name in sorted(os.listdir(library))]
            except OSError:
                return []
    return []
