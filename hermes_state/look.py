"""Looking at paths without leaving a trace: the beginning of a file, what is wrong with a directory, same or not."""

from __future__ import annotations

import errno
import os
import stat

#: The most that ``peek`` reads (bytes). On Windows the gateway locks the byte right behind it.
PEEK_LIMIT = 1 << 20
#: What ``trouble`` says of a path where nothing is.
ABSENT = "does not exist"


def peek(path: str) -> bytes:
    """The first MiB of the regular file at ``path``, without waiting, locking or (where allowed) a new access time.

    Raises OSError as the system does, and with EINVAL for what is not a regular file.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_BINARY", 0)
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "not a regular file", path)
    try:
        fd = os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # only a file's owner may leave its access time alone
        fd = os.open(path, flags)
    try:
        pieces = []
        left = PEEK_LIMIT
        while left and (piece := os.read(fd, left)):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)
    finally:
        os.close(fd)


def trouble(path: str) -> str | None:
    """Why ``path`` is no directory that can be entered, in words; None when it is one."""
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            return "is not a directory"
    except FileNotFoundError:
        return "is a link to something that does not exist" if os.path.islink(path) else ABSENT
    except NotADirectoryError:
        return "lies below something that is not a directory"
    except OSError as error:
        return "is a link that leads in a circle" if error.errno == errno.ELOOP else f"{error.strerror}"
    return None if os.access(path, os.X_OK) else "no permission to enter it"


def same_place(path: str, other: str) -> bool:
    """Whether two paths lead to the same place, whether or not anything is there. What cannot be a path (a record can
    say anything) leads nowhere."""
    try:
        return os.path.realpath(path) == os.path.realpath(other)
    except ValueError:  # a zero byte, or half of a surrogate pair
        return False
