"""Clearing one provider over homes: its cooldowns, its breaker if asked for, and what is in the way after that."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

from hermes_state.clearing.breakers import ClearReport, Failed, clear_breakers
from hermes_state.clearing.cooldowns import DEAD, CooldownsCleared, clear_cooldowns
from hermes_state.clearing.report import ProviderCleared, Shared, Still
from hermes_state.clearing.standing import standings
from hermes_state.clearing.targets import Owner, Target, chosen, found_nowhere, owner_of, unknown
from hermes_state.clearing.undo import UndoRisk, undo_risk
from hermes_state.cooldown import Rule
from hermes_state.errors import Refused, StateError, UnknownTarget
from hermes_state.home import Home, all_homes
from hermes_state.inspection.auth.pools import Obstacle
from hermes_state.inspection.auth.remedies import Clearing
from hermes_state.inspection.report import Block
from hermes_state.installed import agent_version, installation
from hermes_state.interruption import Step, Watch, each, unwatched, wished
from hermes_state.liveness import gateways
from hermes_state.locks import DEFAULT_SECONDS
from hermes_state.stores.auth import Sharing
from hermes_state.stores.permits import Permits


def clear_provider(
    homes: Sequence[Home],
    target: Target,
    *,
    breaker: bool,
    dry_run: bool,
    permits: Permits,
    clock: Callable[[], float],
    seconds: float = DEFAULT_SECONDS,
    watch: Watch = unwatched,
) -> ProviderCleared:
    """Clear what ``target`` means in ``homes``, each real file once, and with ``breaker`` the provider's breakers too.

    What goes wrong in one file stops no other and is in ``errors``. Raises UnknownTarget, before anything is done, for
    a provider or credential that no home has, and for a name that fits several; a provider that only a breaker is
    known of is not unknown: there is nothing to clear, and the breaker is named.
    """
    errors: list[Failed] = []
    with watch(len(homes), "reading homes") as step:
        owners = dict(_owners(homes, target.provider, errors, step))
    first, shared = _once(homes, owners)
    name = next((owner.pool for owner in owners.values()), target.provider)  # as the file spells it
    stops = _breakers(homes, name, dry_run=True, now=clock()) if breaker else None
    if not owners and not errors and not (stops and (stops.cleared or stops.errors)):
        names = [(home, name) for home in homes]
        if target.credential is not None or not any(found.switches for found in standings(names, clock(), watch)):
            raise unknown(homes, target.provider)
    target = target._replace(by_number=len(first) == 1)
    holding = _holding(first, owners, target)
    rules = _rules(holding)
    files: list[CooldownsCleared] = []
    clear = partial(
        clear_cooldowns,
        target=target,
        dry_run=dry_run,
        permits=permits,
        clock=clock,
        seconds=seconds,
        sharing=Sharing(),
    )
    with watch(len(holding), "rehearsing" if dry_run else "clearing cooldowns") as step:
        each(
            holding,
            lambda home: files.append(clear(home, rule=rules[home.path])),
            lambda home, error: errors.append(Failed(home.path, error)),
            lambda home: owners[home.path].path,
            step,
        )
    errors += [Failed(file.home.path, file.problem) for file in files if file.problem is not None]
    if stops is not None and not dry_run:
        stops = _breakers(homes, name, dry_run=False, now=clock(), watch=watch) if not wished() else None
    errors += stops.errors if stops is not None else ()
    still = tuple(_still_blocked(homes, owners, name, files, stops, errors, dry_run, clock(), watch))
    if not errors and not any(file.cleared for file in files) and not (stops and stops.cleared):
        errors += [Failed(file.home.path, error) for file in files for error in _refused(file)]
    seen_to = {file.home.path for file in files}
    return ProviderCleared(
        dry_run,
        target,
        tuple(homes),
        tuple(files),
        tuple(one for one in shared if one.seen_for.path in seen_to),
        stops,
        still,
        _undo(files, target),
        tuple(errors),
    )


def _owners(homes: Sequence[Home], provider: str, errors: list[Failed], step: Step) -> Iterator[tuple[str, Owner]]:
    """The owner of the rows of each home that has any. A file that several homes miss is an error once."""
    for home in homes:
        found = None
        try:
            found = owner_of(home, provider)
        except StateError as error:
            if error.path not in [failed.error.path for failed in errors]:
                errors.append(Failed(home.path, error))
        if found is not None:
            yield home.path, found
        if step is not None:
            step()


def _once(homes: Sequence[Home], owners: dict[str, Owner]) -> tuple[list[Home], list[Shared]]:
    """The first home of each real file, and the others."""
    seen: dict[str, Home] = {}
    shared = []
    for home in (home for home in homes if home.path in owners):
        path = owners[home.path].path
        real = os.path.realpath(path)
        if real in seen:
            shared.append(Shared(home, path, seen[real]))
        else:
            seen[real] = home
    return list(seen.values()), shared


def _holding(homes: Sequence[Home], owners: dict[str, Owner], target: Target) -> list[Home]:
    """Those of ``homes`` whose file has the credential that is meant. Raises UnknownTarget if none has, or several."""
    holding, missing = [], None
    for home in homes:
        try:
            chosen(owners[home.path].rows, target, owners[home.path].path)
            holding.append(home)
        except UnknownTarget as error:
            if error.ambiguous:
                raise
            missing = missing or error
    if missing is not None and not holding:
        raise missing if len(homes) == 1 else found_nowhere([owners[home.path] for home in homes], target)
    return holding


def _breakers(
    homes: Sequence[Home], provider: str, *, dry_run: bool, now: float, watch: Watch = unwatched
) -> ClearReport:
    """The breakers of a provider, cleared; for most providers agents keep none, which is nothing to complain about."""
    try:
        return clear_breakers(homes, provider, dry_run=dry_run, now=now, watch=watch)
    except UnknownTarget:
        return ClearReport(dry_run)


def _rules(homes: Sequence[Home]) -> dict[str, Rule | None]:
    """The rule of each home's agent, None where its version is not known."""
    around = {other.path: other for home in {home.root: home for home in homes}.values() for other in all_homes(home)}
    live = gateways(list((around | {home.path: home for home in homes}).values()))
    installed = cache(installation)
    versions = {
        path: agent_version(home, gateway_runs=live[path].may_be_running, beside=installed).version
        for path, home in ((home.path, home) for home in homes)
    }
    return {path: Rule.for_version(version) if version is not None else None for path, version in versions.items()}


def _refused(file: CooldownsCleared) -> Iterator[StateError]:
    """That nothing was cleared as all there was to clear is dead: who asked must not take that for done."""
    if file.left and all(one.reason == DEAD for one in file.left):
        names = ", ".join(str(one.id) if one.id not in (None, "") else f"row {one.number}" for one in file.left)
        reason = f"{file.owner.pool} {names} {'is' if len(file.left) == 1 else 'are'} dead: no time mends that"
        advice = "log in again, or add --dead to let agents try it once more"
        yield Refused(file.path, reason, "--dead", advice=advice)


def _undo(files: Sequence[CooldownsCleared], target: Target) -> UndoRisk:
    touched = [file for file in files if file.cleared]
    homes = {home.path: home for file in touched for home in (file.home, *file.also_of)}
    models = any(one.was.model_cooldowns for file in touched for one in file.cleared)
    return undo_risk(list(homes.values()), marks=bool(touched) and target.model is None, models=models)


# --- what still blocks -----------------------------------------------------------------------------------------------


def _still_blocked(
    homes: Sequence[Home],
    owners: dict[str, Owner],
    provider: str,
    files: Sequence[CooldownsCleared],
    stops: ClearReport | None,
    errors: Sequence[Failed],
    dry_run: bool,
    now: float,
    watch: Watch,
) -> Iterator[Still]:
    """What is in the way of each home, as ``inspect`` sees it now; in a dry run without what the clear would end."""
    by_path = {os.path.realpath(file.path): file for file in files}
    gone = {one.path for one in stops.cleared} if stops is not None else set()
    # What has just failed would fail again: its error says what to do, and no command is offered for it.
    failed = {each.error.path for each in stops.errors} if stops is not None else set()
    pools = (each.home for each in errors if each.home in owners and each.error.path not in failed)
    failed |= {os.path.realpath(owners[home].path) for home in pools}
    named = [(home, owners[home.path].pool if home.path in owners else provider) for home in homes]
    for found in standings(named, now, watch):
        owner = owners.get(found.home.path)
        file = by_path.get(os.path.realpath(owner.path)) if owner is not None else None
        rehearsed = file if dry_run else None
        usable = rehearsed.after.usable > 0 if rehearsed is not None else found.usable
        lifted = rehearsed.lifted if rehearsed is not None else frozenset()
        others = () if usable else tuple(block for block in found.others if block.what not in lifted)
        blocks = (*others, *(block for block in found.switches if block.path not in gone))
        if blocks:
            offered = [block for block in blocks if not {block.path, os.path.realpath(block.path)} & failed]
            yield Still(found.home, blocks, tuple(_then(offered, None if usable else file)))


def _then(blocks: Sequence[Block], file: CooldownsCleared | None) -> Iterator[str]:
    """What to type next: what ends a block, for several rows the whole pool; for dead ones a login, then the flag."""
    if file is None:
        yield from dict.fromkeys(words for block in blocks for words in block.commands)
        return
    commands = list(dict.fromkeys(block.clear_with for block in blocks if block.clear_with is not None))
    pool = file.after
    clearing = Clearing(file.owner.home, pool)
    whole = clearing.of(None) or ""  # a name that cannot be shown cannot be typed either
    rows = [words for words in commands if whole and words.startswith(whole)]
    yield from (words for words in commands if words not in rows)
    cooling = [words for words in rows if not words.endswith(" --dead")]
    yield from [whole] if len(cooling) > 1 else cooling
    yield from dict.fromkeys(words for block in blocks for words in block.commands if words != block.clear_with)
    dead = [each.place for each in pool.judged if each.obstacle is Obstacle.DEAD and not pool.refusals]
    words = clearing.of(dead[0] if len(dead) == 1 else None, dead=True)
    if dead and words:
        yield words
