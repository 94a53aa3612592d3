"""The *managed scope*: settings that an administrator pins for every home of the machine.

A directory whose ``config.yaml`` wins over that of a home, leaf by leaf, when an agent since 0.17 loads it; a save
takes the leaves that are pinned out of the home's file (``hermes_cli/managed_scope.py``, ``config.py``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from hermes_state.inspection.circumstances import SCOPE
from hermes_state.inspection.versions import before
from hermes_state.look import peek

_SINCE = (0, 17)

#: The names on the way to a setting.
Leaf = tuple[object, ...]


class Pins(NamedTuple):
    """What is pinned: the file, its leaves with their values, and in words why it cannot be used, if so."""

    path: str
    leaves: dict[Leaf, Any]
    fault: str = ""


def pins(version: str | None) -> Pins | None:
    """What is pinned for an agent of ``version`` (None: not known); None where there is no such file."""
    path = os.path.join(os.environ.get("HERMES_MANAGED_DIR", "").strip() or SCOPE, "config.yaml")
    if before(version, *_SINCE) or not os.path.isfile(path):
        return None
    from hermes_state.codec.fault import BadText
    from hermes_state.codec.yaml import parse

    try:
        value = parse(peek(path)).value
    except OSError as error:
        return Pins(path, {}, error.strerror or "it cannot be read")
    except BadText as error:
        return Pins(path, {}, error.fault.message)
    return Pins(path, dict(_leaves(value, ()))) if isinstance(value, dict) else Pins(path, {}, "it is not a mapping")


def _leaves(value: Any, at: Leaf) -> Iterator[tuple[Leaf, Any]]:
    """Everything in a document that is no mapping, and mappings without content."""
    if isinstance(value, dict) and value:
        for key, below in value.items():
            yield from _leaves(below, (*at, key))
    elif at:
        yield at, value
