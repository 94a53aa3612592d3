"""Hostile content for state files: mutations of what real agents wrote, and documents made by broken grammars.

Everything follows from a seed and the number of a home, so that any home can be made again by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from hermes_state.runtime.record import ties
from hermes_state.stores.breaker import LIMIT as BREAKER_LIMIT
from hermes_state.stores.reading import JSON_LIMIT, YAML_LIMIT

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
NOW = 1_800_000_000.0
HOUR = 3600.0
#: The part of every planted secret that must never come out.
CANARY = "c4nary7f3e9d1b5a8264"
SECRET = f"sk-or-v1-test-{CANARY}"

FILES = {
    "auth": "auth.json",
    "sessions": "sessions/sessions.json",
    "config": "config.yaml",
    "breaker": "rate_limits/nous.json",
}
LIMITS = {"auth": JSON_LIMIT, "sessions": JSON_LIMIT, "config": YAML_LIMIT, "breaker": BREAKER_LIMIT}
#: What may stand in place of a file; ``sparse`` is a file of one byte more than is read.
PLACES = ("absent", "fifo", "socket", "directory", "loop", "dangling", "zero", "sparse")


@dataclass(frozen=True)
class Input:
    """One file. ``way`` is how it was made; ``place`` is what it is if it is no plain file; ``link`` is one
    behind a link."""

    kind: str
    way: str
    name: str
    data: bytes = b""
    place: str = ""


@dataclass(frozen=True)
class Made:
    """The inputs of one home, by kind; ``profile`` is the auth.json of a profile of it."""

    inputs: tuple[Input, ...]
    profile: Input | None = None
    version: str | None = None


_SECRET_TEXT = re.compile(
    r'("(?:[a-z_]*token|api_key|agent_key|secret|password|private_key)"\s*:\s*")([^"\\]{8,})(")|(sk-or-v1-test-)[\w-]+'
)
_YAML_SECRET = re.compile(r"^(\s*(?:api_key|token|password|secret)\s*:\s*)(\S.*)$", re.MULTILINE)


def _planted(text: str) -> str:
    """``text`` with the canary in place of every secret."""
    return _SECRET_TEXT.sub(lambda m: f"{m[1]}{SECRET}{m[3]}" if m[1] else SECRET, text)


@cache
def samples(kind: str) -> tuple[bytes, ...]:
    """What real agents wrote of ``kind``, with the canary in place of the secrets."""
    folder, pattern = {
        "auth": ("auth", "*/*.json"),
        "sessions": ("sessions", "*/*.json"),
        "config": ("config", "**/*.yaml"),
        "breaker": ("rate_limits", "*.json"),
    }[kind]
    found = sorted((SAMPLES / folder).glob(pattern))
    texts = [path.read_bytes().decode("utf-8") for path in found]
    if kind == "config":
        texts = [_YAML_SECRET.sub(rf"\g<1>{SECRET}", text) for text in texts]
    return tuple(_planted(text).encode() for text in texts)


# --- mutations --------------------------------------------------------------------------------------------------------

ODD_TEXT = (
    "",
    "\\u0000",
    "\\u001b[31mred\\u0007",
    "\\u202egnp.exe\\u2066",
    "\u202e\u2066\u200b\ufeff",
    "\u0085\u2028",
    "\\ud800",
    "\\udfff\\ud800",
    "\\ud83d\\ude00",
    "\u00e9" * 20,
    "../../etc/passwd",
    "C:x",
    "2026-01-01T12:00:00+02:00",
    "2026-01-01T12:00:00Z",
    "exhausted",
    "dead",
    "ok",
    f"Incorrect API key provided: {SECRET}",
)
ODD_NUMBERS = (
    "0",
    "-1",
    "-0.0",
    "1e309",
    "-1e309",
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999999",
    "9" * 30,
    "9" * 400,
    "9" * 4301,
    "1.50",
    "1E5",
    "0x10",
    "01",
    "1_000",
    "1800000060",
    "1800000060000",
    "1799999990.5",
    "1e22",
    "4.9e-324",
    "true",
    "null",
    "[]",
    "{}",
    '"5"',
)
ODD_BYTES = (
    b"\0",
    b"\0" * 64,
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\x1b[2J",
    b"\x85",
    b"\t",
    b"\r",
)
_NUMBER = re.compile(rb"(?<![\w.\"-])-?\d+(?:\.\d+)?(?![\w.\"])")
_STRING = re.compile(rb'"(?:[^"\\\n]|\\.)*"')
_MEMBER = re.compile(rb'[ \t]*"(?:[^"\\\n]|\\.)*"\s*:\s*(?:"(?:[^"\\\n]|\\.)*"|[\w.+-]+)\s*,?')
_LINE = re.compile(rb"[^\n]*\n")

Mutation = Callable[[Random, bytes, str], bytes]


def _inside(rng: Random, data: bytes) -> int:
    return rng.randint(0, len(data))


def _flip(rng: Random, data: bytes, kind: str) -> bytes:
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8)) if made else 0):
        made[rng.randrange(len(made))] ^= 1 << rng.randrange(8)
    return bytes(made)


def _truncate(rng: Random, data: bytes, kind: str) -> bytes:
    return data[: _inside(rng, data)]


def _cut(rng: Random, data: bytes, kind: str) -> bytes:
    start = _inside(rng, data)
    return data[:start] + data[start + rng.choice((1, 2, 16, 200)) :]


def _splice(rng: Random, data: bytes, kind: str) -> bytes:
    other = rng.choice(samples(rng.choice((kind, kind, *FILES))))
    start = _inside(rng, other)
    return (
        data[: _inside(rng, data)]
        + other[start : start + rng.choice((8, 100, len(other)))]
        + (data[_inside(rng, data) :] if rng.random() < 0.5 else b"")
    )


def _swap(pattern: re.Pattern[bytes], choices: tuple[str, ...], shape: str) -> Mutation:
    def mutate(rng: Random, data: bytes, kind: str) -> bytes:
        found = list(pattern.finditer(data))
        if not found:
            return data
        match = rng.choice(found)
        return data[: match.start()] + (shape % rng.choice(choices)).encode() + data[match.end() :]

    return mutate


def _again(pattern: re.Pattern[bytes]) -> Mutation:
    """A member or line stands there twice."""

    def mutate(rng: Random, data: bytes, kind: str) -> bytes:
        found = list(pattern.finditer(data))
        if not found:
            return data
        match = rng.choice(found)
        member = match[0].rstrip()
        comma = b"" if pattern is _LINE or member.endswith(b",") else b","
        return data[: match.start()] + member + (comma or b"\n" if pattern is _LINE else comma) + data[match.start() :]

    return mutate


def _insert(rng: Random, data: bytes, kind: str) -> bytes:
    at = _inside(rng, data)
    return data[:at] + rng.choice(ODD_BYTES) + data[at:]


def _odd_label(rng: Random, data: bytes, kind: str) -> bytes:
    """Something odd inside of a text."""
    found = [match for match in _STRING.finditer(data) if CANARY.encode() not in match[0]]
    if not found:
        return _insert(rng, data, kind)
    match = rng.choice(found)
    at = rng.randint(match.start() + 1, match.end() - 1)
    return data[:at] + rng.choice(ODD_TEXT).encode() + data[at:]


def _nest(rng: Random, data: bytes, kind: str) -> bytes:
    """A number becomes a deep value, or the whole file is wrapped."""
    depth = rng.choice((3, 90, 101, 199, 201, 1000, 20_000))
    opening, closing = rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    found = list(_NUMBER.finditer(data))
    if not found or rng.random() < 0.2:
        return opening * depth + data + closing * depth
    match = rng.choice(found)
    end = closing * (depth if rng.random() < 0.8 else depth // 2)
    return data[: match.start()] + opening * depth + match[0] + end + data[match.end() :]


def _mark(rng: Random, data: bytes, kind: str) -> bytes:
    return rng.choice((b"\xef\xbb\xbf", b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xff\xfe")) + data


def _crlf(rng: Random, data: bytes, kind: str) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r\n", b"\r", b"\n\r")))


def _recode(rng: Random, data: bytes, kind: str) -> bytes:
    return data.decode("utf-8", "replace").encode(rng.choice(("utf-16", "utf-32", "utf-16-le", "latin-1")), "replace")


def _nul(rng: Random, data: bytes, kind: str) -> bytes:
    """What a file may hold after a crash: NUL bytes from some place on."""
    at = rng.choice((0, _inside(rng, data)))
    return data[:at] + b"\0" * (len(data) - at)


def _trailing(rng: Random, data: bytes, kind: str) -> bytes:
    return data + rng.choice((b"\n\n\n", b"x", b"}", b"\0", b"{}", b"\n---\n", b"// end", data))


def _restructure(rng: Random, data: bytes, kind: str) -> bytes:
    """A change of the document that leaves it JSON."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return data
    holder = [document]
    for _ in range(rng.choice((1, 1, 2, 4))):
        _change(rng, holder)
    return json.dumps(holder[0], indent=rng.choice((None, 2)), ensure_ascii=rng.random() < 0.7).encode(
        "utf-8", "surrogatepass"
    )


def _change(rng: Random, holder: list[Any]) -> None:
    places: list[tuple[Any, Any]] = []
    pending: list[Any] = [holder]
    while pending:
        inner = pending.pop()
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        for key in keys:
            places.append((inner, key))
            if isinstance(inner[key], dict | list):
                pending.append(inner[key])
    inner, key = rng.choice(places[1:] or places)
    act = rng.random()
    if act < 0.5:
        inner[key] = _odd_value(rng)
    elif act < 0.65 and inner is not holder:
        del inner[key]
    elif act < 0.8 and isinstance(inner, list):
        inner.append(inner[key])
    elif isinstance(inner, dict):
        inner[rng.choice((f" {key}", str(key).upper(), "\ud800", "\u202e", "id", "_x", "last_status"))] = inner.pop(key)


def _odd_value(rng: Random) -> Any:
    return rng.choice(
        (
            None,
            True,
            False,
            0,
            -1,
            1.5,
            10**40,
            NOW + 60,
            NOW - 60,
            (NOW + 60) * 1000,
            float("nan"),
            float("inf"),
            "",
            "\ud800",
            "\x1b[31m\u202e",
            "ok",
            "dead",
            "exhausted",
            "2027-01-15T08:01:00",
            "2027-01-15T08:01:00Z",
            "../x",
            [],
            {},
            [[]],
            {"a": [1]},
            f"Bearer {SECRET}",
        )
    )


BYTEWISE: tuple[Mutation, ...] = (_flip, _truncate, _cut, _splice, _insert, _nest, _recode, _nul, _trailing)
MILD: tuple[Mutation, ...] = (
    _restructure,
    _restructure,
    _restructure,
    _swap(_NUMBER, ODD_NUMBERS, "%s"),
    _swap(_NUMBER, ODD_NUMBERS, "%s"),
    _swap(_STRING, ODD_TEXT, '"%s"'),
    _again(_MEMBER),
    _again(_LINE),
    _odd_label,
    _mark,
    _crlf,
)


def mutated(rng: Random, kind: str) -> bytes:
    """One to four mutations of something that a real agent wrote."""
    data = rng.choice(samples(kind))
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        data = rng.choice(BYTEWISE if rng.random() < 0.4 else MILD)(rng, data, kind)
    return data


# --- grammars: JSON ---------------------------------------------------------------------------------------------------


def broken_json(rng: Random, depth: int = 0) -> str:
    """JSON by its grammar, in which every production may go wrong."""
    wrong = rng.random() < 0.03
    choice = rng.random()
    if depth > 5 or choice < 0.35:
        if wrong:
            return rng.choice(("tru", "nul", "'a'", '"a', "+1", ".5", "1.", "--1", "\\", "\x01", '"\n"', "undefined"))
        return rng.choice((*ODD_NUMBERS, *(f'"{text}"' for text in ODD_TEXT), "true", "false"))
    inner = [broken_json(rng, depth + 1) for _ in range(rng.randrange(4))]
    comma = "" if wrong and rng.random() < 0.5 else rng.choice((",", ", ", ",\n  "))
    if choice < 0.6:
        return "[" + comma.join(inner) + (rng.choice((",]", "", "}")) if wrong else "]")
    keys = ("id", "id", "providers", "credential_pool", "reset_at", "session_key", "\\ud800", "", "a" * 50)
    colon = rng.choice(("", "=", "::")) if wrong and rng.random() < 0.5 else ":"
    members = [f'"{rng.choice(keys)}"{colon}{value}' for value in inner]
    return "{" + comma.join(members) + (rng.choice((",}", "", "]")) if wrong else "}")


def _long(rng: Random) -> str:
    """Much of one thing, as what costs more than it should would be found by."""
    unit = rng.choice(
        ('"', "\\", '"\\', "[", "{", "]", '{"":', "[],", '"a",', "1,", " ", "9", '\\"', "-", "\\ud800", "#")
    )
    return rng.choice(("", "[", '{"a":"', '{"providers":{},"x":[')) + unit * rng.choice((1000, 20_000, 60_000))


# --- grammars: documents that are read, with something to find in them ----------------------------------------------


def _row(rng: Random, id: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": id,
        "label": rng.choice((f"key {id}", "\x1b[31mred", "a\u202eb", f"was {SECRET}", None, 5)),
        "auth_type": rng.choice(("api_key", "oauth")),
        "priority": rng.randrange(3),
        "source": rng.choice(("manual", "manual", "manual", "env:OPENROUTER_API_KEY", 5)),
        "access_token": f"{SECRET}-{id if isinstance(id, str) else 'x'}",
        "request_count": rng.randrange(9),
    }
    if rng.random() < 0.6:
        row |= _mark_of(rng)
    if rng.random() < 0.15:
        row["model_cooldowns"] = {
            rng.choice(("m/a", "m/b")): rng.choice((NOW + 60, NOW - 60, None, "soon", float("inf")))
        }
    if rng.random() < 0.15:
        row["last_status"] = rng.choice(("ok", "dead"))
    if rng.random() < 0.1:
        row["status_cleared_at"] = NOW - rng.choice((5, 50, 500))
    if rng.random() < 0.1:
        row[rng.choice((*row, "odd"))] = _odd_value(rng)
    return row


def _mark_of(rng: Random) -> dict[str, Any]:
    return {
        "last_status": "exhausted",
        "last_status_at": NOW - rng.choice((5, 60, 900, 5000)),
        "last_error_code": rng.choice((429, 402, 401)),
        "last_error_message": rng.choice((None, f"Incorrect API key provided: {SECRET}", "Rate limit exceeded")),
        "last_error_reset_at": NOW + rng.choice((-60, 60, HOUR, HOUR, 90 * 86400)),
    }


def _record(rng: Random, row: dict[str, Any]) -> Any:
    if rng.random() < 0.1:
        return _odd_value(rng)
    record: dict[str, Any] = {**ties(row), "moved_at": NOW - 30}
    if rng.random() < 0.7:
        record |= _mark_of(rng)
        if rng.random() < 0.5 and "last_status_at" in row:
            record |= {key: row[key] for key in ("last_status", "last_status_at", "last_error_reset_at") if key in row}
            record["failure_reason"] = "billing"
    if rng.random() < 0.3:
        record["cleared_at"] = NOW - rng.choice((3, 10, 100))
    return record


def made_auth(rng: Random) -> bytes:
    pools: dict[str, Any] = {}
    section: dict[str, Any] = {}
    for key in rng.sample(
        ("openrouter", "nous", "OpenRouter", "custom:my llm", "photon", "anthropic"), rng.randint(1, 3)
    ):
        rows = [_row(rng, rng.choice(("a", "b", "c", "d", "e", None, 5))) for _ in range(rng.randrange(4))]
        pools[key] = rows if rng.random() < 0.97 else _odd_value(rng)
        records = {
            row["id"]: _record(rng, row) for row in rows if isinstance(row.get("id"), str) and rng.random() < 0.6
        }
        if rng.random() < 0.15:
            records["gone"] = _record(rng, {"source": "manual", "access_token": SECRET})
        for row in rows:
            if rng.random() < 0.1:
                row["access_token"] = f"{SECRET}-new"
        section[key] = records if rng.random() < 0.97 else _odd_value(rng)
    document: dict[str, Any] = {"version": 1, "providers": {}, "credential_pool": pools}
    if rng.random() < 0.7:
        document["credential_pool_runtime"] = {"schema": 1, "pools": section}
        if rng.random() < 0.1:
            document["credential_pool_runtime"] = rng.choice(
                (
                    {"schema": 2, "pools": {}},
                    {"schema": 9, "pools": []},
                    {"entries": []},
                    {"schema": "1", "pools": {}},
                    [],
                )
            )
    if rng.random() < 0.05:
        document = {"systems": {"openrouter": {"api_key": SECRET}}}
    text = json.dumps(document, indent=rng.choice((2, 2, None, 4)), ensure_ascii=rng.random() < 0.5)
    return text.encode("utf-8", "surrogatepass")


def made_sessions(rng: Random) -> bytes:
    document: dict[str, Any] = {}
    times = (
        "2026-01-01T12:00:00",
        "2026-01-01T12:00:00Z",
        "yesterday",
        "2026-01-01 12:00",
        "2026-01-01T12:00:00+01:00",
    )
    for number in range(rng.randrange(4)):
        key = rng.choice((f"agent:main:telegram:dm:{number}", "../x", "_meta", f"\x1b\u202e{number}"))
        document[key] = {
            "session_key": rng.choice((key, key, "agent:main:x")),
            "session_id": rng.choice(("20260101_120000_0123abcd", "../x", "a/b", 5)),
            "created_at": rng.choice(times),
            "updated_at": rng.choice(times),
            "metadata": _odd_value(rng),
        }
    return json.dumps(document, indent=2).encode()


def made_breaker(rng: Random) -> bytes:
    value = rng.choice((60, HOUR, -60, 8 * 86400))
    time = rng.choice((repr(NOW + value), repr((NOW + value) * 1000), *ODD_NUMBERS))
    field = rng.choice(("reset_at", "reset_at", "reset_at", "recorded_at"))
    return f'{{"{field}": {time}, "recorded_at": 1799999990.0, "reset_seconds": 60}}'.encode()


# --- grammars: YAML ---------------------------------------------------------------------------------------------------

_KEYS = (
    "model",
    "agent",
    "display",
    "terminal",
    "modle",
    "on",
    "2070",
    "<<",
    "_config_version",
    '"a"',
    "- a",
    "? x",
    "a b",
)
_SCALARS = (
    "1e3",
    "0o14",
    "1_000",
    "12:30:45",
    "yes",
    "~",
    "2026-01-01",
    '"\\ud800"',
    '"\\x1b[31m"',
    "'it''s'",
    '"open',
    "*a",
    "*nowhere",
    "&a x",
    "!!int x",
    "!!python/object:os.system x",
    "!<tag:x> y",
    "@x",
    "`x`",
    "%x",
    "|\n    a\n    b",
    ">-\n    a",
    "|9\n a",
    "[a, b",
    "{a: b}",
    "{a: 1, a: 2}",
    "[[[[]]]]",
    "x: y",
    "# none",
    ".inf",
    ".nan",
    "9" * 5000,
    "0x" + "f" * 200,
    "\u202eabc",
    "\u0085x",
    "\x07",
    "\tx",
    SECRET,
)


def broken_yaml(rng: Random, depth: int = 0) -> str:
    """YAML by its grammar, with everything that readers disagree about or fail on."""
    lines = []
    for _ in range(rng.randint(1, 4)):
        indent = " " * (2 * depth + (rng.random() < 0.03)) if rng.random() > 0.02 else "\t"
        key = rng.choice(_KEYS)
        anchor = rng.choice(("", "", "", " &a", " &b", " *a", " !!map", " !x"))
        if depth < 4 and rng.random() < 0.4:
            lines.append(f"{indent}{key}:{anchor}\n{broken_yaml(rng, depth + 1)}")
        elif rng.random() < 0.15:
            lines.append(f"{indent}- {rng.choice(_SCALARS)}")
        else:
            lines.append(f"{indent}{key}: {rng.choice(_SCALARS)}")
    return "\n".join(lines)


def made_yaml(rng: Random) -> str:
    """Settings that can be read, some of them odd."""
    lines = []
    scalars = ("x", "5", "1e3", "true", "'5'", '"\\ud800"', "[]", "{}", "[1, 2]", "~", "0o17", "1_0")
    for key in rng.sample(
        ("model", "agent", "display", "terminal", "compression", "modle", "toolsets", "on", "agent"), 4
    ):
        inner = rng.choice(
            (rng.choice(scalars), f"\n  {rng.choice(('max_turns', 'skin', 'x'))}: {rng.choice(scalars)}")
        )
        lines.append(f"{key}: {inner}".replace(": \n", ":\n"))
    if rng.random() < 0.5:
        lines.append(f"api_key: {SECRET}")
    return "\n".join(lines) + "\n"


def alias_bomb(rng: Random) -> str:
    levels, width = rng.choice(((9, 9), (30, 2), (100, 2), (5, 40), (99, 1), (120, 1)))
    merge = rng.random() < 0.3
    lines = ["l0: &l0 {x: y}" if merge else "l0: &l0 [x, x]"]
    for level in range(1, levels):
        items = ", ".join([f"*l{level - 1}"] * width)
        lines.append(f"l{level}: &l{level} " + (f"{{<<: [{items}], k{level}: 1}}" if merge else f"[{items}]"))
    return "\n".join(lines) + "\n"


def _long_yaml(rng: Random) -> str:
    unit = rng.choice(
        ("[", "{", "- ", "a: ", "? ", "&a ", "!", "'", '"', "*a ", "#", "| ", "-\n", "a:\n", "\t", "%", ": ", ",")
    )
    return unit * rng.choice((200, 2000, 8000))


# --- homes ------------------------------------------------------------------------------------------------------------


def grammatical(rng: Random, kind: str) -> bytes:
    """Content that is made up: something to find in it, broken by grammar, long, or hardly there."""
    choice = rng.random()
    if choice < 0.04:
        return rng.choice(
            (b"", b"", b"", b"", b" ", b"\n\n", b"null", b"[]", b'"x"', b"5", b"{}", b"---\n", b"\xef\xbb\xbf", b"\0")
        )
    if choice < 0.045:
        return (_long_yaml(rng) if kind == "config" else _long(rng)).encode()
    if kind == "config":
        if choice < 0.07:
            return alias_bomb(rng).encode()
        return (broken_yaml(rng) if choice < 0.5 else made_yaml(rng)).encode("utf-8", "surrogatepass")
    if choice < 0.4:
        return broken_json(rng).encode("utf-8", "surrogatepass")
    return {"auth": made_auth, "sessions": made_sessions, "breaker": made_breaker}[kind](rng)


def made_input(rng: Random, kind: str) -> Input:
    """One input: 45 of 100 are mutations of samples, 4 are no plain files, the rest is made up."""
    choice = rng.random()
    name = FILES[kind]
    if kind == "breaker" and rng.random() < 0.15:
        name = rng.choice(("rate_limits/nous-anonymous.json", "rate_limits/openrouter.json"))
    if choice < 0.04:
        return Input(kind, "place", name, place=rng.choice(PLACES))
    link = "link" if rng.random() < 0.03 else ""
    if choice < 0.49:
        return Input(kind, "mutation", name, mutated(rng, kind), link)
    return Input(kind, "grammar", name, grammatical(rng, kind), link)


def _hiding(rng: Random) -> tuple[Input, Input]:
    """A root store with a credential that can be used, and a profile's with one for the same provider that cannot."""
    rows = [[_row(rng, "a") | {"source": "manual"}], [_row(rng, "b") | {"source": "manual"} | _mark_of(rng)]]
    made = [json.dumps({"version": 1, "credential_pool": {"nous": each}}).encode() for each in rows]
    return Input("auth", "grammar", FILES["auth"], made[0]), Input("auth", "grammar", FILES["auth"], made[1])


def made_home(seed: int, number: int) -> Made:
    """The home with ``number``: one input of every kind, and every tenth time a profile with a store of its own."""
    rng = Random(f"{seed}:{number}")
    inputs = tuple(made_input(rng, kind) for kind in FILES)
    profile = replace(made_input(rng, "auth"), place="") if number % 10 == 0 else None
    version = rng.choice(("0.13.0", "0.15.2", "0.19.0", "0.22.2")) if rng.random() < 0.3 else None
    if profile is not None and rng.random() < 0.2:
        root, profile = _hiding(rng)
        inputs = (root, *inputs[1:])
    return Made(inputs, profile, version)
