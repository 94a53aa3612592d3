"""What one thing to restore from is, and whether it still is what was put there."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from typing import NamedTuple

from hermes_state import backup
from hermes_state.errors import FileNotOk
from hermes_state.outcomes import Fault, Outcome
from hermes_state.stores.reading import JSON_LIMIT


@dataclass(frozen=True, slots=True)
class Copy:
    """One file of a source. ``rows`` counts the credentials of an auth.json that can be read, else None.

    ``mode`` and ``links`` are what our own backups know of the file as it was: bits, and the text of its links. Where
    the copy lies in an archive, ``member`` is its name there. ``sha256`` is the digest that our own backups know.
    """

    file: str
    path: str
    outcome: Outcome
    size: int
    rows: int | None
    mode: int | None = None
    links: tuple[str, ...] = ()
    member: str = ""
    fault: Fault | None = field(default=None, compare=False)
    sha256: str | None = None


class Source(NamedTuple):
    """One thing to restore from: ``name`` is what to type, ``origin`` is hermes-state or agent, ``at`` epoch
    seconds. ``other_home`` is the home that it was made of, where that is known to be another one."""

    name: str
    origin: str
    path: str
    at: float
    reason: str
    copies: tuple[Copy, ...]
    other_home: str = ""

    def belongs_elsewhere(self) -> bool:
        """Whether the home that it was made of is there and has it: several homes share one folder of backups, or
        this one is a copy. Of a home that was moved this is the only one that has it."""
        there = os.path.join(self.other_home, *backup.FOLDER, self.name, backup.MANIFEST)
        return bool(self.other_home) and os.path.exists(there)


class Hidden(NamedTuple):
    """Something that may hold sources and cannot be looked into; the names of all that it may hold begin with
    ``prefix``."""

    prefix: str
    error: FileNotOk


def altered(copy: Copy, data: bytes) -> Fault | None:
    """What is wrong with a copy whose content, ``data``, is not what our manifest says; None for any other."""
    if copy.sha256 is None or len(data) > JSON_LIMIT or hashlib.sha256(data).hexdigest() == copy.sha256:
        return None
    message = "its content is not what was backed up: it has another SHA-256 than its manifest says"
    return Fault(Outcome.CORRUPT, message, hint="it was damaged, or edited; restore another one: hermes-state backups")
