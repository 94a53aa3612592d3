"""``inspect`` and ``check``: the truth about every state file."""

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
    Kind,
    Outcome,
    Output,
    Part,
    Running,
    Seconds,
    Status,
    StepId,
    Store,
)

Severity = Literal["info", "warning", "error"]


class Agent(Part):
    """The agent that uses the home."""

    version: str | None
    """Its version as its source spells it; null where nothing tells it."""
    found_by: str | None
    """What told the version; null where nothing did."""


class Gateway(Part):
    """The gateway of the home."""

    state: Running
    """Whether it runs. unclear: it cannot be told, which writing commands take for running."""
    pid: int | None
    """Its process; null where that is not known."""


class Provider(Part):
    """Whether the agent can use a provider now."""

    provider: str
    """The key of its pool."""
    usable: Count
    """How many of its credentials the agent can use now."""
    of: Count
    """How many it has."""
    next_at: Seconds | None
    """When time alone makes the next one usable, epoch seconds; null where time does not."""
    blocked_by: list[Block]
    """Everything that keeps the agent from it, or from single credentials of it."""


class Section(Part):
    """The runtime section of an auth.json."""

    schema_: Annotated[int, Field(alias="schema")]
    """The number of its layout."""
    records: Count | None
    """How many records hold runtime state; null for a layout that this version does not know."""
    tombstones: Count | None
    """How many records remember that a cooldown was cleared; null for a layout that this version does not know."""


class File(Part):
    """One state file. All but kind, path and link_target are of the real file, behind its links."""

    kind: Kind
    """What kind of file it is."""
    path: str
    """Where the agent looks for it."""
    link_target: str | None
    """Where its links lead; null where it is no link."""
    shared_with: list[str]
    """The other homes whose file is the same real one."""
    outcome: Outcome
    """How reading it ended."""
    mode: Annotated[str, Field(pattern="^[0-7]{4}$")] | None
    """Its permission bits, four octal digits; null where they cannot be seen."""
    uid: Count | None
    """Its owner; null where that cannot be seen."""
    gid: Count | None
    """Its group; null where that cannot be seen."""
    size: Count | None
    """Bytes; null where that cannot be seen."""
    mtime_at: Seconds | None
    """When it was last written, epoch seconds; null where that cannot be seen."""
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None
    """Of its content, hexadecimal; null where it was not read."""
    pending: list[StepId]
    """The migration steps that have something to do."""
    section: Section | None
    """Its runtime section; null where it has none."""


class Credential(Part):
    """One row of a pool, as it truly is."""

    pool: str
    """The key of the pool, which names the provider."""
    id: Identity
    """Its id; null where it has none."""
    label: str | None
    """What people call it, not unique; null where it has none."""
    source: str | None
    """Where it comes from, as the file says it (manual, env:NAME, device_code ...); null where it does not."""
    auth_type: str | None
    """How it is used, as the file says it (api_key, oauth ...); null where it does not."""
    priority: int | None
    """Lower is tried first; null where it has none."""
    status: Status
    """What its mark amounts to now, from wherever that is held. Cooldowns of single models are not in it."""
    agent_sees: AgentSees
    """What an agent that knows inline state only makes of it, when it asks for no certain model."""
    held: Held
    """Where its runtime state is held: inline in the row, in the runtime section, in both, or nowhere."""
    marked_at: Seconds | None
    """When it was marked, epoch seconds; null where no time is known, or there is no mark."""
    until_at: Seconds | None
    """The end of its cooldown, epoch seconds, also after it has passed; null where there is no end, or no cooldown."""
    until_rule: str | None
    """Which version's rule gave the end; null where there is no cooldown."""
    remaining_seconds: Annotated[Seconds, Field(gt=0)] | None
    """Seconds until until_at while it is cooling, else null; null with status cooling is: for ever."""
    error_code: int | None
    """HTTP status of the failure; null where there was none."""
    reason: str | None
    """The provider's reason, without secrets; null where there is none."""
    message: str | None
    """The provider's text, without secrets; null where there is none."""
    model_cooldowns: dict[str, Seconds | None]
    """Model to the end of its own cooldown, epoch seconds; null is: for ever. Ends that have passed are in it too."""
    store: Store
    """Whose file it is in: the home's own, or the root home's, from which a profile borrows."""


class Breaker(Part):
    """One file of rate_limits/."""

    provider: str
    """Whose it is."""
    path: str
    """The file."""
    state: BreakerState
    """What it amounts to now. unreadable: it could not be looked into, so that agents may obey it or not. absent: there
    is no breaker, only a link that leads to nothing."""
    recorded_at: Seconds | None
    """When it was recorded, epoch seconds; null where it says no time."""
    reset_at: Seconds | None
    """When the provider may be asked again, epoch seconds; null where it says no time."""
    remaining_seconds: Seconds | None
    """Seconds until reset_at, below zero when it has passed; null where it says no time."""


class Sessions(Part):
    """What sessions.json holds."""

    count: Count
    """How many sessions."""
    role: Literal["primary", "mirror"]
    """primary: the only copy of the index. mirror: state.db has it too."""
    invalid: Count
    """How many of them agents stumble over."""


class Config(Part):
    """What config.yaml holds."""

    version: int | None
    """Its _config_version; null where it has none."""
    unknown_keys: list[str]
    """Top-level keys that no known agent reads."""


class Finding(Part):
    """One fact that a user should know."""

    id: Annotated[str, Field(pattern="^HS-[A-Z]+-[0-9]{3}$")]
    """Which fact: never changes its meaning, never used again for another."""
    severity: Severity
    """How bad it is."""
    kind: Kind | Literal["home"]
    """What it is about: a kind of file, or the home as a whole."""
    path: str
    """The file or directory."""
    pointer: str
    """The place inside that file, a JSON pointer; empty is the whole file."""
    message: str
    """What was found, for people."""
    hint: str
    """What to do, for people; empty where there is nothing to do."""


class Home(Part):
    """Everything about one home."""

    path: str
    """The directory."""
    home_rule: str
    """What made it the home to work on, for people."""
    profile: str
    """Its profile; that of a root home is default."""
    managed: str | None
    """What manages the installation (NixOS, Homebrew ...); null where nothing does."""
    agent: Agent
    """The agent that uses it."""
    gateway: Gateway
    """Its gateway."""
    providers: list[Provider]
    """The verdict for each provider."""
    files: list[File]
    """Its state files."""
    credentials: list[Credential]
    """The rows of its pools, and those that it borrows from the root home."""
    breakers: list[Breaker]
    """The files of rate_limits/."""
    sessions: Sessions | None
    """null where sessions.json could not be read, or was not asked for."""
    config: Config | None
    """null where config.yaml could not be read, or was not asked for."""
    findings: list[Finding]
    """What a user should know."""


class Summary(Part):
    """Counts over all homes."""

    errors: Count
    """Findings of severity error."""
    warnings: Count
    """Findings of severity warning."""
    pending: Count
    """Migration steps that have something to do, each counted once for each real file."""


class InspectOutput(Output):
    """What inspect --json prints."""

    format: Literal["hermes-state/inspect"]
    """Which output this is."""
    homes: list[Home]
    """The homes that were looked at, the root first."""
    summary: Summary
    """Counts over all homes."""


class CheckOutput(Output):
    """What check --json prints: what inspect prints, and what decided the exit code."""

    format: Literal["hermes-state/check"]
    """Which output this is."""
    fail_on: Severity
    """Findings of this severity or a worse one make the exit code 1."""
    homes: list[Home]
    """The homes that were looked at, the root first."""
    summary: Summary
    """Counts over all homes."""
