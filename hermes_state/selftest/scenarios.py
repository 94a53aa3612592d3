"""The acts that are enumerated: what is there before each, what it does, and what recovering from a crash means."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass

from hermes_state import backup, inplace, retention
from hermes_state.atomic import atomic_replace
from hermes_state.atomic import replace as replace_file
from hermes_state.clearing.breakers import clear_breakers
from hermes_state.clearing.cooldowns import clear_cooldowns
from hermes_state.clearing.targets import Target
from hermes_state.disk import Disk
from hermes_state.home import Home
from hermes_state.links import resolve
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.restoring import find, restore
from hermes_state.selftest.model import Node, Tree
from hermes_state.selftest.workbench import Place
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.permits import Permits

#: When the act runs, and when its recovery does (epoch seconds): what was computed before a crash shows its time.
NOW, LATER = 1_795_250_000.0, 1_795_250_600.0

_ROWS: list[dict[str, object]] = [
    {"id": "2a97a2", "access_token": "sk-or-v1-test-aaaa", "source": "manual", "last_status": "exhausted"},
    {"id": "bebd10", "access_token": "sk-or-v1-test-bbbb", "source": "manual", "last_status": None},
]
_ROWS[0] |= {"last_status_at": NOW - 60, "last_error_code": 429}
BASE = json.dumps({"version": 1, "providers": {}, "credential_pool": {"openrouter": _ROWS}}, indent=2).encode()
OTHER = BASE.replace(b"bbbb", b"cccc").replace(b"bebd10", b"0f0f0f")
BREAKER = json.dumps({"reset_at": NOW + 1800, "recorded_at": NOW - 1, "reset_seconds": 1801.0}).encode()
LONGER = BASE.replace(b'"version": 1', b'"version": 1,\n  "active_provider": "openrouter"')

_STAMP = "202601{:02}T000000Z-0000"
_BACKUP = _STAMP.format(1)

Act = Callable[[Place, Disk, float], object]


@dataclass(frozen=True, slots=True)
class Scenario:
    """One act. ``target`` is the real file that it changes, below the place's top; ``start`` what is there before.

    ``recover`` is what a user runs after a crash: the same act, unless it says otherwise. ``backs_up`` promises a
    readable copy of the old file once the new one is there; ``in_place`` means that a mixture of both may be found, and
    mended; ``depth`` 2 enumerates the crashes of recovery too (1 where that takes minutes); ``needs_other`` is for what
    spans two file systems.
    """

    name: str
    target: str
    start: Callable[[Place], Tree]
    act: Act
    recover: Act | None = None
    backs_up: bool = False
    in_place: bool = False
    depth: int = 2
    needs_other: bool = False

    def skipped(self, place: Place) -> str:
        """Why it cannot be enumerated here, or ``""``."""
        return "there is no second file system at /dev/shm" if self.needs_other and place.other is None else ""


def _owned(kind: str, mode: int, data: bytes = b"") -> Node:
    return Node(kind, mode, os.geteuid(), os.getegid(), data)


def _folder(mode: int = 0o700) -> Node:
    return _owned("directory", mode)


def _file(data: bytes, mode: int = 0o600) -> Node:
    return _owned("file", mode, data)


def _link(text: str) -> Node:
    return _owned("link", 0o777, text.encode())


def _home(place: Place, **files: Node) -> Tree:
    """A home with a file that no act has any business with, and ``files``, named by their place in it."""
    named = {"home": _folder(), "home/config.yaml": _file(b"model: test\n", 0o644)}
    named |= {f"home/{name}": node for name, node in files.items()}
    return frozenset((place.path(*name.split("/")), node) for name, node in named.items())


def _with_auth(data: bytes, mode: int = 0o600) -> Callable[[Place], Tree]:
    return lambda place: _home(place, **{"auth.json": _file(data, mode)})


def _linked(place: Place) -> Tree:
    away = {place.path("dotfiles"): _folder(), place.path("dotfiles", "auth.json"): _file(BASE, 0o640)}
    return _home(place, **{"auth.json": _link("../dotfiles/auth.json")}) | frozenset(away.items())


def _staged_elsewhere(place: Place) -> Tree:
    assert place.other is not None
    return _with_auth(BASE)(place) | {(os.path.join(place.other, "new"), _file(OTHER))}


def _migrated(place: Place) -> Tree:
    from hermes_state.codec.json import parse
    from hermes_state.codec.rewrite import rewrite
    from hermes_state.edit import apply
    from hermes_state.migration.plan import plan
    from hermes_state.migration.registry import steps
    from hermes_state.migration.step import Context

    text = parse(BASE)
    made = plan("auth.json", text.value, steps("auth"), Context(NOW - 5, False))
    return _with_auth(text.encode(apply(text.text, rewrite(text, made.document))))(place)


def _backed_up(count: int, data: bytes) -> Callable[[Place], Tree]:
    """A home whose ``auth.json`` is ``data``, with ``count`` backups of what it was before."""

    def start(place: Place) -> Tree:
        path = place.path("home", "auth.json")
        entry = backup.Original("auth", path, (), path, 0o600, os.geteuid(), os.getegid(), BASE).entry()
        facts = {"format": backup.FORMAT, "home": place.home, "created_at": 1767225600.0, "reason": "migrate"}
        manifest = json.dumps({**facts, "files": [entry]}).encode()
        files = {"auth.json": _file(data), "backups": _folder(), "backups/hermes-state": _folder()}
        for number in range(count):
            folder = f"backups/hermes-state/{_STAMP.format(number + 1)}"
            files |= {
                folder: _folder(),
                f"{folder}/auth.json": _file(BASE),
                f"{folder}/{backup.MANIFEST}": _file(manifest),
            }
        return _home(place, **files)

    return start


def _limited(place: Place) -> Tree:
    return _home(place, **{"rate_limits": _folder(), "rate_limits/nous.json": _file(BREAKER)})


def _limited_by_link(place: Place) -> Tree:
    away = {place.path("dotfiles"): _folder(), place.path("dotfiles", "nous.json"): _file(BREAKER)}
    link = _link("../../dotfiles/nous.json")
    return _home(place, **{"rate_limits": _folder(), "rate_limits/nous.json": link}) | frozenset(away.items())


def _home_of(place: Place) -> Home:
    return Home(place.home, "--home", "default", place.home, None)


def _replace(place: Place, disk: Disk, now: float) -> object:
    return replace_file(disk, resolve(place.path("home", "auth.json")), OTHER)


def _restage(place: Place, disk: Disk, now: float) -> object:
    assert place.other is not None
    return atomic_replace(os.path.join(place.other, "new"), place.path("home", "auth.json"))


def _restage_again(place: Place, disk: Disk, now: float) -> object:
    """The caller still has what it wanted to write: it stages that again where the first copy is gone."""
    assert place.other is not None
    staged = resolve(os.path.join(place.other, "new"))
    if not os.path.exists(staged.path):
        replace_file(disk, staged, OTHER)
    return _restage(place, disk, now)


def _migrate(place: Place, disk: Disk, now: float) -> object:
    return migrate_auth(_home_of(place), Options(), now)


def _downgrade(place: Place, disk: Disk, now: float) -> object:
    return migrate_auth(_home_of(place), Options(to_base=True, permits=Permits(while_running=True)), now)


def _restore(place: Place, disk: Disk, now: float) -> object:
    source = find(disk, place.home, _BACKUP)
    return restore(
        _home_of(place),
        source,
        source.copies[0],
        AuthStore(_home_of(place), disk),
        with_tokens=True,
        dry_run=False,
        permits=Permits(while_running=True),
        now=now,
    )


def _prune(place: Place, disk: Disk, now: float) -> object:
    return retention.prune(disk, place.home, keep=1)


def _clear_breaker(place: Place, disk: Disk, now: float) -> object:
    report = clear_breakers([_home_of(place)], "nous", dry_run=False, now=now, disk=disk)
    for failed in report.errors:
        raise failed.error
    return report


def _clear_cooldown(place: Place, disk: Disk, now: float) -> object:
    target = Target("openrouter")
    done = clear_cooldowns(_home_of(place), target, dry_run=False, permits=Permits(), clock=lambda: now, disk=disk)
    if done.problem is not None:
        raise done.problem
    return done


def _overwrite(old: bytes, new: bytes) -> Act:
    def act(place: Place, disk: Disk, now: float) -> object:
        where = resolve(place.path("home", "auth.json"))
        return inplace.overwrite(disk, where, old, new, place.home, now, lambda at: True)

    return act


def _recover(place: Place, disk: Disk, now: float) -> object:
    return inplace.recover(disk, place.home)


_AUTH = "home/auth.json"
SCENARIOS: tuple[Scenario, ...] = (
    Scenario("first creation", _AUTH, _home, _replace),
    Scenario("replace", _AUTH, _with_auth(BASE, 0o640), _replace),
    Scenario("replace through a link", "dotfiles/auth.json", _linked, _replace),
    Scenario("re-staging", _AUTH, _staged_elsewhere, _restage, _restage_again, needs_other=True),
    Scenario("migrate", _AUTH, _with_auth(BASE), _migrate, backs_up=True, depth=1),
    Scenario("downgrade", _AUTH, _migrated, _downgrade, backs_up=True, depth=1),
    Scenario("restore", _AUTH, _backed_up(1, OTHER), _restore, backs_up=True, depth=1),
    Scenario("prune", f"home/backups/hermes-state/{_BACKUP}/{backup.MANIFEST}", _backed_up(2, BASE), _prune),
    Scenario("clear-breaker", "home/rate_limits/nous.json", _limited, _clear_breaker),
    Scenario("clear-breaker through a link", "dotfiles/nous.json", _limited_by_link, _clear_breaker),
    Scenario("clear-cooldown", _AUTH, _with_auth(BASE), _clear_cooldown),
    Scenario("in place, longer", _AUTH, _with_auth(BASE), _overwrite(BASE, LONGER), _recover, in_place=True),
    Scenario("in place, shorter", _AUTH, _with_auth(LONGER), _overwrite(LONGER, BASE), _recover, in_place=True),
)
