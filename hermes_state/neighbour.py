"""The agent's own module ``hermes_state.py``, found and loaded although this package has its name.

It is loaded once, through the import system, as ``_hermes_agent_state``: import locks, circular imports, a failing
import and bytecode caches then behave as they do for any module. It runs with ``hermes_state`` as its own name, so its
loggers and pickles keep the agent's name, and a pickle made here can be read where only the agent is installed.

Limits: a compiled (extension) ``hermes_state`` is not looked for, and what reads a module by its class's ``__module__``
(``inspect.getsource`` of a *class*) meets this package instead. Neither occurs in the agents 0.13 to 0.22.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import BYTECODE_SUFFIXES, SOURCE_SUFFIXES, ModuleSpec, PathFinder
from importlib.util import spec_from_file_location
from types import ModuleType

NAME = "hermes_state"
ALIAS = "_hermes_agent_state"


def agent_module() -> ModuleType | None:
    """The agent's module, loaded by the first call; None where there is none.

    While it is being loaded, the loading thread gets the unfinished module, as in any circular import, and other
    threads wait. Raises whatever the module raises while it runs.
    """
    if _FINDER not in sys.meta_path:
        sys.meta_path.append(_FINDER)
    try:
        __import__(ALIAS)
    except ModuleNotFoundError as error:
        if error.name == ALIAS:
            return None
        raise
    return sys.modules[ALIAS]


class _Finder(MetaPathFinder):
    """Answers for the alias only."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != ALIAS:
            return None
        found = _on_path() or _through_finders()
        if found is None or found.loader is None:
            return None
        return spec_from_file_location(ALIAS, found.origin, loader=_Loader(found.loader))


class _Loader(Loader):
    """Runs the agent's module under the agent's name for it."""

    def __init__(self, agents: Loader) -> None:
        self._agents = agents

    def create_module(self, spec: ModuleSpec) -> None:
        """None: the import system makes the module."""

    def exec_module(self, module: ModuleType) -> None:
        module.__name__ = NAME
        self._agents.exec_module(module)


def _on_path() -> ModuleSpec | None:
    """The first ``hermes_state.py`` on ``sys.path``.

    Looked for as a file: Python's own path finder prefers a package over a module in the same directory, and our
    package and the agent's module share one, site-packages.
    """
    for entry in sys.path:
        for suffix in (*SOURCE_SUFFIXES, *BYTECODE_SUFFIXES):
            file = os.path.join(entry or os.getcwd(), NAME + suffix)
            if os.path.isfile(file):
                return spec_from_file_location(NAME, file)
    return None


def _through_finders() -> ModuleSpec | None:
    """What the import hooks of other packages know under the name: an editable install of the agent is one of those."""
    for finder in sys.meta_path:
        if finder is PathFinder:
            continue  # finds this package
        find_spec = getattr(finder, "find_spec", None)
        found: ModuleSpec | None = find_spec(NAME, None, None) if find_spec else None
        if found is not None and found.submodule_search_locations is None and found.has_location:
            return found
    return None


_FINDER = _Finder()
