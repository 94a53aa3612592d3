"""Scalars: what plain text means, and spellings that mean the same to every reader."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.codec.comparison import same
from hermes_state.codec.yaml.scalars import readers_disagree, resolve
from hermes_state.codec.yaml.spelling import spell
from tests.codec.yaml_texts import read_1_1, read_1_2, scalars, texts

READINGS = json.loads((Path(__file__).parent / "yaml_readings.json").read_text("ascii"))["texts"]
PLAIN = [
    (text[3:-1], readings[0]["map"][0][1])
    for text, readings in READINGS
    if re.fullmatch(r"a: \S+\n", text) and "map" in readings[0] and not text.startswith(("a: @", "a: `", "a: %"))
]

#: What PyYAML, the reader of the agents up to 0.20, does not take for text. Compared with its recorded readings below.
NO_TEXT_TO_PYYAML = re.compile(
    r"(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|~|null|Null|NULL|=|<<|"
    r"|[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)"
    r"|[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    r"|\d{4}-\d\d-\d\d|\d{4}-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::?\d\d)?))?)"
)

QUOTES = ("", "'", '"')


@pytest.mark.parametrize(("plain", "reading"), PLAIN, ids=[plain for plain, _ in PLAIN])
def test_our_picture_of_pyyaml_is_right(plain: str, reading: Any) -> None:
    assert (reading == plain) is (NO_TEXT_TO_PYYAML.fullmatch(plain) is None)


@pytest.mark.parametrize(("plain", "_"), PLAIN, ids=[plain for plain, _ in PLAIN])
def test_where_readers_disagree_is_known(plain: str, _: Any) -> None:
    text_to_pyyaml = NO_TEXT_TO_PYYAML.fullmatch(plain) is None
    assert readers_disagree(plain) is (text_to_pyyaml and resolve(plain) != "str")


@given(st.text("0123456789_.eE+-:xobyYnN~", max_size=8))
def test_wherever_readers_disagree_it_is_known(plain: str) -> None:
    text_to_pyyaml = NO_TEXT_TO_PYYAML.fullmatch(plain) is None
    # ".e+5" and the like are numbers to neither: ruamel.yaml takes them for one and then fails.
    assert readers_disagree(plain) is (text_to_pyyaml and resolve(plain) != "str")


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("x", "x"),
        ("anthropic/claude-opus-4.6", "anthropic/claude-opus-4.6"),
        ("openrouter:free", "openrouter:free"),
        ("https://api.example.com:8080/v1", "https://api.example.com:8080/v1"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("${API_KEY}", "${API_KEY}"),
        ("~/skills", "~/skills"),
        ("don't", "don't"),
        ("two words, and more", "two words, and more"),
        ("off", '"off"'),
        ("No", '"No"'),
        ("y", '"y"'),
        ("null", '"null"'),
        ("~", '"~"'),
        ("012", '"012"'),
        ("1e3", '"1e3"'),
        ("12:30", '"12:30"'),
        ("2024-01-02", '"2024-01-02"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ("a #b", '"a #b"'),
        ("two\nlines", r'"two\nlines"'),
        ('say "x" \\', r'"say \"x\" \\"'),
        ("\x85\u2028\ufeff\x07", r'"\x85\u2028\ufeff\x07"'),
        ("😀", '"😀"'),
        ("\U000e0001", '"\U000e0001"'),
        (True, "true"),
        (None, "null"),
        (-5, "-5"),
        (0.5, "0.5"),
        (1e16, "1.0e+16"),
        (1.5e-7, "1.5e-07"),
        (math.inf, ".inf"),
        (-math.inf, "-.inf"),
        (math.nan, ".nan"),
    ],
)
def test_a_value_is_spelled_as_people_write_it(value: Any, spelled: str) -> None:
    assert spell(value) == spelled


@pytest.mark.parametrize(
    ("text", "quote", "spelled"),
    [
        ("x", "'", "'x'"),
        ("it's", "'", "'it''s'"),
        ("a\nb", "'", r'"a\nb"'),
        ("x", '"', '"x"'),
        ("x", "|", '"x"'),
    ],
)
def test_quotes_stay_where_they_can(text: str, quote: str, spelled: str) -> None:
    assert spell(text, quote) == spelled


@pytest.mark.parametrize("text", ["a:b", "${X}", "a, b", "it's"])
def test_text_inside_brackets_is_quoted_more_often(text: str) -> None:
    assert (spell(text), spell(text, in_flow=True)) == (text, f'"{text}"')


@given(scalars, st.sampled_from(QUOTES), st.booleans())
def test_every_reader_reads_the_value_that_was_spelled(value: Any, quote: str, in_flow: bool) -> None:
    spelled = spell(value, quote, in_flow)
    assert "\n" not in spelled
    for text in (
        (f"k: [{spelled}]  # c\n", f"k: {{a: {spelled}}}\n") if in_flow else (f"k: {spelled} # c\n", f"- {spelled}")
    ):
        for read in (read_1_1, read_1_2):
            found = read(text)
            while isinstance(found, dict | list):
                (found,) = found.values() if isinstance(found, dict) else found
            assert same(found, value)
    plain = spelled[0] not in "\"'"
    assert not plain or (NO_TEXT_TO_PYYAML.fullmatch(spelled) is None) is isinstance(value, str)


@given(texts.filter(lambda text: len(text) < 100), st.sampled_from(QUOTES))
def test_every_reader_reads_the_key_that_was_spelled(key: str, quote: str) -> None:
    assert read_1_1(f"{spell(key, quote)}: x\n") == read_1_2(f"{spell(key, quote)}: x\n") == {key: "x"}


def test_text_that_no_file_can_hold_is_an_error() -> None:
    with pytest.raises(ValueError):
        spell("half a character: \ud83d")


def test_what_is_no_scalar_is_an_error() -> None:
    with pytest.raises(TypeError):
        spell([1])  # type: ignore[arg-type]
