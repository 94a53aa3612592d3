"""``clear-breaker`` and ``clear-cooldown``: what was cleared, verified on disk, and what still blocks."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hermes_state.models.outputs.part import (
    AgentSees,
    Block,
    BreakerState,
    Count,
    Held,
    Identity,
    Output,
    Part,
    Running,
    Seconds,
    Status,
    Store,
)

#: The place of a row in its pool, counted from 1.
Number = Annotated[int, Field(ge=1)]


class BreakerWas(Part):
    """What a breaker was before it was cleared."""

    state: BreakerState
    """What it amounted to."""
    remaining_seconds: Seconds | None
    """Seconds that were left, below zero when it had expired; null where it said no time."""


class ClearedBreaker(Part):
    """A breaker that is gone from the disk, or with dry_run would be."""

    provider: str
    """Whose it was."""
    home: str
    """The home that it was in."""
    path: str
    """Where agents look for it."""
    was: BreakerWas
    """What it was."""
    removed: str
    """The path that went: of a link what it leads to, unless note says otherwise."""
    note: str
    """What else there is to know, for people; empty where there is nothing."""


class LeftBreaker(Part):
    """A breaker that is not there, or a file that stays."""

    provider: str
    """Whose it is."""
    home: str
    """The home that it is in."""
    path: str | None
    """The file; null where there is none."""
    reason: str
    """Why, for people."""


class HomeBlock(Block):
    """One thing that keeps the agent of a home from a credential or a provider."""

    home: str
    """The home."""


class ClearBreakerOutput(Output):
    """What clear-breaker --json prints."""

    format: Literal["hermes-state/clear-breaker"]
    """Which output this is."""
    dry_run: bool
    """Whether it was a rehearsal: nothing was cleared."""
    cleared: list[ClearedBreaker]
    """The breakers that are gone."""
    left: list[LeftBreaker]
    """What was not there, or stays."""
    still_blocked_by: list[HomeBlock]
    """What else keeps agents from the provider."""


class CooldownWas(Part):
    """What a credential's runtime state was before it was cleared."""

    status: Status
    """What its mark amounted to."""
    agent_sees: AgentSees
    """What an agent that knows inline state only made of it."""
    held: Held
    """Where it was held: inline in the row, in the runtime section, in both, or nowhere."""
    until_at: Seconds | None
    """The end of the cooldown, epoch seconds; null where there was none."""
    remaining_seconds: Annotated[Seconds, Field(gt=0)] | None
    """Seconds that were left; null where none were, and for a cooldown without end."""
    error_code: int | None
    """HTTP status of the failure; null where there was none."""
    reason: str | None
    """The provider's reason, without secrets; null where there is none."""
    model_cooldowns: dict[str, Seconds | None]
    """Model to the end of its own cooldown, epoch seconds; null is: for ever."""


class ClearedCooldown(Part):
    """A credential whose cooldown was cleared, or with dry_run would be."""

    home: str
    """The home whose file holds the row."""
    path: str
    """That file."""
    pool: str
    """The key of its pool."""
    id: Identity
    """Its id; null where it has none."""
    label: str | None
    """What people call it; null where it has none."""
    number: Number
    """Its place in the pool, counted from 1."""
    store: Store
    """Whose file it is in: the home's own, or the root home's, from which a profile borrows."""
    was: CooldownWas
    """What it was."""
    note: str
    """What else there is to know, for people; empty where there is nothing."""


class LeftCooldown(Part):
    """A credential that was meant and was left as it is."""

    home: str
    """The home whose file holds the row."""
    path: str
    """That file."""
    pool: str
    """The key of its pool."""
    id: Identity
    """Its id; null where it has none."""
    label: str | None
    """What people call it; null where it has none."""
    number: Number
    """Its place in the pool, counted from 1."""
    store: Store
    """Whose file it is in: the home's own, or the root home's, from which a profile borrows."""
    reason: Literal["dead", "not_an_object"]
    """Why. dead is a verdict, which --dead clears."""


class ClearedFile(Part):
    """One file that credentials were looked for in."""

    home: str
    """The home whose file it is."""
    path: str
    """The file."""
    store: Store
    """Whose it is: the home's own, or the root home's, from which a profile borrows."""
    matched: Count
    """How many credentials in it were meant."""
    cleared: Count
    """How many were cleared, or with dry_run would be."""
    left: Count
    """How many were left."""
    nothing_to_clear: Count
    """How many had nothing to clear."""
    verified: bool
    """Whether it was read again and holds nothing of what was to be cleared; false with dry_run."""
    also_of: list[str]
    """Other homes whose agents use these credentials."""
    notes: list[str]
    """What else there is to know, for people."""


class SharedFile(Part):
    """A home whose credentials are in a file that was seen to for another home."""

    home: str
    """The home."""
    path: str
    """The file."""
    seen_for: str
    """The home for which it was seen to."""


class Witness(Part):
    """A running agent, or one that may be running."""

    kind: str
    """What it is: gateway, or what its command line says."""
    state: Running
    """Whether it runs. unclear: it cannot be told."""
    pid: int | None
    """Its process; null where that is not known."""
    home: str | None
    """Its home; null where that is not known."""
    version: str | None
    """Its version; null where nothing tells it."""
    does: Literal["forgets", "writes_back", "unknown"]
    """What it does with what it remembers of a cleared credential."""


class UndoRisk(Part):
    """Who could undo the clear: running agents write what they remember back with their next save."""

    level: Literal["none", "low", "unclear", "high"]
    """From harmless to certain. unclear: an agent, or its version, may be out of sight."""
    message: str
    """The risk in one sentence, and what to do about it, for people."""
    agents: list[Witness]
    """Those that were seen."""
    unseen: list[str]
    """Which would not be seen if they were there, for people."""


class ClearCooldownOutput(Output):
    """What clear-cooldown --json prints."""

    format: Literal["hermes-state/clear-cooldown"]
    """Which output this is."""
    dry_run: bool
    """Whether it was a rehearsal: nothing was written."""
    home: str
    """The home that was named, or the first of several."""
    path: str | None
    """The first file that credentials were looked for in; null where there is none."""
    provider: str
    """The provider that was named."""
    credential: str | None
    """The credential that was named; null where all of the provider's were meant."""
    model: str | None
    """The model that was named; null where whole credentials were meant."""
    matched: Count
    """How many credentials were meant."""
    nothing_to_clear: Count
    """How many of them had nothing to clear."""
    cleared: list[ClearedCooldown]
    """Those that were cleared, or with dry_run would be."""
    left: list[LeftCooldown]
    """Those that were left, and why."""
    verified: bool
    """Whether all files were read again and hold nothing of what was to be cleared; false with dry_run."""
    files: list[ClearedFile]
    """The files that credentials were looked for in."""
    shared: list[SharedFile]
    """Homes whose credentials are in a file that was seen to for another home."""
    breakers: list[ClearedBreaker]
    """Breakers that went too (--breaker)."""
    still_blocked_by: list[HomeBlock]
    """What else keeps agents from the provider."""
    next: list[str]
    """What to type, or to do, against that, for people."""
    undo_risk: UndoRisk
    """Who could undo it."""
