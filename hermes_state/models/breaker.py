"""What is wrong with ``rate_limits/nous.json`` and files of its shape: see ``views/breaker.py``.

Only the types are looked at here. Whether a breaker is active, elapsed or implausible depends on the time of day.
"""

from __future__ import annotations

import math

from hermes_state.models.issue import Issue, IssueKind, pointer
from hermes_state.models.rules import faults, published, rule


def check(value: object) -> list[Issue]:
    """Everything that is wrong with ``value`` as the content of a breaker; never raises on JSON values."""
    issues = faults(rule("breaker"), value)
    if isinstance(value, dict):
        times = ((name, value.get(name)) for name in published("breaker")["properties"])
        issues += (
            Issue(pointer(name), "is NaN or infinite", IssueKind.NON_FINITE)
            for name, time in times
            if isinstance(time, float) and not math.isfinite(time)
        )
    return issues
