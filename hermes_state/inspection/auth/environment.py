"""The keys in ``<home>/.env``, as fingerprints: to tell whether a key is still the one that a cooldown is about.

Agents prefer this file to the environment that they were started in (``get_env_prefer_dotenv``). No value leaves this
module.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from hermes_state.inspection.auth.origin import ENVIRONMENT
from hermes_state.look import peek
from hermes_state.redaction import fingerprint

#: A value that stands for another one, which the agent fetches from a password manager.
_REFERENCE = "op://"


class Environment:
    """The ``.env`` of the home at ``home``, read when it is first asked for, and no further than its first MiB.

    A file that is not there or cannot be read says nothing, as with the agents.
    """

    def __init__(self, home: str) -> None:
        self._path = os.path.join(home, ENVIRONMENT)
        self._keys: dict[str, frozenset[str]] | None = None

    def keys(self, name: str) -> frozenset[str]:
        """The fingerprints that the key called ``name`` can have; several where agents read its line differently.

        Empty where the file sets none, or where what it holds is only a reference.
        """
        return self._known().get(name, frozenset())

    def name_of(self, secret: str) -> str | None:
        """What the file calls ``secret``; None where it does not hold it."""
        wanted = fingerprint(secret)
        return next((name for name, values in self._known().items() if wanted in values), None)

    def _known(self) -> dict[str, frozenset[str]]:
        if self._keys is None:
            self._keys = dict(_keys(self._path))
        return self._keys


def _keys(path: str) -> Iterator[tuple[str, frozenset[str]]]:
    try:
        text = peek(path).decode("utf-8-sig", "replace")
    except OSError:
        return
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and not name.startswith("#"):
            values = {_plain(value), _unquoted(value)}
            known = values and not any(not each or each.startswith(_REFERENCE) for each in values)
            yield name.strip(), frozenset(map(fingerprint, values)) if known else frozenset()


def _plain(value: str) -> str:
    """The value as agents up to 0.19 read it: without quotes around it, and with what looks like a comment."""
    return value.strip().strip("\"'").strip()


def _unquoted(value: str) -> str:
    """The value as agents since 0.22 read it: up to a comment, or what stands in quotes."""
    value = value.strip()
    quote = value[:1]
    if quote not in ("'", '"'):
        return value.partition(" #")[0].partition("\t#")[0].strip()
    end = value.find(quote, 1)
    return (value[1:end] if end > 0 else value).strip()
