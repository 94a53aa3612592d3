"""Broken writers, generated: the recorded operations with one of them missing, out of order, or at the wrong path.

An enumeration that cannot tell a broken writer from a sound one proves nothing. So every mutant must be caught by a
promise, or be impossible to run at all, or be equivalent: leave no disk that the sound writer could not leave as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hermes_state.selftest.invariants import short
from hermes_state.selftest.model import Impossible, Node, Tree
from hermes_state.selftest.recording import Operation
from hermes_state.selftest.run import Enumeration


@dataclass(frozen=True, slots=True)
class Mutant:
    """``name`` says what is wrong with it, without anything that differs from run to run."""

    name: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """``kind`` is caught (``why`` names the promise), impossible (``why`` says what fails), equivalent (it leaves no
    disk that the sound one does not) or survived (it leaves other disks, and no promise minds)."""

    mutant: str
    kind: str
    why: str


def mutants(operations: Sequence[Operation], top: str, start: dict[str, Node]) -> Iterator[Mutant]:
    """Every mutant of ``operations``, which ran on the disk ``start``."""
    names = [f"{number} {one.verb} {short(one.path, top)}" for number, one in enumerate(operations, 1)]
    for index, name in enumerate(names):
        yield Mutant(f"drop {name}", (*operations[:index], *operations[index + 1 :]))
    for index, name in enumerate(names[:-1]):
        swapped = (*operations[:index], operations[index + 1], operations[index], *operations[index + 2 :])
        yield Mutant(f"swap {name} with {names[index + 1]}", swapped)
    for index, name in enumerate(names):
        for changed, where in _redirected(operations, index, start):
            there = short(where, top)
            yield Mutant(f"redirect {name} to {there}", (*operations[:index], changed, *operations[index + 1 :]))
    for index, name in enumerate(names):
        if operations[index].verb in ("create", "make_directory", "make_lock"):
            for folder in _folders(operations, start):
                moved = _moved(operations, operations[index].path, folder)
                if moved != tuple(operations):
                    yield Mutant(f"move {name} and all that follows to {short(folder, top)}", moved)


def _folders(operations: Sequence[Operation], start: dict[str, Node]) -> list[str]:
    made = [one.path for one in operations if one.verb in ("make_directory", "sync_directory")]
    return sorted({*made, *(path for path, node in start.items() if node.kind == "directory")})


def _files(operations: Sequence[Operation], start: dict[str, Node]) -> list[str]:
    made = [one.path for one in operations if one.verb in ("create", "make_lock")]
    return sorted({*made, *(path for path, node in start.items() if node.kind != "directory")})


def _redirected(operations: Sequence[Operation], index: int, start: dict[str, Node]) -> Iterator[tuple[Operation, str]]:
    """The operation at ``index`` with each other path that it could have been given by mistake."""
    one = operations[index]
    folders, files = _folders(operations, start), _files(operations, start)
    if one.verb == "sync_directory":
        yield from ((replace(one, path=path), path) for path in folders if path != one.path)
    elif one.verb in ("sync", "sync_entry"):
        yield from ((Operation("sync_entry", path), path) for path in files if path != one.path)
    elif one.verb in ("unlink", "open_for_update"):
        yield from ((replace(one, path=path), path) for path in files if path != one.path)
    elif one.verb == "rename":
        yield from ((replace(one, to=path), path) for path in files if path not in (one.path, one.to))
    elif one.verb in ("create", "make_directory", "make_lock"):
        for folder in folders:
            path = os.path.join(folder, os.path.basename(one.path))
            if path != one.path and folder != one.path:
                yield replace(one, path=path), path
    elif one.verb == "remove_directory":
        yield from ((replace(one, path=path), path) for path in folders if path != one.path)
    else:
        opened = {each.handle: each.path for each in operations if each.verb in ("create", "open_for_update")}
        for handle, path in opened.items():
            if handle != one.handle:
                yield replace(one, handle=handle), path


def _moved(operations: Sequence[Operation], path: str, folder: str) -> tuple[Operation, ...]:
    """Everything that is done at ``path``, or below it, done in another folder instead."""
    there = os.path.join(folder, os.path.basename(path))
    if folder == os.path.dirname(path) or (folder + os.sep).startswith(path + os.sep):
        return tuple(operations)

    def led(name: str) -> str:
        return there + name[len(path) :] if name == path or name.startswith(path + os.sep) else name

    return tuple(replace(one, path=led(one.path), to=led(one.to)) for one in operations)


def verdicts(enumeration: Enumeration) -> Iterator[Verdict]:
    """What becomes of every mutant of a scenario."""
    operations = enumeration.operations
    sound = {(disk, point == len(operations)) for point, disks in enumeration.points(operations) for disk in disks}
    for mutant in mutants(operations, enumeration.place.top, enumeration.promise.start):
        kind, why = _verdict(enumeration, mutant, sound)
        yield Verdict(mutant.name, kind, why)


def _verdict(enumeration: Enumeration, mutant: Mutant, sound: set[tuple[Tree, bool]]) -> tuple[str, str]:
    model = enumeration.model(enumeration.start)
    try:
        for operation in mutant.operations:
            model.apply(operation)
    except Impossible as error:
        return "impossible", str(error)
    if model.tree() != enumeration.end:
        return "caught", "done_is_done"
    points = enumeration.points(mutant.operations)
    left = {(disk, point == len(mutant.operations)) for point, disks in points for disk in disks}
    for disk, reported in left - sound:
        names, _ = enumeration.judge(disk, reported)
        if names:
            return "caught", names[0]
    return ("equivalent", "adds no disk") if left <= sound else ("survived", "no promise minds")
