"""Time as this package speaks it: epoch seconds (float), UTC stamps for names, and durations for people."""

from __future__ import annotations

import time
from datetime import UTC, datetime

HOUR = 3600.0
DAY = 86400.0


def now() -> float:
    """The current time in epoch seconds."""
    return time.time()


def stamp(at: float) -> str:
    """``at`` (epoch seconds) as ``20260102T030405Z``: sorts by time and is a legal file name everywhere."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def iso(at: float) -> str:
    """``at`` (epoch seconds) as ISO 8601 in UTC, to the second; in words what no calendar has (a file can say any)."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return "after the year 9999" if at > 0 else "before the year 1"


def duration(seconds: float) -> str:
    """A length of time for people, in its two largest units: ``46m 53s``, ``4h 5m``, ``12d 3h``, ``8s``.

    Truncates, as a countdown does; a length below zero reads ``0s``; lengths over ten years read ``over 10 years``.
    """
    if not seconds < 3650 * DAY:  # NaN and infinity land here too
        return "over 10 years"
    whole = max(0, int(seconds))
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (secs, "s")]
    while len(parts) > 1 and parts[0][0] == 0:
        parts.pop(0)
    return " ".join(f"{value}{unit}" for value, unit in parts[:2] if value or unit == parts[0][1])
