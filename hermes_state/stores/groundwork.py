"""What a change needs beside the file: its locks, and a folder for the backup. Foreseen, so that nothing is tried, and
no flag advised, where these cannot be made."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from shlex import join

from hermes_state import backup
from hermes_state.errors import Refused
from hermes_state.obstacle import is_closed


def require(path: str, looks: os.stat_result | None, lock_paths: Sequence[str], backed_up: str | None) -> None:
    """Raise Refused where a lock or the folder for backups is missing and its directory may not be written in.

    ``looks`` are those of the file at ``path`` (None: it is not there), ``backed_up`` is the home whose folder of
    backups is needed, if any. On a read-only file system nothing is said: then trying tells it better.
    """
    locks = [lock for lock in lock_paths if not os.path.lexists(lock) and is_closed(os.path.dirname(lock))]
    folders = list(_missing(os.path.join(backed_up, *backup.FOLDER))) if backed_up is not None else []
    if not locks and not folders:
        return
    closed = list(dict.fromkeys(os.path.dirname(each) for each in (*locks, *folders[:1])))
    what = f"its lock, {locks[0]}," if locks else f"the folder for its backup, {folders[-1]},"
    reason = f"{what} is not there and cannot be made: {closed[0]} may not be written in"
    raise Refused(path, reason, advice=_advice(closed, locks, folders, looks))


def _missing(folder: str) -> Iterator[str]:
    """The directories to make for ``folder``, the upper ones first, where the first of them cannot be made."""
    missing: list[str] = []
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    if missing and is_closed(folder):
        yield from reversed(missing)


def _advice(closed: list[str], locks: list[str], folders: list[str], looks: os.stat_result | None) -> str:
    """What makes the change possible: a mode of one's own, else what root has to make in another's directory. Whoever
    may write the file may then take its lock, and it belongs to whom the file belongs to."""
    if all(os.stat(directory).st_uid == os.geteuid() for directory in closed):
        if os.geteuid() == 0:  # root is kept from writing by no mode
            return f"make it writable: {join(['chattr', '-i', *closed])}"
        return f"make it writable: {join(['chmod', 'u+wx', *closed])}"
    uid, gid = (looks.st_uid, looks.st_gid) if looks is not None else (os.geteuid(), os.getegid())
    mode = stat.S_IMODE(looks.st_mode) & 0o666 if looks is not None else 0o600
    owned = ["-o", str(uid), "-g", str(gid)]
    commands = [["sudo", "install", "-m", f"{mode:04o}", *owned, "/dev/null", lock] for lock in locks]
    if folders:
        commands.append(["sudo", "install", "-d", "-m", "0700", *owned, *folders])
    return f"let an administrator make it: {' && '.join(map(join, commands))}"
