from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.redaction import diff, fingerprint, unified

SAMPLES = sorted((Path(__file__).parents[1] / "samples" / "auth").rglob("*.json"))
CANARY = "correct horse canary"  # words that nothing but its place can give away
TOKEN = "sk-or-v1-test-c4n4ryc4n4ryc4n4ry"


def dumps(value: Any, **how: Any) -> bytes:
    return json.dumps(value, **({"indent": 2} | how)).encode()


def apply(text: str, lines: list[str]) -> list[str]:
    """What a unified diff makes of ``lines``; checks that its context and its positions are right."""
    made: list[str] = []
    done = 0
    for part in re.split(r"(?m)^(?=@@ )", text)[1:]:
        head, *body = [line for line in part.splitlines() if not line.startswith("\\")]
        numbers = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", head)
        assert numbers is not None
        start, length, first, span = (int(number) if number is not None else 1 for number in numbers.groups())
        assert [sum(line[0] in kind for line in body) for kind in (" -", " +")] == [length, span]
        start -= length > 0
        made += lines[done:start]
        assert len(made) == first - (span > 0)
        assert [line[1:] for line in body if line[0] in " -"] == lines[start : start + length]
        made += [line[1:] for line in body if line[0] in " +"]
        done = start + length
    return made + lines[done:]


# --- the diff itself -------------------------------------------------------------------------------------------------


def test_equal_files_have_no_diff() -> None:
    assert diff(b"{}", b"{}", "auth.json") == ""


def test_a_change_is_shown_with_three_lines_around_it() -> None:
    before, after = {"a": list(range(20))}, {"a": [*range(19), 99]}
    assert diff(dumps(before), dumps(after), "auth.json") == (
        "--- auth.json\n+++ auth.json\n@@ -19,6 +19,6 @@\n     16,\n     17,\n     18,\n-    19\n+    99\n   ]\n }\n"
    )


@given(st.lists(st.integers(0, 9), max_size=40), st.lists(st.integers(0, 9), max_size=40))
def test_it_says_what_makes_the_one_file_of_the_other(before: list[int], after: list[int]) -> None:
    old, new = ("".join(f"{number}\n" for number in side) for side in (before, after))
    assert apply(diff(old.encode(), new.encode(), "x.json"), old.splitlines()) == new.splitlines()


@given(st.integers(0, 10**6), st.sampled_from([3, 40, 5000]))
def test_long_files_too(seed: int, kinds: int) -> None:
    chance = random.Random(seed)
    old = [str(chance.randrange(kinds)) for _ in range(300)]
    new = [str(chance.randrange(kinds)) if chance.random() < 0.1 else line for line in old if chance.random() < 0.9]
    text = diff("\n".join(old).encode(), "\n".join(new).encode(), "x.json")
    assert apply(text, old) == new


def test_a_move_between_rows_is_shown_row_by_row() -> None:
    rows = [{"id": f"{n:06x}", "last_status": "exhausted", "request_count": 0} for n in range(50)]
    cleared = [{**row, "last_status": None} for row in rows]
    text = diff(dumps(rows), dumps(cleared), "auth.json")
    assert len(re.findall(r'(?m)^-\s+"last_status": "exhausted",\n\+\s+"last_status": null,$', text)) == 50
    assert not re.search(r'(?m)^[+-]\s+"id"', text)


def test_close_comparison_is_only_for_short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    class Watched(unified.SequenceMatcher):  # type: ignore[misc, name-defined]
        def __init__(self, junk: None, a: list[int], b: list[int], autojunk: bool) -> None:
            sizes.append(max(len(a), len(b)))
            super().__init__(junk, a, b, autojunk)

    monkeypatch.setattr(unified, "SequenceMatcher", Watched)
    chance = random.Random(7)
    old, new = ("".join(f"{chance.randrange(20)}\n" for _ in range(30_000)) for _ in range(2))
    text = diff(old.encode(), new.encode(), "x.json")
    assert apply(text, old.splitlines()) == new.splitlines()
    assert max(sizes, default=0) <= 120


def test_a_large_file_of_which_every_row_changed_is_no_trap() -> None:
    rows: list[dict[str, Any]] = [{"id": f"{n:06x}", "last_status": "exhausted", "n": [n, n, 1]} for n in range(4000)]
    changed = [{**row, "last_status": None, "n": [1]} for row in rows]
    text = diff(dumps(rows), dumps(changed), "auth.json")
    assert text.count('-    "last_status": "exhausted"') == 4000


# --- what cannot be seen in lines ------------------------------------------------------------------------------------


def test_a_removed_byte_order_mark_is_said_in_words() -> None:
    text = diff(b'\xef\xbb\xbf{"version": 1}\n', b'{"version": 1}\n', "auth.json")
    assert text == "--- auth.json\n+++ auth.json\n\\ The byte order mark at the start of the file is removed.\n"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (b"{}\n", b"{}", "The newline at the end of the file is removed."),
        (b"{}", b"{}\n", "The newline at the end of the file is added."),
        (b"{\r\n}\n", b"{\n}\n", "The carriage return at the end of lines is removed."),
    ],
)
def test_line_ends_are_said_in_words(before: bytes, after: bytes, words: str) -> None:
    assert diff(before, after, "auth.json").endswith(f"\\ {words}\n")


def test_a_file_on_one_line_is_shown_one_value_a_line() -> None:
    before = {"version": 1, "credential_pool": {"p": [{"id": "a", "access_token": CANARY, "last_status": "exhausted"}]}}
    after = json.loads(dumps(before))
    after["credential_pool"]["p"][0]["last_status"] = None
    text = diff(dumps(before, indent=None), dumps(after, indent=None, separators=(",", ":")), "auth.json")
    assert '-        "last_status": "exhausted"\n+        "last_status": null\n' in text
    assert f'         "access_token": "[hidden {fingerprint(CANARY)}]",\n' in text
    assert "one value a line" in text
    assert CANARY not in text


def test_only_white_space_is_said_in_words() -> None:
    document = {"version": 1, "providers": {}, "a": 1, "b": 2, "c": [], "d": 3}
    text = diff(dumps(document, indent=None), dumps(document, separators=(",", ":"), indent=None), "auth.json")
    assert "@@" not in text
    assert text.startswith("--- auth.json\n+++ auth.json\n\\ ")


def test_a_file_with_windows_line_ends_is_shown_without_them() -> None:
    before, after = b'{\r\n  "version": 1\r\n}\r\n', b'{\r\n  "version": 2\r\n}\r\n'
    assert '-  "version": 1\n+  "version": 2\n' in diff(before, after, "auth.json")


# --- secrets ---------------------------------------------------------------------------------------------------------


def planted() -> dict[str, Any]:
    """A document with a secret in every place that can hold one."""
    return {
        "version": 1,
        "token": CANARY,
        "note": CANARY,
        TOKEN: 1,
        "secrets": {"label": "ok"},
        "password": {"label": CANARY, CANARY: CANARY, "list": [CANARY, [CANARY]], "pin": 421337},
        "access_key": 421337,
        "tokens": [CANARY, {"id": CANARY}],
        "providers": {"nous": {"access_token": CANARY, "tokens": {"id_token": CANARY, "label": CANARY}}},
        "credential_pool": {
            "openrouter": [
                {
                    "id": "7e472f",
                    "label": f"my key {TOKEN}",
                    "access_token": TOKEN,
                    "refresh_token": CANARY,
                    "last_error_message": f"Incorrect API key provided: {TOKEN}. Authorization: Bearer {TOKEN}",
                    "base_url": f"https://u:{TOKEN}@host/v1?key={TOKEN}",
                    "source": f"env:X={TOKEN}",
                    "unknown": [[[CANARY, {"deep": CANARY, "also": {"list": [CANARY]}}]]],
                    "escaped": "correct\u0020horse canary \u00fc",
                }
            ],
            "photon_project": [{"project_secret": CANARY, "phone_number": CANARY}],
        },
    }


@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
@pytest.mark.parametrize("side", ["before", "after", "both"])
def test_no_planted_secret_comes_out(side: str, indent: Any) -> None:
    with_secrets, without = dumps(planted(), indent=indent), dumps({"version": 2}, indent=indent)
    if side == "both":
        without = dumps({**planted(), "version": 2}, indent=indent)
    pair = (without, with_secrets) if side == "after" else (with_secrets, without)
    text = diff(*pair, "auth.json")
    assert "version" in text
    for secret in ("canary", "c4n4ry", "421337"):
        assert secret not in text


def test_a_secret_that_did_not_change_has_one_fingerprint_and_ties_its_record() -> None:
    before = {"credential_pool": {"p": [{"id": "a", "access_token": CANARY, "last_error_code": 429}]}}
    after = {
        "credential_pool": {"p": [{"id": "a", "access_token": CANARY, "last_error_code": None}]},
        "credential_pool_runtime": {"schema": 1, "pools": {"p": {"a": {"token": fingerprint(CANARY)}}}},
    }
    text = diff(dumps(before), dumps(after), "auth.json")
    assert not re.search(r'(?m)^[+-]\s+"access_token"', text)
    assert f'+          "token": "{fingerprint(CANARY)}"\n' in text
    assert f'"access_token": "[hidden {fingerprint(CANARY)}]"' in text


def test_a_changed_secret_is_shown_as_changed() -> None:
    text = diff(dumps({"access_token": "old secret"}), dumps({"access_token": "new secret"}), "auth.json")
    assert f'-  "access_token": "[hidden {fingerprint("old secret")}]"' in text
    assert f'+  "access_token": "[hidden {fingerprint("new secret")}]"' in text


def test_runtime_fields_are_shown_as_they_are_spelled() -> None:
    row = {
        "id": "7e472f",
        "label": "Büro",
        "source": "manual",
        "last_status": "exhausted",
        "last_status_at": 1760000000.250,
        "last_error_reset_at": "2026-11-21T07:44:50.855627+00:00",
        "last_error_message": 'Key limit "exceeded"',
        "updated_at": "2026-11-21T07:44:50Z",
        "base_url": "https://openrouter.ai/api/v1",
    }
    text = diff(b"{}", dumps(row), "auth.json")
    assert [line[1:] for line in text.splitlines()[4:]] == dumps(row).decode().splitlines()


def test_nothing_in_a_diff_drives_a_terminal() -> None:
    row = {"label": "\x9b2J\u202e", "a\x1b[2J": 1, "last_error_message": "\x1b]0;title\x07"}
    raw = dumps(row, ensure_ascii=False).replace(b"\\u001b", b"\x1b").replace(b"\\u0007", b"\x07")
    text = diff(b"{}", raw, "\x1b[31mauth.json")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)


MEMBERS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.just(CANARY)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["note", "x", "access_token", "tokens", "pools", 'é"\\']), inner, max_size=4),
    ),
    max_leaves=20,
)


@given(MEMBERS, MEMBERS, st.sampled_from([None, 1, 2]), st.booleans())
def test_no_secret_under_any_other_key_comes_out(before: Any, after: Any, indent: int | None, ascii_only: bool) -> None:
    text = diff(dumps(before, indent=indent), dumps(after, indent=indent, ensure_ascii=ascii_only), "auth.json")
    assert "canary" not in text


@given(MEMBERS, st.data())
def test_damaged_files_give_nothing_away_either(document: Any, data: st.DataObject) -> None:
    whole = dumps([document, CANARY, {"k": CANARY}])
    cut = data.draw(st.integers(0, len(whole)))
    junk = data.draw(st.binary(max_size=4))
    assert "canary" not in diff(whole[:cut] + junk + whole[cut:], whole[cut:], "auth.json")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_token_of_a_sample_comes_out(path: Path) -> None:
    data = path.read_bytes()
    secrets = re.findall(r'"(?:access_token|refresh_token|agent_key|api_key|id_token)": "([^"]+)"', data.decode())
    text = diff(b"", data, "auth.json") + diff(data, b"", "auth.json")
    assert [secret for secret in secrets if secret in text] == []


# --- YAML ------------------------------------------------------------------------------------------------------------

YAML = f"""\
# a comment with {TOKEN}
model:
  provider: openrouter
  api_key: {CANARY}   # the key
  note: "{CANARY}"
  quoted: '{CANARY} # no comment'
  base_url: https://u:{TOKEN}@host/v1
  timeout: 30
  enabled: true
custom_providers:
  - label: mine
    id: one
    api_key: "{CANARY}
      goes on {CANARY}"
    text: |
      label: {CANARY}
      id: {CANARY}

      more: {CANARY}
    flow: {{label: {CANARY}, x: [{CANARY}]}}
    open: [
      {CANARY},
      label: {CANARY}
    ]
  - {CANARY}
secret:
  label: {CANARY}
  plain: yes
"key with \\"quotes\\"": {CANARY}
? {CANARY}
: {CANARY}
anchor: &a {CANARY}
tag: !!str {CANARY}
folded: >-
    {CANARY}
last: 1
"""


def test_no_secret_of_a_yaml_file_comes_out() -> None:
    text = diff(b"", YAML.encode(), "config.yaml") + diff(YAML.encode(), b"", "config.yml")
    assert [secret for secret in ("canary", "correct", "c4n4ry") if secret in text] == []


def test_the_rest_of_a_yaml_file_is_shown() -> None:
    text = diff(b"", YAML.encode(), "config.yaml")
    shown = [line[1:] for line in text.splitlines()]
    for line in ("model:", "  provider: openrouter", "  timeout: 30", "  enabled: true", "  - label: mine", "last: 1"):
        assert line in shown
    assert f"  api_key: [hidden {fingerprint(CANARY)}]   # the key" in shown


def test_a_changed_yaml_value_is_one_line() -> None:
    before, after = b"a: 1\nmodel:\n  provider: nous\n", b"a: 1\nmodel:\n  provider: openrouter\n"
    assert diff(before, after, "config.yaml").endswith(" model:\n-  provider: nous\n+  provider: openrouter\n")
