"""Edits that make a text say something else and leave all other bytes as they are."""

from __future__ import annotations

import copy
import json
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_state.codec import shape
from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.codec.json import Spelled, parse
from hermes_state.codec.rewrite import rewrite
from hermes_state.codec.style import spell, style_of
from hermes_state.edit import apply
from hermes_state.outcomes import Outcome
from tests.codec.texts import LAYOUTS, changed, tokens, trees, untouched, written

SAMPLES = sorted((Path(__file__).parents[1] / "samples" / "auth").glob("*/*.json"))


def rewritten(text: str, new: object) -> str:
    return apply(text, rewrite(parse(text.encode()), new))


def edited(text: str, change) -> str:
    """``text`` after ``change`` was made to a copy of its value."""
    old = parse(text.encode())
    new = copy.deepcopy(old.value)
    change(new)
    out = apply(old.text, rewrite(old, new))
    assert same(parse(out.encode()).value, new)
    return out


# --- any text, any change ---------------------------------------------------------------------------------------------


@pytest.fixture(params=[1, 3, 16], ids="a shape from the {}th object on".format)
def often(request, monkeypatch):
    monkeypatch.setattr(shape, "_OFTEN", request.param)


@settings(max_examples=200, deadline=None, suppress_health_check=[])
@given(tree=trees, layout=st.sampled_from(LAYOUTS), seed=st.integers(0, 1 << 30), shared=st.booleans())
@pytest.mark.usefixtures("often")
def test_any_change_to_any_text_says_the_new_value_and_keeps_all_other_bytes(tree, layout, seed, shared):
    chance = random.Random(seed)
    text = written(tree, layout, chance)
    old = parse(text.encode("utf-8", "surrogatepass"))
    new = changed(old.value, chance)
    kept = list(untouched(old.value, new))
    if not shared:
        new = copy.deepcopy(new)
        kept = [(was, now) for was, now in kept if not isinstance(at(old.value, was), dict | list)]
    out = apply(old.text, rewrite(old, new))
    again = parse(out.encode())
    assert same(again.value, new)
    assert rewrite(again, new) == []
    assert apply(old.text, rewrite(old, old.value)) == old.text
    before, after = tokens(old.text), tokens(out)
    for was, now in kept:
        assert after[now] == before[was]


def at(value, path):
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_of_agents_take_a_section_and_lose_it_again(path):
    text = path.read_text(encoding="utf-8")
    old = parse(path.read_bytes())
    section = {"schema": 1, "pools": {"x": {"7e472f": {"moved_at": 1760000100.5}}}}
    new = {**old.value, "new_section": section}
    out = rewritten(text, new)
    assert same(parse(out.encode()).value, new)
    body = text.rstrip()
    assert out.startswith(body[:-2] + ',\n  "new_section": {\n    "schema": 1,\n')
    assert out.endswith("\n  }\n}" + text[len(body) :])
    assert rewritten(out, old.value) == text


# --- lists ------------------------------------------------------------------------------------------------------------

ROWS = r"""{
  "pool": [
    {"id": "aa", "token": "sk-or-v1-test-\u0061\/\u00e9", "n": 1.50},
    {
      "id": "bb",
      "token": "sk-or-v1-test-\u0062",
      "n": 2.50
    },
    {"id": "cc", "token": "sk-or-v1-test-\u0063", "n": 3.50}
  ]
}
"""


def with_rows(change):
    """The text above after ``change`` was made to its list; rows that ``change`` leaves alone are the same objects."""
    old = parse(ROWS.encode())
    rows = list(old.value["pool"])
    rows = change(rows) or rows
    out = apply(old.text, rewrite(old, {"pool": rows}))
    assert same(parse(out.encode()).value, {"pool": rows})
    return out


AA, BB, CC = (tokens(ROWS)["pool", place] for place in range(3))


def test_row_that_changes_while_another_goes_is_edited_in_place():
    out = with_rows(lambda rows: [{**rows[1], "n": None}, rows[2]])
    assert out == ROWS.replace(AA + ",\n    ", "").replace("2.50", "null")


def test_row_that_changes_while_another_comes_is_edited_in_place():
    out = with_rows(lambda rows: [rows[0], {"id": "new", "token": "é"}, {**rows[1], "n": None}, rows[2]])
    fresh = '{\n      "id": "new",\n      "token": "\\u00e9"\n    }'
    assert out == ROWS.replace(AA, f"{AA},\n    {fresh}").replace("2.50", "null")


def test_row_that_changes_its_place_keeps_its_text():
    out = with_rows(lambda rows: [rows[2], rows[0], rows[1]])
    assert [tokens(out)["pool", place] for place in range(3)] == [CC, AA, BB]


def test_row_that_changes_its_place_and_a_value_is_edited_in_its_new_place():
    out = with_rows(lambda rows: [rows[2], {**rows[0], "n": None}])
    assert [tokens(out)["pool", place] for place in range(2)] == [CC, AA.replace("1.50", "null")]


def test_rows_that_change_places_keep_their_texts_though_their_number_stays():
    out = with_rows(lambda rows: [rows[1], rows[0], rows[2]])
    assert [tokens(out)["pool", place] for place in range(3)] == [BB, AA, CC]


def test_rows_with_one_id_are_told_apart_by_which_object_they_are():
    text = r'{"pool": [{"id": 1, "t": "\u0061"}, {"id": 1, "t": "\u0062"}]}'
    old = parse(text.encode())
    first, second = old.value["pool"]
    assert apply(text, rewrite(old, {"pool": [second, first]})) == (
        r'{"pool": [{"id": 1, "t": "\u0062"}, {"id": 1, "t": "\u0061"}]}'
    )
    assert apply(text, rewrite(old, {"pool": [second]})) == r'{"pool": [{"id": 1, "t": "\u0062"}]}'


def test_row_without_an_id_is_known_by_its_place():
    text = r'{"pool": [{"t": "\u0061", "n": 1}, {"t": "\u0062"}]}'
    assert rewritten(text, {"pool": [{"t": "a", "n": 2}, {"t": "b"}, {"t": "c"}]}) == (
        r'{"pool": [{"t": "\u0061", "n": 2}, {"t": "\u0062"}, {"t": "c"}]}'
    )


def test_plain_values_of_a_list_are_known_by_themselves():
    text = r'{"sources": ["\u0061", "\u0062", "\u0063", 1.50]}'
    numbers = parse(text.encode()).value["sources"][3:]
    assert rewritten(text, {"sources": ["b", "new", "c", *numbers]}) == (
        r'{"sources": ["\u0062", "new", "\u0063", 1.50]}'
    )


def test_ids_that_cannot_name_a_row_do_not_break_the_comparison():
    text = '{"pool": [{"id": {"x": 1}}, {"id": null}, {"id": [2]}]}'
    assert rewritten(text, {"pool": [{"id": [2]}, {"id": None}]}) == '{"pool": [{"id": [2]}, {"id": null}]}'


# --- layout -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1,"b":{"x":1}}', '{"a":1,"b":{"x":1,"n":{"k":[1,{}]}},"n":{"k":[1,{}]}}'),
        ('{"a": 1, "b": {"x": 1}}', '{"a": 1, "b": {"x": 1, "n": {"k": [1, {}]}}, "n": {"k": [1, {}]}}'),
        ('{"a" : 1 ,"b" : {}}', '{"a" : 1 ,"b" : {"n": {"k": [1 ,{}]}},"n": {"k": [1 ,{}]}}'),
        (
            '{\n  "a": 1,\n  "b": {}\n}\n',
            '{\n  "a": 1,\n  "b": {\n    "n": {\n      "k": [\n        1,\n        {}\n      ]\n    }\n  },\n'
            '  "n": {\n    "k": [\n      1,\n      {}\n    ]\n  }\n}\n',
        ),
        (
            '{\r\n\t"b": {"x": 1}\r\n}',
            '{\r\n\t"b": {"x": 1, "n": {"k": [1, {}]}},\r\n'
            '\t"n": {\r\n\t\t"k": [\r\n\t\t\t1,\r\n\t\t\t{}\r\n\t\t]\r\n\t}\r\n}',
        ),
    ],
)
def test_what_is_new_is_laid_out_as_the_rest(text, expected):
    def change(value):
        value["b"]["n"] = value["n"] = {"k": [1, {}]}

    assert edited(text, change) == expected


def test_new_members_stand_where_the_new_value_has_them():
    text = '{\n  "a": 1,\n  "b": 2\n}'
    assert rewritten(text, {"x": 0, "a": 1, "y": 0, "z": 0, "b": 2}) == (
        '{\n  "x": 0,\n  "a": 1,\n  "y": 0,\n  "z": 0,\n  "b": 2\n}'
    )


def test_items_of_a_container_are_set_apart_as_its_others_are():
    assert rewritten('{"x": [1,2], "y": [ 1,  2 ]}', {"x": [1, 2, 3], "y": [1, 2, 3]}) == (
        '{"x": [1,2,3], "y": [ 1,  2,  3 ]}'
    )
    assert rewritten('{\n  "x": [1, 2]\n}', {"x": [0, 1, 2]}) == '{\n  "x": [0, 1, 2]\n}'
    assert rewritten('{\n  "x": [1]\n}', {"x": [1, 2]}) == '{\n  "x": [1, 2]\n}'


def test_members_that_go_take_their_lines_with_them():
    text = '{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}\n'
    assert rewritten(text, {"b": 2}) == '{\n  "b": 2\n}\n'
    assert rewritten(text, {"a": 1, "b": 2}) == '{\n  "a": 1,\n  "b": 2\n}\n'
    assert rewritten(text, {"a": 1, "n": 0, "c": 3}) == '{\n  "a": 1,\n  "n": 0,\n  "c": 3\n}\n'


def test_members_that_change_places_take_their_texts_with_them():
    assert rewritten(r'{"a": "\u0061", "b": 1.50}', {"b": Spelled("1.50"), "a": "a"}) == r'{"b": 1.50, "a": "\u0061"}'


def test_containers_become_empty_and_are_filled_again():
    text = '{\n  "pool": {\n    "x": [\n      1\n    ]\n  }\n}\n'
    assert edited(text, lambda value: value["pool"].clear()) == '{\n  "pool": {}\n}\n'
    assert edited(text, lambda value: value["pool"]["x"].clear()) == '{\n  "pool": {\n    "x": []\n  }\n}\n'
    assert edited('{\n  "pool": {}\n}\n', lambda value: value["pool"].update(x=[1])) == text
    assert edited("{ }\n", lambda value: value.update(a=1)) == '{\n  "a": 1\n}\n'
    assert rewritten(text, {}) == "{}\n"


@pytest.mark.parametrize(("text", "new"), [("1", {"a": 1}), ("[]", [1]), (' {"a": 1}\n', None), ("null", "é")])
def test_the_root_itself_can_change(text, new):
    assert json.loads(rewritten(text, new)) == new


def test_what_goes_in_is_ascii():
    assert rewritten('{"a": "é"}', {"a": "é", "ü": "✓😀"}).replace('"é"', "").isascii()


def test_moved_numbers_keep_their_spelling():
    text = '{"a": {"n": 1.50, "m": 1E5, "i": 12}, "b": {}}'
    value = parse(text.encode()).value
    assert rewritten(text, {"a": {}, "b": value["a"]}) == '{"a": {}, "b": {"n": 1.50, "m": 1E5, "i": 12}}'


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("{}", ("  ", "\n", ", ", ": ")),
        ("17", ("  ", "\n", ", ", ": ")),
        ('"{"', ("  ", "\n", ", ", ": ")),
        ('["{", ":", "x"]', (None, "", ", ", ": ")),
        ("[1,2]", (None, "", ",", ": ")),
        ('{"a":{"b": 1}}', (None, "", ",", ":")),
        ('{"a": {}}', (None, "", ", ", ": ")),
        ('{"a": {},"b": 1}', (None, "", ",", ": ")),
        ('\n{\n\t"a":1}', ("\t", "\n", ",", ":")),
        ('{\r\n    "a": 1}', ("    ", "\r\n", ", ", ": ")),
        ('{\n"a": 1}', ("  ", "\n", ", ", ": ")),
        ('[\n {"a": 1}\n]', (" ", "\n", ", ", ": ")),
    ],
)
def test_layout_is_read_off_the_first_items(text, style):
    found = style_of(text)
    assert (found.unit, found.newline, found.comma, found.colon) == style


def test_values_that_json_has_not_are_refused():
    with pytest.raises(TypeError):
        spell({"a": {1, 2}}, style_of("{}"), "")


@pytest.mark.parametrize(
    "value", [1.5, 1e22, -0.0, 12, True, False, None, "x", math.inf, -math.inf, math.nan, 10**400, {"a": [[]]}, []]
)
def test_values_are_spelled_as_python_spells_them(value):
    assert spell(value, style_of("{}"), "") == json.dumps(value, indent=2)
    assert spell(value, style_of('{"a":1}'), "") == json.dumps(value, separators=(",", ":"))


# --- keys that stand twice --------------------------------------------------------------------------------------------

TWICE = '{\n  "a": {"x": 1,\n    "x": 2},\n  "r": [{"id": "1", "y": 1,\n    "y": 2}, {"id": "2"}]\n}'


def test_object_with_a_key_twice_is_passed_over_when_nothing_in_it_changes():
    assert edited(TWICE, lambda value: value.update(n=1)) == TWICE[:-2] + ',\n  "n": 1\n}'
    assert edited(TWICE, lambda value: value["r"][1].update(n=1)) == TWICE.replace('"2"}', '"2", "n": 1}')
    assert edited(TWICE, lambda value: value["r"].pop(1)) == TWICE.replace(', {"id": "2"}', "")
    assert rewrite(parse(TWICE.encode()), copy.deepcopy(parse(TWICE.encode()).value)) == []


@pytest.mark.parametrize("value", [None, [], [{"x": 2}], {"y": 1}, "x"])
def test_object_with_a_key_twice_can_be_put_away_as_a_whole(value):
    text = '{"a": {"x": 1, "x": 2}, "r": [{"x": 1, "x": 2}], "s": 1, "t": []}'
    if isinstance(value, dict):
        with pytest.raises(BadText):
            edited(text, lambda document: document.update(a=value))
    else:
        assert parse(edited(text, lambda document: document.update(a=value)).encode()).value["a"] == value
    assert parse(edited(text, lambda document: document["r"].clear()).encode()).value["r"] == []
    assert parse(edited(text, lambda document: document.update(r=None)).encode()).value["r"] is None
    assert parse(edited(text, lambda document: document.update(s={"x": [value]})).encode()).value["s"] == {"x": [value]}
    assert parse(edited(text, lambda document: document.update(t=[{"x": value}])).encode()).value["t"] == [{"x": value}]
    assert parse(edited(text, lambda document: document.update(t={"x": value})).encode()).value["t"] == {"x": value}


@pytest.mark.parametrize(
    ("text", "change", "pointer", "place"),
    [
        (TWICE, lambda value: value["a"].update(x=3), "/a/x", (3, 5)),
        (TWICE, lambda value: value["a"].update(new=3), "/a/x", (3, 5)),
        (TWICE, lambda value: value["a"].clear(), "/a/x", (3, 5)),
        (TWICE, lambda value: value["r"][0].update(z=3), "/r/0/y", (5, 5)),
        ('{"k": 1, "a/b~": {}, "k": 2}', lambda value: value["a/b~"].update(x=1), "/k", (1, 22)),
        ('{"a/b~": {"~": 1, "~": 2}}', lambda value: value["a/b~"].update(x=1), "/a~1b~0/~0", (1, 19)),
        (
            '{"p": [{"id": 1}, {"id": 2, "x": 1, "x": 1}]}',
            lambda value: (value["p"].pop(0), value["p"][0].update(x=3)),
            "/p/1/x",
            (1, 37),
        ),
    ],
)
def test_object_with_a_key_twice_is_refused_where_an_edit_touches_it(text, change, pointer, place):
    with pytest.raises(BadText) as caught:
        edited(text, change)
    wrong = caught.value.fault
    assert (wrong.outcome, wrong.pointer) == (Outcome.INVALID, pointer)
    assert (wrong.line, wrong.column) == place


# --- same -------------------------------------------------------------------------------------------------------------

DIFFERENT = [
    1, 1.0, True, "1", None, 0, 0.0, -0.0, False, [], {}, "", [1], [1.0], [1, 2], [2, 1], {"a": 1}, {"a": 1.0},
    {"a": True}, {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 0.0}, {"a": -0.0}, {"a": 0}, {"a": {"b": 1}},
    {"a": {"b": True}}, {"a": [0.0]}, {"a": [-0.0]}, Spelled("1.50"), 1.5, Spelled("15e-1"), {"a": Spelled("1.50")},
    {"a": 1.5}, math.nan, {"a": math.nan}, Spelled("1e400"), math.inf,
]  # fmt: skip


def test_values_that_differ_in_value_type_order_or_spelling_are_not_the_same():
    for place, a in enumerate(DIFFERENT):
        for other, b in enumerate(DIFFERENT):
            assert same(a, copy.deepcopy(b)) is (place == other), (a, b)


# --- the benchmark's own case -----------------------------------------------------------------------------------------


def test_many_rows_of_one_shape_are_edited_field_by_field_and_nowhere_else():
    row = {
        "id": "",
        "access_token": "sk-or-v1-test-\\u0061",
        "last_status": "exhausted",
        "label": "x",
        "last_error_code": 429,
    }
    rows = [{**row, "id": f"{index:06x}"} for index in range(100)]
    rows[50] = {**rows[50], "extra": {"deep": {"er": [1]}}}
    rows[51] = {**rows[51], "extra": {"flat": [1]}}
    text = json.dumps({"credential_pool": {"openrouter": rows}}, indent=2).replace("\\\\u0061", "\\u0061")
    old = parse(text.encode())
    nulls = {"last_status": None, "last_error_code": None}
    new = {"credential_pool": {"openrouter": [{**row, **nulls} for row in old.value["credential_pool"]["openrouter"]]}}
    new["credential_pool"]["openrouter"][52] = {**new["credential_pool"]["openrouter"][52], "label": {"a": 1}}
    out = apply(text, rewrite(old, new))
    assert same(parse(out.encode()).value, new)
    expected = text.replace('"exhausted"', "null").replace(": 429", ": null").split("\n")
    place = [index for index, line in enumerate(expected) if "label" in line][52]
    expected[place] = '        "label": {\n          "a": 1\n        },'
    assert out == "\n".join(expected)
