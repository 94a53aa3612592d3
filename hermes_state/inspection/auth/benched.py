"""What is said of credentials that agents do not use for now, or never again: why, until when, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from typing import Any

from hermes_state.clock import DAY, duration, iso
from hermes_state.cooldown import Rule, Status, parse_timestamp
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.auth.environment import Environment
from hermes_state.inspection.auth.origin import ENVIRONMENT, is_manual, renewal, variable
from hermes_state.inspection.auth.pools import Judged, Pool
from hermes_state.inspection.auth.remedies import Clearing
from hermes_state.inspection.auth.rows import place
from hermes_state.inspection.auth.statuses import advice
from hermes_state.inspection.commands import quoted
from hermes_state.redaction import redact
from hermes_state.runtime.record import fingerprint

#: After so many seconds agents since 0.16 delete a dead row that was added by hand (DEAD_MANUAL_PRUNE_TTL_SECONDS).
_KEPT = DAY
#: Epoch seconds that nobody lives to see.
_NEVER = 1e12


def findings(
    home: Home, path: str, pool: Pool, environment: Environment, now: float, rule: Rule | None
) -> Iterator[Finding]:
    """What a user should know about the credentials of ``pool`` that are cooling down or dead.

    ``pool`` is in the file of ``home`` at ``path``; ``environment`` has the keys of ``home``; ``now`` is in
    epoch seconds; ``rule`` is that of the home's agent (None: not known).
    """
    clearing = Clearing(home, pool)
    for judged in pool.judged:
        row, status = pool.rows[judged.place], judged.credential.status
        dead = status is Status.DEAD and (rule is None or rule >= Rule.V16)
        if not dead and status is not Status.COOLING and not judged.models:
            continue
        at, name = place(pool, judged.place), f"{pool.key} {judged.name}"
        clear = clearing.of(judged.place, dead=dead)
        if dead:
            message = f"{name} is dead{_code(judged)}: agents since 0.16 never use it again"
            hint = f"{advice(401, renewal(home, pool.key, row))}{_or(clear, 'lets agents try it once more')}"
            yield finding("HS-AUTH-039", path, at, message, hint)
            yield from _pruning(path, at, name, row, now, clear)
        elif status is Status.COOLING:
            code = judged.credential.error_code
            does = "lets agents use it at once"
            if variable(row) is not None:  # no agent ends a cooldown because the key is another one now
                does += f", and so a new key in {ENVIRONMENT} too"
            hint = f"{advice(code, renewal(home, pool.key, row))}{_or(clear, does)}"
            yield finding("HS-AUTH-043", path, at, f"{name} is cooling down{_left(judged)}{_code(judged)}", hint)
        key = variable(row)
        if key is not None and _is_rotated(row, environment.keys(key)):
            state = "dead" if dead else "cooling down"
            message = f"{name} is {state} for a key that {ENVIRONMENT} no longer has: {redact(key)} is another one now"
            hint = f"{quoted(clear)} lets agents use the new key at once" if clear else ""
            yield finding("HS-AUTH-037", path, at, message, hint)


def _pruning(path: str, at: str, name: str, row: dict[str, Any], now: float, clear: str | None) -> Iterator[Finding]:
    """That agents delete a dead row, if they do; without a time they keep it for ever."""
    marked = _marked(row.get("last_status_at"))
    left = marked + _KEPT - now if marked is not None else inf
    if not is_manual(row) or left > 2 * _KEPT:
        return
    when = f"in {duration(left)} ({iso(now + left)})" if left > 0 else "the next time that they look"
    message = f"{name}: agents since 0.16 delete this dead credential, key and all, {when}"
    hint = f"if the key is still wanted, keep it elsewhere{_or(clear, 'keeps the row', ', or ')}"
    yield finding("HS-AUTH-040", path, at, message, hint)


def _marked(value: Any) -> float | None:
    """The time of a mark as agents count its age: a number as it stands, without an eye for milliseconds."""
    at = parse_timestamp(value) if isinstance(value, str) else value
    return float(at) if isinstance(at, int | float) and 0 < at < _NEVER else None


def _is_rotated(row: dict[str, Any], keys: frozenset[str]) -> bool:
    known = fingerprint(row)
    return known is not None and bool(keys) and known not in keys


def _left(judged: Judged) -> str:
    left = judged.credential.remaining_seconds
    return f" for {duration(left)} more" if left is not None else ", without an end"


def _code(judged: Judged) -> str:
    found = judged.credential
    code = f"HTTP {found.error_code}" if found.error_code is not None else ""
    why = found.reason if found.reason is not None and len(found.reason) <= 40 else ""
    said = ", ".join(filter(None, (code, why)))
    return f" ({said})" if said else ""


def _or(command: str | None, does: str, before: str = "; ") -> str:
    return f"{before}{quoted(command)} {does}" if command else ""
