"""Restoring one file: what is replaced is backed up first, whatever state it is in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from shlex import quote

from hermes_state import __version__, backup, retention
from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.codec.rewrite import rewrite
from hermes_state.edit import apply
from hermes_state.errors import FileNotOk, NotVerified, Refused, Superseded
from hermes_state.home import Home
from hermes_state.liveness import gateway
from hermes_state.locks import DEFAULT_SECONDS
from hermes_state.outcomes import Fault, Outcome
from hermes_state.replacement import Changed
from hermes_state.restoring.copies import content
from hermes_state.restoring.credentials import RowDifference, differences, with_live_tokens
from hermes_state.restoring.source import Copy, Source, altered
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.permits import Permits
from hermes_state.stores.reading import Reading
from hermes_state.stores.store import ATTEMPTS, Guard, Held, Store, Written


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did to one file.

    ``backup`` holds what was replaced; ``live_tokens`` is whether tokens of now were kept. ``shared_with`` are the
    other homes whose file this is. ``links`` are the texts of the links that the file was reached by when it was
    backed up, where that was another way than now; None where nothing is known or nothing differs.
    """

    file: str
    path: str
    changed: bool
    before: bytes
    after: bytes
    backup: str | None
    live_tokens: bool
    rows: list[RowDifference] = field(default_factory=list)
    shared_with: tuple[str, ...] = ()
    atomic: bool = True
    links: tuple[str, ...] | None = None


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

    A live file in any state may be replaced, which no other act may do. A link stays, and what it leads to is
    replaced. Raises FileNotOk for a copy that is not ok or was altered, and for a live file that cannot be read,
    Refused for a backup of another home, beside a live gateway (it would write its own memory back) and for what
    Permits refuses, LockTimeout, WriteFailed, Superseded.
    """
    _require_own(store, source, home)
    data = _read(store, copy)
    _require_stopped(store, permits)
    saved: list[str] = []

    def guard(found: Reading) -> None:
        if found.outcome is not Outcome.ABSENT:
            facts = {"steps": [f"restore {source.name}"], "version": __version__}
            kept = backup.save(store.disk, home.path, [found.original()], reason="restore", now=now, facts=facts)
            saved.append(kept)

    with store.locked(seconds) as held:
        wanted, written = _put(held, store, data, copy, with_tokens, permits, guard)
    if saved and not dry_run:
        retention.prune(store.disk, home.path, spare=saved)
    live = written.before
    return Restored(
        file=copy.file,
        path=store.path,
        changed=written.replaced is not None,
        before=live.data,
        after=wanted,
        backup=saved[-1] if saved and not dry_run else None,
        live_tokens=wanted != data,
        rows=list(_rows(store, data, live)),
        shared_with=tuple(other.path for other in store.homes() if other.path != home.path),
        atomic=written.replaced is None or written.replaced.atomic,
        links=_other_links(source, copy, live),
    )


def _put(
    held: Held, store: Store, data: bytes, copy: Copy, with_tokens: bool, permits: Permits, guard: Guard
) -> tuple[bytes, Written]:
    """Write, and start over where a writer without a lock comes in between: its tokens are the live ones then."""
    for _ in range(ATTEMPTS):
        wanted = (
            data if with_tokens or not isinstance(store, AuthStore) else _freshened(store, data, copy, held.reading)
        )
        try:
            return wanted, held.put(wanted, mode=copy.mode, guard=guard, permits=permits)
        except Changed:
            held.refresh()
    raise Superseded(store.path, f"a writer that takes no lock changed it {ATTEMPTS} times while we tried to write")


def _require_own(store: Store, source: Source, home: Home) -> None:
    if source.belongs_elsewhere():
        reason = f"{source.name} is a backup of another home, {source.other_home}; this one is {home.path}"
        there = f"hermes-state --home {quote(source.other_home)} restore {quote(source.name)}"
        raise Refused(store.path, reason, advice=f"restore it there: {there}")


def _require_stopped(store: Store, permits: Permits) -> None:
    live = next((home for home in store.homes() if gateway(home).may_be_running), None)
    if live is not None and not permits.while_running:
        reason = f"the gateway of {live.path} is or may be running; it would write back what it remembers"
        raise Refused(store.path, reason, "--while-running")


def _read(store: Store, copy: Copy) -> bytes:
    if copy.fault is not None:
        raise FileNotOk(copy.path, copy.fault)
    try:
        data = content(store.disk, copy)
    except OSError as error:
        message = error.strerror or str(error)
        raise FileNotOk(copy.path, Fault(Outcome.UNREADABLE, message, errno=error.errno)) from error
    if (wrong := altered(copy, data)) is not None:
        raise FileNotOk(copy.path, wrong)
    return data


def _freshened(store: AuthStore, data: bytes, copy: Copy, live: Reading) -> bytes:
    """The copy's bytes with the live tokens in place, spelled as they are there; the copy's own where the live file
    holds none that can be read."""
    if not isinstance(live.document, dict):
        return data
    text = store.parse(data)
    wanted = with_live_tokens(text.value, live.document)
    try:
        edits = rewrite(text, wanted, other=live.text)
    except BadText as error:  # a key stands twice where a live token would go
        raise FileNotOk(copy.path, error.fault) from None
    if not edits:
        return data
    made = text.encode(apply(text.text, edits))
    if not same(store.parse(made).value, wanted):
        raise NotVerified(store.path, "the text that we were about to write does not say what it should")
    return made


def _rows(store: Store, data: bytes, live: Reading) -> Iterator[RowDifference]:
    if isinstance(store, AuthStore):
        yield from differences(store.parse(data).value, live.document if isinstance(live.document, dict) else {})


def _other_links(source: Source, copy: Copy, live: Reading) -> tuple[str, ...] | None:
    """How the file was linked when it was backed up, if that differs: an agent may have replaced the link by a file."""
    if source.origin != "hermes-state" or live.where is None or copy.links == live.where.links:
        return None
    return copy.links
