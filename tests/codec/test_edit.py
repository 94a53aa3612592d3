"""Edits to a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.edit import Edit, apply


def test_no_edits_give_the_text_itself():
    assert apply("text", []) == "text"


def test_edits_are_made_in_the_order_of_their_places_whatever_order_they_come_in():
    edits = [Edit(4, 1, "E"), Edit(0, 2, ""), Edit(2, 0, "+"), Edit(5, 0, "!")]
    assert apply("abcde", edits) == apply("abcde", reversed(edits)) == "+cdE!"


def test_at_one_place_what_is_put_in_comes_first_and_else_as_given():
    assert apply("abc", [Edit(1, 1, "X"), Edit(1, 0, "1"), Edit(1, 0, "2")]) == "a12Xc"


def test_what_is_put_in_where_another_edit_ends_stands_behind_it():
    assert apply("abc", [Edit(2, 0, "+"), Edit(0, 2, "")]) == "+c"


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(0, 2, ""), Edit(1, 1, "")],
        [Edit(0, 2, ""), Edit(1, 0, "x")],
        [Edit(0, 1, ""), Edit(0, 1, "")],
        [Edit(2, 2, "")],
        [Edit(4, 0, "")],
        [Edit(-1, 1, "")],
        [Edit(1, -1, "")],
    ],
)
def test_edits_that_overlap_or_leave_the_text_are_refused(edits):
    with pytest.raises(ValueError, match="overlaps another or leaves the text"):
        apply("abc", edits)


@given(st.lists(st.tuples(st.text(max_size=4), st.none() | st.text(max_size=4)), max_size=8), st.randoms())
def test_pieces_that_are_replaced_are_replaced_and_all_others_stay(pieces, chance):
    edits, offset = [], 0
    for old, new in pieces:
        if new is not None and old:
            edits.append(Edit(offset, len(old), new))
        offset += len(old)
    chance.shuffle(edits)
    expected = "".join(old if new is None or not old else new for old, new in pieces)
    assert apply("".join(old for old, _ in pieces), edits) == expected
