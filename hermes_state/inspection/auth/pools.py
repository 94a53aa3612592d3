"""One pool: what each of its rows truly is, what an agent makes of it, and where its runtime state is held."""

from __future__ import annotations

from enum import Enum
from itertools import islice
from math import inf
from typing import Any, NamedTuple

from hermes_state.cooldown import AgentSees, Rule, Status, Until, agent_sees, marked_at, model_ends, status, until
from hermes_state.inspection.auth.refusals import Refusal, refusals
from hermes_state.inspection.auth.secretless import has_no_secret
from hermes_state.inspection.report import Credential
from hermes_state.redaction import redact, shown
from hermes_state.runtime import Overlaid, is_pending, overlay, stays
from hermes_state.runtime.record import told

#: Stands for every model that has no cooldown of its own.
_ANY_OTHER_MODEL = "\0"


class Obstacle(Enum):
    """What by itself keeps an agent from a row for all models."""

    NO_SECRET = "no secret"
    DEAD = "dead"
    COOLING = "cooling"
    OUTDATED = "outdated"
    """A mark that does not count any more, but that agents still see inline."""


class Judged(NamedTuple):
    """A row and what is true of it.

    ``place`` is its index in the pool, ``name`` what messages call it. ``usable`` tells whether an agent can use it
    now, for some model at least, and ``obstacle`` why not, where the reason is the row's own. ``inline_until`` is the
    end that an agent sees which knows inline state only. ``models`` are the ends of model cooldowns that bind.
    ``unseen`` are the cooldowns that bind and that such an agent does not see: model ids, None for the whole row's.
    """

    place: int
    name: str
    credential: Credential
    usable: bool
    obstacle: Obstacle | None
    inline_until: float | None
    models: dict[str, float]
    unseen: frozenset[str | None]


class Pool(NamedTuple):
    """``rows`` are as written, ``merged.rows`` with what the section says; ``stays`` as the lens has it.

    ``may_edit`` is false for a pool of a file that no edit may touch, because something else in it is wrong.
    """

    key: str
    rows: list[Any]
    records: dict[str, Any]
    merged: Overlaid
    stays: list[str]
    refusals: list[Refusal]
    judged: list[Judged]
    may_edit: bool = True

    @property
    def is_read(self) -> bool:
        """Whether agents ever look under this key: they ask for names in small letters, without spaces around."""
        return self.key == self.key.strip().lower()

    @property
    def usable(self) -> int:
        """How many of its credentials the agent can use now."""
        return sum(each.usable for each in self.judged) if self.is_read and not self.refusals else 0


def judge(key: str, rows: list[Any], records: dict[str, Any], now: float, rule: Rule | None, store: str) -> Pool:
    """Judge every row of a pool by ``rule``, for None by the longest; ``now`` is in epoch seconds.

    A row that is no object is a refusal and not a credential. Names and texts in what comes out are fit to be shown.
    """
    merged = overlay(key, rows, records, now)
    reasons = stays(key, rows)
    failing = refusals(rows, now, rule)
    inline, truth = _View(rows, rule), _View(merged.rows, rule)
    judged = []
    for index, row in enumerate(rows):
        if isinstance(row, dict):
            held = _held(row, records.get(row["id"]) if reasons[index] in ("", "dead") else None)
            judged.append(_judge(key, index, inline, truth, held, now, store))
    if failing or key != key.strip().lower():
        judged = [_unread(each) for each in judged]
    return Pool(key, rows, records, merged, reasons, failing, judged)


class _View:
    """Rows as somebody sees them, and the rule to judge them by."""

    def __init__(self, rows: list[Any], rule: Rule | None) -> None:
        self.rows, self.rule = rows, rule
        alive = (row for row in rows if isinstance(row, dict) and row.get("last_status") != "dead")
        #: All that the rules of time want to know of a pool is whether two of its rows are not dead.
        self.siblings = list(islice(alive, 2))


def _judge(key: str, index: int, inline: _View, truth: _View, held: str, now: float, store: str) -> Judged:
    row, merged, rule = inline.rows[index], truth.rows[index], truth.rule
    found = status(merged, truth.siblings, now, rule)
    end, marked = until(merged, truth.siblings, rule), marked_at(merged)
    secretless = has_no_secret(key, row)
    passed_over = secretless and (rule is None or rule >= Rule.V16)
    sees = AgentSees.BLOCKED if passed_over else agent_sees(row, inline.siblings, now, rule)
    obstacle = Obstacle.NO_SECRET if secretless else _obstacle(found, row, inline, sees, now)
    credential = Credential(
        pool=redact(key),
        id=_identity(row.get("id")),
        label=_text(row.get("label")),
        source=_name(row.get("source")),
        auth_type=_name(row.get("auth_type")),
        priority=_whole(row.get("priority")),
        status=found,
        agent_sees=sees,
        held=held,
        marked_at=marked if isinstance(marked, float) else None,
        until_at=_finite(end.at),
        until_rule=_rule_of(end, rule),
        remaining_seconds=_finite(end.at - now) if found is Status.COOLING and end.at is not None else None,
        error_code=_whole(merged.get("last_error_code")),
        reason=_text(merged.get("last_error_reason")),
        message=_text(merged.get("last_error_message")),
        model_cooldowns={redact(model): _finite(at) for model, at in model_ends(merged).items()},
        store=store,
    )
    models = _running(merged, now, rule)
    binding: list[str | None] = [*models, None] if found is Status.COOLING else [*models]
    if held not in ("runtime", "both") or passed_over:
        binding = []
    return Judged(
        index,
        shown(str(credential.id)) if credential.id not in (None, "") else f"row {index + 1}",
        credential,
        obstacle is None,
        obstacle,
        None if merged is row else until(row, inline.siblings, rule).at,
        models,
        frozenset(model for model in binding if _would_use(row, inline, now, model)),
    )


def _obstacle(found: Status, row: dict[str, Any], inline: _View, sees: AgentSees, now: float) -> Obstacle | None:
    """What keeps an agent from a row whose merged state is ``found``. One before 0.16 uses dead rows like others."""
    if found is Status.COOLING:
        return Obstacle.COOLING
    if sees is AgentSees.USABLE:
        return None
    if found is Status.DEAD:
        return Obstacle.DEAD
    return None if _would_use(row, inline, now, None) else Obstacle.OUTDATED


def _would_use(row: dict[str, Any], inline: _View, now: float, model: str | None) -> bool:
    """Whether an agent that knows inline state only uses a row for ``model``, for None for any without a cooldown."""
    asked = _ANY_OTHER_MODEL if model is None else model
    return agent_sees(row, inline.siblings, now, inline.rule, asked) is AgentSees.USABLE


def _running(row: dict[str, Any], now: float, rule: Rule | None) -> dict[str, float]:
    """The model cooldowns that an agent of ``rule`` keeps to: agents have them since 0.22."""
    if rule is not None and rule < Rule.V22:
        return {}
    return {model: end for model, end in model_ends(row).items() if now < end}


def _unread(judged: Judged) -> Judged:
    """``judged`` for a pool that no agent gets to read."""
    return judged._replace(usable=False, credential=judged.credential._replace(agent_sees=AgentSees.BLOCKED))


def _held(row: dict[str, Any], record: object) -> str:
    inline, runtime = is_pending(row), isinstance(record, dict) and bool(told(record))
    return ("both" if runtime else "inline") if inline else ("runtime" if runtime else "none")


def _rule_of(end: Until, rule: Rule | None) -> str | None:
    if end.at is None:
        return None
    named = end.rule.value if rule is not None else f"longest: {end.rule.value}"
    return f"{named}, for ever" if end.at == inf else named


def _finite(value: float | None) -> float | None:
    return value if value is not None and value < inf else None


def _text(value: object) -> str | None:
    return shown(value) if isinstance(value, str) else None


def _name(value: object) -> str | None:
    return redact(value) if isinstance(value, str) else None


def _identity(value: object) -> str | int | None:
    return value if type(value) is int else _name(value)


def _whole(value: object) -> int | None:
    return value if type(value) is int else None
