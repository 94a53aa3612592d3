"""The one way in which reading a text fails."""

from __future__ import annotations

from typing import Any

from hermes_state.outcomes import Fault


class BadText(Exception):
    """A text that is not what its file's kind wants; ``fault`` says why and where."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault

    def __reduce__(self) -> tuple[Any, ...]:
        return (BadText, (self.fault,))
