"""Advisory locks: the agent's own protocol on its own lock files, and groups of them.

``auth.json`` is guarded by ``flock`` on ``auth.lock`` in the home, *beside the path as named*: a linked ``auth.json``
still locks beside the link (``_auth_lock_path`` in the agent's ``hermes_cli/auth.py``). Where several homes link to one
real file they form a group, and all their locks are taken in one fixed order, profiles first and the root last, as the
agent orders them. Lock files are never deleted, and never stolen: a holder that dies releases its lock.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from hermes_state import interruption
from hermes_state.disk import Directory, Disk, opened
from hermes_state.errors import LockTimeout, NotRegularFile, StateError, WriteFailed

#: The agent holds auth.lock across an OAuth refresh, up to 25 s; a wait has to be longer than that.
DEFAULT_SECONDS = 30.0


@contextmanager
def held(disk: Disk, paths: Sequence[str], seconds: float = DEFAULT_SECONDS) -> Iterator[None]:
    """Hold the locks at ``paths``, taken in the order given, for the length of a ``with`` block; one named twice, or by
    two paths to its directory, is taken once.

    ``seconds`` is the limit for all of them together. Raises LockTimeout with a hint about the holder, NotRegularFile
    for a lock file that is a link (or no file at all), and WriteFailed when one cannot be made or opened.
    """
    deadline = time.monotonic() + seconds
    taken: set[tuple[str, str]] = set()
    with ExitStack() as stack:
        for path in paths:
            name = os.path.basename(path)
            try:
                directory = os.path.realpath(os.path.dirname(path), strict=True)
                if (directory, name) in taken:
                    continue
                at = stack.enter_context(opened(disk, directory))
                mode, uid, gid = _like_home(disk.stat(at, "."))
                disk.make_lock(at, name, mode, uid, gid)
                disk.lock(at, name, max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                interruption.check()  # the wait ended early
                raise LockTimeout(path, seconds, holder(os.path.join(directory, name))) from None
            except NotRegularFile as error:
                raise NotRegularFile(path, error.reason, advice="move it away: the lock file is made anew") from None
            except StateError:
                raise
            except OSError as error:
                raise WriteFailed(path, error.errno or 0, "taking the lock") from error
            stack.callback(_release, disk, at, name)
            taken.add((directory, name))
        yield


def _release(disk: Disk, at: Directory, name: str) -> None:
    with suppress(OSError):  # what was done under it is done; the lock itself ends with the process at the latest
        disk.unlock(at, name)


def _like_home(found: os.stat_result) -> tuple[int, int, int]:
    """Mode, uid and gid for a new lock file: those who can write the home can take its lock.

    As root the home's owner gets it: a root-owned ``auth.lock`` makes every later save of the agent fail.
    """
    mode = 0o600 | (0o060 if found.st_mode & 0o020 else 0)
    if os.geteuid() == 0:
        return mode, found.st_uid, found.st_gid
    return mode, -1, -1


def holder(path: str, proc: str = "/proc") -> str:
    """Who may hold the lock at ``path``, as ``pid 4242: hermes gateway run``, or ``""``. A hint, never a certainty.

    Read from ``/proc/locks``, which shows a holder without touching the lock; other systems have no such view.
    """
    with suppress(OSError, ValueError, IndexError):
        inode = os.stat(path).st_ino
        with open(f"{proc}/locks", encoding="ascii") as table:
            for row in table:
                words = row.split()
                if "->" in words or words[1] != "FLOCK" or int(words[5].rpartition(":")[2]) != inode:
                    continue
                with open(f"{proc}/{words[4]}/cmdline", "rb") as file:
                    # Only the first words: later ones may carry what nobody should see in a message.
                    command = " ".join(file.read(400).decode("utf-8", "replace").split("\0")[:3]).strip()
                printable = "".join(letter if letter.isprintable() else "?" for letter in command)
                return f"pid {words[4]}: {printable}"
    return ""
