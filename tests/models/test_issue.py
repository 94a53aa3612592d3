from __future__ import annotations

import pytest

from hermes_state.models.issue import json_type, pointer


def test_a_pointer_to_the_whole_file_is_empty() -> None:
    assert pointer() == ""


def test_a_pointer_escapes_slashes_and_tildes_as_rfc_6901_says() -> None:
    assert pointer("a/b", "m~n", "~/", 0, "") == "/a~1b/m~0n/~0~1/0/"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true or false"),
        (3, "a whole number"),
        (3.5, "a number"),
        ("3", "a string"),
        ({}, "an object"),
        ([], "a list"),
        ({1}, "something that JSON does not know"),
    ],
)
def test_a_json_type_is_named_in_plain_words(value: object, words: str) -> None:
    assert json_type(value) == words
