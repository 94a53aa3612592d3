"""``rate_limits/*.json``: which breakers keep agents from a provider, and which are of no use or do harm."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from errno import EACCES, EPERM
from math import isfinite
from typing import NamedTuple

from hermes_state.clock import duration
from hermes_state.cooldown import Rule
from hermes_state.errors import FileNotOk, StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import files
from hermes_state.inspection.commands import command, file_command, is_typable, quoted
from hermes_state.inspection.memory import number
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import BREAKER, DOUBTFUL, Block, Breaker, FileFacts
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

#: Errors that another user, as the agent may be, need not get, and what agents do then.
_DENIED = (EACCES, EPERM)
_DENIES = (
    "an agent that may not read it either asks the provider, since its guard fails on it; one that may can be held up"
)

#: Seconds by which the clocks of two machines may differ without a word.
_CLOCKS_DIFFER = 60.0


class BreakersLook(NamedTuple):
    """``blocks`` are the breakers that keep the home's agent from a provider, by provider; ``doubtful`` those that may
    do so: they could not be looked into here."""

    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]
    breakers: list[Breaker]
    blocks: dict[str, Block]
    doubtful: dict[str, Block]


def look(home: Home, neighbourhood: Neighbourhood, now: float, rule: Rule | None) -> BreakersLook:
    """Look at the breakers of ``home``, whose agent keeps to ``rule``; ``now`` is in epoch seconds."""
    made = BreakersLook([], [], [], [], {}, {})
    try:
        paths = breaker.breakers(home.path)
    except FileNotOk as error:
        made.unseen.append(error)
        made.findings.append(finding("HS-BREAK-001", error.path, "", error.message))
        return made
    made.findings.extend(_folder(home))
    for path in paths:
        found = breaker.look(path, now)
        if found is None:  # an agent deleted it in between
            continue
        made.breakers.append(_breaker(found))
        made.files.append(_facts(home, neighbourhood, found))
        made.findings.extend(_findings(home, found, rule))
        if found.state is not State.FOREIGN:
            made.findings.extend(_circumstances(home, found, now, rule))
        if found.outcome is Outcome.UNREADABLE and found.state is not State.FOREIGN:
            made.unseen.append(FileNotOk(path, Fault(found.outcome, found.detail)))
        clear = command(home, f"clear-breaker {found.provider}")
        if found.blocks(rule):
            made.blocks[found.provider] = Block(BREAKER, path, _finite(found.reset_at), clear)
        elif found.agent_does(rule) is AgentDoes.UNKNOWN:
            what = f"{DOUBTFUL} ({found.detail}): an agent that can may be held up by it"
            made.doubtful[found.provider] = Block(what, path, None, clear)
    return made


def _breaker(found: BreakerState) -> Breaker:
    return Breaker(
        found.provider,
        found.path,
        found.state.value,
        _finite(_recorded_at(found)),
        _finite(found.reset_at),
        _finite(found.remaining_seconds),
    )


def _facts(home: Home, neighbourhood: Neighbourhood, found: BreakerState) -> FileFacts:
    looks = None
    with suppress(OSError):
        looks = os.stat(found.path)
    name = os.path.join(breaker.FOLDER, os.path.basename(found.path))
    shared = neighbourhood.shared_with(home, name, lambda each: os.path.join(each.path, name))
    return files.described("breaker", found.path, found.outcome, found.link_target, looks, found.data, shared)


def _findings(home: Home, found: BreakerState, rule: Rule | None) -> Iterator[Finding]:
    path, hint = found.path, _hint(home, found)
    does = _DOES[found.agent_does(rule)] if found.errno not in _DENIED else _DENIES
    number = files.NUMBERS.get(found.outcome)
    if found.state is State.FOREIGN:
        yield finding("HS-BREAK-012", path, "", f"{found.detail}; it is left alone")
    elif number is not None:
        yield finding(f"HS-BREAK-{number}", path, "", f"{found.detail}: {does}", hint)
    elif found.state is State.IMPLAUSIBLE:
        yield finding("HS-BREAK-011", path, "/reset_at", f"{found.detail}: {does}", hint)
    elif found.state is State.EXPIRED:
        since = duration(-(found.remaining_seconds or 0.0))
        yield finding("HS-BREAK-010", path, "", f"it expired {since} ago: {does}", hint)
    if found.has_mark:
        message = "the file begins with a byte order mark: agents before 0.22 pay no attention to it"
        yield finding("HS-BREAK-014", path, "", message, hint)


def _folder(home: Home) -> Iterator[Finding]:
    """Whether the owner of the home, and nobody else, can keep breakers in the folder, where there is one."""
    path = os.path.join(home.path, breaker.FOLDER)
    try:
        looks, owner = os.stat(path), os.stat(home.path)
    except OSError:
        return
    yield from _wide(path, looks, "put any breaker there, or take it away")
    rights = looks.st_mode & 0o7
    if looks.st_gid == owner.st_gid:
        rights = looks.st_mode >> 3 & 0o7
    if owner.st_uid not in (0, looks.st_uid) and rights & 0o3 != 0o3:
        message = f"it belongs to user {looks.st_uid}: user {owner.st_uid} can neither keep a breaker nor clear one"
        hint = quoted(file_command(f"sudo chown -R {owner.st_uid}:{owner.st_gid}", path))
        yield finding("HS-BREAK-015", path, "", message, f"{hint} gives it back")


def _circumstances(home: Home, found: BreakerState, now: float, rule: Rule | None) -> Iterator[Finding]:
    """What is odd about a breaker that agents may well obey."""
    if found.provider == breaker.ANONYMOUS and rule is not None and rule < Rule.V22:
        message = f"agents know this breaker since {Rule.V22}; the one of this home is older"
        yield finding("HS-BREAK-017", found.path, "", message)
    with suppress(OSError):
        looks = os.stat(found.path)
        if stat.S_ISREG(looks.st_mode):
            yield from _wide(found.path, looks, "block the provider, or unblock it")
    recorded_at = _recorded_at(found)
    if found.state is State.ACTIVE and recorded_at is not None and recorded_at > now + _CLOCKS_DIFFER:
        ahead = duration(recorded_at - now)
        message = f"it was recorded {ahead} from now, by a clock that was ahead: it holds by as much too long"
        yield finding("HS-BREAK-016", found.path, "/recorded_at", message, _hint(home, found))


def _wide(path: str, looks: os.stat_result, harm: str) -> Iterator[Finding]:
    """That anybody can write. A group may well be meant to, and there is no secret in it."""
    sticky = stat.S_ISDIR(looks.st_mode) and looks.st_mode & stat.S_ISVTX
    if looks.st_mode & stat.S_IWOTH and not sticky:
        message = f"its mode is {stat.S_IMODE(looks.st_mode):04o}: everybody can {harm}"
        hint = quoted(file_command("chmod o-w", path))
        yield finding("HS-BREAK-013", path, "", message, f"{hint} keeps others out")


def _recorded_at(found: BreakerState) -> float | None:
    try:
        content = json.loads(found.data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return number(content.get("recorded_at")) if isinstance(content, dict) else None


def _hint(home: Home, found: BreakerState) -> str:
    """How to be rid of a breaker in any state; a directory is nobody's breaker, and is only put aside."""
    if found.is_directory:
        return f"{quoted(file_command('mv', found.path, f'{found.path}.aside'))} puts it aside"
    if not is_typable(found.provider):
        return "remove it by hand"
    from shlex import quote

    return f"{quoted(command(home, f'clear-breaker {quote(found.provider)}'))} removes it"


def _finite(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None
