from __future__ import annotations

import pytest
from pydantic import ValidationError

from hermes_state.models.view import Count, Number, Timestamp, View

SECRET = "sk-or-v1-test-canary"


class Sample(View):
    count: Count = 0
    amount: Number | None = None
    at: Timestamp | None = None
    text: str | None = None


def test_a_view_keeps_what_the_file_says() -> None:
    view = Sample.model_validate({"amount": 1, "at": "1.50", "unknown": [1]})
    assert (view.amount, type(view.amount), view.at, view.model_extra) == (1, int, "1.50", {"unknown": [1]})


def test_a_view_cannot_be_changed() -> None:
    view = Sample.model_validate({})
    with pytest.raises(ValidationError):
        view.count = 1


def test_neither_a_view_nor_its_error_shows_values() -> None:
    view = Sample.model_validate({"text": SECRET, "unknown": SECRET})
    assert SECRET not in f"{view!r} {view}"
    with pytest.raises(ValidationError) as caught:
        Sample.model_validate({"count": SECRET})
    assert SECRET not in str(caught.value)
