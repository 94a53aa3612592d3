"""The error tree. Each class carries its facts as attributes, builds its own message, and maps to one exit code.

A message says what was found and where; ``hint`` says what to type next. Every class pickles (the facts are the
annotated fields), so an error can cross a process boundary without losing anything.
"""

from __future__ import annotations

import os
from enum import IntEnum
from errno import EACCES, EDQUOT, EINVAL, ELOOP, ENOSPC, EPERM, EROFS
from typing import Any, ClassVar, dataclass_transform

from hermes_state.outcomes import Fault, Outcome


class ExitCode(IntEnum):
    """What a command's exit status means; documented in the README and tested as one table."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    UNREADABLE = 3
    CORRUPT = 4
    REFUSED = 5
    LOCKED = 6
    WRITE_FAILED = 7
    INTERNAL = 70
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


#: Over several homes the worst code wins, in this order; a signal ends them all.
SEVEREST_FIRST = (143, 130, 129, 70, 7, 3, 4, 6, 5, 2, 1, 0)


def worst(codes: list[int]) -> int:
    """The one exit code that stands for several (0 for none)."""
    return min(codes, key=SEVEREST_FIRST.index, default=0)


#: How many profiles a hint names.
_MANY = 20


@dataclass_transform(eq_default=False)
class _Facts(Exception):
    """An exception whose annotated fields are its facts, those of its bases first.

    They are set here and not by a generated ``__init__``: generating one for each class would cost every command
    several milliseconds.
    """

    _facts: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = (name for name, kind in cls.__annotations__.items() if not str(kind).startswith("ClassVar"))
        cls._facts = (*cls._facts, *(name for name in own if name not in cls._facts))

    def __init__(self, *facts: Any, **named: Any) -> None:
        given = dict(zip(self._facts, facts, strict=False)) | named
        missing = [name for name in self._facts if name not in given and not hasattr(type(self), name)]
        if missing or len(facts) > len(self._facts) or given.keys() - set(self._facts):
            raise TypeError(f"{type(self).__name__} takes {', '.join(self._facts)}")
        super().__init__()  # an OSError would take the facts for its errno and file name
        for name, value in given.items():
            setattr(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), tuple(getattr(self, name) for name in self._facts))


class StateError(_Facts):
    """Base of all errors raised on purpose. ``path`` is the file or directory meant, ``pointer`` a place inside it."""

    path: str
    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL
    code: ClassVar[str] = "error"
    kind: ClassVar[str] = ""
    pointer: ClassVar[str] = ""

    @property
    def message(self) -> str:
        return f"something is wrong with {self.path}"

    @property
    def hint(self) -> str:
        return ""

    def __str__(self) -> str:
        return self.message


#: How many files a message names.
_FEW = 5

# --- usage: exit 2 ---------------------------------------------------------------------------------------------------


class UnknownProfile(StateError):
    """``path`` is the root home that was searched; ``named_by`` is what named the profile, where the user did not."""

    name: str
    known: tuple[str, ...] = ()
    deleted: bool = False
    reason: str = ""
    named_by: str = ""
    exit_code = ExitCode.USAGE
    code = "unknown_profile"

    @property
    def message(self) -> str:
        by = f" (named by {self.named_by})" if self.named_by else ""
        return f"profile {self.name!r}{by} " + (
            self.reason or f"{'was deleted from' if self.deleted else 'does not exist under'} {self.path}"
        )

    @property
    def hint(self) -> str:
        names = ("default", *self.known)  # the root home goes by that name
        more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
        return f"known profiles: {', '.join(names[:_MANY])}{more}"


class UnknownTarget(StateError):
    """A provider, credential, backup or kind that is not there, or a name that fits several.

    ``paths`` are all the files that were searched, where there were more than one; ``reason`` says why a name will not
    do although it fits, ``advice`` what to do where nothing is known that could be meant.
    """

    what: str
    name: str
    known: tuple[str, ...] = ()
    ambiguous: bool = False
    paths: tuple[str, ...] = ()
    reason: str = ""
    advice: str = ""
    exit_code = ExitCode.USAGE
    code = "unknown_target"

    @property
    def message(self) -> str:
        if self.ambiguous:
            return f"{self.what} {self.name!r} fits several in {self.path}"
        if self.reason:
            return f"{self.what} {self.name!r}: {self.reason}"
        rest = len(self.paths) - _FEW
        more = f", nor in {rest} other file{'s' if rest != 1 else ''}" if rest > 0 else ""
        return f"no {self.what} {self.name!r} in {', '.join(self.paths[:_FEW]) or self.path}{more}"

    @property
    def hint(self) -> str:
        return f"one of: {', '.join(self.known)}" if self.known else self.advice


# --- reading: exit 3 and 4 -------------------------------------------------------------------------------------------


class NoSuchHome(StateError):
    reason: str = "does not exist"
    exit_code = ExitCode.UNREADABLE
    code = "no_such_home"

    @property
    def message(self) -> str:
        return f"no Hermes home at {self.path}: {self.reason}"

    @property
    def hint(self) -> str:
        if any(step.startswith("~") for step in self.path.split("/")):
            return "the ~ in it stands for nothing: shells read it as your home only without quotes around it"
        return "name it with --home DIR, or set HERMES_HOME"


class FileNotOk(StateError):
    """A state file whose outcome is not one that this act can work with; never written over."""

    fault: Fault
    code = "file_not_ok"

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]
        if self.fault.outcome in (Outcome.UNREADABLE, Outcome.ABSENT):
            return ExitCode.UNREADABLE
        if self.fault.outcome is Outcome.TOO_NEW:
            return ExitCode.REFUSED
        return ExitCode.CORRUPT

    @property
    def pointer(self) -> str:  # type: ignore[override]
        return self.fault.pointer

    @property
    def message(self) -> str:
        place = " ".join(part for part in (self.fault.where(), self.fault.pointer) if part)
        return f"{self.path} is {self.fault.outcome.value.replace('_', ' ')}" + (
            f" ({place}): {self.fault.message}" if place else f": {self.fault.message}"
        )

    @property
    def hint(self) -> str:
        return self.fault.hint or ("" if self.fault.outcome not in _LOST else _BRING_BACK)


#: What no command but ``restore`` writes over, and what to do about it.
_LOST = (Outcome.EMPTY, Outcome.CORRUPT, Outcome.TOO_LARGE, Outcome.INVALID)
_BRING_BACK = "stop the agents, which may write over it, and look for a copy: hermes-state backups"


# --- refusals: exit 5 ------------------------------------------------------------------------------------------------


class Refused(StateError):
    """The act was possible but would harm; ``flag`` is what allows it, if anything does."""

    reason: str
    flag: str = ""
    advice: str = ""
    exit_code = ExitCode.REFUSED
    code = "refused"

    @property
    def message(self) -> str:
        return f"{self.path}: {self.reason}"

    @property
    def hint(self) -> str:
        return self.advice or (f"add {self.flag} to allow it" if self.flag else "")


class NotRegularFile(Refused, OSError):
    """An OSError too, so that callers of the drop-ins, who expect those, can handle it."""

    code = "not_regular_file"
    errno = EINVAL


class LinkLoop(Refused, OSError):
    code = "link_loop"
    errno = ELOOP


class NotReplaceable(Refused):
    """The file can be written in place, if at all: it is mounted by itself, or its directory is closed to us."""

    flag: str = "--in-place"
    code = "not_replaceable"

    @property
    def message(self) -> str:
        return f"{self.path}: {self.reason}, so it cannot be replaced as a whole"


class ForeignSection(Refused):
    """``credential_pool_runtime`` is there but is not ours: left byte for byte."""

    code = "foreign_section"
    pointer = "/credential_pool_runtime"


class Undeclared(Refused):
    """A migration step changed a path that it did not declare. Nothing was written."""

    code = "undeclared_change"


# --- writing: exit 6 and 7 -------------------------------------------------------------------------------------------


class LockTimeout(StateError):
    """``path`` is the lock file; ``holder`` is a hint about who may hold it, never a certainty."""

    seconds: float
    holder: str = ""
    exit_code = ExitCode.LOCKED
    code = "lock_timeout"

    @property
    def message(self) -> str:
        by = f" (may be held by {self.holder})" if self.holder else ""
        return f"{self.path} was held for longer than {self.seconds:g} s{by}; nothing was written"

    @property
    def hint(self) -> str:
        return "try again, or wait longer with --lock-timeout SECONDS"


class WriteFailed(StateError, OSError):
    """An operating-system error while writing.

    ``content`` says what the file holds now: ``old``; ``new`` (in place, but perhaps not yet safe from a power cut);
    ``torn`` (an in-place write was interrupted, a recovery copy exists). An OSError too, for callers of the drop-ins.
    """

    errno: int
    doing: str
    content: str = "old"
    exit_code = ExitCode.WRITE_FAILED
    code = "write_failed"

    @property
    def message(self) -> str:
        state = {
            "old": "the file is as it was",
            "new": "the new content is in place, but a power cut could still undo that",
            "torn": "its content is incomplete, a recovery copy exists",
        }[self.content]
        return f"{self.path}: {self.doing} failed: {os.strerror(self.errno)}; {state}"

    @property
    def hint(self) -> str:
        if self.content == "torn":
            return "run: hermes-state recover"
        if self.errno == EROFS:
            return "mount it writable, or run this where it is"
        if self.errno in (EACCES, EPERM):
            return "see who owns it and who may write there: hermes-state inspect"
        return "make room, then run it again" if self.errno in (ENOSPC, EDQUOT) else ""


class Superseded(StateError):
    """Another writer, one that takes no lock, replaced what we had just written (or kept changing what we read)."""

    reason: str
    exit_code = ExitCode.WRITE_FAILED
    code = "superseded"

    @property
    def message(self) -> str:
        return f"{self.path} was superseded: {self.reason}"

    @property
    def hint(self) -> str:
        return "run the command again; stop the agent first if it happens twice"


class NotVerified(StateError):
    """What was read back is not what was written, though nobody else wrote."""

    reason: str
    exit_code = ExitCode.WRITE_FAILED
    code = "not_verified"

    @property
    def message(self) -> str:
        return f"{self.path} could not be verified: {self.reason}"


# --- signals: exit 129, 130 and 143 ----------------------------------------------------------------------------------


class Stopped(StateError):
    """A signal ended the run before the turn of ``path``, or before anything was written there."""

    signal: str
    code = "stopped"

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]
        return {"SIGHUP": ExitCode.HUNG_UP, "SIGINT": ExitCode.INTERRUPTED}.get(self.signal, ExitCode.TERMINATED)

    @property
    def message(self) -> str:
        return f"{self.path}: stopped by {self.signal} before anything was written here"

    @property
    def hint(self) -> str:
        return "run the same command again: what is done already stays done"
