"""Removing one key: it is gone, everything else is as it was, and so is every comment that is not in its lines."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.codec.yaml import parse
from hermes_state.codec.yaml.removing import remove
from hermes_state.edit import apply
from hermes_state.outcomes import Outcome
from tests.codec.yaml_texts import files, lines_changed, places, read_1_1

SAMPLES = Path(__file__).parents[1] / "samples" / "config"
FILES = [path for path in sorted(SAMPLES.rglob("*.before.yaml")) if path.name != "broken-yaml.before.yaml"]


def without(value: Any, at: tuple[Any, ...]) -> Any:
    if isinstance(value, list):
        return [without(below, at[1:]) if index == at[0] else below for index, below in enumerate(value)]
    if len(at) == 1:
        return {key: below for key, below in value.items() if key != at[0]}
    return {key: without(below, at[1:]) if key == at[0] else below for key, below in value.items()}


@pytest.mark.parametrize(
    ("before", "pointer", "after"),
    [
        ("a: 1\nb: 2\n", ("a",), "b: 2\n"),
        ("a: 1\nb: 2\n", ("b",), "a: 1\n"),
        ("a: 1\nb: 2", ("b",), "a: 1\n"),
        ("a: |\n  x\nb: 2", ("b",), "a: |\n  x\n"),
        ("a: 1\r\nb: 2\r\n", ("a",), "b: 2\r\n"),
        ("a: 1\r\nb: 2", ("b",), "a: 1\r\n"),
        ("# a\na: 1 # gone\n\n# b\nb: 2\n", ("a",), "# a\n\n# b\nb: 2\n"),
        ("a:\n  b: 1\n  # gone\n  c: 2\n# d\nd: 3\n", ("a",), "# d\nd: 3\n"),
        ("a:\n  b: 1\n  c: |\n    x\n\n  d: 2\n", ("a", "c"), "a:\n  b: 1\n\n  d: 2\n"),
        ("a:\n  b: 1\n  c: |+\n    x\n\n  d: 2\n", ("a", "c"), "a:\n  b: 1\n  d: 2\n"),
        ("a:\n  b: 1\n  c: x\n    y\n  d: 2\n", ("a", "c"), "a:\n  b: 1\n  d: 2\n"),
        ("a:\nb: 2\n", ("a",), "b: 2\n"),
        ("a: [1,\n  2]\nb: 2\n", ("a",), "b: 2\n"),
        ("---\na: 1\nb: 2\n...\n", ("b",), "---\na: 1\n...\n"),
        # the only key
        ("# c\na: 1\n", ("a",), "# c\n"),
        ("a: 1\n", ("a",), ""),
        ("a:\n  b: 1\nc: 2\n", ("a", "b"), "a: {}\nc: 2\n"),
        ("a:  # c\n  # d\n  b: 1\n# e\nc: 2\n", ("a", "b"), "a: {}  # c\n  # d\n# e\nc: 2\n"),
        ("a: &x\n  b: 1\n", ("a", "b"), "a: &x {}\n"),
        ("a:\n  b: 1", ("a", "b"), "a: {}\n"),
        ("a:\n- b: 1 # c\n- d\n", ("a", 0, "b"), "a:\n- {} # c\n- d\n"),
        ("a:\n-\n  b: 1\n- d\n", ("a", 0, "b"), "a:\n-\n  {}\n- d\n"),
        # the first key of an item
        ("- a: 1\n  b: 2\n", (0, "a"), "- b: 2\n"),
        ("- a: 1\n  b: 2\n", (0, "b"), "- a: 1\n"),
        # in brackets
        ("a: {b: 1, c: 2, d: 3} # e\n", ("a", "b"), "a: {c: 2, d: 3} # e\n"),
        ("a: {b: 1, c: 2, d: 3}\n", ("a", "c"), "a: {b: 1, d: 3}\n"),
        ("a: {b: 1, c: 2, d: 3}\n", ("a", "d"), "a: {b: 1, c: 2}\n"),
        ("a: {b: 1, c: 2,}\n", ("a", "c"), "a: {b: 1,}\n"),
        ("a: {b: , c: 2}\n", ("a", "c"), "a: {b: }\n"),
        ("a: {b, c}\n", ("a", "b"), "a: {c}\n"),
        ("a: {b: 1}\n", ("a", "b"), "a: {}\n"),
        ("a: &x { b: 1, }\n", ("a", "b"), "a: &x {}\n"),
        ("{a: 1}\n", ("a",), "{}\n"),
        # keys that are no text
        ("on: 1\n2070: 2\n~: 3\n", (None,), "on: 1\n2070: 2\n"),
        ("on: 1\n2070: 2\n~: 3\n", (True,), "2070: 2\n~: 3\n"),
    ],
)
def test_a_key_goes_with_its_lines(before: str, pointer: tuple[Any, ...], after: str) -> None:
    read = parse(before.encode())
    assert apply(read.text, remove(read, pointer)) == after


@pytest.mark.parametrize(
    ("text", "pointer"), [("a: 1\n", ("b",)), ("a:\n", ("a", "b")), ("# c\n", ("a",)), ("a: {}\n", ("a", "b", "c"))]
)
def test_a_key_that_is_not_there_takes_no_edit(text: str, pointer: tuple[Any, ...]) -> None:
    assert remove(parse(text.encode()), pointer) == []


@pytest.mark.parametrize(
    ("text", "pointer", "part"),
    [
        ("a: &x 1\nb: *x\n", ("a",), "without changing something else"),
        ("a: &x {b: 1}\nc: *x\n", ("a", "b"), "an alias repeats this section"),
        ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "this is an alias"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", ("c", "b"), "comes from a merge key"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n  b: 2\n", ("c", "b"), "without changing something else"),
        ("a: 1\na: 2\n", ("a",), "stands there more than once"),
        ("a: [1, 2]\n", ("a", 0), "only keys can be removed"),
        ("a: 1\n", (), "only keys can be removed"),
        ("a: 1\n", ("a", "b"), "a scalar where a section should be"),
        ("a: [b: 1]\n", ("a", 0, "b"), "a pair without brackets"),
        ("a: {\n  b: 1, # c\n  d: 2\n}\n", ("a", "b"), "a comment inside of brackets"),
        ("a: {\n  # c\n  b: 1\n}\n", ("a", "b"), "a comment inside of brackets"),
        ("- a: 1\n  # c\n  b: 2\n", (0, "a"), "a comment or a mark"),
        ("? a\n: 1\n", ("a",), "a comment or a mark"),
        ("a: 1\n...\n", ("a",), "without changing something else"),
        ("a: |+\n  x\n\nb: |\n  y\n\nc: 1\n", ("b",), "without changing something else"),
    ],
)
def test_what_would_take_something_else_along_is_refused(text: str, pointer: tuple[Any, ...], part: str) -> None:
    with pytest.raises(BadText) as caught:
        remove(parse(text.encode()), pointer)
    assert caught.value.fault.outcome is Outcome.INVALID
    assert part in caught.value.fault.message


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(SAMPLES)) for path in FILES])
def test_in_every_sample_every_third_key_can_be_removed_with_its_lines_only(path: Path) -> None:
    read = parse(path.read_bytes())
    for pointer, _ in islice(places(read.value), 0, None, 3):
        if (
            isinstance(pointer[-1], int)
            and not isinstance(pointer[-1], bool)
            and path.name != "non-string-keys.before.yaml"
        ):
            continue
        try:
            edits = remove(read, pointer)
        except BadText as error:
            assert read.text.count("&") and read.text.count("*"), error.fault
            continue
        text = apply(read.text, edits)
        assert same(read_1_1(text) or {}, without(read.value, pointer))
        before, after = lines_changed(read, edits)
        assert len(after) <= 2 and len(before) > 0


@given(files, st.data())
def test_any_key_of_any_file_can_be_removed_without_changing_anything_else(read, data) -> None:
    keys = [pointer for pointer, _ in places(read.value) if not isinstance(pointer[-1], int) or pointer[-1] is True]
    assume(keys)
    pointer = data.draw(st.sampled_from(keys))
    try:
        text = apply(read.text, remove(read, pointer))
    except BadText as error:
        message = error.fault.message
        honest = ("|+" in read.text or len(read.value) == 1) and "without changing something else" in message
        assert honest or message.startswith(("a comment", "a pair without brackets"))
        return
    assert same(read_1_1(text) or {}, without(read.value, pointer))
    comments = [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]
    assert set(comments) <= {line.strip() for line in read.text.splitlines()}
    assert "\r\n" in text or "\r" not in text
