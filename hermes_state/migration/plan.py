"""A plan: which steps a document needs, and the document after them. A value; making one touches nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hermes_state.errors import Undeclared
from hermes_state.migration.changes import undeclared
from hermes_state.migration.step import Context, Document, Result, Step
from hermes_state.runtime import Left, Moved, Note


class Applied(NamedTuple):
    """One step of a plan: ``direction`` is up or down."""

    step: Step
    direction: str


@dataclass(frozen=True, slots=True)
class Plan:
    """``document`` is the very same object as before when no step has anything to do. ``skipped`` are irreversible
    steps."""

    document: Document
    applied: list[Applied] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    moved: list[Moved] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    skipped: list[Step] = field(default_factory=list)


def plan(path: str, document: Document, steps: Sequence[Step], context: Context, *, to_base: bool = False) -> Plan:
    """What ``migrate`` would make of ``document``, the content of ``path``.

    Raises Undeclared when a step changes a path that it does not declare: the step is broken, and nothing was written.
    """
    made = Plan(document)
    for step in reversed(steps) if to_base else steps:
        if to_base and step.down is None:
            made.skipped.append(step)
            continue
        change = step.down if to_base and step.down is not None else step.up
        result = change(made.document, context)
        made.left.extend(result.left)
        made.moved.extend(result.moved)
        made.notes.extend(result.notes)
        if result.document is not made.document:
            made = _with(made, step, result, path, "down" if to_base else "up")
    return made


def _with(made: Plan, step: Step, result: Result, path: str, direction: str) -> Plan:
    strayed = undeclared(made.document, result.document, step.touches)
    if strayed is not None:
        raise Undeclared(
            path, f"the migration {step.id} would change {strayed or 'the whole file'}, which it does not declare"
        )
    return Plan(
        result.document, [*made.applied, Applied(step, direction)], made.left, made.moved, made.notes, made.skipped
    )
