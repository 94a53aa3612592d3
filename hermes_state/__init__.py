"""hermes-state: the state files of Hermes Agent, read truthfully and changed without losing anything.

Importing this package costs next to nothing: a public name is loaded by its first use.

The agent ships a top-level *module* of this package's name (its SessionDB). Installed beside it, this package wins the
import and would hide it. So it is a good neighbour: a name that is not ours is looked up, set and deleted in the
agent's module, which ``neighbour.py`` finds and loads.
"""

# What is defined in here hides a name of the agent's, so it is little and unlikely to be one.
import sys as _sys

TYPE_CHECKING = False  # type checkers go by the name; importing typing would cost more than all the rest
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from hermes_state.agent.dropins import atomic_yaml_write as atomic_yaml_write
    from hermes_state.atomic import atomic_json_write as atomic_json_write
    from hermes_state.atomic import atomic_replace as atomic_replace
    from hermes_state.atomic import atomic_write_bytes as atomic_write_bytes
    from hermes_state.atomic import atomic_write_text as atomic_write_text
    from hermes_state.errors import StateError as StateError
    from hermes_state.inspection import inspect as inspect
    from hermes_state.stores.auth import AuthStore as AuthStore
else:
    ModuleType = type(_sys)

__version__ = "0.1.0"

#: Each public name and the module that it is loaded from.
__public__ = {
    "AuthStore": "hermes_state.stores.auth",
    "StateError": "hermes_state.errors",
    "atomic_json_write": "hermes_state.atomic",
    "atomic_replace": "hermes_state.atomic",
    "atomic_write_bytes": "hermes_state.atomic",
    "atomic_write_text": "hermes_state.atomic",
    "atomic_yaml_write": "hermes_state.agent.dropins",
    "inspect": "hermes_state.inspection",
}


class _Package(ModuleType):
    """The type of this package. A class, because a module-level ``__getattr__`` cannot see assignments, and
    ``hermes_state.DEFAULT_DB_PATH = path`` has to arrive where the agent's own functions look."""

    def __getattr__(self, name: str) -> "Any":
        if name in __public__:
            value = globals()[name] = getattr(__import__(__public__[name], fromlist=(name,)), name)
            return value
        if name == "__all__":
            return list(dict.fromkeys([*__public__, *_agent_names(public=True)]))
        agent = _agent_for(name)
        if agent is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(agent, name)

    def __setattr__(self, name: str, value: object) -> None:
        if name == "__spec__":  # a reload begins, and runs in what __dict__ then is
            _sys.modules.pop("_hermes_agent_state", None)
        agent = _agent_for(name)
        if agent is None:
            super().__setattr__(name, value)
        else:
            setattr(agent, name, value)

    def __delattr__(self, name: str) -> None:
        agent = _agent_for(name)
        if agent is None:
            super().__delattr__(name)
        else:
            delattr(agent, name)

    @property
    def __dict__(self) -> "dict[str, Any]":  # type: ignore[override]
        """Once the agent's module is loaded, a copy with its names too: pytest's monkeypatch and unittest.mock look
        here for whether a name that they replace is to be put back or deleted afterwards."""
        agent = _sys.modules.get("_hermes_agent_state")
        return {**vars(agent), **globals()} if agent else globals()

    def __dir__(self) -> list[str]:
        return sorted({*globals(), *__public__, *_agent_names(public=False)})


def _agent_for(name: str) -> "ModuleType | None":
    """The agent's module where there is one and ``name`` can be its: not in here, not a dunder, not one of our modules.

    The last matters for ``from hermes_state import disk``: Python asks for the attribute before it imports the module.
    """
    if name in globals() or name in __public__ or (name.startswith("__") and name.endswith("__")):
        return None
    from _frozen_importlib_external import PathFinder  # what importlib.machinery gives, without importing that

    if PathFinder.find_spec(f"{__name__}.{name}", __path__) is not None:
        return None
    from hermes_state.neighbour import agent_module

    return agent_module()


def _agent_names(*, public: bool) -> list[str]:
    """The names in the agent's module; with ``public`` those that ``import *`` takes from it."""
    from hermes_state.neighbour import agent_module

    agent = agent_module()
    names = list(vars(agent)) if agent else []
    if public:
        return list(getattr(agent, "__all__", None) or (name for name in names if not name.startswith("_")))
    return [name for name in names if not name.startswith("__")]


# A package that is imported anew (a reload, a test that emptied sys.modules) has the agent's module loaded anew.
_sys.modules.pop("_hermes_agent_state", None)
_sys.modules[__name__].__class__ = _Package
