"""``hermes-state schema``: print a published schema."""

from __future__ import annotations

import sys

from hermes_state.cli.shared import Asked
from hermes_state.errors import UnknownTarget
from hermes_state.shipped import shipped

KINDS = ("auth", "sessions", "config", "breaker")


def run(asked: Asked, kind: str) -> int:
    """Print ``schemas/<kind>.v1.json`` as it is shipped. Raises UnknownTarget."""
    if kind not in KINDS:
        raise UnknownTarget("hermes-state", "kind", kind, KINDS)
    sys.stdout.write((shipped("schemas") / f"{kind}.v1.json").read_text("utf-8"))
    return 0
