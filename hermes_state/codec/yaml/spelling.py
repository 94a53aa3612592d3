"""Spelling: how to write a scalar so that every reader agrees on its value.

Tools beside the agent read by YAML 1.2, the agents by 1.1, so a value is plain only where both mean the same.
"""

from __future__ import annotations

import math
import re

from hermes_state.codec.yaml.scalars import BOOLEANS, YAML_1_1, YAML_1_2, resolve

#: Plain text that looks like text to every reader: it begins with a letter or a path and holds nothing that any reader
#: in any place could take for structure.
_SURELY_TEXT_IN_FLOW = re.compile(r"(?:[^\W\d_]|/|~/)(?:[\w./@+=~$()%-]|[ ](?=[\w./@+=~$(%-]))*")
_SURELY_TEXT = re.compile(r"(?:[^\W\d_]|/|~/|\$\{)(?:[\w./@+=~$()%{}'-]|:(?=[\w/])|,(?=\w)|,?[ ](?=[\w./@+=~$(%-]))*")
_WORDS = frozenset({*BOOLEANS, "null", "nan", "inf", "none"})
_NEEDS_ESCAPE = re.compile('["\\\\\0-\x1f\x7f-\xa0\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
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
