"""Scalars: what the text of one means to the agents, and how to spell a value so that every reader agrees.

Agents up to 0.20 read with PyYAML, 0.22 with ruamel.yaml; both by YAML 1.1. Where the two disagree (``1e3``, ``y``,
``._5``) this module follows ruamel.yaml, the reader of the agents to come, and can tell that they disagree. Tools
beside the agent read by YAML 1.2, so what is written here is plain only where 1.1 and 1.2 mean the same.
"""

from __future__ import annotations

import math
import re
from base64 import decodebytes
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import Any, Final

from ruamel.yaml.resolver import implicit_resolvers

YAML_1_1: Final = (1, 1)
YAML_1_2: Final = (1, 2)

#: Characters of a number. Python refuses to convert a few thousand digits, and no setting has them.
MAX_NUMBER = 1000

UNKNOWN_TAG: Final = "an unknown tag; text that begins with ! needs quotes"
PREFIX: Final = "tag:yaml.org,2002:"


@cache
def _resolvers(version: tuple[int, int]) -> dict[str, list[tuple[str, Any]]]:
    table: dict[str, list[tuple[str, Any]]] = {}
    for versions, tag, pattern, firsts in implicit_resolvers:
        if version in versions:
            for first in firsts:
                table.setdefault(first, []).append((tag.removeprefix(PREFIX), pattern))
    return table


def resolve(text: str, version: tuple[int, int] = YAML_1_1) -> str:
    """The tag of plain ``text``, without its prefix: ``str``, ``int``, ``bool``, ``merge`` and so on."""
    for tag, pattern in _resolvers(version).get(text[:1], ()):
        if pattern.match(text):
            return tag
    return "str"


#: Plain text that ruamel.yaml takes for a value of some type and PyYAML takes for text.
_TEXT_TO_PYYAML = re.compile(
    r"[yYnN]"
    r"|[-+]?[0-9][0-9_]*(?:[eE][-+]?[0-9]+|\.[0-9_]*[eE][0-9]+)"
    r"|\._[0-9_]*(?:[eE][-+][0-9]+)?"
    r"|[-+]_[0-7_]*"
)


def readers_disagree(plain: str) -> bool:
    """Whether agents up to 0.20 read ``plain`` as text and later ones as something else."""
    return _TEXT_TO_PYYAML.fullmatch(plain) is not None


def read(tag: str, text: str) -> Any:
    """The value of a scalar. Raises ValueError when ``tag`` is unknown or ``text`` is not of the type that it says."""
    reader = _READERS.get(tag)
    if reader is None:
        raise ValueError(UNKNOWN_TAG)
    try:
        return reader(text)
    except (ValueError, LookupError, OverflowError):
        raise ValueError(f"this is not a valid {_NAMES.get(tag, tag)}") from None


_BOOLEANS = {"y": True, "yes": True, "true": True, "on": True, "n": False, "no": False, "false": False, "off": False}


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER:
        raise ValueError
    digits = text.replace("_", "")
    sign = -1 if digits[0] == "-" else 1
    digits = digits[1:] if digits[0] in "+-" else digits
    if digits[:2] in ("0b", "0x", "0o"):
        return sign * int(digits[2:], {"b": 2, "x": 16, "o": 8}[digits[1]])
    if ":" in digits:
        return sign * int(_base_sixty([int(part) for part in digits.split(":")]))
    return sign * int(digits, 8 if digits[0] == "0" else 10)


def _float(text: str) -> float:
    if len(text) > MAX_NUMBER:
        raise ValueError
    digits = text.replace("_", "").lower()
    sign = -1.0 if digits[0] == "-" else 1.0
    digits = digits[1:] if digits[0] in "+-" else digits
    if digits in (".inf", ".nan"):
        return sign * float(digits[1:])
    if ":" in digits:
        return sign * float(_base_sixty([float(part) for part in digits.split(":")]))
    return sign * float(digits)


def _base_sixty(parts: list[Any]) -> Any:
    """Summed from the last part on, as the agents' readers do: floats then round as theirs."""
    total, base = parts[-1] * 0, 1
    for part in reversed(parts):
        total += part * base
        base *= 60
    return total


_TIMESTAMP = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::?(\d\d))?))?)?",
    re.ASCII,
)


def _timestamp(text: str) -> date | datetime:
    match = _TIMESTAMP.fullmatch(text)
    if match is None:
        raise ValueError
    year, month, day, hour, minute, second, fraction, zone, sign, hours, minutes = match.groups()
    if hour is None:
        return date(int(year), int(month), int(day))
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0)) * (-1 if sign == "-" else 1)
    microsecond = int((fraction or "")[:6].ljust(6, "0"))
    zone_info = timezone(offset) if zone else None
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), microsecond, zone_info)


_READERS: dict[str, Callable[[str], Any]] = {
    "str": str,
    "null": lambda text: None,
    "bool": lambda text: _BOOLEANS[text.lower()],
    "int": _integer,
    "float": _float,
    "timestamp": _timestamp,
    "binary": lambda text: decodebytes(text.encode("ascii")),
}
_NAMES = {"bool": "truth value", "int": "number", "float": "number", "timestamp": "date", "binary": "base64 text"}

# --- writing ---------------------------------------------------------------------------------------------------------

#: Plain text that looks like text to every reader: it begins with a letter or a path and holds nothing that any reader
#: in any place could take for structure.
_SURELY_TEXT_IN_FLOW = re.compile(r"(?:[^\W\d_]|/|~/)(?:[\w./@+=~$()%-]|[ ](?=[\w./@+=~$(%-]))*")
_SURELY_TEXT = re.compile(r"(?:[^\W\d_]|/|~/|\$\{)(?:[\w./@+=~$()%{}'-]|:(?=[\w/])|,(?=\w)|,?[ ](?=[\w./@+=~$(%-]))*")
_WORDS = frozenset({*_BOOLEANS, "null", "nan", "inf", "none"})
_NEEDS_ESCAPE = re.compile(r'["\\]|[^ -~\xa1-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def is_printable(text: str) -> bool:
    """Whether ``text`` can stand between quotes as it is: one line, nothing invisible, nothing that needs an escape."""
    return all(found.group() in '"\\' for found in _NEEDS_ESCAPE.finditer(text))


def spell(value: str | int | float | bool | None, quote: str = "", in_flow: bool = False) -> str:
    """``value`` as a scalar on one line, the same value to every reader.

    ``quote`` (``'``, ``"`` or nothing) is the style that text had before and keeps if it can. ``in_flow`` tells that
    the place is inside brackets, where fewer characters are harmless. Raises ValueError for text with lone surrogates,
    which no file can hold, and TypeError for values that are no scalars.
    """
    if isinstance(value, str):
        return _spell_text(value, quote, in_flow)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _spell_float(value)
    raise TypeError(f"a {type(value).__name__} is not a scalar")


def _spell_text(text: str, quote: str, in_flow: bool) -> str:
    text.encode("utf-8")
    if quote == "'" and is_printable(text):
        return "'" + text.replace("'", "''") + "'"
    if quote == "" and _is_surely_text(text, in_flow):
        return text
    return '"' + _NEEDS_ESCAPE.sub(lambda found: _ESCAPES.get(found.group()) or _escape(ord(found.group())), text) + '"'


def _is_surely_text(text: str, in_flow: bool) -> bool:
    pattern = _SURELY_TEXT_IN_FLOW if in_flow else _SURELY_TEXT
    return (
        pattern.fullmatch(text) is not None
        and is_printable(text)
        and text.lower() not in _WORDS
        and resolve(text, YAML_1_1) == resolve(text, YAML_1_2) == "str"
    )


def _escape(code: int) -> str:
    return f"\\U{code:08x}" if code >> 16 else f"\\u{code:04x}" if code >> 8 else f"\\x{code:02x}"


def _spell_float(value: float) -> str:
    if math.isnan(value):
        return ".nan"
    if math.isinf(value):
        return ".inf" if value > 0 else "-.inf"
    mantissa, exponent, power = repr(value).partition("e")
    # PyYAML takes 1e+16 for text: it wants a dot before the exponent and a sign in it.
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}{exponent}{power}"
