"""What is wrong with a text that is not JSON, or is more than can be read, and where."""

from __future__ import annotations

import json
import re
import sys

from hermes_state.codec.fault import BadText
from hermes_state.codec.walk import STRING, line_and_column
from hermes_state.outcomes import Fault, Outcome

#: Containers inside containers. Real files need 6; the C scanner would give up near 1000, depending on the interpreter.
MAX_DEPTH = 200

_CUT = "the text ends too early (a truncated write?)"
# What an error can point at when the text was cut there: a bracket, a comma, the beginning of a word, number or escape.
_CUT_WORD = re.compile(r"[\[{,:]?[-+.\w\\]{0,12}\s*")
_TOKEN = re.compile(rf"{STRING}|[\[\]{{}}]|-?\d++(?:\.\d++)?(?:[eE][-+]?\d++)?")
_TO_SQUARE = bytes.maketrans(b"{}", b"[]")
_ALL_BUT_BRACKETS = bytes(set(range(256)) - set(b'[]{}"'))
_CLOSED_STRINGS = re.compile(rb'"[^"]*+"')


def corrupt(message: str, text: str, offset: int) -> BadText:
    """The error for a text that cannot be read because of what stands at ``offset``."""
    return BadText(Fault(Outcome.CORRUPT, message, "", *line_and_column(text, offset)))


def not_utf8(data: bytes, error: UnicodeDecodeError) -> BadText:
    before = data[: error.start].decode("utf-8").removeprefix("\ufeff")
    truncated = error.end == len(data) and error.reason == "unexpected end of data"
    return corrupt(_CUT if truncated else f"byte {error.start} is not UTF-8", before, len(before))


def not_json(text: str, error: json.JSONDecodeError) -> BadText:
    if not text.strip():
        message = "it holds white space only"
    elif "\0" in text:
        message = "it holds NUL bytes, as a file does after a crash"
    elif error.msg == "Extra data":
        message = "something follows the end of the document"
    elif error.msg.startswith("Unterminated") or (text.lstrip()[0] in "[{" and _CUT_WORD.fullmatch(text, error.pos)):
        message = _CUT
    else:
        what = error.msg.removesuffix(" at")  # a place would follow
        message = f"not JSON here: {what[0].lower()}{what[1:]}"
    return corrupt(message, text, error.pos)


def too_long_number(text: str) -> BadText:
    """For the first integer that has more digits than Python converts."""
    limit = sys.get_int_max_str_digits()
    places = (match.start() for match in _TOKEN.finditer(text) if match.end() - match.start() > limit)
    place = next((place for place in places if text[place : place + limit].removeprefix("-").isdigit()), 0)
    return corrupt("a number has thousands of digits", text, place)


def too_deep(text: str) -> BadText | None:
    """For the first bracket that opens one level more than MAX_DEPTH, if there is one."""
    level = 0
    for match in _TOKEN.finditer(text):
        if match[0] in "[{":
            level += 1
            if level > MAX_DEPTH:
                return corrupt(f"values are nested more than {MAX_DEPTH} deep", text, match.start())
        elif match[0] in "]}":
            level -= 1
    return None


def depth(data: bytes) -> int:
    """How deep values are nested in JSON ``data``, at C speed; never less, perhaps more where brackets are not closed.

    Stops right above MAX_DEPTH.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    bare = data.translate(_TO_SQUARE, _ALL_BUT_BRACKETS)
    bare = _CLOSED_STRINGS.sub(b"", bare.replace(b'""', b""))
    found = 0
    while bare and found <= MAX_DEPTH:
        less = bare.replace(b"[]", b"")  # the innermost containers
        if len(less) == len(bare):
            return found + bare.count(b"[")
        bare = less
        found += 1
    return found
