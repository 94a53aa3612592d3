"""What has to hold for every disk that a crash leaves, and after recovery from it. Each promise has a name."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hermes_state import backup, inplace
from hermes_state.selftest.model import Node

_BACKUP = os.path.join("home", *backup.FOLDER) + os.sep


@dataclass(frozen=True, slots=True)
class Promise:
    """What is known of an act before any crash: its disk before (``start``) and after (``end``), and the node of its
    target afterwards when it runs at the time of recovery (``later``, None: gone). ``top`` is the place's folder."""

    top: str
    target: str
    start: dict[str, Node]
    end: dict[str, Node]
    later: Node | None
    backs_up: bool
    in_place: bool

    @property
    def old(self) -> Node | None:
        return self.start.get(self.target)

    @property
    def new(self) -> Node | None:
        return self.end.get(self.target)

    @property
    def news(self) -> tuple[Node | None, ...]:
        """New as the act makes it, and as a recovery does, which can be cut short too."""
        return self.new, self.later

    @property
    def settled(self) -> tuple[Node | None, ...]:
        """What the target is once recovery has come to its end: new, or, written in place, one of the two."""
        return (self.old, self.new) if self.in_place else self.news


@dataclass(frozen=True, slots=True)
class Case:
    """One disk that a crash left (``crashed``), what recovery made of it, and what a second recovery did to that.

    ``reported`` says whether the act had reported success before the crash; ``error`` is what recovery raised.
    """

    promise: Promise
    crashed: dict[str, Node]
    reported: bool
    recovered: dict[str, Node]
    again: dict[str, Node]
    error: str = ""

    @property
    def found(self) -> Node | None:
        return self.crashed.get(self.promise.target)


def old_or_new(case: Case) -> bool:
    """Every file is byte-exactly old or new, looks included, and what is not the act's is as it was. A file that was
    being written in place may be a mixture, as long as recovery brings one of the two back."""
    promise = case.promise
    for path, node in promise.start.items():
        allowed = (node, *(promise.news if path == promise.target else (promise.end.get(path),)))
        mendable = path == promise.target and promise.in_place
        if case.recovered.get(path) not in allowed or not (mendable or case.crashed.get(path) in allowed):
            return False
    return promise.target in promise.start or case.found in (None, *promise.news)


def nothing_is_lost(case: Case) -> bool:
    """What the act takes away at its end (a staged file) is there until the new file is."""
    promise = case.promise
    taken = promise.start.keys() - promise.end.keys() - {promise.target}
    return case.found in promise.news or all(case.crashed.get(path) == promise.start[path] for path in taken)


def reported_is_durable(case: Case) -> bool:
    """Success that was reported is on the disk, and recovery does not take it back."""
    new = case.promise.new
    return not case.reported or (case.found == new and case.recovered.get(case.promise.target) == new)


def new_has_a_backup(case: Case) -> bool:
    """Where the new file is, a readable backup equal to the old one is too."""
    promise = case.promise
    if not promise.backs_up or case.found not in promise.news or promise.old is None:
        return True
    return any(promise.old.data in files.values() for files in _backups(case.crashed, promise.top))


def backups_are_whole(case: Case) -> bool:
    """A backup, or a record, that has a manifest is complete: every file that it names is there, with its checksum."""
    return all(
        files is not None
        for disk in (case.crashed, case.recovered)
        for files in _counting(disk, case.promise.top, lambda name: True)
    )


def recovers(case: Case) -> bool:
    """Recovery raises nothing, and settles the file."""
    return not case.error and case.recovered.get(case.promise.target) in case.promise.settled


def nothing_stale(case: Case) -> bool:
    """Nothing computed before a crash is written after it: a new file stays, an old one gets what is computed now."""
    promise = case.promise
    if promise.in_place:
        return True
    wanted = case.found if case.found in promise.news else promise.later
    return case.recovered.get(promise.target) == wanted


def twice_is_once(case: Case) -> bool:
    """Recovering a second time changes nothing."""
    return case.again == case.recovered


def strays_are_private(case: Case) -> bool:
    """What an interrupted act leaves lying is for the owner only; a temporary file may be as wide as the file that it
    was to replace, never wider."""
    promise = case.promise
    widest = promise.old.mode if promise.old is not None else 0o600
    for disk in (case.crashed, case.recovered):
        for path, node in disk.items():
            if path in promise.start or path == promise.target:
                continue
            temporary = os.path.dirname(path) == os.path.dirname(promise.target) and path.endswith(".tmp")
            allowed = 0o700 if node.kind == "directory" else (widest | 0o600 if temporary else 0o600)
            if node.mode & ~allowed:
                return False
    return True


INVARIANTS: tuple[Callable[[Case], bool], ...] = (
    old_or_new,
    nothing_is_lost,
    reported_is_durable,
    new_has_a_backup,
    backups_are_whole,
    recovers,
    nothing_stale,
    twice_is_once,
    strays_are_private,
)


def violated(case: Case) -> list[str]:
    """The names of the promises that do not hold."""
    return [invariant.__name__ for invariant in INVARIANTS if not invariant(case)]


def _backups(disk: dict[str, Node], top: str) -> Iterator[dict[str, bytes]]:
    """The content of each complete backup."""
    for files in _counting(disk, top, lambda name: not name.endswith(inplace.SUFFIX)):
        if files is not None:
            yield files


def _counting(disk: dict[str, Node], top: str, wanted: Callable[[str], bool]) -> Iterator[dict[str, bytes] | None]:
    """The content of each folder with a manifest; None for one that is not what its manifest says."""
    prefix = os.path.join(top, _BACKUP)
    for path, node in disk.items():
        folder, name = os.path.split(path)
        if path.startswith(prefix) and name == backup.MANIFEST and wanted(folder):
            yield _content(disk, folder, node.data)


def _content(disk: dict[str, Node], folder: str, manifest: bytes) -> dict[str, bytes] | None:
    try:
        facts = json.loads(manifest)
        sums = {entry["name"]: entry["sha256"] for entry in facts.get("files", ())}
        sums |= {which: facts[f"{which}_sha256"] for which in ("old", "new") if f"{which}_sha256" in facts}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    found: dict[str, bytes] = {}
    for name, wanted in sums.items():
        node = disk.get(os.path.join(folder, name))
        if node is None or hashlib.sha256(node.data).hexdigest() != wanted:
            return None
        found[name] = node.data
    return found


def short(path: str, top: str) -> str:
    """``path`` below ``top``, without the parts that differ from run to run: for names of operations and mutants."""
    inside = os.path.relpath(path, top) if path.startswith(top) else os.path.join("other", os.path.basename(path))
    inside = re.sub(r"\.hermes-state\.\d+\.[0-9a-f]{8}\.", ".", inside)
    return re.sub(r"(\d{8}T\d{6}Z)-[0-9a-f]{4}", r"\1", inside)
