"""``hermes-state schema``: print a published schema."""

from __future__ import annotations

import sys

from hermes_state.cli.shared import Asked, require_kinds
from hermes_state.shipped import shipped


def run(asked: Asked, kind: str) -> int:
    """Print the newest published schema of ``kind`` as it is shipped. Raises UnknownTarget."""
    require_kinds([kind])
    newest = max(shipped("schemas").glob(f"{kind}.v*.json"))
    sys.stdout.write(newest.read_text("utf-8"))
    return 0
