"""Secrets that stand in ``config.yaml`` themselves, where a reference such as ``${NAME}`` could stand.

Agents from 0.13 to 0.17 replaced references by their values when they saved the file. No value leaves this module.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from hermes_state.inspection.auth.environment import Environment
from hermes_state.redaction import is_secret_key, redact

#: A text that is shorter, and does not look like a token, may be a word: ``record_key: ctrl+b``.
_TOKEN = 16
#: Texts that stand for a secret which is somewhere else, and the one that local servers are content with.
_ELSEWHERE = ("${", "op://", "file:", "env:", "vault:")


class PlainSecret(NamedTuple):
    """``at`` are the names on the way to it; ``name`` is the variable of ``.env`` that has the same value, if any."""

    at: tuple[object, ...]
    name: str | None


def find(document: Any, environment: Environment) -> Iterator[PlainSecret]:
    """The secrets in ``document``, the content of a config.yaml; ``environment`` is the home's ``.env``."""
    yield from _below(document, (), environment)


def _below(value: Any, at: tuple[object, ...], environment: Environment) -> Iterator[PlainSecret]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _below(below, (*at, key), environment)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _below(below, (*at, index), environment)
    elif isinstance(value, str) and at and _may_be_one(str(at[-1]), value):
        name = environment.name_of(value)
        if name is not None or len(value) >= _TOKEN or redact(value) != value:
            yield PlainSecret(at, name)


def _may_be_one(key: str, value: str) -> bool:
    return is_secret_key(key) and len(value) > 3 and value.isprintable() and not value.startswith(_ELSEWHERE)
