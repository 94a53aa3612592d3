"""Clearing breakers, so that the agents of a home ask a provider again at once.

A breaker may be deleted in any state: agents write it anew when they meet the next limit. A link stays, since somebody
made it on purpose, and what it leads to goes if that is a breaker; a directory is nobody's breaker and is refused.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from errno import EACCES, ENAMETOOLONG, ENOTDIR, EPERM
from typing import TYPE_CHECKING, Any, NamedTuple

from hermes_state.clearing.removal import take
from hermes_state.disk import Disk, RealDisk
from hermes_state.errors import ExitCode, FileNotOk, Refused, StateError, UnknownTarget, worst
from hermes_state.home import Home
from hermes_state.interruption import Watch, each, unwatched
from hermes_state.links import Location
from hermes_state.obstacle import MOUNTED, SEALED, obstacle
from hermes_state.outcomes import Fault, Outcome
from hermes_state.stores.breaker import FOLDER, PROVIDERS, BreakerState, breakers, look, provider_of

if TYPE_CHECKING:
    from hermes_state.inspection.report import Block

#: In place of a provider's name: every breaker of an agent's, and no foreign file.
ALL = None
#: Bytes that a file behind a link may have to be deleted; a breaker has about a hundred.
SMALL = 64 * 1024
#: Why a link that cannot be followed will not be the next time either; of any other error that is not known.
_LASTING = (EACCES, EPERM, ENOTDIR, ENAMETOOLONG)

#: What else keeps agents of homes from providers, once the breakers are gone.
StillBlocked = Callable[[Sequence[tuple[Home, str]]], Sequence["Blocking"]]


class Was(NamedTuple):
    state: str
    remaining_seconds: float | None


class Cleared(NamedTuple):
    """One breaker that is gone from the disk. ``removed`` is the path that went; ``note`` says what is worth saying."""

    provider: str
    home: str
    path: str
    was: Was
    removed: str
    note: str = ""


class Left(NamedTuple):
    """A breaker that is not there, or a file that stays, and why."""

    provider: str
    home: str
    path: str
    reason: str


class Failed(NamedTuple):
    home: str
    error: StateError


class Blocking(NamedTuple):
    """What else keeps the agents of ``home`` from a provider."""

    home: str
    block: Block


class ClearReport(NamedTuple):
    """What clearing did, or with ``dry_run`` would do."""

    dry_run: bool
    cleared: tuple[Cleared, ...] = ()
    left: tuple[Left, ...] = ()
    still_blocked_by: tuple[Blocking, ...] = ()
    errors: tuple[Failed, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        return ExitCode(worst([failed.error.exit_code for failed in self.errors]))


def clear_breakers(
    homes: Sequence[Home],
    provider: str | None,
    *,
    dry_run: bool,
    now: float,
    disk: Disk | None = None,
    still_blocked: StillBlocked | None = None,
    watch: Watch = unwatched,
) -> ClearReport:
    """Clear the breaker of ``provider`` in each home, or for ALL those of every provider that agents keep one for.

    ``now`` (epoch seconds) is what the reported states are of; a breaker is deleted in any state, except a directory.
    A foreign file goes only when it is named. ``disk`` is a DryDisk for a dry run unless given. ``still_blocked`` is
    asked once, after the clearing, what else blocks. What goes wrong in one home stops no other and is in ``errors``:
    Refused (a directory), FileNotOk (unreadable folder), WriteFailed, Superseded (an agent wrote a new limit),
    NotVerified. Raises UnknownTarget when ``provider`` is no agent's name for a breaker and no home has such a file.
    """
    used = disk if disk is not None else _disk(dry_run)
    errors: list[Failed] = []
    found: dict[str, list[str]] = {}
    for home in homes:
        try:
            found[home.path] = breakers(home.path)
        except StateError as error:
            errors.append(Failed(home.path, error))
    if provider is not ALL:
        _require_known(homes, provider, [provider_of(path) for paths in found.values() for path in paths])
    done: list[Cleared | Left] = []
    asked: list[tuple[Home, str]] = []

    def clear(home: Home) -> None:
        paths = {provider_of(path): path for path in found.get(home.path, ())}
        for name in PROVIDERS if provider is ALL else (provider,):
            if name in paths:
                try:
                    done.append(_clear(used, home, paths[name], now))
                except StateError as error:
                    errors.append(Failed(home.path, error))
            elif home.path in found and provider is not ALL:
                done.append(Left(name, home.path, "", "there is no breaker: nothing to do"))
            if name in paths or provider is not ALL:
                asked.append((home, name))
        if provider is ALL:
            foreign = (name for name in paths if name not in PROVIDERS)
            done.extend(Left(name, home.path, paths[name], "no agent keeps a breaker of this name") for name in foreign)

    with watch(len(homes), "rehearsing" if dry_run else "clearing breakers") as step:
        each(
            homes,
            clear,
            lambda home, error: errors.append(Failed(home.path, error)),
            lambda home: os.path.join(home.path, FOLDER),
            step,
        )
    cleared = tuple(one for one in done if isinstance(one, Cleared))
    gone = {one.path for one in cleared}
    blocking = still_blocked(asked) if still_blocked is not None and asked else ()
    return ClearReport(
        dry_run=dry_run,
        cleared=cleared,
        left=tuple(one for one in done if isinstance(one, Left)),
        # Two breakers can be of one provider, and a dry run leaves them in sight.
        still_blocked_by=_without_failed(
            [one for one in dict.fromkeys(blocking) if one.block.path not in gone], errors
        ),
        errors=tuple(errors),
    )


def _without_failed(blocking: list[Blocking], errors: list[Failed]) -> tuple[Blocking, ...]:
    """What has just failed would fail again: its error says what to do, and no command is offered for it."""
    failed = {os.path.realpath(each.error.path) for each in errors}
    return tuple(
        one._replace(block=one.block._replace(clear_with=None)) if os.path.realpath(one.block.path) in failed else one
        for one in blocking
    )


def _disk(dry_run: bool) -> Disk:
    if not dry_run:
        return RealDisk()
    from hermes_state.rehearsal import DryDisk

    return DryDisk()


def _require_known(homes: Sequence[Home], provider: str, found: list[str]) -> None:
    """A name is compared with what is there and never made part of a path."""
    known = (*PROVIDERS, *sorted({name for name in found if name not in PROVIDERS}))
    if provider not in known:
        raise UnknownTarget(homes[0].path if homes else "", "breaker", provider, known)


def _clear(disk: Disk, home: Home, path: str, now: float) -> Cleared | Left:
    shown = look(path, now, disk)
    if shown is None:
        return Left(provider_of(path), home.path, path, "an agent has removed it itself: nothing to do")
    if shown.entry is None:
        raise FileNotOk(path, Fault(Outcome.UNREADABLE, shown.detail))
    if shown.is_directory:
        reason = "it is a directory, which no agent makes there; it may hold what somebody wants to keep"
        raise Refused(path, reason, advice="look into it, and remove it by hand")
    if shown.link_target is not None and shown.outcome is Outcome.ABSENT:
        return Left(shown.provider, home.path, path, f"{shown.detail}: it blocks nobody")
    if shown.link_target is not None and shown.errno is not None and shown.errno not in _LASTING:
        # The breaker may be behind it all the same: without the link it would only be out of sight.
        raise FileNotOk(path, Fault(Outcome.UNREADABLE, f"its link cannot be followed: {shown.detail}"))
    only_link = _only_link(shown)
    if only_link or shown.where is None:
        name = os.path.basename(path)
        where, looks, data = Location(os.path.realpath(os.path.dirname(path)), name), shown.entry, None
    else:
        where, looks = shown.where, shown.real or shown.entry
        data = shown.data if shown.outcome is not Outcome.UNREADABLE else None
    mounted = obstacle(where)
    if mounted in (MOUNTED, SEALED):
        raise Refused(path, f"{mounted}, so it cannot be removed", advice="remove it where it is mounted from")
    note = take(disk, path, where, looks, data)
    if note is None:
        return Left(shown.provider, home.path, path, "an agent has removed it itself: nothing to do")
    if only_link:
        note = f"only the link was removed; what it leads to stays: {only_link}{note and '; '}{note}"
    remaining = shown.remaining_seconds
    was = Was(shown.state, remaining if remaining is not None and math.isfinite(remaining) else None)
    return Cleared(shown.provider, home.path, path, was, where.path, note)


def _only_link(shown: BreakerState) -> str:
    """Why what a link leads to is not deleted with it; ``""`` for a small breaker, and for what is no link.

    A link can lead to anything, a file that somebody needs included: what is deleted there has to look like a breaker,
    and somebody else's link must not make us delete a third one's file.
    """
    if shown.link_target is None:
        return ""
    if shown.outcome is Outcome.UNREADABLE:
        return shown.detail
    if shown.entry is not None and shown.real is not None and shown.entry.uid not in (0, os.geteuid(), shown.real.uid):
        return f"the link is user {shown.entry.uid}'s and the file user {shown.real.uid}'s"
    if not shown.data and shown.where is not None and shown.where.name != os.path.basename(shown.path):
        return "it is empty, and has another name"
    if len(shown.data) > SMALL:
        return f"it has more than {SMALL >> 10} KiB"
    return "" if shown.has_shape or not shown.data else "it does not look like a breaker"


def as_json(report: ClearReport) -> dict[str, Any]:
    """What ``clear-breaker --json`` prints of ``report``, its errors aside."""
    from hermes_state.redaction import redact

    return {
        "dry_run": report.dry_run,
        "cleared": [
            {
                "provider": one.provider,
                "home": one.home,
                "path": one.path,
                "was": {"state": one.was.state, "remaining_seconds": one.was.remaining_seconds},
                "removed": one.removed,
                "note": one.note,
            }
            for one in report.cleared
        ],
        "left": [
            {"provider": one.provider, "home": one.home, "path": one.path or None, "reason": one.reason}
            for one in report.left
        ],
        "still_blocked_by": [
            {"home": one.home, **one.block._asdict(), "what": redact(one.block.what)} for one in report.still_blocked_by
        ],
    }
