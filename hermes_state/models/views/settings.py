"""Types of settings. A setting may be missing or null everywhere."""

from __future__ import annotations

from typing import Any

from hermes_state.models.view import Number

Text = str | None
Flag = bool | None
Whole = int | None
Amount = Number | None
Texts = list[str] | None
Free = dict[str, Any] | None
"""A section whose keys are up to the user, or hold plain values only."""
