"""The gateway's routing index in ``state.db``, where it is kept since 0.18.2.

In the table ``gateway_routing`` a row's ``scope`` is the real path of the sessions directory as the gateway sees it,
its ``entry_json`` one entry of ``sessions.json``. The database is opened read-only and ``immutable``: SQLite then takes
no lock, makes no file beside it and looks neither at ``-wal`` nor at ``-journal``, so that what an agent has written a
moment ago may be missing. Whether it may be, the index of the write-ahead log (``-shm``) tells.
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from hermes_state.look import peek

if TYPE_CHECKING:
    import sqlite3

TABLE = "gateway_routing"
#: What is read at most: rows, bytes of one value, and so many times so many steps of SQLite's machine. With so many
#: chats agents, which write the whole index at every change, could not work.
_ROWS, _BYTES, _TIMES, _STEPS = 200_000, 16 << 20, 2_000, 1_000_000
#: Length of a write-ahead log without content; where in its index the number of its frames is, and of those of them
#: that are in the database (https://www.sqlite.org/walformat.html).
_EMPTY_LOG, _FRAMES_AT, _DONE_AT = 32, 16, 96
#: Seconds after which a gateway that has written the database has written the file too.
_AT_REST = 60.0

#: Where a process sees what it has open.
_DESCRIPTORS = "/dev/fd"
#: How an entry begins that an agent wrote: what follows need not be parsed.
_USUAL = r'\{"session_key": "[^"\\]*", "session_id": "([^"\\]*)", "created_at": '

#: Chat key to session id; None for an entry that has none.
Routes = dict[str, Any]


class Index(NamedTuple):
    """What state.db knows of the routes.

    ``routes`` are those of one sessions directory; ``elsewhere`` counts those of others, by directory. ``fault`` is
    why it could not be read, in words. ``is_settled`` is false where something may not be in the database file yet, or
    was written into it a moment ago: nothing is certain then. Where this process has the database open itself, nothing
    is read.
    """

    routes: Routes
    elsewhere: dict[str, int]
    fault: str = ""
    is_settled: bool = True


def look(path: str, directory: str, now: float) -> Index | None:
    """The index in the database at ``path`` for the sessions directory at the real path ``directory``.

    ``now`` is in epoch seconds. None where there is no index in the regular file at ``path``. Never waits, locks or
    creates anything.
    """
    if _is_open_here(path) or _is_open_here(f"{path}-shm"):
        return Index({}, {}, is_settled=False)
    before = _state(path, now)
    found = _read(path, directory)
    return None if found is None else found._replace(is_settled=before is not None and before == _state(path, now))


def _read(path: str, directory: str) -> Index | None:
    import sqlite3
    from urllib.parse import quote

    try:
        place = f"file:{quote(os.fsencode(path))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(place, uri=True)) as database:
            _bound(database)
            if not database.execute(
                "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (TABLE,)
            ).fetchone():
                return None
            counted = database.execute(f"SELECT scope, count(*) FROM {TABLE} GROUP BY scope LIMIT 100").fetchall()
            scopes = {str(scope): int(count) for scope, count in counted}
            if scopes.get(directory, 0) > _ROWS:
                return Index({}, {}, f"it has more than {_ROWS} routes")
            routes = dict(_routes(database, directory)) if directory in scopes else {}
    except sqlite3.Error as error:
        return Index({}, {}, f"SQLite says: {error}")
    except (OverflowError, ValueError) as error:  # what no agent ever puts into such a table
        return Index({}, {}, f"it holds what cannot be read: {error}")
    return Index(routes, {scope: count for scope, count in scopes.items() if scope != directory})


def _bound(database: sqlite3.Connection) -> None:
    """Keep a database that somebody made to be slow from being it."""
    import sqlite3

    left = iter(range(_TIMES))
    database.set_progress_handler(lambda: next(left, None) is None, _STEPS)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _BYTES)
    database.text_factory = lambda data: data.decode("utf-8", "replace")


def _routes(database: sqlite3.Connection, directory: str) -> Iterator[tuple[str, Any]]:
    rows = database.execute(f"SELECT session_key, entry_json FROM {TABLE} WHERE scope = ?", (directory,))
    begins = re.compile(_USUAL).match
    for key, entry in rows:
        usual = begins(entry) if isinstance(entry, str) else None
        yield str(key), usual[1] if usual is not None else _session_of(entry)


def _session_of(entry: Any) -> Any:
    try:
        parsed = json.loads(entry)
    except (TypeError, ValueError, RecursionError):
        return None
    return parsed.get("session_id") if isinstance(parsed, dict) else None


def _is_open_here(path: str) -> bool:
    """Whether this very process, an agent that asks us, has the file open: closing it once more ends all its locks."""
    try:
        wanted = os.stat(path)
    except OSError:
        return False
    try:
        descriptors = os.listdir(_DESCRIPTORS)
    except OSError:
        return True
    for name in descriptors:
        with suppress(OSError, ValueError):
            looks = os.fstat(int(name))
            if (looks.st_dev, looks.st_ino) == (wanted.st_dev, wanted.st_ino):
                return True
    return False


def _state(path: str, now: float) -> tuple[int, ...] | None:
    """Something that changes when the database does; None where it may not hold everything, or was just written."""
    if _waiting(f"{path}-journal") or (_waiting(f"{path}-wal", _EMPTY_LOG) and not _is_done(f"{path}-shm")):
        return None
    try:
        looks = os.stat(path)
    except OSError:
        return None
    return None if looks.st_mtime > now - _AT_REST else (looks.st_ino, looks.st_size, looks.st_mtime_ns)


def _waiting(path: str, empty: int = 0) -> bool:
    try:
        return os.stat(path).st_size > empty
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _is_done(path: str) -> bool:
    """Whether the index of the write-ahead log at ``path`` says that all of the log is in the database."""
    try:
        data = peek(path)[: _DONE_AT + 4]
    except OSError:
        return False
    if len(data) < _DONE_AT + 4:
        return False
    (frames,), (done,) = struct.unpack_from("=I", data, _FRAMES_AT), struct.unpack_from("=I", data, _DONE_AT)
    return bool(frames == done)
