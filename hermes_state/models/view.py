"""What all views share: how a view is configured, and the types of its fields.

A view is for typed reading, and the published schemas are generated from views. It is never written back: files are
changed by edits to their text.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: Kept as it was spelled: whole numbers stay whole numbers.
Number = int | float
#: A time as the agents have written it over the years: epoch seconds, epoch milliseconds, numeric text, ISO 8601.
Timestamp = int | float | str
#: How often something happened; never below zero.
Count = Annotated[int, Field(ge=0)]
Finite = int | Annotated[float, Field(allow_inf_nan=False)]


class View(BaseModel):
    """A read-only pydantic view of one JSON object.

    Strict: nothing is converted, so what a field holds equals what the file holds. Keys that no field names are kept.
    Neither its text form nor its errors show values, which may be secrets. Nothing is built before the first use.
    """

    model_config = ConfigDict(
        strict=True,
        extra="allow",
        frozen=True,
        defer_build=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__
