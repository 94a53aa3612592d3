"""The verdict: can the agent use a provider now, with how many credentials, and if not, what is in the way?"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from math import inf

from hermes_state.cooldown import Status
from hermes_state.home import Home
from hermes_state.inspection.auth.pools import Judged, Pool
from hermes_state.inspection.commands import command
from hermes_state.inspection.report import Block, Provider
from hermes_state.stores.auth import FILE


def of_pool(pool: Pool, owner: Home, now: float, breaker: Block | None, shadow: Block | None = None) -> Provider:
    """The verdict on a pool, the rows of which are in the file of the home ``owner``; ``now`` is in epoch seconds.

    ``breaker`` is a second switch that keeps the agent from all of it; ``shadow`` says that these rows hide others.
    """
    usable, next_at = pool.usable, _next(pool, now)
    if breaker is not None:
        # Both switches have to be open: the later end counts, and one that never opens by itself holds up the other.
        ends = [breaker.until_at] if usable or not pool.judged else [breaker.until_at, next_at]
        usable, next_at = 0, _latest(ends)
    others = (each for each in (shadow, breaker) if each is not None)
    return Provider(pool.key, usable, len(pool.judged), next_at, (*_blocks(pool, owner), *others))


def of_breaker(provider: str, breaker: Block) -> Provider:
    """The verdict on a provider that has a breaker and no pool."""
    return Provider(provider, 0, 0, breaker.until_at, (breaker,))


def _next(pool: Pool, now: float) -> float | None:
    """When time alone makes the next credential usable."""
    if pool.refusals or not pool.is_read:
        return None
    ends = [_end(each) for each in pool.judged if not each.usable]
    return min((end for end in ends if end is not None and end > now), default=None)


def _end(judged: Judged) -> float | None:
    credential = judged.credential
    if credential.status is Status.DEAD:
        return None
    return credential.until_at if credential.status is Status.COOLING else judged.inline_until


def _latest(ends: Iterable[float | None]) -> float | None:
    known = list(ends)
    return max((end for end in known if end is not None), default=None) if None not in known else None


def _blocks(pool: Pool, owner: Home) -> Iterator[Block]:
    path = os.path.join(owner.path, FILE)
    if not pool.is_read:
        yield Block("a name that no agent looks up", path)
    for refusal in pool.refusals:
        yield Block(f"row {refusal.place + 1}, on which agents fail", path)
    for judged in pool.judged:
        credential, end = judged.credential, _end(judged)
        if credential.status is Status.DEAD:
            yield Block(f"{judged.name} is dead: log in again, or replace the key", path)
        elif credential.status is Status.COOLING:
            code = f" ({credential.error_code})" if credential.error_code is not None else ""
            yield Block(f"cooldown of {judged.name}{code}", path, end)
        elif not judged.usable and pool.is_read and not pool.refusals:
            # A running agent wrote back what was cleared, or an older mark than the section has.
            yield Block(f"outdated mark of {judged.name}, which agents still see", path, end, command(owner, "migrate"))
        for model, until_at in judged.models.items():
            yield Block(f"cooldown of {judged.name} for {model}", path, until_at if until_at < inf else None)
