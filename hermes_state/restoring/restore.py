"""Restoring one file: what is replaced is backed up first, whatever state it is in."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from hermes_state import __version__, backup
from hermes_state.codec.json import parse
from hermes_state.codec.rewrite import rewrite
from hermes_state.disk import Disk, opened
from hermes_state.edit import apply
from hermes_state.errors import FileNotOk, Refused
from hermes_state.home import Home
from hermes_state.liveness import gateway
from hermes_state.locks import DEFAULT_SECONDS
from hermes_state.outcomes import Fault, Outcome
from hermes_state.restoring.credentials import RowDifference, differences, with_live_tokens
from hermes_state.restoring.sources import Copy, Source
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.permits import Permits
from hermes_state.stores.reading import Reading
from hermes_state.stores.store import Store

_LIMIT = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did to one file. ``backup`` holds what was replaced; ``live_tokens`` whether tokens of now were
    kept."""

    file: str
    path: str
    changed: bool
    before: bytes
    after: bytes
    backup: str | None
    live_tokens: bool
    rows: list[RowDifference] = field(default_factory=list)


def restore(
    home: Home,
    source: Source,
    copy: Copy,
    store: Store,
    *,
    with_tokens: bool,
    dry_run: bool,
    permits: Permits,
    now: float,
    seconds: float = DEFAULT_SECONDS,
) -> Restored:
    """Make the file of ``store`` what ``copy`` says; live tokens are kept unless ``with_tokens``.

    A live file in any state may be replaced, which no other act may do. Raises FileNotOk for a copy that is not ok,
    Refused beside a live gateway (it would write its own memory back) and for what Permits refuses, LockTimeout,
    WriteFailed, Superseded.
    """
    data = _read(store.disk, copy)
    if gateway(home).may_be_running and not permits.while_running:
        raise Refused(
            store.path, "a gateway is or may be running; it would write back what it remembers", "--while-running"
        )
    saved: list[str] = []

    def guard(found: Reading) -> None:
        permits.require(found)
        if found.outcome is not Outcome.ABSENT:
            facts = {"steps": [f"restore {source.name}"], "version": __version__}
            kept = backup.save(store.disk, home.path, [found.original()], reason="restore", now=now, facts=facts)
            saved.append(kept)

    with store.locked(seconds) as held:
        live = held.reading
        wanted = data if with_tokens or not isinstance(store, AuthStore) else _freshened(data, live)
        rows = _rows(data, live) if isinstance(store, AuthStore) else []
        written = held.put(wanted, guard=guard)
    if saved and not dry_run:
        backup.prune(store.disk, home.path)
    return Restored(
        file=copy.file,
        path=store.path,
        changed=written.replaced is not None,
        before=live.data,
        after=wanted,
        backup=saved[0] if saved and not dry_run else None,
        live_tokens=wanted != data,
        rows=rows,
    )


def _read(disk: Disk, copy: Copy) -> bytes:
    if copy.outcome is not Outcome.OK:
        raise FileNotOk(copy.path, Fault(copy.outcome, "this copy cannot be restored", hint="hermes-state backups"))
    with opened(disk, os.path.dirname(copy.path)) as at:
        return disk.read(at, os.path.basename(copy.path), _LIMIT)


def _freshened(data: bytes, live: Reading) -> bytes:
    """The copy's bytes with the live tokens in place; the copy's own where the live file holds none that can be
    read."""
    if not isinstance(live.document, dict):
        return data
    text = parse(data)
    edits = rewrite(text, with_live_tokens(text.value, live.document))
    return text.encode(apply(text.text, edits)) if edits else data


def _rows(data: bytes, live: Reading) -> list[RowDifference]:
    return differences(parse(data).value, live.document if isinstance(live.document, dict) else {})
