"""The lines of a JSON or YAML text, each also in a form without secrets.

A string is shown only under a key that is known to hold none, and then redacted as free text; anywhere else its
fingerprint stands for it. Nothing is asked of the text: what is not understood is hidden, not shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from hermes_state.redaction.secret import fingerprint, is_secret_key
from hermes_state.redaction.text import harmless, redact

_OPEN_KEYS = """
    last_status last_status_at last_error_code last_error_reason last_error_message last_error_reset_at failure_reason
    status_cleared_at moved_at cleared_at request_count model_cooldowns schema version updated_at id label source
    auth_type auth_mode auth_method account_tier priority active_provider provider region scope token_type client_id
    base_url portal_base_url inference_base_url resource_url expires_at expires_at_ms expires_in obtained_at
    last_refresh agent_key_id agent_key_expires_at agent_key_expires_in agent_key_obtained_at agent_key_reused
    secret_source secret_fingerprint message reason relogin_required at insecure ca_bundle reset_at recorded_at
    reset_seconds
"""
#: Keys whose strings are shown: what a row or a record says about a credential, not what the credential is.
OPEN_KEYS = frozenset(_OPEN_KEYS.split())
#: Strings that are shown under any key: the agent's fingerprints (``token`` of a record) and times.
_OPEN_VALUE = re.compile(
    r"sha256:[0-9a-f]{16}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII
)
_TOKEN = re.compile(
    r"""(?P<key>"(?:[^"\\\n]|\\.)*+"(?=\s*+:)) | (?P<string>"(?:[^"\\\n]|\\.)*+") | (?P<mark>[{}\[\],:])
      | (?P<newline>\r?\n) | (?P<space>[^\S\n]+) | (?P<word>[^\s{}\[\],:"]+) | (?P<rest>.)""",
    re.VERBOSE,
)
_PLAIN_WORD = re.compile(
    r"true|false|null|~|yes|no|on|off|-?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?|-?Infinity|NaN", re.ASCII
)
_YAML_LINE = re.compile(
    r"""(?P<indent>[ ]*(?:-[ ]+)*)
        (?: (?P<key> "(?:[^"\\]|\\.)*+" | '[^']*' | [^\s\#"'\[\]{},&*!|>%@`:-][^:\#]*?) (?P<colon>\s*:(?:\s+|$)) )?
        (?P<value>.*)""",
    re.VERBOSE | re.DOTALL,
)


class Line(NamedTuple):
    """One line: what the file says, to be compared, and what may be shown of it."""

    text: str
    shown: str


class _Place(NamedTuple):
    """Where a value stands: below which key, and whether a name of a secret is further above."""

    key: str
    below_secret: bool


def json_lines(text: str, *, spread: bool) -> list[Line]:
    """The lines of a JSON text; with ``spread`` white space is set anew, one value a line."""
    lines: list[Line] = []
    plain: list[str] = []
    shown: list[str] = []
    for piece, masked in _spread(_json_pieces(text)) if spread else _json_pieces(text):
        if masked == "\n":
            lines.append(Line("".join(plain), "".join(shown)))
            plain.clear()
            shown.clear()
        else:
            plain.append(piece)
            shown.append(masked)
    if plain:
        lines.append(Line("".join(plain), "".join(shown)))
    return lines


def _json_pieces(text: str) -> Iterator[tuple[str, str]]:
    """Each token with what may be shown of it; the end of a line is ``"\\n"``."""
    places = [_Place("", False)]
    for match in _TOKEN.finditer(text):
        kind, piece = match.lastgroup, match[0]
        place = places[-1]
        if kind == "newline":
            yield piece, "\n"
        elif kind == "key":
            name = _value(piece)
            places[-1] = place._replace(key=name)
            yield piece, _name(piece, name, place.below_secret)
        elif kind == "string":
            yield piece, _string(piece, place)
        elif kind == "mark":
            if piece == "{":
                places.append(_Place("", place.below_secret or _is_secret(place.key)))
            elif piece == "[":
                places.append(place)
            elif piece in "}]" and len(places) > 1:
                places.pop()
            yield piece, piece
        elif kind == "space":
            yield piece, harmless(piece.expandtabs(4))
        else:
            yield piece, _word(piece, place)


def _spread(pieces: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The same tokens, with a line for each value."""
    depth, fresh = 0, False
    for piece, masked in pieces:
        if not piece.strip():
            continue
        if piece in ("}", "]"):
            depth = max(0, depth - 1)
            if not fresh:
                yield "", "\n"
                yield "", "  " * depth
        elif fresh:
            yield "", "\n"
            yield "", "  " * depth
        yield piece, masked
        fresh = False
        if piece in ("{", "["):
            depth += 1
            fresh = True
        elif piece == ",":
            yield "", "\n"
            yield "", "  " * depth
        elif piece == ":":
            yield "", " "


def _is_secret(key: str) -> bool:
    # A pool may be called "custom:my-key": what is below it has names of its own.
    return ":" not in key and is_secret_key(key)


def _value(literal: str) -> str:
    """What a quoted literal says, or what is between its quotes where it is no JSON."""
    if "\\" in literal:
        try:
            return str(json.loads(literal))
        except ValueError:
            pass
    return literal[1:-1]


@lru_cache(4096)  # a file has few names, and many times each
def _name(literal: str, name: str, below_secret: bool) -> str:
    if below_secret and name not in OPEN_KEYS and not is_secret_key(name):
        return f'"[hidden {fingerprint(name)}]"'
    return _free(literal, name)


def _free(literal: str, value: str) -> str:
    clean = redact(value)
    return harmless(literal if clean == value else json.dumps(clean, ensure_ascii=False))


def _string(literal: str, place: _Place) -> str:
    value = _value(literal)
    if not value or _OPEN_VALUE.fullmatch(value):
        return literal
    if place.key in OPEN_KEYS and not place.below_secret:
        return _free(literal, value)
    return f'"[hidden {fingerprint(value)}]"'


def _word(word: str, place: _Place) -> str:
    """A number, true, false or null; anything else has no place in JSON."""
    is_hidden = word[-1:].isdigit() and (place.below_secret or _is_secret(place.key))
    return word if _PLAIN_WORD.fullmatch(word) and not is_hidden else f"[hidden {fingerprint(word)}]"


def yaml_lines(text: str) -> list[Line]:
    """The lines of a YAML text.

    Lines are taken one by one: of ``key: value`` the key is shown, and a value of one word or under an open key. What
    belongs to a value that goes on over lines is hidden, and so is what stands below the name of a secret.
    """
    lines: list[Line] = []
    above: list[tuple[int, str]] = []  # indentation and key of the lines that this one stands below
    inside: tuple[int, str] | None = None  # the value that goes on: the indentation of its key, and how it ends
    for raw in re.split("\r?\n", text):
        bare = raw.lstrip(" ")
        indent = len(raw) - len(bare)
        if inside is not None and bare:
            if inside[1] or indent > inside[0]:
                lines.append(Line(raw, raw[:indent] + f"[hidden {fingerprint(bare)}]"))
                if inside[1] and _closes(bare, inside[1]):
                    inside = None
                continue
            inside = None
        if not bare or bare.startswith("#"):
            lines.append(Line(raw, harmless(redact(raw))))
            continue
        match = _YAML_LINE.match(raw)
        assert match is not None  # every part of the pattern may be empty
        above = [one for one in above if one[0] < len(match["indent"])] if match["key"] else above
        key = _unquoted(match["key"]) if match["key"] else (above[-1][1] if above else "")
        place = _Place(key, any(_is_secret(name) for _, name in above))
        name = _name(match["key"], key, place.below_secret) if match["key"] else ""
        lines.append(Line(raw, match["indent"] + name + (match["colon"] or "") + _yaml_value(match["value"], place)))
        if match["key"]:
            above.append((len(match["indent"]), key))
        ending = _goes_on(match["value"])
        inside = (len(match["indent"]) if match["key"] else indent, ending) if ending is not None else None
    if lines and not lines[-1].text:
        lines.pop()  # what follows the last line end
    return lines


def _unquoted(name: str) -> str:
    return _value(name) if name.startswith('"') else name.strip("'")


def _yaml_value(text: str, place: _Place) -> str:
    value, gap, comment = re.match(r"(.*?)(\s*)((?:(?<!\S)\#.*)?)$", text, re.DOTALL).groups()  # type: ignore[union-attr]
    if value.startswith(("'", '"')) and comment:  # a "#" inside quotes is no comment
        value, gap, comment = text, "", ""
    tail = gap + harmless(redact(comment))
    if not value or re.fullmatch(r"[|>][0-9+-]*|\[\s*\]|\{\s*\}|---|-|''|\"\"", value):
        return value + tail
    if value[0] in "\"'" and value[-1] == value[0] and len(value) > 1:
        return _string(value, place) + tail
    if _PLAIN_WORD.fullmatch(value):
        return _word(value, place) + tail
    if _OPEN_VALUE.fullmatch(value) or (place.key in OPEN_KEYS and not place.below_secret):
        return harmless(redact(value)) + tail
    return f"[hidden {fingerprint(value)}]" + tail


def _goes_on(value: str) -> str | None:
    """How a value ends that begins here: at a character, or (``""``) where the indentation does; None: on its line."""
    if value.startswith(("'", '"')):
        return None if _closes(value[1:], value[0]) else value[0]
    return None if not re.match(r"[|>\[{&!?]", value) or re.fullmatch(r"\[.*\]\s*|\{.*\}\s*", value) else ""


def _closes(text: str, quote: str) -> bool:
    return quote in (re.sub(r"\\.", "", text) if quote == '"' else text.replace("''", ""))
