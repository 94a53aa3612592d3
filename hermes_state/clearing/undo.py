"""Who could undo a clear: running agents hold their credentials in memory, and write them back with their next save.

What an agent does then depends on its version. Up to 0.20 all of its memory goes into the file; from 0.22 on a mark
that is older than the stamp ``status_cleared_at`` is forgotten, but cooldowns of single models, which 0.22 began with,
are written back all the same (both seen on the real agents). What cannot be seen is said, never guessed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from hermes_state.cooldown import Rule
from hermes_state.home import Home, all_homes
from hermes_state.installed import agent_version
from hermes_state.liveness import Gateway, State, gateways
from hermes_state.look import same_place
from hermes_state.processes import Process, Processes, View, hermes_processes
from hermes_state.stores.auth import LOCK


class Level(StrEnum):
    """From harmless to certain; ``UNCLEAR`` is said where an agent, or its version, may be out of sight."""

    NONE = "none"
    LOW = "low"
    UNCLEAR = "unclear"
    HIGH = "high"


class Does(StrEnum):
    """What a running agent does with what it remembers of a cleared credential."""

    FORGETS = "forgets"
    WRITES_BACK = "writes_back"
    UNKNOWN = "unknown"


class Witness(NamedTuple):
    """A running agent, or one that may be running (``state`` is then ``unclear``), as far as it can be seen."""

    kind: str
    state: State
    pid: int | None
    home: str | None
    version: str | None
    does: Does


class UndoRisk(NamedTuple):
    """``unseen`` says in words which agents would not be seen if they were there."""

    level: Level
    agents: tuple[Witness, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """The risk in one sentence, and what to do about it."""
        after = "hermes-state then ignores it, agents may not; restart that agent, or clear once more"
        if self.level is Level.HIGH:
            return f"a running agent may remember what was cleared and write it back: {after}"
        if self.level is Level.UNCLEAR:
            return f"an agent that is not seen, or not known, may remember what was cleared and write it back: {after}"
        if self.level is Level.LOW:
            return "the agents that are running forget it by themselves"
        return "no running agent was seen that could undo it"


def undo_risk(homes: Sequence[Home], *, marks: bool, models: bool, proc_root: str = "/proc") -> UndoRisk:
    """Who could undo what was cleared in ``homes``, all those that have the file: ``marks``, cooldowns of ``models``.

    Looks only, as ``liveness`` does. Raises NoSuchHome where the profiles of a root cannot be listed.
    """
    if not (marks or models):
        return UndoRisk(Level.NONE)
    table = Processes(proc_root)
    agents = tuple(_witnesses(homes, table, marks, models, proc_root))
    unseen = tuple(dict.fromkeys(what for home in homes for what in _unseen(home, table)))
    if any(one.does is Does.WRITES_BACK and one.state is State.RUNNING for one in agents):
        return UndoRisk(Level.HIGH, agents, unseen)
    if unseen or any(one.does is not Does.FORGETS for one in agents):
        return UndoRisk(Level.UNCLEAR, agents, unseen)
    return UndoRisk(Level.LOW if agents else Level.NONE, agents)


def _witnesses(homes: Sequence[Home], table: Processes, marks: bool, models: bool, proc_root: str) -> Iterator[Witness]:
    around = {each.path: each for home in {home.root: home for home in homes}.values() for each in all_homes(home)}
    answers = gateways(list((around | {home.path: home for home in homes}).values()), proc_root=proc_root)
    known: set[int] = set()
    for home in homes:
        found = answers[home.path]
        if not found.may_be_running or found.pid in known:
            continue
        known.update({found.pid} if found.pid is not None else ())
        version = _version(home, table, found.pid, found)
        yield Witness("gateway", found.state, found.pid, home.path, version, _does(version, marks, models))
    for process in hermes_processes(proc_root):
        at = next((home for home in homes if _is_on(process, home)), None)
        if at is not None and process.pid not in known:
            version = _version(at, table, process.pid, None)
            does = _does(version, marks, models)
            yield Witness(process.kind, State.RUNNING, process.pid, process.home, version, does)


def _is_on(process: Process, home: Home) -> bool:
    """A process that does not show its home may be on any."""
    return process.home is None or same_place(process.home, home.path)


def _version(home: Home, table: Processes, pid: int | None, gateway: Gateway | None) -> str | None:
    """What the gateway says of itself, else the version in the environment that the process was started from."""
    words = table.argv(pid)[:2] if pid is not None else []
    places = os.pathsep.join(os.path.dirname(word) for word in words if os.path.isabs(word))
    return agent_version(home, gateway_runs=gateway is not None, env={"PATH": places}, search_path=()).version


def _does(version: str | None, marks: bool, models: bool) -> Does:
    rule = Rule.for_version(version) if version is not None else None
    if rule is None:
        return Does.UNKNOWN
    return Does.WRITES_BACK if (models if rule >= Rule.V22 else marks) else Does.FORGETS


def _unseen(home: Home, table: Processes) -> Iterator[str]:
    view = table.lock(os.path.join(home.path, LOCK)).view
    if view is View.BLIND:
        yield "processes cannot be looked at on this system"
    elif view is View.HIDDEN:
        yield "agents outside this container or on other machines cannot be seen"
    looks = os.stat(home.path)
    me = os.geteuid()
    if me != 0 and (looks.st_uid != me or stat.S_IMODE(looks.st_mode) & 0o077):
        yield "agents of other users cannot be seen"
