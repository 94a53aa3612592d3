"""Inspection: the truth about the state files of homes, without a trace left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hermes_state.inspection.report import Report, as_json
    from hermes_state.inspection.survey import inspect

__all__ = ["Report", "as_json", "inspect"]


def __getattr__(name: str) -> Any:
    """The public names, from their modules: whoever only asks how providers stand needs no survey."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'survey' if name == 'inspect' else 'report'}"), name)
