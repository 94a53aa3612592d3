"""The result of an inspection: facts, of which text and JSON are two views.

The names of the fields are the keys of the JSON view. Times are epoch seconds, names that end in ``_seconds`` are
lengths; None is "not known" or "there is none". Whatever came from a file is without secrets: free text (labels,
reasons, messages) and names (pools, ids, sources, models, pointers) alike; of ordinary names nothing changes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple

from hermes_state.cooldown import AgentSees, Status
from hermes_state.errors import StateError
from hermes_state.findings import Finding, Severity
from hermes_state.liveness import State
from hermes_state.outcomes import Outcome


class Agent(NamedTuple):
    """The version of the agent that uses the home, and what says so."""

    version: str | None
    found_by: str | None


class Gateway(NamedTuple):
    state: State
    pid: int | None


class Section(NamedTuple):
    """The runtime section of an auth.json.

    ``records`` hold runtime state, ``tombstones`` remember a clear; a record can be both. Both counts are None for a
    section of a later schema, which is not looked into.
    """

    schema: int
    records: int | None
    tombstones: int | None


class FileFacts(NamedTuple):
    """One state file. All but the first three are of the real file, behind its links.

    ``link_target`` is where the links of ``path`` lead. ``shared_with`` are the other homes of the same root whose file
    is the same real one. ``mode`` is four octal digits, ``sha256`` that of the content. ``pending`` are the ids of the
    migration steps that have something to do.
    """

    kind: str
    path: str
    link_target: str | None
    shared_with: tuple[str, ...]
    outcome: Outcome
    mode: str | None
    uid: int | None
    gid: int | None
    size: int | None
    mtime_at: float | None
    sha256: str | None
    pending: tuple[str, ...] = ()
    section: Section | None = None


class Credential(NamedTuple):
    """One row of a pool, as it truly is: its runtime state from wherever it is held.

    ``agent_sees`` is what an agent that knows inline state only makes of it, when it asks for no certain model.
    ``held`` tells where its runtime state is: ``inline``, ``runtime`` (the section), ``both`` or ``none``.
    ``marked_at`` is when it was marked, None where that is not known.
    ``until_at`` is the end of the cooldown, also after it has passed; ``remaining_seconds`` is None after that.
    ``until_rule`` names the agent version whose rule gave the end, after "longest: " where the home's version is not
    known; a cooldown without an end has neither time, and "for ever" in its rule. ``model_cooldowns`` are ends by model
    (None: for ever). ``store`` is ``root`` for a row that a profile borrows from its root home, else ``own``.
    """

    pool: str
    id: str | int | None
    label: str | None
    source: str | None
    auth_type: str | None
    priority: int | None
    status: Status
    agent_sees: AgentSees
    held: str
    marked_at: float | None
    until_at: float | None
    until_rule: str | None
    remaining_seconds: float | None
    error_code: int | None
    reason: str | None
    message: str | None
    model_cooldowns: Mapping[str, float | None]
    store: str


#: How the blocks begin that are no credential's but a second switch: one that agents obey, and one that they may.
BREAKER, DOUBTFUL = "breaker", "breaker that could not be looked into"


#: A command within the words of a block, and what leads to it.
_COMMAND = re.compile(r":? `([^`]+)`")


class Block(NamedTuple):
    """One thing that keeps an agent from a credential or a provider. ``clear_with`` is the command that ends it; where
    something else helps better, as a new login does, that is in ``what``, a command in backquotes."""

    what: str
    path: str
    until_at: float | None = None
    clear_with: str | None = None

    @property
    def said(self) -> str:
        """``what`` without its commands, for where those have lines of their own."""
        return _COMMAND.sub("", self.what)

    @property
    def commands(self) -> list[str]:
        """What to type, the best first."""
        return [*_COMMAND.findall(self.what), *([self.clear_with] if self.clear_with else [])]


class Provider(NamedTuple):
    """Whether the agent can use a provider now: with ``usable`` of its credentials.

    ``next_at`` is when the next one can be used again, as far as time alone brings it back. ``blocked_by`` also tells
    what blocks single credentials of a provider that is usable.
    """

    provider: str
    usable: int
    of: int
    next_at: float | None
    blocked_by: tuple[Block, ...]


class Breaker(NamedTuple):
    provider: str
    path: str
    state: str
    recorded_at: float | None
    reset_at: float | None
    remaining_seconds: float | None


class Sessions(NamedTuple):
    """``role`` is ``primary`` where the file is the only copy of the index, ``mirror`` where state.db has it."""

    count: int  # type: ignore[assignment]  # a tuple has a method of this name, which nobody needs here
    role: str
    invalid: int


class Config(NamedTuple):
    """``version`` is ``_config_version`` as the agent understands it; None where the file has none."""

    version: int | None
    unknown_keys: tuple[str, ...]


class HomeReport(NamedTuple):
    """Everything about one home. ``sessions`` and ``config`` are None without a document to look at."""

    path: str
    home_rule: str
    profile: str
    managed: str | None
    agent: Agent
    gateway: Gateway
    providers: tuple[Provider, ...]
    files: tuple[FileFacts, ...]
    credentials: tuple[Credential, ...]
    breakers: tuple[Breaker, ...]
    sessions: Sessions | None
    config: Config | None
    findings: tuple[Finding, ...]


class Unseen(NamedTuple):
    """A file that could not be looked at; ``home`` is the one whose inspection wanted it."""

    home: str
    kind: str
    error: StateError


class Summary(NamedTuple):
    """Counts over all homes; ``pending`` are migration steps, each counted once for each real file."""

    errors: int
    warnings: int
    pending: int


class Report(NamedTuple):
    homes: tuple[HomeReport, ...]
    errors: tuple[Unseen, ...] = ()

    @property
    def summary(self) -> Summary:
        severities = [finding.severity for home in self.homes for finding in home.findings]
        steps = {
            (min(home.path, *file.shared_with), file.kind, step)
            for home in self.homes
            for file in home.files
            for step in file.pending
        }
        return Summary(severities.count(Severity.ERROR), severities.count(Severity.WARNING), len(steps))


def as_json(report: Report) -> dict[str, Any]:
    """``report`` as the JSON object that ``inspect --json`` prints. No infinity or NaN is in it, as JSON has none."""
    return {
        "format": "hermes-state/inspect",
        "format_version": 1,
        "homes": _plain(report.homes),
        "summary": _plain(report.summary),
        "errors": [_unseen(each) for each in report.errors],
    }


def _unseen(unseen: Unseen) -> dict[str, Any]:
    error = unseen.error
    return {
        "code": error.code,
        "kind": unseen.kind,
        "home": unseen.home,
        "path": error.path,
        "pointer": error.pointer,
        "message": error.message,
        "hint": error.hint,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        items = [_plain(item) for item in value]
        return dict(zip(value._fields, items, strict=True)) if hasattr(value, "_fields") else items
    return value
