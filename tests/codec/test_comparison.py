"""Which elements of a list became which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.codec.comparison import origins
from hermes_state.codec.json import Spelled

A, B, C = ({"id": name, "n": 1} for name in "abc")
W, X, Y, Z = ({"x": number} for number in range(4))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], [], []),
        ([A, B, C], [A, B, C], [0, 1, 2]),
        ([A, B, C], [dict(A), dict(B), dict(C)], [0, 1, 2]),
        ([A, B, C], [A, C], [0, 2]),
        ([A, C], [A, B, C], [0, None, 1]),
        ([A, B], [B, A], [1, 0]),
        ([A, B], [dict(B), dict(A)], [1, 0]),
        ([A, dict(A)], [dict(A), dict(A), dict(A)], [0, 1, None]),
        # By place, where no order changes.
        ([W, X], [Y, Z], [0, 1]),
        ([W, X], [Y, Z, {}], [0, 1, None]),
        ([W, X, A], [Y, A], [0, 2]),
        ([A, W], [Y, Z, A], [None, None, 0]),
        ([W, X, A], [A, Y], [2, None]),
        ([W, [1]], [[1], {}], [0, 1]),
        # Plain values by themselves, and by their type and spelling too.
        (["a", "b", "c"], ["c", "x", "a"], [2, None, 0]),
        ([1, 1.0, True, None], [None, True, 1.0, 1], [3, 2, 1, 0]),
        ([1.5, Spelled("1.50")], [Spelled("1.50"), Spelled("15e-1")], [1, None]),
        (["a", "a"], ["a"], [0]),
        ([0], ["a"], [0]),
        # An id that names nothing.
        ([{"id": None}, {"id": [1]}], [{"id": [1]}], [0]),
    ],
)
def test_elements_are_known_by_identity_then_by_name_then_by_place(old, new, expected):
    assert origins(old, new) == expected


_ids = st.lists(st.fixed_dictionaries({}, optional={"id": st.sampled_from(["a", "b", 1, None])}), max_size=5)


@given(_ids, st.data())
def test_every_place_is_taken_once_and_the_same_object_is_always_known(old, data):
    new = data.draw(_ids)
    kept = data.draw(st.permutations(old)) if old else []
    new = [*new, *kept[: data.draw(st.integers(0, len(kept)))]]
    found = origins(old, new)
    taken = [place for place in found if place is not None]
    assert len(set(taken)) == len(taken)
    for element, place in zip(new, found, strict=True):
        if any(element is each for each in old):
            assert place is not None
            assert old[place] is element
