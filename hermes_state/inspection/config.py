"""``config.yaml``: whether agents can read it, and what in it they misread or pass over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from hermes_state.errors import StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import files
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Config, FileFacts
from hermes_state.models.issue import pointer
from hermes_state.outcomes import Outcome
from hermes_state.redaction import redact
from hermes_state.stores.reading import Reading

FILE = "config.yaml"


class ConfigLook(NamedTuple):
    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]
    config: Config | None


def look(home: Home, neighbourhood: Neighbourhood) -> ConfigLook:
    """Look at the config.yaml of ``home``. The YAML reader is only loaded where there is one."""
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
    return ConfigLook([files.facts(reading, shared)], list(_findings(reading)), files.unseen(reading), config)


def _findings(reading: Reading) -> Iterator[Finding]:
    yield from files.outcome(reading, "HS-CONF")
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
