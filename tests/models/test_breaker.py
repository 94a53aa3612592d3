from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hermes_state.models.breaker import check
from hermes_state.models.issue import Issue, IssueKind
from hermes_state.models.views.breaker import BreakerFile

FOLDER = Path(__file__).parents[1] / "samples" / "rate_limits"
#: The folder also holds samples of other files: these three are no breakers.
OTHERS = ("restart_loop", "dead_targets", "pairing_rate_limits")
SAMPLES = sorted(path for path in FOLDER.glob("*.json") if not path.name.startswith(OTHERS))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_what_real_agents_write_has_no_issues_except_infinite_times(path: Path) -> None:
    infinite = path.name.startswith("infinite")
    expected = [
        Issue(pointer, "is NaN or infinite", IssueKind.NON_FINITE)
        for pointer in ("/reset_at", "/reset_seconds")
        if infinite
    ]
    assert check(json.loads(path.read_bytes())) == expected


@pytest.mark.parametrize("value", [{}, {"reset_at": None}, {"reset_at": 10**400}, {"reset_at": -1, "provider": "x"}])
def test_the_types_are_right_whatever_the_times_mean(value: dict[str, Any]) -> None:
    assert check(value) == []


@pytest.mark.parametrize(
    ("value", "pointer", "message"),
    [
        ([], "", "is a list, not an object"),
        (None, "", "is null, not an object"),
        ({"reset_at": "1768469700"}, "/reset_at", "is a string, not a number"),
        ({"reset_at": True}, "/reset_at", "is true or false, not a number"),
        ({"recorded_at": {}}, "/recorded_at", "is an object, not a number"),
        ({"reset_seconds": []}, "/reset_seconds", "is a list, not a number"),
    ],
)
def test_a_wrong_type_is_told(value: object, pointer: str, message: str) -> None:
    assert check(value) == [Issue(pointer, message, IssueKind.TYPE)]


@pytest.mark.parametrize("time", [float("nan"), float("inf"), float("-inf")], ids=str)
@pytest.mark.parametrize("name", ["reset_at", "recorded_at", "reset_seconds"])
def test_a_time_that_is_not_finite_is_told_and_not_read(name: str, time: float) -> None:
    assert check({name: time}) == [Issue(f"/{name}", "is NaN or infinite", IssueKind.NON_FINITE)]
    with pytest.raises(ValidationError):
        BreakerFile.model_validate({name: time})


def test_a_breaker_is_read_as_it_is_spelled() -> None:
    view = BreakerFile.model_validate({"reset_at": 5, "why": "x"})
    assert (view.reset_at, type(view.reset_at), view.model_extra) == (5, int, {"why": "x"})
