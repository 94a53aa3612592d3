"""``hermes-state clear-cooldown``: what was cleared, verified on disk; what still blocks; who could undo it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hermes_state.clearing.cooldowns import Cleared, CooldownsCleared
from hermes_state.clearing.provider import clear_provider
from hermes_state.clearing.report import ProviderCleared, as_json
from hermes_state.clearing.targets import Target
from hermes_state.cli.asked import Asked
from hermes_state.cli.output import error_entry, print_error, print_json
from hermes_state.clock import duration, now
from hermes_state.cooldown import AgentSees, Status
from hermes_state.stores.permits import Permits

if TYPE_CHECKING:
    from rich.console import Console

#: How many other homes are named.
_FEW = 5
#: Why a row was left, in words.
REASONS = {
    "dead": "it is dead, which time does not mend: log in, or clear it with --dead",
    "not_an_object": "it is not an object",
}


def run(asked: Asked, target: Target, *, breaker: bool, dry_run: bool, permits: Permits) -> int:
    """Clear what ``target`` means, or rehearse it; returns the exit code.

    Raises UnknownTarget, NoSuchHome and UnknownProfile.
    """
    done = clear_provider(
        asked.homes(),
        target,
        breaker=breaker,
        dry_run=dry_run,
        permits=permits,
        clock=now,
        seconds=asked.lock_timeout,
        watch=asked.watched,
    )
    if asked.json:
        errors = [error_entry(failed.error, failed.home) for failed in done.errors]
        print_json("clear-cooldown", as_json(done), errors)
    else:
        _print(done)
    return int(done.exit_code)


def _print(done: ProviderCleared) -> None:
    from hermes_state.cli.text.render import console, line, mark, nothing_written, words

    out = console()
    files = {file.home.path: file for file in done.files}
    shared = {one.home.path: one for one in done.shared}
    for home in done.homes:
        if home.path not in files and home.path not in shared and len(done.homes) > 1:
            continue
        line(out, words(f"Home {home.path} ({home.rule})", "bold"))
        if home.path in files:
            _print_file(out, files[home.path], done)
        elif home.path in shared:
            one = shared[home.path]
            line(out, mark("info"), f"its credentials are in {one.path}, which was seen to for {one.seen_for.path}")
    if not done.files and not done.errors:
        line(out, mark("info"), f"{done.target.provider} has no credentials here: no cooldown is in the way")
    for stop in done.breakers.cleared if done.breakers is not None else ():
        what = "would be cleared" if done.dry_run else "was cleared"
        line(out, mark("ok"), f"the breaker of {stop.provider} {what} ({stop.path}; it was {stop.was.state})")
    if done.breakers is not None and not done.breakers.cleared and not done.breakers.errors:
        line(out, mark("info"), f"there is no breaker of {done.target.provider}: nothing to do")
    _print_still(out, done)
    _print_undo(out, done)
    if done.dry_run:
        would = any(file.cleared for file in done.files) or (done.breakers is not None and done.breakers.cleared)
        nothing_written(out, bool(would))
    out.file.flush()
    for failed in done.errors:
        print_error(failed.error)


def _print_file(out: Console, file: CooldownsCleared, done: ProviderCleared) -> None:
    from hermes_state.cli.text.render import line, mark, words

    ready = "would be cleared" if done.dry_run else "cleared"
    whose = " (the root's store, from which the profile borrows)" if file.owner.store == "root" else ""
    only = f" (only for {done.target.model})" if done.target.model is not None else ""
    count = f"{len(file.cleared)} of {_credentials(file.matched)} {ready}{only}"
    if not file.cleared:
        count = f"nothing to clear{only} in {_credentials(file.idle)}" if file.idle else "nothing was cleared"
    elif file.idle:
        count += f", {file.idle} had nothing to clear"
    state = "error" if file.problem is not None else "warning" if file.left and not file.cleared else "ok"
    line(out, mark(state), f"{file.owner.pool}: {count}")
    line(out, "   ", words(f"in {file.path}{whose}", "dim"))
    for one in file.cleared:
        line(out, "   ", f"{_who(one.number, one.was.id, one.was.label)} {_was(one, done)}")
        if one.note:
            line(out, "     ", mark("warning"), one.note)
    for left in file.left:
        line(out, " ", mark("warning"), f"{_who(left.number, left.id, left.label)} was left: {REASONS[left.reason]}")
    for note in file.notes:
        line(out, " ", mark("info"), note)
    if file.verified and file.cleared:
        line(out, "   ", "verified: the file was read again, and none of it is there")
    if file.also_of and file.cleared:
        line(out, " ", mark("warning"), f"they are the credentials of other homes too: {_some(file)}")


def _credentials(count: int) -> str:
    return "1 credential" if count == 1 else f"{count} credentials"


def _some(file: CooldownsCleared) -> str:
    names = [home.profile for home in file.also_of]
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _who(number: int, identity: str | int | None, label: str | None) -> str:
    name = str(identity) if identity not in (None, "") else f"row {number}"
    return f"{name} ({label})" if label else name


def _was(one: Cleared, done: ProviderCleared) -> str:
    was = one.was
    code = f" ({was.error_code})" if was.error_code and done.target.model is None else ""
    return ("is " if done.dry_run else "was ") + ", ".join(_states(one, done.target.model)) + code


def _states(one: Cleared, model: str | None) -> Iterator[str]:
    was = one.was
    if model is None and was.status is Status.COOLING:
        left = was.remaining_seconds
        yield f"cooling down for {duration(left)} more" if left is not None else "cooling down for ever"
    elif model is None and was.status is Status.DEAD:
        yield "dead"
    elif model is None and was.status is Status.ELAPSED:
        yield "usable again, with an old mark"
    elif model is None and was.agent_sees is AgentSees.BLOCKED and not was.model_cooldowns:
        yield "cleared before, and written back by a running agent"
    elif model is None and not was.model_cooldowns:
        yield "usable, with traces of an old failure"
    for name in was.model_cooldowns if model is None else [model]:
        yield f"cooling down for {name}"


def _print_still(out: Console, done: ProviderCleared) -> None:
    from hermes_state.cli.text.render import line, mark

    for still in done.still:
        for block in still.blocks:
            left = f" for {duration(block.until_at - now())}" if block.until_at is not None else ""
            line(out, mark("warning"), f"still blocked by {block.what}{left} ({block.path})")
        for words in still.then:
            line(out, "   ", f"next: {words}")


def _print_undo(out: Console, done: ProviderCleared) -> None:
    from hermes_state.cli.text.render import line, mark

    undo = done.undo
    if undo.level.value in ("none", "low"):
        return
    line(out, mark("warning"), undo.message)
    for one in undo.agents:
        pid = f" pid {one.pid}" if one.pid is not None else ""
        version = one.version or "of unknown version"
        doubt = "" if one.state.value == "running" else f" ({one.state.value})"
        line(out, "   ", f"{one.kind}{pid}, agent {version}{doubt}: {one.home or 'home unknown'}")
    for what in undo.unseen:
        line(out, "   ", what)
