"""What keeps a file from being replaced as a whole, although it can be written: known beforehand, without trying."""

from __future__ import annotations

import os
import re
import stat
import sys
from contextlib import suppress

from hermes_state.links import Location

MOUNTED = "it is mounted by itself (a bind mount)"
CLOSED = "its directory may not be written in"
APPENDED = "what is in its directory may not be renamed or removed (chattr +a)"
#: Neither replaced nor written in place.
SEALED = "it is mounted by itself (a bind mount) and may not be written"

_EFFECTIVE = os.access in os.supports_effective_ids
#: Where the kernel lists the mounts of this process (Linux); elsewhere only trying to replace a file tells.
_MOUNTS = "/proc/self/mountinfo"
#: Linux: ask for the attributes of a file or directory, and the bit of those that may only grow.
_GET_ATTRIBUTES, _APPEND_ONLY = 0x80086601, 0x20


def obstacle(where: Location, mounts: str = _MOUNTS) -> str:
    """Why the existing file at ``where`` can only be written in place, in words; ``SEALED`` where not even that.

    ``""`` when it can be replaced, or does not exist, or may not be written (then trying says why).
    """
    try:
        file = os.stat(where.path, follow_symlinks=False)
        above = os.stat(where.directory)
    except OSError:
        return ""
    if not stat.S_ISREG(file.st_mode):
        return ""
    writable = os.access(where.path, os.R_OK | os.W_OK, effective_ids=_EFFECTIVE)
    if _is_mounted(where.path, mounts):
        return MOUNTED if writable else SEALED
    if not writable:
        return ""
    sticky = above.st_mode & stat.S_ISVTX and os.geteuid() not in (0, file.st_uid, above.st_uid)
    if sticky or not os.access(where.directory, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
        return CLOSED
    return APPENDED if is_append_only(where.directory) else ""


def is_closed(directory: str) -> bool:
    """Whether nothing can be made in a directory that is there, although its file system may be written."""
    if not os.path.isdir(directory) or os.access(directory, os.W_OK | os.X_OK, effective_ids=_EFFECTIVE):
        return False
    return not (hasattr(os, "statvfs") and os.statvfs(directory).f_flag & os.ST_RDONLY)


def is_append_only(directory: str) -> bool:
    """Whether what is made in a directory stays there under its name, a temporary file too; False where that cannot be
    seen."""
    with suppress(ImportError, OSError):
        from fcntl import ioctl

        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            found = ioctl(fd, _GET_ATTRIBUTES, bytes(8))
        finally:
            os.close(fd)
        return bool(int.from_bytes(found[:4], sys.byteorder) & _APPEND_ONLY)
    return False


def _is_mounted(path: str, mounts: str) -> bool:
    with suppress(OSError), open(mounts, "rb") as table:
        for row in table:
            words = row.split(b" ", 5)
            # Blanks, tabs, newlines and backslashes are written in octal.
            if len(words) > 5 and re.sub(rb"\\(\d{3})", _letter, words[4]) == os.fsencode(path):
                return True
    return False


def _letter(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)])
