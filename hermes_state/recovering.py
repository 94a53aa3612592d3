"""Recovering: mending in-place writes that were cut short, and sweeping what killed runs left lying."""

from __future__ import annotations

import os
from typing import NamedTuple

from hermes_state import inplace, interruption, locks, strays
from hermes_state.clock import HOUR
from hermes_state.disk import Disk, RealDisk
from hermes_state.home import Home
from hermes_state.inplace import Mended
from hermes_state.stores import OWN_LOCK
from hermes_state.stores.auth import AuthStore, Sharing
from hermes_state.writer import Writer, lives

#: Seconds that no write in place takes, the waits for a slow disk included.
_LONGEST = 60.0


class Recovered(NamedTuple):
    """What recovering a home did.

    ``mended`` are files that were half written and hold their old content again; ``swept`` the paths of strays, and of
    records that were not needed, that went; ``left`` the records that stay, each with its reason (see Mended).
    """

    home: Home
    mended: tuple[Mended, ...] = ()
    swept: tuple[str, ...] = ()
    left: tuple[Mended, ...] = ()


def recover(
    home: Home,
    now: float,
    *,
    seconds: float = locks.DEFAULT_SECONDS,
    disk: Disk | None = None,
    sharing: Sharing | None = None,
) -> Recovered:
    """Recover one home, under its locks (``seconds`` of waiting at most); without anything to do no lock is taken.
    ``sharing`` is for a run over many homes, see AuthStore.

    Raises LockTimeout, and WriteFailed when a lock cannot be taken.
    """
    used: Disk = disk if disk is not None else RealDisk()
    known = inplace.records(used, home.path)
    if not known.found and not strays.find(used, home.path, now):
        return Recovered(home, left=tuple(known.hidden))
    paths = [*AuthStore(home, used, sharing=sharing).lock_paths(), os.path.join(home.path, OWN_LOCK)]
    with locks.held(used, paths, seconds):
        interruption.check()
        done = inplace.recover(used, home.path, now=now, at_work=at_work)
        swept = strays.sweep(used, home.path, now)
    finished = ("complete", "untouched", "unstarted")
    return Recovered(
        home,
        mended=tuple(one for one in done if one.state == "restored"),
        swept=(*(one.record for one in done if one.state in finished), *swept),
        left=tuple(one for one in done if one.state not in ("restored", *finished)),
    )


def at_work(writer: Writer | None, age: float) -> bool:
    """Whether ``writer`` is still at a record that is ``age`` seconds old. Our commands hold the locks while they
    write, library calls need not: they are known by their process alone.

    Where that cannot be seen (a container's) its time has to do: such a write takes milliseconds.
    """
    if writer is None:
        return age < HOUR
    found = lives(writer)
    return age < _LONGEST if found is None else found
