"""Setting one scalar: the value is new, everything else is as it was, and no other line changed."""

from __future__ import annotations

import math
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.codec.yaml import parse
from hermes_state.codec.yaml.setting import set_scalar
from hermes_state.edit import apply
from hermes_state.outcomes import Outcome
from tests.codec.yaml_texts import changed, files, lines_changed, places, read_1_1, read_1_2, scalars

SAMPLES = Path(__file__).parents[1] / "samples" / "config"
FILES = [
    path
    for path in sorted(SAMPLES.rglob("*.before.yaml"))
    if path.name not in ("broken-yaml.before.yaml", "root-list.before.yaml", "root-scalar.before.yaml")
]


def edited(text: str, pointer: tuple[Any, ...], value: Any) -> str:
    read = parse(text.encode())
    return apply(read.text, set_scalar(read, pointer, value))


def refused(text: str, pointer: tuple[Any, ...], value: Any = "new") -> str:
    """Why setting is refused."""
    with pytest.raises(BadText) as caught:
        set_scalar(parse(text.encode()), pointer, value)
    assert caught.value.fault.outcome is Outcome.INVALID
    assert caught.value.fault.pointer == "".join(f"/{step}" for step in pointer)
    return caught.value.fault.message


# --- what there is already -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "pointer", "value", "after"),
    [
        # spelling
        ("a: x  # c\n", ("a",), "w", "a: w  # c\n"),
        ("a: 'x'\n", ("a",), "it's", "a: 'it''s'\n"),
        ('a: "x"\n', ("a",), "w", 'a: "w"\n'),
        ('a: "x"\n', ("a",), 5, "a: 5\n"),
        ("a: x\n", ("a",), "off", 'a: "off"\n'),
        ("a: 012  # octal\nb: 012\n", ("a",), 12, "a: 12  # octal\nb: 012\n"),
        ("a: yes\n", ("a",), False, "a: false\n"),
        ("a:   x\n", ("a",), "w", "a:   w\n"),
        ("a: x\t# tab\n", ("a",), "w", "a: w\t# tab\n"),
        # nothing written
        ("a:\nb: 1\n", ("a",), "x", "a: x\nb: 1\n"),
        ("a:   # c\n  # d\nb: 1\n", ("a",), "x", "a: x   # c\n  # d\nb: 1\n"),
        ("a:", ("a",), "x", "a: x"),
        ("a: ~\n", ("a",), "x", "a: x\n"),
        ("a: {b, c: }\n", ("a", "b"), "x", "a: {b: x, c: }\n"),
        ("a: {b, c: }\n", ("a", "c"), "x", "a: {b, c: x }\n"),
        ("a:\n-\n- b\n", ("a", 0), "x", "a:\n- x\n- b\n"),
        ('a: {"b":"c"}\n', ("a", "b"), 1, 'a: {"b": 1}\n'),
        # in brackets and lists
        ("a: [x, 'y', z]  # c\n", ("a", 1), "w", "a: [x, 'w', z]  # c\n"),
        ("a: [x]\n", ("a", 0), "y, z", 'a: ["y, z"]\n'),
        ("- a\n- b: c\n", (1, "b"), "d", "- a\n- b: d\n"),
        ("a: [b: c]\n", ("a", 0, "b"), "d", "a: [b: d]\n"),
        ("a: {}\n", ("a",), "x", "a: x\n"),
        ("a: []  # c\n", ("a",), None, "a: null  # c\n"),
        # anchors, tags, aliases
        ("a: &x y\n", ("a",), "z", "a: &x z\n"),
        ("a: &x\n", ("a",), "z", "a: &x z\n"),
        ("a: !!str 12\n", ("a",), 13, "a: 13\n"),
        ("a: &x !!str 12\n", ("a",), "w", "a: &x w\n"),
        ("a: &x y\nb: *x\n", ("b",), "z", "a: &x y\nb: z\n"),
        # several lines
        ("a: x\n  y # c\nb: 1\n", ("a",), "z", "a: z # c\nb: 1\n"),
        ('a: "x\n  y" # c\nb: 1\n', ("a",), "z", 'a: "z" # c\nb: 1\n'),
        ("a: |  # c\n  x\n  y\n\nb: 1\n", ("a",), "z", "a: z  # c\n\nb: 1\n"),
        ("a: >-\n  x\n\n  y\n# c\nb: 1\n", ("a",), 5, "a: 5\n# c\nb: 1\n"),
        ("a: &x |\n  y\nb: 1\n", ("a",), "z", "a: &x z\nb: 1\n"),
        ("a: |\n  x\n", ("a",), "w", "a: w\n"),
        ("a: |\n\nb: 1\n", ("a",), "w", "a: w\n\nb: 1\n"),
        ("- |\n  x\n- y\n", (0,), "z", "- z\n- y\n"),
        ("a: |\n  x", ("a",), "w", "a: w"),
        # blocks stay blocks
        ("a: |  # c\n    x\n\nb: 1\n", ("a",), "y\n\nz\n", "a: |  # c\n    y\n\n    z\n\nb: 1\n"),
        ("a: >\n  x\nb: 1\n", ("a",), "y\nz", "a: |-\n  y\n  z\nb: 1\n"),
        ("a: |2\n    x\nb: 1\n", ("a",), "y\n  z\n", "a: |\n    y\n      z\nb: 1\n"),
        ("a: |\n  x\nb: 1\n", ("a",), " y\nz\n", 'a: " y\\nz\\n"\nb: 1\n'),
        ("a: |\n  x\nb: 1\n", ("a",), "y\n\n", 'a: "y\\n\\n"\nb: 1\n'),
        ("a: |\n  x\nb: 1\n", ("a",), "y\x07\nz\n", 'a: "y\\x07\\nz\\n"\nb: 1\n'),
        ("a: |\n  x", ("a",), "y\nz\n", 'a: "y\\nz\\n"'),
        # keys that are no text
        ("on: 1\n2070: x\n~: y\n", (True,), 2, "on: 2\n2070: x\n~: y\n"),
        ("on: 1\n2070: x\n~: y\n", (2070,), "z", "on: 1\n2070: z\n~: y\n"),
        ("on: 1\n2070: x\n~: y\n", (None,), "z", "on: 1\n2070: x\n~: z\n"),
        # line ends
        ("a: 1\r\nb: 2\r\n", ("a",), 3, "a: 3\r\nb: 2\r\n"),
        ("a: |\r\n  x\r\nb: 2\r\n", ("a",), "y\nz\n", "a: |\r\n  y\r\n  z\r\nb: 2\r\n"),
        ("a: 1\nb: 2", ("b",), 3, "a: 1\nb: 3"),
        ("---\na: 1\n...\n", ("a",), 2, "---\na: 2\n...\n"),
    ],
)
def test_a_value_is_replaced_where_it_stands(before: str, pointer: tuple[Any, ...], value: Any, after: str) -> None:
    assert edited(before, pointer, value) == after


@pytest.mark.parametrize(
    ("text", "pointer", "value"),
    [
        ("a: off\n", ("a",), False),
        ("a: 012\n", ("a",), 10),
        ("a: 1_000\n", ("a",), 1000),
        ("a:\n", ("a",), None),
        ("a: .nan\n", ("a",), math.nan),
        ("a: |\n  x\n", ("a",), "x\n"),
        ("a: &x w\nb: *x\n", ("b",), "w"),
    ],
)
def test_a_value_that_is_there_already_keeps_its_spelling(text: str, pointer: tuple[Any, ...], value: Any) -> None:
    assert set_scalar(parse(text.encode()), pointer, value) == []


@pytest.mark.parametrize(
    ("before", "value", "after"), [("y", True, "true"), ("1e3", 1000.0, "1000.0"), ("n", "n", '"n"')]
)
def test_a_value_that_agents_read_differently_is_written_for_all(before: str, value: Any, after: str) -> None:
    assert edited(f"a: {before}\n", ("a",), value) == f"a: {after}\n"


@pytest.mark.parametrize(("before", "value"), [("1", True), ("1", 1.0), ("yes", 1), ("0.0", -0.0), ("x", None)])
def test_an_equal_value_of_another_type_is_another_value(before: str, value: Any) -> None:
    assert same(parse(edited(f"a: {before}\n", ("a",), value).encode()).value, {"a": value})


# --- what there is not yet -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "pointer", "after"),
    [
        ("a: 1\n", ("b",), "a: 1\nb: new\n"),
        ("a: 1", ("b",), "a: 1\nb: new"),
        ("a: 1  # c\n\n# tail\n", ("b",), "a: 1  # c\nb: new\n\n# tail\n"),
        ("a:\n  b: 1\n\n# banner\nc: 2\n", ("a", "d"), "a:\n  b: 1\n  d: new\n\n# banner\nc: 2\n"),
        (
            "a:\n    b:\n    - 1\n    - 2 # c\nc: 2\n",
            ("a", "d"),
            "a:\n    b:\n    - 1\n    - 2 # c\n    d: new\nc: 2\n",
        ),
        ("a:\n  b: [1,\n    2]\nc: 2\n", ("a", "d"), "a:\n  b: [1,\n    2]\n  d: new\nc: 2\n"),
        ("a:\n  b: x\n   y\nc: 2\n", ("a", "d"), "a:\n  b: x\n   y\n  d: new\nc: 2\n"),
        ("a:\n  b: |\n    x\n\nc: 2\n", ("a", "d"), "a:\n  b: |\n    x\n  d: new\n\nc: 2\n"),
        ("a:\n  b: |+\n    x\n\nc: 2\n", ("a", "d"), "a:\n  b: |+\n    x\n\n  d: new\nc: 2\n"),
        ("a: |+\r\n  x\r\n\r\n", ("d",), "a: |+\r\n  x\r\n\r\nd: new\r\n"),
        ("a:\n  b:\n  # c\nc: 2\n", ("a", "d"), "a:\n  b:\n  d: new\n  # c\nc: 2\n"),
        ("a: &x\n  b: 1\n", ("a", "d"), "a: &x\n  b: 1\n  d: new\n"),
        ("- a: 1\n- b\n", (0, "d"), "- a: 1\n  d: new\n- b\n"),
        ("a: 1\r\nb: 2\r\n", ("d",), "a: 1\r\nb: 2\r\nd: new\r\n"),
        ("a: 1\n...\n", ("d",), "a: 1\nd: new\n...\n"),
        ('"a": 1\n', ("d",), '"a": 1\n"d": new\n'),
        ("'a': 1\n", ("it's",), "'a': 1\n'it''s': new\n"),
        ("a: 1\n", ("on",), 'a: 1\n"on": new\n'),
        ("a: 1\n", (2070,), "a: 1\n2070: new\n"),
        # sections that are missing
        ("a: 1\n", ("b", "c", "d"), "a: 1\nb:\n  c:\n    d: new\n"),
        ("a:\n    b: 1\n", ("c", "d"), "a:\n    b: 1\nc:\n    d: new\n"),
        # in brackets
        ("a: {b: 1}  # c\n", ("a", "d"), "a: {b: 1, d: new}  # c\n"),
        ("a: {b: 1,}\n", ("a", "d"), "a: {b: 1, d: new,}\n"),
        ("a: {\n  b: 1, # c\n  c: 2 # d\n}\n", ("a", "d"), "a: {\n  b: 1, # c\n  c: 2, d: new # d\n}\n"),
        ("a: {b}\n", ("a", "d"), "a: {b, d: new}\n"),
        ("a: {b: }\n", ("a", "d"), "a: {b: , d: new }\n"),
        ("a: {}\n", ("a", "b", "c"), "a: {b: {c: new}}\n"),
        ("a: &x { }\n", ("a", "b"), "a: &x {b: new }\n"),
        ("{a: 1}\n", ("b",), "{a: 1, b: new}\n"),
        ('{"a": 1}\n', ("b",), '{"a": 1, "b": new}\n'),
        # null sections
        ("a:\nb: 1\n", ("a", "c"), "a:\n  c: new\nb: 1\n"),
        (
            "a:  # all commented out\n  # c: 1\nb: 1\n",
            ("a", "c"),
            "a:  # all commented out\n  c: new\n  # c: 1\nb: 1\n",
        ),
        ("a: &x\n", ("a", "c", "d"), "a: &x\n  c:\n    d: new\n"),
        ("a: ~  # c\n", ("a", "c"), "a: {c: new}  # c\n"),
        ("a: !!null\n", ("a", "c"), "a: {c: new}\n"),
        ("a: {b: }\n", ("a", "b", "c"), "a: {b: {c: new} }\n"),
        ("- \n", (0, "c"), "- {c: new} \n"),
        ("~\n", ("c",), "{c: new}\n"),
        # no content
        ("", ("a",), "a: new\n"),
        ("# c\n", ("a", "b"), "# c\na:\n  b: new\n"),
        ("# c", ("a",), "# c\na: new"),
        ("# c\r\n\r\n", ("a",), "# c\r\n\r\na: new\r\n"),
        ("---\n", ("a",), "---\na: new\n"),
        ("--- # c\n", ("a",), "--- # c\na: new\n"),
        # over a merge key
        ("x: &x {b: 1}\na:\n  <<: *x\n", ("a", "b"), "x: &x {b: 1}\na:\n  <<: *x\n  b: new\n"),
    ],
)
def test_a_missing_key_is_added_after_the_last_one(before: str, pointer: tuple[Any, ...], after: str) -> None:
    assert edited(before, pointer, "new") == after


def test_a_byte_order_mark_stays_in_front() -> None:
    read = parse(b"\xef\xbb\xbf")
    assert read.encode(apply(read.text, set_scalar(read, ("a",), 1))) == b"\xef\xbb\xbfa: 1\n"


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pointer", "part"),
    [
        ("a: &x {b: 1}\nc: *x\n", ("c", "b"), "this is an alias"),
        ("a: &x {b: 1}\nc: *x\n", ("a", "b"), "an alias repeats this section"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", ("a", "new"), "an alias repeats this section"),
        ("a: &x 1\nc: *x\n", ("a",), "an alias repeats this value"),
        ("a: &x\nc: *x\n", ("a", "b"), "an alias repeats this section"),
        ("x: &x {b: {c: 1}}\na: {<<: *x}\n", ("a", "b", "c"), "what is set here by a merge key"),
        ("a: 1\na: 2\n", ("a",), "stands there more than once"),
        ("a: {b: 1}\na: {b: 2}\n", ("a", "b"), "stands there more than once"),
        ("a: [1]\n", ("a",), "a sequence that is not empty would be lost"),
        ("a:\n  b: 1\n", ("a",), "a mapping that is not empty would be lost"),
        ("a: 1\n", ("a", "b"), "a scalar where a section should be"),
        ("a: [1]\n", ("a", "b"), "a sequence where a section should be"),
        ("a: [1]\n", ("a", 1), "a sequence where a section should be"),
        ("a: [1]\n", ("a", -1), "a sequence where a section should be"),
        ("- 1\n", ("a",), "a sequence where a section should be"),
        ("a: [b: c]\n", ("a", 0, "d"), "a pair without brackets"),
        ("? a\nb: 1\n", ("a",), "without changing something else"),
        ("? a\nb: 1\n", ("a", "c"), "a key without a colon"),
        ("a: !!int &x '12'\n", ("a",), "without changing something else"),
        ("a: |\n  x", ("b",), "without changing something else"),
        ("---\n...\n", ("a",), "without changing something else"),
        ("a: 1\n", (), "not the place of a setting"),
        ("a: 1\n", ("a",) * 101, "not the place of a setting"),
        ("a: 1\n", ("x" * 2000,), "without changing something else"),
    ],
)
def test_what_would_change_something_else_is_refused(text: str, pointer: tuple[Any, ...], part: str) -> None:
    assert part in refused(text, pointer)


def test_a_refusal_has_a_place() -> None:
    with pytest.raises(BadText) as caught:
        set_scalar(parse(b"a:\n  b: 1\n  c: [1]\n"), ("a", "c"), 1)
    assert (caught.value.fault.line, caught.value.fault.column) == (3, 6)


def test_text_that_no_file_can_hold_is_an_error() -> None:
    with pytest.raises(ValueError):
        set_scalar(parse(b"a: 1\n"), ("a",), "\ud83d")


# --- samples and any file --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(SAMPLES)) for path in FILES])
def test_in_every_sample_each_value_can_be_set_by_changing_its_own_line(path: Path) -> None:
    read = parse(path.read_bytes())
    values = cycle(("new", "off", True, None, 7, "012", 0.5))
    for (pointer, old), value in zip(places(read.value), values, strict=False):
        if isinstance(old, dict | list) and old:
            continue
        try:
            edits = set_scalar(read, pointer, value)
        except BadText as error:
            assert "alias" in error.fault.message
            continue
        assert same(read_1_1(apply(read.text, edits)), changed(read.value, pointer, value))
        before, after = lines_changed(read, edits)
        of_several_lines = "\n" in str(old) or pointer == ("unknown_section", "multi")
        assert len(after) == bool(edits) and (len(before) <= 1 or of_several_lines)


@pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(SAMPLES)) for path in FILES])
def test_in_every_sample_a_key_can_be_added_by_one_line(path: Path) -> None:
    read = parse(path.read_bytes())
    edits = set_scalar(read, ("hermes_state_test",), "012")
    assert same(read_1_1(apply(read.text, edits)), changed(read.value, ("hermes_state_test",), "012"))
    before, after = lines_changed(read, edits)
    assert [line.rstrip("\r") for line in after if line not in before] == ['hermes_state_test: "012"']


@given(files, st.data())
def test_any_value_of_any_file_can_be_set_without_changing_anything_else(read, data) -> None:
    pointer, old = data.draw(st.sampled_from([*places(read.value)]))
    assume(not (isinstance(old, dict | list) and old))
    value = data.draw(scalars)
    edits = set_scalar(read, pointer, value)
    text = apply(read.text, edits)
    assert same(read_1_1(text), changed(read.value, pointer, value))
    assert text.endswith("\n") == read.text.endswith("\n")
    # The only break of a text may go with the value it is in; else no kind of break comes or goes.
    assert ("\r" in text) == ("\r" in read.text) or not {"\r", "\n"} & {*text}
    try:
        found = read_1_2(text)
        for step in pointer:
            found = found[step]
    except Exception:
        return  # keys such as on and 012 are others by YAML 1.2, or the text is not YAML to it
    assert same(found, value) or not edits


@given(
    files,
    st.data(),
    st.lists(st.sampled_from(["new", "new too", "off", "né", "x: y"]), min_size=1, max_size=3),
    scalars,
)
def test_any_section_of_any_file_takes_a_new_key_without_changing_anything_else(read, data, keys, value) -> None:
    sections = [
        pointer for pointer, old in [((), read.value), *places(read.value)] if isinstance(old, dict) or old is None
    ]
    pointer = (*data.draw(st.sampled_from(sections)), *keys)
    try:
        text = apply(read.text, set_scalar(read, pointer, value))
    except BadText as error:
        unended_block = read.text[-1:] not in ("\n", "}") and "something else" in error.fault.message
        assert unended_block or error.fault.message == "a pair without brackets in a list takes no second key"
        return
    assert same(read_1_1(text), changed(read.value, pointer, value))
    assert text.endswith("\n") == read.text.endswith("\n")
    assert "\r" not in text or text.count("\n") == text.count("\r\n")
    kept = [line.strip() for line in read.text.splitlines() if line.lstrip().startswith("#")]
    assert [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")] == kept
