"""The verdict: can the agent use a provider now, with how many credentials, and if not, what is in the way?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from math import inf

from hermes_state.home import Home
from hermes_state.inspection.auth.origin import renewal
from hermes_state.inspection.auth.pools import Judged, Obstacle, Pool
from hermes_state.inspection.auth.remedies import Clearing
from hermes_state.inspection.commands import command
from hermes_state.inspection.report import Block, Provider
from hermes_state.redaction import redact, shown
from hermes_state.stores.auth import FILE


def of_pool(pool: Pool, owner: Home, now: float, breaker: Block | None, others: Iterable[Block] = ()) -> Provider:
    """The verdict on a pool, the rows of which are in the file of the home ``owner``; ``now`` is in epoch seconds.

    ``breaker`` is a second switch that keeps the agent from all of it; ``others`` are blocks beyond pool and breaker.
    """
    usable, next_at = pool.usable, _next(pool, now)
    if breaker is not None:
        # Both switches have to be open: the later end counts, and one that never opens by itself holds up the other.
        ends = [breaker.until_at] if usable or not pool.judged else [breaker.until_at, next_at]
        usable, next_at = 0, _latest(ends)
    switch = () if breaker is None else (breaker,)
    return Provider(redact(pool.key), usable, len(pool.judged), next_at, (*_blocks(pool, owner), *switch, *others))


def of_none(provider: str, breaker: Block | None, others: Iterable[Block]) -> Provider:
    """The verdict on a provider that has no pool; what is known of it is what blocks it."""
    switch, until_at = ((), None) if breaker is None else ((breaker,), breaker.until_at)
    return Provider(redact(provider), 0, 0, until_at, (*switch, *others))


def _next(pool: Pool, now: float) -> float | None:
    """When time alone makes the next credential usable."""
    if pool.refusals or not pool.is_read:
        return None
    ends = [_end(each) for each in pool.judged if not each.usable]
    return min((end for end in ends if end is not None and end > now), default=None)


def _end(judged: Judged) -> float | None:
    """When time alone ends what keeps an agent from a row."""
    if judged.obstacle is Obstacle.COOLING:
        return judged.credential.until_at
    return judged.inline_until if judged.obstacle is Obstacle.OUTDATED else None


def _latest(ends: Iterable[float | None]) -> float | None:
    known = list(ends)
    return max((end for end in known if end is not None), default=None) if None not in known else None


def _blocks(pool: Pool, owner: Home) -> Iterator[Block]:
    path = os.path.join(owner.path, FILE)
    if not pool.is_read:
        yield Block("a name that no agent looks up", path)
    for refusal in pool.refusals:
        yield Block(f"row {refusal.place + 1}, on which agents fail: mend or remove it by hand first", path)
    clearing = Clearing(owner, pool)
    for model, until_at in _models_without(pool).items():
        clear = clearing.of(None, model)
        yield Block(f"cooldowns that leave no credential for {shown(model)}", path, _finite(until_at), clear)
    for judged in pool.judged:
        for block in _of_row(judged, pool, owner, clearing):
            # As long as agents fail on the pool, nothing that is done about its credentials makes one usable.
            yield block._replace(what=block.said, clear_with=None) if pool.refusals else block


def _of_row(judged: Judged, pool: Pool, owner: Home, clearing: Clearing) -> Iterator[Block]:
    """What keeps an agent from one row, and what ends that."""
    path, what = os.path.join(owner.path, FILE), _what(judged, pool, owner)
    if what is not None:
        dead = judged.obstacle is Obstacle.DEAD
        clear = command(owner, "migrate") if judged.obstacle is Obstacle.OUTDATED else None
        if dead or judged.obstacle is Obstacle.COOLING:
            clear = clearing.of(judged.place, dead=dead)
        yield Block(what, path, _end(judged), clear)
    for model, until_at in judged.models.items():
        what = f"cooldown of {judged.name} for {shown(model)}{_unseen(judged, model)}"
        yield Block(what, path, _finite(until_at), clearing.of(judged.place, model))


def _what(judged: Judged, pool: Pool, owner: Home) -> str | None:
    """What keeps an agent from a row for all models, in words; where another secret is what helps, with how to get it:
    a command in it stands in backquotes."""
    if judged.obstacle in (Obstacle.NO_SECRET, Obstacle.DEAD):
        is_dead = judged.obstacle is Obstacle.DEAD
        how = renewal(owner, pool.key, pool.rows[judged.place])
        return f"{judged.name} {'is dead' if is_dead else 'has no secret'}: {how}"
    if judged.obstacle is Obstacle.OUTDATED:  # a running agent wrote back what was cleared, or an older mark
        return f"outdated mark of {judged.name}, which agents still see"
    if judged.obstacle is Obstacle.COOLING:
        code = judged.credential.error_code
        return f"cooldown of {judged.name}{f' ({code})' if code is not None else ''}{_unseen(judged, None)}"
    return None


def _unseen(judged: Judged, model: str | None) -> str:
    return ", unseen by stock agents, which use it all the same" if model in judged.unseen else ""


def _models_without(pool: Pool) -> dict[str, float]:
    """The models that none of the usable credentials can be used for, and when the first one can again."""
    usable = [judged.models for judged in pool.judged if judged.usable]
    first, *others = usable or [{}]
    return {model: min(each[model] for each in usable) for model in first if all(model in each for each in others)}


def _finite(value: float) -> float | None:
    return value if value < inf else None
