"""``rate_limits/nous.json`` and files of its shape: until when every agent of a home leaves a provider alone."""

from __future__ import annotations

from hermes_state.models.view import Finite, View


class BreakerFile(View):
    """A rate-limit breaker. Agents read reset_at only."""

    reset_at: Finite | None = None
    """When the provider may be asked again, epoch seconds."""
    recorded_at: Finite | None = None
    """When the limit was met, epoch seconds."""
    reset_seconds: Finite | None = None
    """reset_at minus recorded_at."""
