"""Versions of the agent as numbers that can be compared."""

from __future__ import annotations

import re

_NUMBERS = r"\s*v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?"


def numbers(version: str | None) -> tuple[int, int, int] | None:
    """``"v0.22.2.post1"`` as ``(0, 22, 2)``; None where no version is known, or the text is none."""
    found = re.match(_NUMBERS, version or "", re.ASCII)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))


def before(version: str | None, *first: int) -> bool:
    """Whether ``version`` is known and older than the version of the numbers ``first``."""
    known = numbers(version)
    return known is not None and known[: len(first)] < first
