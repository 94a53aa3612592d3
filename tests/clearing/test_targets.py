"""Which rows a word on the command line means."""

from __future__ import annotations

from typing import Any

import pytest

from hermes_state.clearing.targets import Target, chosen
from hermes_state.errors import UnknownTarget
from tests.inspection.homes import row

PATH = "/h/auth.json"
ROWS: list[Any] = [
    row("aaaaa1", label="work"),
    row("aaaaa2", label=" Spare "),
    row("aaaaa3", label="work"),
    row("2", label="aaaaa1"),
    row(7, label="1"),
    row(None, label=None),
    "what is this",
    row("twin"),
    row("twin"),
    row(True, label=5),
]


@pytest.mark.parametrize("name", ["", " "])
def test_nothing_means_no_row_not_even_one_without_a_label(name: str) -> None:
    with pytest.raises(UnknownTarget):
        chosen([row("aaaaa1", label=""), row("aaaaa2", label=" ")], Target("openrouter", name), PATH)


@pytest.mark.parametrize(
    ("name", "places"),
    [
        (None, list(range(len(ROWS)))),
        ("aaaaa2", [1]),
        (" aaaaa2 ", [1]),
        ("aaaaa1", [0]),  # an id goes before a label
        ("spare", [1]),
        ("2", [3]),  # and before a number
        ("1", [4]),  # as does a label
        ("7", [4]),
        ("3", [2]),
        ("6", [5]),
        ("10", [9]),
    ],
)
def test_an_id_goes_before_a_label_and_a_label_before_a_number(name: str | None, places: list[int]) -> None:
    assert chosen(ROWS, Target("p", name), PATH) == places


def test_numbers_count_from_one_in_the_order_of_the_file() -> None:
    rows = [row("b", priority=1), row("a", priority=0), "what is this"]
    assert [chosen(rows, Target("p", name), PATH) for name in ("1", "2", "3")] == [[0], [1], [2]]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("work", ("1 (id aaaaa1)", "3 (id aaaaa3)")),
        ("WORK", ("1 (id aaaaa1)", "3 (id aaaaa3)")),
        ("twin", ("8 (id twin)", "9 (id twin)")),
    ],
)
def test_a_name_that_fits_several_is_refused_with_what_tells_them_apart(name: str, known: tuple[str, ...]) -> None:
    with pytest.raises(UnknownTarget) as raised:
        chosen(ROWS, Target("p", name), PATH)
    assert raised.value.ambiguous
    assert raised.value.known == known


@pytest.mark.parametrize("name", ["", "0", "11", "-1", "1.0", "\u0663", "9" * 5000, "wor", "None", "aaaaa"])
def test_what_fits_nothing_is_refused(name: str) -> None:
    with pytest.raises(UnknownTarget) as raised:
        chosen(ROWS, Target("p", name), PATH)
    assert not raised.value.ambiguous


def test_a_refusal_names_a_few_rows_and_counts_the_others() -> None:
    with pytest.raises(UnknownTarget) as raised:
        chosen(ROWS, Target("p", "x"), PATH)
    assert raised.value.known[3:] == ("4 (id 2)", "5 (id 7)", "6", "7", "8 (id twin)", "2 more")
