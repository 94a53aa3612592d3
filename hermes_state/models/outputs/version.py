"""``--version``: what is installed."""

from __future__ import annotations

from typing import Literal

from hermes_state.models.outputs.part import Output


class VersionOutput(Output):
    """What --version --json prints."""

    format: Literal["hermes-state/version"]
    """Which output this is."""
    version: str
    """The version of hermes-state."""
    python: str
    """The version of the Python that runs it."""
    dependencies: dict[str, str | None]
    """Distribution to its version, for everything that hermes-state depends on; null where it was not found."""
