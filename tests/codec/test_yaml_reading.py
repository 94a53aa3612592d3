"""Reading YAML: what the agents read, and what is refused and where."""

from __future__ import annotations

import json
import pickle
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.codec.yaml import Note, NoteKind, compose, parse
from hermes_state.codec.yaml.scanner import MAX_DEPTH, MAX_TAG, MAX_TEXT
from hermes_state.outcomes import Outcome
from tests.codec.yaml_texts import fault, file, files, read_1_1

SAMPLES = Path(__file__).parents[1] / "samples" / "config"
READINGS = json.loads((Path(__file__).parent / "yaml_readings.json").read_text("ascii"))
NEWEST = READINGS["versions"].index("0.22.2")


def decoded(reading: Any) -> Any:
    if isinstance(reading, list):
        return [decoded(each) for each in reading]
    match reading:
        case {"map": entries}:
            return {decoded(key): decoded(value) for key, value in entries}
        case {"float": number}:
            return float(number)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"time": text}:
            return datetime.fromisoformat(text)
        case {"bytes": text}:
            return text.encode()
    return reading


def alike(value: Any) -> Any:
    """Times of one instant as one value."""
    if isinstance(value, dict):
        return {key: alike(below) for key, below in value.items()}
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value


def assert_read_as_recorded(data: bytes, readings: list[Any]) -> None:
    refused = [isinstance(each, dict) and "refused" in each for each in readings]
    if all(refused):
        assert fault(data).outcome is Outcome.CORRUPT
        return
    read = parse(data)
    kinds = {note.kind for note in read.notes}
    if len(readings) > 1:
        assert kinds & {NoteKind.READERS_DISAGREE, NoteKind.REPEATED_KEY}
    reading = decoded(readings[0] if len(readings) == 1 or refused[NEWEST] else readings[NEWEST])
    assert same(alike(read.value), {} if read.blank and reading is None else reading)


# --- the agents ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "readings"), READINGS["samples"], ids=[name for name, _ in READINGS["samples"]])
def test_a_sample_is_read_as_the_agents_read_it(name: str, readings: list[Any]) -> None:
    assert_read_as_recorded((SAMPLES / name).read_bytes(), readings)


def test_every_sample_has_a_recorded_reading() -> None:
    assert [name for name, _ in READINGS["samples"]] == sorted(
        str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*.before.yaml")
    )


#: What the agents of 0.22 read and we do not: a tuple as a key.
REFUSED_BY_US = ("? [a]\n: b\n",)


@pytest.mark.parametrize(("text", "readings"), READINGS["texts"])
def test_an_odd_text_is_read_as_the_agents_read_it(text: str, readings: list[Any]) -> None:
    if text in REFUSED_BY_US:
        assert "list or a mapping as a key" in fault(text).message
    else:
        assert_read_as_recorded(text.encode(), readings)


def test_text_that_only_newer_agents_take_for_a_number_is_noted() -> None:
    read = parse(b"a:\n- x\n- 1e3\ny: ok\n")
    assert read.notes == (
        Note(NoteKind.READERS_DISAGREE, ("a", 1), 3, 3),
        Note(NoteKind.READERS_DISAGREE, (True,), 4, 1),
    )


def test_of_a_repeated_key_the_last_counts_and_each_repetition_is_noted() -> None:
    read = parse(b"a:\n  b: 1\n  c: 2\n  b: 3\n  b: 4\n")
    assert read.value == {"a": {"b": 4, "c": 2}}
    assert read.notes == (
        Note(NoteKind.REPEATED_KEY, ("a", "b"), 4, 3),
        Note(NoteKind.REPEATED_KEY, ("a", "b"), 5, 3),
    )


def test_two_merge_keys_both_count() -> None:
    read = parse(b"x: &x {a: 1}\ny: &y {b: 2}\nz:\n  <<: *x\n  <<: *y\n  c: 3\n")
    assert read.value["z"] == {"a": 1, "b": 2, "c": 3}


def test_half_a_character_is_noted() -> None:
    read = parse(b'a: ["\\ud83d\\ude00", "\\U0001f600", \'\\ud83d\']\n')
    assert [(note.kind, note.pointer) for note in read.notes] == [(NoteKind.LONE_SURROGATE, ("a", 0))]


@given(files)
def test_any_file_is_read_as_the_stock_reader_reads_it(read) -> None:
    assert same(read.value, read_1_1(read.text))


@given(st.text(st.sampled_from("ab:-?# \n\r,[]{}&*!|>'\"%@`\\~0178.<=\x85\u2028é"), max_size=25))
def test_what_is_yaml_to_the_stock_reader_is_read_the_same(text: str) -> None:
    try:
        expected = read_1_1(text)
    except Exception as error:
        expected = error
    try:
        read = parse(text.encode())
    except BadText as error:
        ours = "as a key" in error.fault.message or "inside of what it stands for" in error.fault.message
        assert isinstance(expected, Exception) or ours
    else:
        repeated = any(note.kind is NoteKind.REPEATED_KEY for note in read.notes)
        assert repeated or same(read.value, {} if read.blank and expected is None else expected)


# --- what is blank ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " ", "\n\n", "# c", "# c\n\n# d\n", "---\n", "--- # c\n", "%YAML 1.1\n---\n"])
def test_a_file_without_content_is_an_empty_mapping(text: str) -> None:
    read = parse(text.encode())
    assert (read.value, read.blank) == ({}, True)


@pytest.mark.parametrize(("text", "value"), [("~\n", None), ("{}\n", {}), ("[]\n", []), ('""\n', "")])
def test_a_file_with_content_is_not_blank(text: str, value: object) -> None:
    read = parse(text.encode())
    assert (read.value, read.blank) == (value, False)


# --- bytes -----------------------------------------------------------------------------------------------------------


def test_a_byte_order_mark_is_no_part_of_the_text_and_comes_back() -> None:
    read = parse(b"\xef\xbb\xbfa: 1\n")
    assert (read.text, read.bom, read.encode("a: 2\n")) == ("a: 1\n", True, b"\xef\xbb\xbfa: 2\n")


@pytest.mark.parametrize(
    ("text", "newline"), [("a: 1\r\nb: 2\r\n", "\r\n"), ("a: 1\n", "\n"), ("", "\n"), ("a: 1\r\nb:\nc:\n", "\n")]
)
def test_the_line_end_of_most_lines_is_known(text: str, newline: str) -> None:
    read = parse(text.encode())
    assert (read.newline, read.text) == (newline, text)


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"a: 1\nb: \xff\n", (2, 4), "byte 8 is not UTF-8"),
        ("a: é\nü: ".encode() + b"\xc3", (2, 4), "byte 10 is not UTF-8"),
        (b"\xff\xfea\x00", (1, 1), "byte 0 is not UTF-8"),
        (b"a: 1\nb: \0\0\0", (2, 4), "a NUL byte, as after a crash, is not allowed in YAML"),
        (b"a: 1\n  \x1b[0m", (2, 3), "a control character U+001B, is not allowed in YAML"),
    ],
)
def test_bytes_that_are_no_text_are_refused_at_their_place(data: bytes, place: tuple[int, int], message: str) -> None:
    found = fault(data)
    assert (found.outcome, (found.line, found.column), found.message) == (Outcome.CORRUPT, place, message)


def test_another_encoding_is_named_as_what_to_change() -> None:
    assert fault("a: 1".encode("utf-16")).hint == "save it as UTF-8"


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("a: b: c\n", (1, 5), "mapping values are not allowed here"),
        ("a: 1\n\tb: 2\n", (2, 1), r"found character '\t' that cannot start any token"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a second document begins here"),
        ("a:\n  b: !secret x\n", (2, 6), "an unknown tag"),
        ("a: !secret {}\n", (1, 4), "an unknown tag"),
        ("a: !!python/name:os.system x\n", (1, 4), "an unknown tag"),
        ("a: !e!x y\n", (1, 4), "found undefined tag handle"),
        ("a: &x [1, *x]\n", (1, 11), "an alias inside of what it stands for"),
        ("a: *x\n", (1, 4), "an alias to an anchor that is not above it"),
        ("a: 2024-13-01\n", (1, 4), "this is not a valid date"),
        ("a: 0xg\nb: 0x_\n", (2, 4), "this is not a valid number"),
        ("a: !!int x\n", (1, 4), "this is not a valid number"),
        ("a: !!bool x\n", (1, 4), "this is not a valid truth value"),
        ("a: !!binary é\n", (1, 4), "this is not a valid base64 text"),
        ("a: <<\n", (1, 4), "<< means something special"),
        ("a: [=]\n", (1, 5), "= means something special"),
        ("a: {<<: x}\n", (1, 9), "<< takes a mapping or a list of mappings"),
        ("a: {<<: [{}, x]}\n", (1, 9), "<< takes a mapping or a list of mappings"),
        ("? [a]\n: b\n", (1, 3), "a list or a mapping as a key"),
        ("x: &x [a]\n*x : b\n", (2, 1), "a list or a mapping as a key"),
        ('a: "\\U00110000"\n', (1, 2), "the YAML reader cannot make sense"),
        ("%YAML 1." + "1" * 5000 + "\n---\n", (1, 1), "the YAML reader cannot make sense"),
        ("a: [1, 2\nb: 3\n", (2, 2), "expected ',' or ']'"),
    ],
)
def test_what_is_not_read_is_refused_at_its_place(text: str, place: tuple[int, int], part: str) -> None:
    found = fault(text)
    assert (found.outcome, (found.line, found.column)) == (Outcome.CORRUPT, place)
    assert part in found.message


def test_a_tab_is_explained() -> None:
    assert fault("a:\n\tb: 1\n").hint == "indent with spaces: YAML does not allow tabs there"


@pytest.mark.parametrize("text", ["key: !sk-or-v1-test-1\n", "key: *sk-or-v1-test-1\n", "key: !sk-or-v1-test-1!x y\n"])
def test_a_fault_does_not_show_a_value(text: str) -> None:
    found = fault(text)
    assert "sk-or" not in found.message + found.hint


def test_a_fault_can_cross_a_process_boundary() -> None:
    with pytest.raises(BadText) as caught:
        parse(b"a: [")
    assert pickle.loads(pickle.dumps(caught.value)).fault == caught.value.fault


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opening", ["[", "- ", "{a: ", "? "])
def test_nesting_without_end_is_refused_early(opening: str) -> None:
    assert fault(opening * 20_000).outcome is Outcome.CORRUPT


@pytest.mark.parametrize(
    ("opening", "column"),
    [
        ("[", 4 + MAX_DEPTH),  # read ahead, as one of them could begin a key
        ("{a: ", 4 + 4 * (MAX_DEPTH - 1)),
    ],
)
def test_brackets_beyond_the_limit_are_not_looked_at(opening: str, column: int) -> None:
    found = fault("a: 1\nb: " + opening * 20_000)
    assert found.message == f"values are nested more than {MAX_DEPTH} deep"
    assert (found.line, found.column) == (2, column)


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("- ", ""), ("{a: ", "}")])
def test_nesting_is_read_up_to_the_limit_and_no_further(opening: str, closing: str) -> None:
    assert parse((opening * MAX_DEPTH + "x" + closing * MAX_DEPTH).encode()).value
    found = fault(opening * (MAX_DEPTH + 1) + "x" + closing * (MAX_DEPTH + 1))
    assert found.message == f"values are nested more than {MAX_DEPTH} deep"


def test_nesting_by_aliases_counts() -> None:
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, MAX_DEPTH))]
    assert parse("\n".join(lines[:-1]).encode()).value
    found = fault("\n".join(lines))
    assert (found.line, found.message) == (MAX_DEPTH, f"values are nested more than {MAX_DEPTH} deep")


def test_aliases_that_multiply_are_refused_before_they_do() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    found = fault("\n".join(lines))
    assert (found.outcome, found.line) == (Outcome.TOO_LARGE, 5)


def test_merge_keys_that_multiply_are_refused_before_they_do() -> None:
    big = ", ".join(f"k{n}: 1" for n in range(1000))
    assert fault(f"a: &a {{{big}}}\n" + "b: {<<: *a}\n" * 30).outcome is Outcome.TOO_LARGE


def test_keys_and_values_are_read_up_to_the_limit_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a: &a [1, 2]\nb: *a\nc: {d: }\n"  # 1 + (1 + 3) + (1 + 3) + (1 + 1 + 2)
    monkeypatch.setattr(compose, "MAX_NODES", 13)
    assert parse(text.encode()).value
    monkeypatch.setattr(compose, "MAX_NODES", 12)
    assert (fault(text).outcome, fault(text).line) == (Outcome.TOO_LARGE, 3)


def test_more_text_than_the_limit_is_refused_comments_and_blank_lines_are_not() -> None:
    assert parse(b"# comment\n\n" * (MAX_TEXT // 10) + b"a: 1\n").value == {"a": 1}
    assert fault("a: |\n" + "  some text\n" * (MAX_TEXT // 10)).outcome is Outcome.TOO_LARGE
    found = fault("a: 1\nb: " + "x" * MAX_TEXT)
    assert (found.outcome, found.line) == (Outcome.TOO_LARGE, 2)


@pytest.mark.parametrize("text", ["a: !" + "x" * (MAX_TAG + 1), "a: !" + "%41" * (MAX_TAG + 1)])
def test_a_tag_of_any_length_is_refused_early(text: str) -> None:
    assert fault(text).message == f"not YAML here: a tag of more than {MAX_TAG} characters"


@pytest.mark.parametrize("number", ["1" * 5000, "1:" * 2000 + "1", "0x" + "f" * 5000, "1" * 5000 + ".5"])
def test_a_number_of_any_length_is_refused_early(number: str) -> None:
    assert fault(f"a: {number}\n").message == "this is not a valid number"


def test_a_base_sixty_number_too_large_for_a_float_is_refused() -> None:
    assert fault("a: " + "1:" * 300 + "1.5\n").message == "this is not a valid number"


def test_keys_that_would_collide_in_a_dict_are_refused() -> None:
    assert parse(b"1234567890123456789: discord\n").value == {1234567890123456789: "discord"}
    assert fault("{" + ", ".join(f"{n * (2**61 - 1)}: 1" for n in range(1, 20)) + "}").message.endswith("is no key")


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_nothing_but_bad_text_is_ever_raised(data: bytes) -> None:
    try:
        parse(data)
    except BadText as error:
        assert error.fault.line is not None and error.fault.column is not None


def test_the_generator_of_files_seldom_makes_what_is_no_file() -> None:
    made = [file(random.Random(seed)) for seed in range(200)]
    assert made.count(None) < 50
