"""Scalars: what the text of one means to the agents.

Agents up to 0.20 read with PyYAML, 0.22 with ruamel.yaml; both by YAML 1.1. Where the two disagree (``1e3``, ``y``,
``._5``) this module follows ruamel.yaml, the reader of the agents to come, and can tell that they disagree.
"""

from __future__ import annotations

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


BOOLEANS = {"y": True, "yes": True, "true": True, "on": True, "n": False, "no": False, "false": False, "off": False}


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
    "bool": lambda text: BOOLEANS[text.lower()],
    "int": _integer,
    "float": _float,
    "timestamp": _timestamp,
    "binary": lambda text: decodebytes(text.encode("ascii")),
}
_NAMES = {"bool": "truth value", "int": "number", "float": "number", "timestamp": "date", "binary": "base64 text"}
