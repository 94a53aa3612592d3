"""``rate_limits/*.json``: which breakers keep agents from a provider, and which are of no use or do harm."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from math import isfinite
from typing import NamedTuple

from hermes_state.clock import duration
from hermes_state.cooldown import Rule
from hermes_state.errors import FileNotOk, StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import files
from hermes_state.inspection.commands import command
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Block, Breaker, FileFacts
from hermes_state.outcomes import Fault, Outcome
from hermes_state.stores import breaker
from hermes_state.stores.breaker import AgentDoes, BreakerState, State

#: What an agent does about a breaker, for messages.
_DOES = {
    AgentDoes.WAITS: "agents leave the provider alone",
    AgentDoes.REMOVES: "the next agent that looks deletes it",
    AgentDoes.IGNORES: "agents pay no attention to it and leave it there",
    AgentDoes.FAILS: "the agents' guard fails on it, so that nothing guards the provider",
    AgentDoes.HANGS: "an agent that looks waits until somebody writes into it",
    AgentDoes.UNKNOWN: "what agents make of it is not known",
}


class BreakersLook(NamedTuple):
    """``blocks`` are the breakers that keep the home's agent from a provider, by provider."""

    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]
    breakers: list[Breaker]
    blocks: dict[str, Block]


def look(home: Home, neighbourhood: Neighbourhood, now: float, rule: Rule | None) -> BreakersLook:
    """Look at the breakers of ``home``, whose agent keeps to ``rule``; ``now`` is in epoch seconds."""
    made = BreakersLook([], [], [], [], {})
    try:
        paths = breaker.breakers(home.path)
    except FileNotOk as error:
        made.unseen.append(error)
        made.findings.append(finding("HS-BREAK-001", error.path, "", error.message))
        return made
    for path in paths:
        found = breaker.look(path, now)
        if found is None:  # an agent deleted it in between
            continue
        made.breakers.append(_breaker(found))
        made.files.append(_facts(home, neighbourhood, found))
        made.findings.extend(_findings(home, found, rule))
        if found.outcome is Outcome.UNREADABLE and found.state is not State.FOREIGN:
            made.unseen.append(FileNotOk(path, Fault(found.outcome, found.detail)))
        if found.blocks(rule):
            clear = command(home, f"clear-breaker {found.provider}")
            made.blocks[found.provider] = Block("breaker", path, _finite(found.reset_at), clear)
    return made


def _breaker(found: BreakerState) -> Breaker:
    return Breaker(
        found.provider, found.path, found.state.value, _finite(found.reset_at), _finite(found.remaining_seconds)
    )


def _facts(home: Home, neighbourhood: Neighbourhood, found: BreakerState) -> FileFacts:
    looks = None
    with suppress(OSError):
        looks = os.stat(found.path)
    name = os.path.join(breaker.FOLDER, os.path.basename(found.path))
    shared = neighbourhood.shared_with(home, name, lambda each: os.path.join(each.path, name))
    return files.described("breaker", found.path, found.outcome, found.link_target, looks, found.data, shared)


def _findings(home: Home, found: BreakerState, rule: Rule | None) -> Iterator[Finding]:
    path, hint = found.path, command(home, f"clear-breaker {found.provider}")
    does = _DOES[found.agent_does(rule)]
    number = files.NUMBERS.get(found.outcome)
    if found.state is State.FOREIGN:
        yield finding("HS-BREAK-012", path, "", f"{found.detail}; it is left alone")
    elif number is not None:
        yield finding(f"HS-BREAK-{number}", path, "", f"{found.detail}: {does}", hint)
    elif found.state is State.IMPLAUSIBLE:
        yield finding("HS-BREAK-011", path, "/reset_at", f"{found.detail}: {does}", hint)
    elif found.state is State.EXPIRED and found.outcome is Outcome.OK:
        since = duration(-(found.remaining_seconds or 0.0))
        yield finding("HS-BREAK-010", path, "", f"it expired {since} ago: {does}", hint)
    if found.has_mark:
        message = "the file begins with a byte order mark: agents before 0.22 pay no attention to it"
        yield finding("HS-BREAK-014", path, "", message, hint)


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
