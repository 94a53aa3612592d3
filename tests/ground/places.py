"""Places that ground tests work in, and what is in them."""

from __future__ import annotations

import os
from pathlib import Path


def snapshot(top: Path) -> dict[str, tuple[object, ...]]:
    """Everything below ``top`` (itself included) with content, looks and times."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [top, *sorted(top.rglob("*"))]:
        looks = path.lstat()
        content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        times = (looks.st_mtime_ns, looks.st_ctime_ns)
        found[str(path)] = (content, looks.st_mode, looks.st_uid, looks.st_gid, looks.st_ino, looks.st_nlink, times)
    return found
