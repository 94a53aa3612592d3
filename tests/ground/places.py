"""Places that ground tests work in, and what is in them."""

from __future__ import annotations

import os
import struct
from pathlib import Path


def snapshot(top: Path) -> dict[str, tuple[object, ...]]:
    """Everything below ``top`` (itself included) with content, looks and times."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [top, *sorted(top.rglob("*"))]:
        looks = path.lstat()
        content: object = None
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file() and os.access(path, os.R_OK):  # of what may not be read the looks and times must do
            content = path.read_bytes()
        times = (looks.st_mtime_ns, looks.st_ctime_ns)
        found[str(path)] = (content, looks.st_mode, looks.st_uid, looks.st_gid, looks.st_ino, looks.st_nlink, times)
    return found


def acl(owner: int, uid: int, permissions: int) -> bytes:
    """An access ACL as the kernel keeps it: the owner's permissions, and those of one more user; nothing for others."""
    entries = [(0x01, owner, -1), (0x02, permissions, uid), (0x04, 0, -1), (0x10, permissions, -1), (0x20, 0, -1)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHi", tag, bits, who) for tag, bits, who in entries)
