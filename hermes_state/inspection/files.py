"""What is said of a state file of any kind: its looks, how reading it ended, and what is odd about its text."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from typing import Any

from hermes_state.codec.json import JsonText
from hermes_state.errors import FileNotOk, StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.commands import command, file_command, quoted
from hermes_state.inspection.report import FileFacts, Section
from hermes_state.models.issue import pointer
from hermes_state.outcomes import Outcome
from hermes_state.stores.reading import Reading

#: An outcome's number in the finding ids of every kind.
NUMBERS = {
    Outcome.UNREADABLE: "001",
    Outcome.EMPTY: "002",
    Outcome.CORRUPT: "003",
    Outcome.TOO_LARGE: "004",
    Outcome.TOO_NEW: "005",
    Outcome.INVALID: "006",
}


def facts(
    reading: Reading,
    shared_with: tuple[str, ...] = (),
    pending: tuple[str, ...] = (),
    section: Section | None = None,
) -> FileFacts:
    """The facts about the file that was read."""
    made = described(
        reading.kind, reading.path, reading.outcome, link_target(reading), reading.stat, reading.data, shared_with
    )
    return made._replace(pending=pending, section=section)


def described(
    kind: str,
    path: str,
    outcome: Outcome,
    link_target: str | None,
    looks: os.stat_result | None,
    data: bytes,
    shared_with: tuple[str, ...],
) -> FileFacts:
    """The facts about a file; ``looks`` are those of the real one, ``data`` is its content."""
    has_content = looks is not None and outcome not in (Outcome.UNREADABLE, Outcome.TOO_LARGE)
    return FileFacts(
        kind=kind,
        path=path,
        link_target=link_target,
        shared_with=shared_with,
        outcome=outcome,
        mode=None if looks is None else f"{stat.S_IMODE(looks.st_mode):04o}",
        uid=None if looks is None else looks.st_uid,
        gid=None if looks is None else looks.st_gid,
        size=None if looks is None else looks.st_size,
        mtime_at=None if looks is None else looks.st_mtime,
        sha256=hashlib.sha256(data).hexdigest() if has_content else None,
    )


def link_target(reading: Reading) -> str | None:
    """Where the links lead, as far as they could be followed; None for a path that is no link."""
    if reading.where is not None:
        return reading.where.path if reading.where.links else None
    try:
        return os.path.join(os.path.dirname(reading.path), os.readlink(reading.path))
    except OSError:
        return None


def outcome(home: Home, reading: Reading, prefix: str, agents_do: str = "") -> Iterator[Finding]:
    """The finding for a file that is there and not ok; ``prefix`` is that of its kind's ids, and ``agents_do`` says
    what agents make of it."""
    fault = reading.fault
    number = NUMBERS.get(reading.outcome)
    if fault is not None and number is not None:
        message = "; ".join(filter(None, (FileNotOk(reading.path, fault).message, agents_do)))
        yield finding(f"{prefix}-{number}", reading.path, fault.pointer, message, remedy(home, reading))


def remedy(home: Home, reading: Reading) -> str:
    """What to do about a file that is not ok: what its fault says, and what it can be brought back from.

    A file that cannot be read is in the way of a restore too, and one of a newer version has lost nothing.
    """
    fault, name = reading.fault, os.path.basename(reading.path)
    hint = fault.hint if fault is not None else ""
    if reading.outcome is Outcome.UNREADABLE and stat.S_ISDIR(_mode(reading.path)):
        return f"{quoted(file_command('mv', reading.path, f'{reading.path}.aside'))} puts it aside"
    if reading.outcome not in (Outcome.EMPTY, Outcome.CORRUPT, Outcome.TOO_LARGE, Outcome.INVALID):
        return hint
    from hermes_state.restoring.copies import FILES

    if name not in FILES:
        return hint
    found = bringing_back(home, name)
    return "; ".join(filter(None, (hint, found or "no copy of it that is ok was found in the home")))


def bringing_back(home: Home, name: str) -> str:
    """What restores the file ``name`` of ``home``, with the command; ``""`` where no copy of it is ok."""
    from hermes_state.disk import RealDisk
    from hermes_state.restoring import advice

    return advice(RealDisk(), home.path, name, lambda words: quoted(command(home, words)))


def _mode(path: str) -> int:
    """The mode of what stands at ``path`` itself; 0 where it cannot be looked at."""
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def unseen(*readings: Reading | None) -> list[StateError]:
    """The errors for the files that could not be looked at."""
    return [
        FileNotOk(reading.path, reading.fault)
        for reading in readings
        if reading is not None and reading.fault is not None and reading.outcome is Outcome.UNREADABLE
    ]


def oddities(reading: Reading, prefix: str, with_mark: str) -> Iterator[Finding]:
    """What is odd about the text of a JSON file that could be parsed.

    ``with_mark`` is what agents up to 0.19 do with a file that begins with a byte order mark.
    """
    text: JsonText | None = reading.text
    if text is None:
        return
    for at, line in text.repeated_keys():
        message = f"the key {at[-1]!r} stands there again in line {line}; agents take the last one"
        yield finding(f"{prefix}-011", reading.path, pointer(*at), message, "remove one of the two by hand")
    if text.odd_numbers:
        for place in _places(text.value, _is_odd_number):
            yield finding(
                f"{prefix}-012",
                reading.path,
                pointer(*place),
                "NaN or Infinity, which strict readers refuse",
                "put a number or null there by hand",
            )
    if text.lone_surrogates:
        for place in _places(text.value, _is_half):
            message = "a text with half of a surrogate pair; not every agent can write it again"
            yield finding(f"{prefix}-013", reading.path, pointer(*place), message, "mend or remove the text by hand")
    if text.bom:
        message = f"the file begins with a byte order mark: agents up to 0.19 {with_mark}"
        yield finding(f"{prefix}-014", reading.path, "", message, "save it as UTF-8 without a byte order mark")


def _places(value: Any, wanted: Any, at: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """Where in a document a scalar or key is that is ``wanted``."""
    if isinstance(value, dict):
        for key, item in value.items():
            if wanted(key):
                yield (*at, key)
            yield from _places(item, wanted, (*at, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, wanted, (*at, index))
    elif wanted(value):
        yield at


def _is_odd_number(value: object) -> bool:
    return isinstance(value, float) and (value != value or value in (float("inf"), float("-inf")))


def _is_half(value: object) -> bool:
    return isinstance(value, str) and not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)
