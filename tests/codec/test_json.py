"""Reading JSON: what is accepted, what is refused and where, and where everything stands."""

from __future__ import annotations

import copy
import json
import math
import pickle
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hermes_state.codec.diagnosis import MAX_DEPTH, depth
from hermes_state.codec.fault import BadText
from hermes_state.codec.json import Spelled, parse
from hermes_state.codec.walk import Member, blank_end, elements, line_and_column, members
from hermes_state.outcomes import Outcome
from tests.codec.texts import LAYOUTS, tokens, trees, written

SAMPLES = Path(__file__).parents[1] / "samples"
CUT = "the text ends too early (a truncated write?)"


def fault(data: bytes):
    with pytest.raises(BadText) as caught:
        parse(data)
    return caught.value.fault


# --- what is accepted -------------------------------------------------------------------------------------------------


def everything_written_by_agents():
    return [path for kind in ("auth", "sessions", "rate_limits") for path in sorted((SAMPLES / kind).rglob("*.json"))]


@pytest.mark.parametrize("path", everything_written_by_agents(), ids=lambda path: str(path.relative_to(SAMPLES)))
def test_files_of_agents_read_as_python_reads_them(path):
    data = path.read_bytes()
    assert repr(parse(data).value) == repr(json.loads(data))


def test_byte_order_mark_is_noted_and_not_part_of_the_text():
    read = parse(b'\xef\xbb\xbf{"a": 1}')
    assert (read.bom, read.text, read.value) == (True, '{"a": 1}', {"a": 1})
    assert read.encode(read.text) == b'{"a": 1}'


def test_odd_numbers_are_noted_and_read():
    read = parse(b'{"a": NaN, "b": [Infinity, -Infinity]}')
    assert read.odd_numbers
    assert math.isnan(read.value["a"])
    assert read.value["b"] == [math.inf, -math.inf]
    assert not parse(b'{"a": "NaN", "b": 1e400}').odd_numbers


@pytest.mark.parametrize(
    ("text", "lone"),
    [
        (r'"\ud800"', True),
        (r'"\uDC00x"', True),
        (r'"\uD83D\uDE00"', False),
        (r'"\ud800\ud83d\ude00"', True),
        (r'"\\ud800"', False),
        (r'"\\\ud800"', True),
        (r'"\\ud83d\ude00"', True),
        (r'"\\\\ud83d"', False),
        (r'{"\ud83d": 1}', True),
        ('"\\ud83d \\ude00"', True),
        (r'"\u00e9 \n \""', False),
    ],
)
def test_halves_of_surrogate_pairs_are_noted(text, lone):
    read = parse(text.encode())
    assert read.lone_surrogates is lone
    assert lone is any(0xD800 <= ord(letter) < 0xE000 for letter in json.dumps(read.value, ensure_ascii=False))


def test_numbers_keep_their_spelling_where_python_would_write_another():
    value = parse(b"[1.50, 1E5, -0.0, 1760000000.25, 1e22, 1e+22, 1e400, 12]").value
    assert [getattr(number, "text", None) for number in value] == [
        "1.50",
        "1E5",
        None,
        None,
        "1e22",
        None,
        "1e400",
        None,
    ]
    assert value == [1.5, 100000.0, 0.0, 1760000000.25, 1e22, 1e22, math.inf, 12]


def test_a_spelled_number_survives_copies_and_processes():
    for made in (
        copy.deepcopy(Spelled("1.50")),
        pickle.loads(pickle.dumps(Spelled("1.50"))),
        copy.copy(Spelled("1.50")),
    ):
        assert (made, made.text, type(made)) == (1.5, "1.50", Spelled)


@pytest.mark.parametrize(("levels", "fits"), [(MAX_DEPTH - 1, True), (MAX_DEPTH, True), (MAX_DEPTH + 1, False)])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_nesting_is_accepted_up_to_the_limit(levels, fits, brackets):
    opening, closing = brackets
    each = opening.count("{") + opening.count("[")
    text = "[" * (levels % each) + opening * (levels // each) + "1" + closing * (levels // each) + "]" * (levels % each)
    if fits:
        assert json.dumps(parse(text.encode()).value, separators=(",", ":")) == text
    else:
        wrong = fault(b"\n" + text.encode())
        assert (wrong.outcome, wrong.message) == (Outcome.CORRUPT, "values are nested more than 200 deep")
        assert (wrong.line, wrong.column) == (2, text.rindex(opening[-5:] if "{" in opening else "[") + 1)


# --- what is refused, and where ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "message", "place"),
    [
        (b" \n\t", "it holds white space only", (2, 2)),
        (b"\xef\xbb\xbf", "it holds white space only", (1, 1)),
        (b'{"a": 1}\n{"b"', "something follows the end of the document", (2, 1)),
        (b'{"a": 1, 2}', "not JSON here: expecting property name enclosed in double quotes", (1, 10)),
        (b'{\n  "a": 1\n  "b": 2\n}', "not JSON here: expecting ',' delimiter", (3, 3)),
        (b"{'a': 1}", "not JSON here: expecting property name enclosed in double quotes", (1, 2)),
        (b"hello", "not JSON here: expecting value", (1, 1)),
        (b"\xef\xbb\xbf{x}", "not JSON here: expecting property name enclosed in double quotes", (1, 2)),
        (b'{"a": 1}\0\0\0', "it holds NUL bytes, as a file does after a crash", (1, 9)),
        (b"\0" * 64, "it holds NUL bytes, as a file does after a crash", (1, 1)),
        (b'{"a": "x\ty"}', "not JSON here: invalid control character", (1, 9)),
        (b'{"a": "\\q"}', "not JSON here: invalid \\escape", (1, 8)),
        (b'{\n"a": "caf\xe9"}', "byte 11 is not UTF-8", (2, 10)),
        (b"\xff\xfe{\0}\0", "byte 0 is not UTF-8", (1, 1)),
        ("{\n“".encode()[:-1], CUT, (2, 1)),
        (b"\xef\xbb\xbf\xff", "byte 3 is not UTF-8", (1, 1)),
    ],
)
def test_corrupt_text_is_refused_with_its_place(data, message, place):
    wrong = fault(data)
    assert (wrong.outcome, wrong.message) == (Outcome.CORRUPT, message)
    assert (wrong.line, wrong.column) == place


def test_comma_before_the_end_is_refused_there():
    wrong = fault(b'{"a": 1,}')  # the words and the column are those of the Python version
    assert (wrong.outcome, wrong.line) == (Outcome.CORRUPT, 1)
    assert wrong.column in (8, 9)
    assert wrong.message.startswith("not JSON here: ")


def test_no_bytes_are_empty_not_corrupt():
    assert fault(b"").outcome is Outcome.EMPTY


@pytest.mark.parametrize("path", ["auth/0.19.0/pool_exhausted_429.json", "auth/0.22.2/model_cooldown.json"])
def test_text_cut_at_any_byte_is_said_to_end_too_early(path):
    data = (SAMPLES / path).read_bytes().rstrip()
    for end in range(1, len(data)):
        wrong = fault(data[:end])
        assert (wrong.outcome, wrong.message) == (Outcome.CORRUPT, CUT), data[:end][-20:]
        assert wrong.line is not None and wrong.column is not None
        assert data[:end].count(b"\n") + 1 == wrong.line


def test_integer_of_thousands_of_digits_is_refused_where_it_stands():
    data = b'{"token": "' + b"1" * 5000 + b'",\n "float": 1.' + b"1" * 5000 + b',\n "n": [-' + b"2" * 5000 + b"]}"
    wrong = fault(data)
    assert (wrong.outcome, wrong.message) == (Outcome.CORRUPT, "a number has thousands of digits")
    assert (wrong.line, wrong.column) == (3, 8)


def test_garbage_of_a_hundred_thousand_levels_is_refused_where_it_gets_too_deep():
    for garbage in (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000, b'[{"a":[' * 50_000):
        wrong = fault(b'{"x": "[[[\\"",\n"y":' + garbage)
        assert (wrong.outcome, wrong.message, wrong.line) == (
            Outcome.CORRUPT,
            "values are nested more than 200 deep",
            2,
        )
        assert wrong.column is not None and wrong.column < 1200


def test_brackets_that_are_not_closed_are_counted_by_what_is_open_at_once():
    # 90 closed and 160 open: together more than the limit, but nowhere at once.
    assert fault(b"[" * 100 + b"[" * 90 + b"]" * 90 + b"," + b"[" * 60).message == CUT


@settings(max_examples=500)
@given(st.binary(max_size=30) | st.text(alphabet='{}[]",:\\u0dD8e1.-tn \ufeff\0é', max_size=30).map(str.encode))
@example(b'"\\u"')
@example(b'{"a":1,"a":')
def test_any_bytes_are_read_as_python_reads_them_or_refused(data):
    try:
        expected = json.loads(data.decode("utf-8-sig"))
    except ValueError:
        wrong = fault(data)
        assert wrong.outcome is (Outcome.CORRUPT if data else Outcome.EMPTY)
        assert (wrong.line is None) is (not data)
    else:
        assert repr(parse(data).value) == repr(expected)


# --- depth ------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(tree=trees, layout=st.sampled_from(LAYOUTS), seed=st.integers(0, 1 << 30))
def test_depth_is_that_of_the_value(tree, layout, seed):
    text = written(tree, layout, random.Random(seed))
    assert depth(text.encode()) == levels(parse(text.encode()).value)


def levels(value):
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(levels, value.values() if isinstance(value, dict) else value), default=0)


# --- where everything stands ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(tree=trees, layout=st.sampled_from(LAYOUTS), seed=st.integers(0, 1 << 30))
def test_members_and_elements_stand_where_a_slow_reader_finds_them(tree, layout, seed):
    text = written(tree, layout, random.Random(seed))
    found = tokens(text)
    starts: dict[tuple[str | int, ...], int] = {(): blank_end(text, 0)}
    for path in sorted(found, key=len):
        offset, token = starts[path], found[path]
        assert text.startswith(token, offset)
        below: list[tuple[str | int, int, int]] = []
        if token[0] == "{":
            below = [(m.key, m.value, m.end) for m in members(text, offset)]
        elif token[0] == "[":
            below = [(index, *places) for index, places in enumerate(elements(text, offset))]
        starts |= {(*path, step): start for step, start, _ in below}
        children = [(other[-1], each) for other, each in found.items() if other[:-1] == path != other]
        assert [(step, text[start:end]) for step, start, end in below] == children


def test_members_come_with_their_keys_unescaped_and_repeated_ones_too():
    text = '{ "\\u0061" : 1 , "b\\"":[{}],"a":"x" }'
    assert list(members(text, 0)) == [Member("a", 2, 13, 14), Member('b"', 17, 23, 27), Member("a", 28, 32, 35)]


def test_repeated_keys_are_listed_with_their_lines():
    read = parse(b'{"a": 1,\n "b": [{}, {"x": 1,\n "x": 2, "\\u0078": 3}],\n "a": {"y": 1}}')
    assert read.repeated
    assert read.repeated_keys() == [(("b", 1, "x"), 3), (("b", 1, "x"), 3), (("a",), 4)]
    assert read.value == {"a": {"y": 1}, "b": [{}, {"x": 3}]}


def test_equal_keys_of_different_objects_are_not_repeated():
    read = parse(b'{"a": {"a": 1}, "b": {"a": 1}}')
    assert not read.repeated
    assert read.repeated_keys() == []


def test_lines_and_columns_count_from_one():
    text = "ab\r\ncd\n"
    assert [line_and_column(text, offset) for offset in (0, 2, 4, 7)] == [(1, 1), (1, 3), (2, 1), (3, 1)]
