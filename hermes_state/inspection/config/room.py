"""``config.yaml``: whether agents can read it, and what in it they misread or pass over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from hermes_state.errors import StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import files
from hermes_state.inspection.config import scope
from hermes_state.inspection.home import wide
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Config, FileFacts
from hermes_state.inspection.versions import numbers
from hermes_state.models.issue import pointer
from hermes_state.outcomes import Outcome
from hermes_state.redaction import redact
from hermes_state.stores.reading import Reading

FILE = "config.yaml"
#: From which version on agents have which newest ``_config_version``, as far as it was seen; 0.23 stands for unknown.
_NEWEST: tuple[tuple[tuple[int, ...], int | None], ...] = (
    ((0, 13), 23),
    ((0, 15), 24),
    ((0, 16), 27),
    ((0, 17), 30),
    ((0, 18), 32),
    ((0, 18, 2), 33),
    ((0, 20), 37),
    ((0, 21), None),
    ((0, 22), 50),
    ((0, 23), None),
)
#: Agents from 0.20 on refuse to migrate a file with an older stamp; up to 0.15 a missing one counts as the newest.
_OLDEST, _MISSING_COUNTS_BEFORE = 12, (0, 16)


class ConfigLook(NamedTuple):
    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]
    config: Config | None


def look(home: Home, neighbourhood: Neighbourhood, agent: str | None) -> ConfigLook:
    """Look at the config.yaml of ``home``, whose agent has the version ``agent`` (None: not known).

    The YAML reader is only loaded where there is one.
    """
    path = os.path.join(home.path, FILE)
    if not os.path.lexists(path):
        return ConfigLook([files.described("config", path, Outcome.ABSENT, None, None, b"", ())], [], [], None)
    from hermes_state.stores.config import ConfigStore

    reading = ConfigStore(home).read()
    shared = neighbourhood.shared_with(home, FILE, lambda each: os.path.join(each.path, FILE))
    config = None
    if isinstance(reading.document, dict):
        from hermes_state.models.config import VERSION_KEY, unknown_keys, version

        stamp = version(reading.document) if VERSION_KEY in reading.document else None
        config = Config(stamp, tuple(map(redact, unknown_keys(reading.document))))
    found = list(_findings(home, reading))
    if isinstance(reading.document, dict):
        found += _stamp(reading, agent)
        found += _secrets(home, reading)
        found += _pinned(reading, agent)
    return ConfigLook([files.facts(reading, shared)], found, files.unseen(reading), config)


def _findings(home: Home, reading: Reading) -> Iterator[Finding]:
    yield from files.outcome(home, reading, "HS-CONF")
    if reading.outcome is Outcome.OK and not reading.data:
        message = "it is empty: if that is not on purpose, a write was lost"
        yield finding("HS-CONF-002", reading.path, "", message)
    if reading.text is not None:
        yield from _notes(reading)
    if not isinstance(reading.document, dict):
        return
    from hermes_state.models.config import check, unknown_keys

    for issue in check(reading.document):
        field = issue.pointer[1:].replace("/", ".")
        yield finding("HS-CONF-020", reading.path, issue.pointer, f"{field} {issue.message}")
    for key in unknown_keys(reading.document):
        yield finding("HS-CONF-021", reading.path, pointer(key), f"{key}: no agent that we know reads this section")


def _notes(reading: Reading) -> Iterator[Finding]:
    """What is odd about the text."""
    from hermes_state.codec.yaml import NoteKind

    said = {
        NoteKind.REPEATED_KEY: (
            "HS-CONF-011",
            "this key stands there again: agents up to 0.20 take the last, 0.22 none",
        ),
        NoteKind.READERS_DISAGREE: (
            "HS-CONF-016",
            "agents up to 0.20 read this as text, later ones do not: put it in quotes",
        ),
        NoteKind.LONE_SURROGATE: ("HS-CONF-013", "this text holds half a character, which no file can hold"),
    }
    for note in reading.text.notes:
        id, what = said[note.kind]
        yield finding(id, reading.path, pointer(*note.pointer), f"line {note.line}, column {note.column}: {what}")


def _stamp(reading: Reading, agent: str | None) -> Iterator[Finding]:
    """What the file's version means for its agent."""
    from hermes_state.models.config import VERSION_KEY, version

    stamp, is_there = version(reading.document), VERSION_KEY in reading.document
    known = numbers(agent)
    if is_there and stamp < _OLDEST:
        message = (
            f"agents from 0.20 on refuse to migrate a file with this stamp, which counts as {stamp}; "
            "agents from 0.16 to 0.19 migrate it from the beginning"
        )
        hint = f"remove {VERSION_KEY} by hand: agents since 0.16 migrate a file without it"
        yield finding("HS-CONF-023", reading.path, pointer(VERSION_KEY), message, hint)
        return
    newest = None if known is None else next((newest for since, newest in reversed(_NEWEST) if known >= since), None)
    if known is None or newest is None or (not is_there and known < _MISSING_COUNTS_BEFORE):
        return
    if stamp > newest:
        message = f"its {VERSION_KEY} is {stamp}, and agent {agent} knows up to {newest}: it may misread newer settings"
        hint = (
            f"use the agent that wrote it, or a copy of the file from before (agents migrate to {newest}, never back)"
        )
        yield finding("HS-CONF-024", reading.path, pointer(VERSION_KEY), message, hint)
    elif stamp < newest:
        at = pointer(VERSION_KEY) if is_there else ""
        what = f"its {VERSION_KEY} is {stamp}" if is_there else f"it has no {VERSION_KEY}"
        message = f"{what}, and agent {agent} migrates it to {newest} at its next update"
        loses = known < (0, 22)
        hint = "keep a copy: what migrates it drops every comment" if loses else ""
        yield finding("HS-CONF-025", reading.path, at, message, hint)


def _secrets(home: Home, reading: Reading) -> Iterator[Finding]:
    from hermes_state.inspection.auth.environment import Environment
    from hermes_state.inspection.config import plain_secrets

    found = list(plain_secrets.find(reading.document, Environment(home.path)))
    if found:
        yield from wide(home, reading.path, reading.stat, "the secrets in it")
    for secret in found:
        field = ".".join(map(str, secret.at))
        message = f"{field} is a secret itself, where a reference could stand"
        hint = "move it to .env under a name of your choice, and put ${NAME} here"
        if secret.name is not None:
            message = f"{field} is the value of {secret.name} in .env: agents up to 0.17 put it there when they saved"
            hint = f"put ${{{secret.name}}} here by hand, in quotes"
        yield finding("HS-CONF-022", reading.path, pointer(*secret.at), message, hint)


def _pinned(reading: Reading, agent: str | None) -> Iterator[Finding]:
    """Settings of the file that have no effect, because an administrator pins them."""
    pins = scope.pins(agent)
    if pins is None:
        return
    if pins.fault:
        message = f"{pins.fault}: agents pass over it, so that nothing of what it pins is in force"
        yield finding("HS-CONF-027", pins.path, "", message)
    for at, value in pins.leaves.items():
        mine: object = reading.document
        for step in at:
            mine = mine.get(step, value) if isinstance(mine, dict) else value
        if mine != value:
            message = f"{'.'.join(map(str, at))} has no effect here: {pins.path} pins another value"
            hint = (
                "take it out of this file, as agents do when they save it, or have the administrator change the other"
            )
            yield finding("HS-CONF-026", reading.path, pointer(*at), message, hint)
