"""The rules of time: when a credential's cooldown ends, and whether the agent would use the credential now.

Every rule is the agent's own (``agent/credential_pool.py``; its functions are named below); what differs between its
versions is a :class:`Rule`. A *row* is one entry of a credential pool, and a *pool* is the whole list, the row
included. Anybody may have edited these, so nothing here raises on any JSON value. All times are epoch seconds.
Judged are statuses and times, on the data passed in; not whether a row has a key, nor what a runtime section says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

#: What the agent's own computation raises on values that it does not expect.
_AGENT_ERRORS = (TypeError, AttributeError, OverflowError, OSError)


class Rule(StrEnum):
    """A family of agent versions with the same rules, named after its first version; the values sort by version."""

    V13 = "0.13"  # a text in last_status_at makes the agent raise when it needs that time; "dead" means nothing
    V15 = "0.15"  # a text in last_status_at is parsed
    V16 = "0.16"  # a dead row is never selected
    V20 = "0.20"  # 60 s for unverified billing, and for all but billing where no other row is left
    V22 = "0.22"  # model_cooldowns block, and a status_cleared_at later than the mark lifts it

    @classmethod
    def for_version(cls, version: str) -> Rule | None:
        """The family of ``version`` (``"0.19.0"``, ``"v0.22.2.post1"``): the newest that is not newer than it.

        None, for what is older than 0.13 or no version, may be passed on as it is: it means the longest end.
        """
        numbers = re.match(r"\s*v?(\d{1,9})\.(\d{1,9})", version, re.ASCII)
        wanted = (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)
        return max((rule for rule in cls if tuple(map(int, rule.split("."))) <= wanted), default=None)


class NoTime(StrEnum):
    """Why a mark has no time to compare: ``MISSING`` says nothing, ``UNPARSABLE`` must never win a comparison."""

    MISSING = "missing"
    UNPARSABLE = "unparsable"


class Status(StrEnum):
    """What a row's credential-wide mark amounts to now; model cooldowns are told apart by :func:`model_ends`."""

    OK = "ok"
    COOLING = "cooling"
    ELAPSED = "elapsed"
    DEAD = "dead"


class AgentSees(StrEnum):
    """Whether the agent, given only what is inline in the pool, would use a row."""

    USABLE = "usable"
    BLOCKED = "blocked"


class Until(NamedTuple):
    """The end of a cooldown, and the rule that gave it.

    ``at`` is None where the row is not cooling or no end is known (the agent then uses the row). It may lie in the
    past, and may be ``inf``: the agent waits for ever.
    """

    at: float | None
    rule: Rule


def parse_timestamp(value: Any) -> float | None:
    """``value`` as epoch seconds by the agent's rule for absolute times (``_parse_absolute_timestamp``), else None.

    Numbers (booleans too) must be above zero; above 1e12 they are milliseconds. A numeric text follows the same scale
    and may be zero or below; other text is ISO 8601, in local time without an offset or ``Z``. As in the agent, texts
    like ``"nan"`` and ``"inf"`` are numeric, so the result need not be finite. Where the agent raises (an integer
    beyond the range of floats) it is None. A ``Z`` *between* date and time is read as in 0.22; older agents refuse it.
    """
    try:
        seconds = float(value)
    except ValueError:  # only a text can get here
        try:
            return datetime.fromisoformat(value.strip()).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    except (TypeError, OverflowError):
        return None
    if seconds <= 0 and not isinstance(value, str):
        return None
    return seconds / 1000.0 if seconds > 1e12 else seconds


def marked_at(row: object) -> float | NoTime:
    """When ``row`` (or a runtime record) was marked, in epoch seconds, to tell the later of two marks; always finite.

    Milliseconds are scaled, as agents since 0.20 do when they compare marks, though none does when it computes a
    cooldown. Null, blank text and zero are ``MISSING``.
    """
    value = _fields(row).get("last_status_at")
    at = parse_timestamp(value)
    if value is None or value == 0 or at == 0 or (isinstance(value, str) and not value.strip()):
        return NoTime.MISSING
    return at if at is not None and math.isfinite(at) else NoTime.UNPARSABLE


def until(row: object, pool: Sequence[object], rule: Rule | None) -> Until:
    """The end of the cooldown that ``row`` is marked with, under ``rule``; for None the longest over all rules.

    Only ``exhausted`` rows cool down. A ``last_error_reset_at`` that parses is the end; without one it is
    ``last_status_at`` plus 300 s after a 401, plus 3600 s after all else. From 0.20 on 60 s replace the 3600 s when
    ``failure_reason`` is ``billing_unverified`` (402 aside), and when at most one row of the pool is not dead and the
    failure is not billing (402, or ``failure_reason`` ``billing``). From 0.22 on a mark that a reset lifted has no end.

    Of several rules with the longest end the newest is named. Where the agent's computation raises there is no end.
    Source: ``_exhausted_until``, ``_exhausted_ttl``, and for resets ``_resync_stale_entry``.
    """
    ends = [_until(row, pool, each) for each in (Rule if rule is None else (rule,))]
    return max(ends, key=lambda end: (-math.inf if end.at is None else end.at, end.rule))


def model_ends(row: object) -> dict[str, float]:
    """The ends in ``model_cooldowns`` by model id, in epoch seconds, past ones too; ``inf`` is for ever.

    As in the agent (``model_cooldown_until``, 0.22) only numbers count, and they are seconds whatever their size. What
    is no number, or could never bind (NaN, minus infinity), is left out.
    """
    cooldowns = _fields(row).get("model_cooldowns")
    named = cooldowns.items() if isinstance(cooldowns, Mapping) else ()
    ends = {model: _settled(end) for model, end in named if isinstance(end, int | float)}
    return {model: end for model, end in ends.items() if end is not None}


def latest_end(group: object) -> float | None:
    """The latest finite end, in epoch seconds, in a runtime record: of its mark by the longest rule, or of a model."""
    mark = until(group, (), None).at  # rules that look at the pool only shorten: the longest end needs no pool
    ends = [end for end in (mark, *model_ends(group).values()) if end is not None and math.isfinite(end)]
    return max(ends, default=None)


def status(row: object, pool: Sequence[object], now: float, rule: Rule | None) -> Status:
    """What the mark of ``row`` amounts to at ``now``.

    ``DEAD`` is told under every rule, though agents before 0.16 use such a row. ``ELAPSED`` is a mark that is still
    written down but holds no more: its end has passed or is not known, or a later reset lifted it (0.22).
    """
    row = _fields(row)
    if row.get("last_status") == "dead":
        return Status.ELAPSED if rule is not None and _lifted(row, rule) else Status.DEAD
    if row.get("last_status") != "exhausted":
        return Status.OK
    end = until(row, pool, rule).at
    return Status.COOLING if end is not None and now < end else Status.ELAPSED


def agent_sees(row: object, pool: Sequence[object], now: float, rule: Rule | None, model: str = "") -> AgentSees:
    """Whether an agent of ``rule`` would select ``row`` at ``now``; source: ``_available_entries``.

    ``model`` is the model that is asked for; without one any running model cooldown blocks, as in the agent. A row on
    which the agent raises is blocked. For None one rule that blocks is enough; rules that raise only count if all do.
    """
    rules = tuple(Rule) if rule is None else (rule,)
    answers = [_selects(_fields(row), pool, now, each, model) for each in rules]
    return AgentSees.BLOCKED if False in answers or True not in answers else AgentSees.USABLE


def selection_raises(row: object, now: float, rule: Rule) -> bool:
    """Whether ``row``, not being dead, makes the agent raise when it selects from the pool: no row is usable then.

    Causes: in ``last_status_at``, where a reset time is missing, a list, an object or (before 0.15) a text; an end
    that is an integer beyond the range of floats; from 0.22 on a ``last_status`` or ``model_cooldowns`` of wrong type.
    """
    return _selects(_fields(row), (), now, rule, "") is None


# --- the agent's computation; ``_end`` and ``_model_blocks`` raise where the agent raises ----------------------------


def _fields(row: object) -> Mapping[str, Any]:
    return row if isinstance(row, Mapping) else {}


def _settled(end: float) -> float | None:
    """An end as a float that can be compared: integers beyond floats become infinite; None where it could not bind."""
    try:
        number = float(end)
    except OverflowError:
        number = math.inf if end > 0 else -math.inf
    return number if number > -math.inf else None


def _mark(row: Mapping[str, Any], rule: Rule) -> Any:
    """``last_status_at`` as the agent holds it in memory: numbers, milliseconds too, stay as they are."""
    mark = row.get("last_status_at")
    return parse_timestamp(mark) if isinstance(mark, str) and rule >= Rule.V15 else mark


def _lifted(row: Mapping[str, Any], rule: Rule) -> bool:
    """Whether a deliberate reset came after the mark; the agent looks it up by id, so a row without one has none."""
    mark = _mark(row, rule) or 0.0
    cleared = parse_timestamp(row.get("status_cleared_at")) if rule >= Rule.V22 and "id" in row else None
    return cleared is not None and cleared != 0 and isinstance(mark, int | float) and cleared > mark


def _until(row: object, pool: Sequence[object], rule: Rule) -> Until:
    try:
        end = _end(_fields(row), pool, rule)
        return Until(None if end is None else _settled(end), rule)
    except _AGENT_ERRORS:
        return Until(None, rule)


def _end(row: Mapping[str, Any], pool: Sequence[object], rule: Rule) -> float | None:
    if row.get("last_status") != "exhausted" or _lifted(row, rule):
        return None
    given = row.get("last_error_reset_at")
    reset = parse_timestamp(given)
    if reset is None and isinstance(given, int):
        float(given)  # the agent raises on an integer that no float can hold
    mark = _mark(row, rule)
    return mark + _length(row, pool, rule) if reset is None and mark else reset


def _length(row: Mapping[str, Any], pool: Sequence[object], rule: Rule) -> int:
    """Seconds that a cooldown without a reset time lasts."""
    code, reason = row.get("last_error_code"), row.get("failure_reason")
    if code == 401:
        return 300
    if rule < Rule.V20 or code == 402 or reason == "billing":
        return 3600
    # Looking for a second row that is not dead stops at it, so that a long pool costs little.
    alive = (other for other in pool if isinstance(other, Mapping) and other.get("last_status") != "dead")
    is_last = next(alive, None) is None or next(alive, None) is None
    return 60 if reason == "billing_unverified" or is_last else 3600


def _selects(row: Mapping[str, Any], pool: Sequence[object], now: float, rule: Rule, model: str) -> bool | None:
    """Whether the agent selects ``row``; None where it raises. Never raises itself."""
    try:
        if rule >= Rule.V22:
            hash(row.get("last_status"))  # the agent looks the status up in a set
        if rule >= Rule.V16 and status(row, pool, now, rule) is Status.DEAD:
            return False
        if rule >= Rule.V22 and _model_blocks(row, now, model):
            return False
        end = _end(row, pool, rule)
        return end is None or not now < end
    except _AGENT_ERRORS:
        return None


def _model_blocks(row: Mapping[str, Any], now: float, model: str) -> bool:
    cooldowns = row.get("model_cooldowns") or {}
    asked = [cooldowns.get(model)] if model else list(cooldowns.values())
    running = [end for end in asked if isinstance(end, int | float) and now < end]
    return max(map(float, running), default=now) > now
