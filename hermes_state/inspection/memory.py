"""A small JSON file in which the gateway remembers something from one run to the next, read as far as it is small."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from hermes_state.look import PEEK_LIMIT, peek


class Memory(NamedTuple):
    """What a file holds. ``fault`` is why it holds nothing that can be used, in words; ``value`` is None then."""

    path: str
    value: Any
    fault: str = ""


def recall(path: str) -> Memory | None:
    """What the file at ``path`` holds; None where there is no such file. Never waits and never raises."""
    try:
        data = peek(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Memory(path, None, error.strerror or "it cannot be read")
    if len(data) == PEEK_LIMIT:
        return Memory(path, None, f"it has {PEEK_LIMIT >> 20} MiB or more")
    try:
        return Memory(path, json.loads(data.decode("utf-8-sig")))
    except UnicodeDecodeError:
        return Memory(path, None, "it is not UTF-8")
    except (ValueError, RecursionError):
        return Memory(path, None, "it is not JSON")


def recall_object(path: str) -> Memory | None:
    """As ``recall``, for a file that is of no use unless it is an object."""
    found = recall(path)
    if found is None or found.fault or isinstance(found.value, dict):
        return found
    return Memory(path, None, "it is not an object")


def lines(path: str) -> list[str]:
    """The lines of the text file at ``path``, as far as it is small and there is one."""
    try:
        return peek(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def number(value: object) -> float | None:
    """``value`` as the agents compare it with a time; None for what they cannot compare, and for NaN."""
    if not isinstance(value, int | float):
        return None
    try:
        made = float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return None if made != made else made
