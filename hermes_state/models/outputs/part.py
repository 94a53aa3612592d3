"""What all outputs share: how they are typed, and the failures that each can tell of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

#: A number of seconds, or epoch seconds. JSON knows neither NaN nor infinity.
Seconds = Annotated[float, Field(allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
#: The kinds of file that a schema owns.
Kind = Literal["auth", "sessions", "config", "breaker"]
#: How reading a file ended.
Outcome = Literal["ok", "absent", "unreadable", "empty", "corrupt", "too_large", "too_new", "invalid"]
#: What names one credential: its id as the file has it, a number where somebody wrote one.
Identity = str | int | None
#: A migration step.
StepId = Annotated[str, Field(pattern="^(auth|sessions|config|breaker)_[0-9]{4}_[a-z0-9_]+$")]
#: Whose file holds a row: the home's own, or that of the root home from which a profile borrows.
Store = Literal["own", "root"]
#: What a runtime state amounts to now.
Status = Literal["ok", "cooling", "elapsed", "dead"]
AgentSees = Literal["usable", "blocked"]
Held = Literal["inline", "runtime", "both", "none"]
#: unreadable: it could not be looked into, and agents that can may obey it. absent: no breaker, a link to nothing.
BreakerState = Literal["active", "expired", "corrupt", "implausible", "foreign", "unreadable", "absent"]
Running = Literal["running", "stopped", "unclear"]


class Part(BaseModel):
    """One object of an output: all of its keys are named here, and all are there unless one says otherwise."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True, protected_namespaces=())


class Failure(Part):
    """Something that went wrong; the rest was still done."""

    code: Literal[
        "error",
        "file_not_ok",
        "foreign_section",
        "internal",
        "link_loop",
        "lock_timeout",
        "no_such_home",
        "not_regular_file",
        "not_replaceable",
        "not_verified",
        "refused",
        "stopped",
        "superseded",
        "undeclared_change",
        "unknown_profile",
        "unknown_target",
        "usage",
        "write_failed",
    ]
    """What went wrong, as one word that never changes its meaning."""
    kind: Kind | Literal[""]
    """The kind of file that it is about; empty where it is about none."""
    home: str | None
    """The home that was worked on; null where none was found yet."""
    path: str
    """The file or directory that is meant; empty where there is none."""
    pointer: str
    """The place inside that file, a JSON pointer; empty is the whole file."""
    message: str
    """What was found, for people."""
    hint: str
    """What to type next, for people; empty where there is nothing to advise."""


class Output(Part):
    """The one object that a command prints."""

    format: str
    """Which command's output this is."""
    format_version: Literal[1]
    """Rises when a key changes its meaning or goes away. New keys may come without that."""
    errors: list[Failure]
    """What went wrong. The exit code is that of the worst."""


class ErrorOutput(Output):
    """Printed in place of a command's own output where it could not begin: usage, no such home, a defect."""

    format: Literal["hermes-state/error"]
    """Which output this is."""
    errors: Annotated[list[Failure], Field(min_length=1)]
    """What went wrong."""


class Block(Part):
    """One thing that keeps the agent from a credential or a provider."""

    what: str
    """What it is, for people."""
    path: str
    """The file that it is in."""
    until_at: Seconds | None
    """When time alone ends it, epoch seconds; null where time does not."""
    clear_with: str | None
    """The command that ends it; null where none does."""
