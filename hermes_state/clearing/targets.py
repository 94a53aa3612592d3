"""What a clear of cooldowns is aimed at: which file has the rows, which rows are meant, and whose they are as well."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

from hermes_state.disk import Disk
from hermes_state.errors import FileNotOk, ForeignSection, StateError, UnknownTarget
from hermes_state.home import Home, all_homes, root_store
from hermes_state.look import same_place
from hermes_state.outcomes import Outcome
from hermes_state.runtime import SECTION
from hermes_state.runtime.record import PHOTON_POOLS
from hermes_state.stores.auth import AuthStore, Sharing

#: Numbers of rows are shorter.
_DIGITS = 10
#: How many names an error lists.
_FEW = 8


class Target(NamedTuple):
    """What to clear: the pool of ``provider``, or one ``credential`` of it by exact id, then label, then number.

    With ``model`` only that model's cooldown is meant. Rows that are dead are meant only with ``dead``. Without
    ``by_number`` numbers mean nothing: in each of several files they are those of other rows.
    """

    provider: str
    credential: str | None = None
    model: str | None = None
    dead: bool = False
    by_number: bool = True


class Owner(NamedTuple):
    """The home whose auth.json has the rows of a provider. ``store`` is ``own``, or ``root`` where a profile borrows.

    ``pool`` is the key in the file and ``rows`` is what was found there without a lock.
    """

    home: Home
    store: str
    pool: str
    rows: list[Any]

    @property
    def path(self) -> str:
        return AuthStore(self.home).path


def owner_of(home: Home, provider: str, disk: Disk | None = None) -> Owner | None:
    """Where the agent of ``home`` has the credentials of ``provider`` from: its own file, else its root's.

    Rows of its own, be it one, hide all of the root's (``read_credential_pool``). None where neither file has any.
    Raises FileNotOk for a file that is there and not ok, since what it has cannot be known, and ForeignSection.
    """
    if (pool := _pool(home, provider, disk)) is not None:
        return Owner(home, "own", *pool)
    root = _root_of(home)
    if root is None or (pool := _pool(root, provider, disk)) is None:
        return None
    return Owner(root, "root", *pool)


def unknown(homes: Sequence[Home], provider: str) -> StateError:
    """That none of ``homes`` has credentials of ``provider``, with the providers that they have.

    Where there is no file at all, that is said. Where they have none, and a link that leads to nothing stands in the
    place of a file, that is the error.
    """
    known = providers(homes)
    for store in () if known else _stores(homes):
        reading = store.read()
        if reading.outcome is Outcome.ABSENT and reading.fault is not None and os.path.islink(reading.path):
            return FileNotOk(reading.path, reading.fault)
    paths = tuple(store.path for store in _stores(homes))
    gone = [path for path in paths if not os.path.lexists(path)]
    reason = f"{_listed(gone)} {'is' if len(gone) == 1 else 'are'} not there" if gone == [*paths] else ""
    advice = "hermes-state inspect says whether there is a copy to restore" if reason else ""
    return UnknownTarget(
        paths[0], "provider", provider, tuple(sorted(known)), paths=paths, reason=reason, advice=advice
    )


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _FEW} more" if len(paths) > _FEW else ""
    return f"{', '.join(paths[:_FEW])}{more}"


def providers(homes: Sequence[Home]) -> set[str]:
    """Those that ``homes``, or the roots that they borrow from, have credentials of; of a file that is not ok none."""
    return {key for store in _stores(homes) for key, rows in _pools(store.read().document).items() if rows}


def _stores(homes: Sequence[Home]) -> list[AuthStore]:
    """Those of ``homes`` and of the roots that they borrow from, each once."""
    stores = {AuthStore(each).path: AuthStore(each) for home in homes for each in (home, _root_of(home)) if each}
    return list(stores.values())


def chosen(rows: Sequence[Any], target: Target, path: str) -> list[int]:
    """The places in ``rows`` that ``target.credential`` means, all for None: by exact id, then label, then number.

    Labels are compared without case, as in ``hermes auth``; numbers count from 1 in the order of the file, which is
    that of ``inspect``. Raises UnknownTarget when it fits nothing, or several: those are named by number and id.
    """
    if target.credential is None:
        return list(range(len(rows)))
    name = target.credential.strip()
    by_id = [place for place, row in enumerate(rows) if _identity(row) == name]
    # An empty name, as from a variable that is not set, means no row without a label.
    by_label = [place for place, row in enumerate(rows) if name and _label(row) == name.lower()]
    for found in (by_id, by_label):
        if len(found) > 1:
            raise UnknownTarget(path, "credential", name, _names(rows, found), True)
        if found:
            return found
    if target.by_number and (place := _numbered(rows, name)) is not None:
        return [place]
    raise UnknownTarget(path, "credential", name, _names(rows, range(len(rows))))


def found_nowhere(owners: Sequence[Owner], target: Target) -> UnknownTarget:
    """That none of several files has the credential that is meant; a number could only mean another row in each."""
    name, paths = (target.credential or "").strip(), tuple(owner.path for owner in owners)
    ids = dict.fromkeys(filter(None, (_identity(row) for owner in owners for row in owner.rows)))
    known = (*list(ids)[:_FEW], *([f"{len(ids) - _FEW} more"] if len(ids) > _FEW else []))
    reason = ""
    if any(_numbered(owner.rows, name) is not None for owner in owners):
        reason = f"a number means another row in each of {len(paths)} files; name an id or a label, or one home"
    return UnknownTarget(paths[0], "credential", name, known, paths=paths, reason=reason)


def _numbered(rows: Sequence[Any], name: str) -> int | None:
    """The place that ``name`` is the number of."""
    is_number = name.isascii() and name.isdigit() and len(name) < _DIGITS
    return int(name) - 1 if is_number and 1 <= int(name) <= len(rows) else None


def also_of(home: Home, owner: Owner, disk: Disk | None = None, sharing: Sharing | None = None) -> tuple[Home, ...]:
    """The homes other than ``home`` for which a change of these rows is one too.

    Those are the homes that link to the same file and, for a root's file, the profiles that borrow the rows.
    ``sharing`` is for a run over many homes, see AuthStore.
    """
    group = (sharing or Sharing()).of(owner.home)
    found = {other.path for other in group}
    every = {other.path: other for other in (*(all_homes(home) if home.root in found else ()), *group)}
    if home.root in found:
        stores = {path: AuthStore(other, disk) for path, other in every.items() if path not in found}
        found |= {path for path, store in stores.items() if _borrows(store, owner.pool)}
    return tuple(other for path, other in every.items() if path in found and not same_place(path, home.path))


def _borrows(store: AuthStore, pool: str) -> bool:
    """Whether a profile has no rows of its own; of a file that is not ok nothing is said."""
    reading = store.read()
    return reading.outcome in (Outcome.OK, Outcome.ABSENT) and not _pools(reading.document).get(pool)


def _root_of(home: Home) -> Home | None:
    path = root_store(home)
    return Home(path, "root", "default", path, home.managed) if path is not None else None


def _pool(home: Home, provider: str, disk: Disk | None) -> tuple[str, list[Any]] | None:
    reading = AuthStore(home, disk).read()
    fault = reading.fault
    if fault is not None and fault.pointer == f"/{SECTION}":
        raise ForeignSection(reading.path, fault.message, advice=fault.hint)
    if reading.outcome is not Outcome.ABSENT:
        reading.require_ok()
    pools = _pools(reading.document)
    names = (provider, provider.strip().lower())  # the agent asks for names in small letters
    return next(((name, pools[name]) for name in names if pools.get(name)), None)


def _pools(document: Any) -> dict[str, list[Any]]:
    """The lists of credentials; the Photon plugin keeps other things among them."""
    pools = document.get("credential_pool") if isinstance(document, dict) else None
    found = pools.items() if isinstance(pools, dict) else ()
    return {key: rows for key, rows in found if isinstance(rows, list) and key not in PHOTON_POOLS}


def _identity(row: Any) -> str | None:
    identity = row.get("id") if isinstance(row, dict) else None
    return str(identity) if isinstance(identity, str | int) and identity != "" else None


def _label(row: Any) -> str | None:
    label = row.get("label") if isinstance(row, dict) else None
    return label.strip().lower() if isinstance(label, str) else None


def _names(rows: Sequence[Any], places: Sequence[int]) -> tuple[str, ...]:
    names = [
        f"{place + 1} (id {_identity(rows[place])})" if _identity(rows[place]) else f"{place + 1}" for place in places
    ]
    return (*names[:_FEW], f"{len(names) - _FEW} more") if len(names) > _FEW else tuple(names)
