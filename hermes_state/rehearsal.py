"""A disk on which everything can be done and nothing happens: what a dry run works on.

Verbs that change something change an overlay in memory; verbs that look see the overlay over the real disk. So a dry
run goes through the same steps as a run, backup and read-back included, and nothing is created, no lock file either.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from hermes_state.disk import Directory, File, RealDisk, opened, require_regular

#: Handles of what exists in memory only. Far below zero: a system call that got one by mistake fails with EBADF.
_FIRST_HANDLE = -1000


@dataclass(slots=True)
class _Made:
    """A file or directory that exists in memory only; ``mode`` holds its type as well."""

    mode: int
    uid: int
    gid: int
    device: int
    inode: int
    data: bytearray = field(default_factory=bytearray)
    xattrs: dict[str, bytes] = field(default_factory=dict)
    at: float = field(default_factory=time.time)

    def looks(self) -> os.stat_result:
        links = 2 if stat.S_ISDIR(self.mode) else 1
        shown = (self.mode, self.inode, self.device, links, self.uid, self.gid, len(self.data), *(int(self.at),) * 3)
        ns = int(self.at * 1e9)
        more = {f"st_{which}time": self.at for which in "amc"} | {f"st_{which}time_ns": ns for which in "amc"}
        return os.stat_result(shown, more)


@dataclass(frozen=True, slots=True)
class _Moved:
    """An entry of the real disk that stands somewhere else now: ``directory`` and ``name`` are where it really is."""

    directory: str
    name: str


class DryDisk:
    """The file system of this machine, as it would be after what was done here. Locks are not taken.

    It answers as the real one would where that can be known beforehand: a directory that must not be written in, a file
    that is there already, an owner that only root can give. Renaming a directory is not supported (ENOTSUP).
    """

    def __init__(self) -> None:
        self._disk = RealDisk()
        # Real path of a directory -> its entries that differ from the real ones; None is an entry that is gone.
        self._overlay: dict[str, dict[str, _Made | _Moved | None]] = {}
        self._open: dict[int, _Made] = {}
        self._handles = count(_FIRST_HANDLE, -1)
        self._inodes = count(1)

    # --- directories -------------------------------------------------------------------------------------------------

    def open_directory(self, path: str) -> Directory:
        path = os.path.normpath(path)
        above, in_memory = "/", False
        for part in filter(None, path.split("/")):
            entries = self._overlay.get(above, {})
            entry = entries.get(part)
            if part in entries or in_memory:
                if entry is None:
                    raise _error(errno.ENOENT, path)
                if isinstance(entry, _Moved) or not stat.S_ISDIR(entry.mode):
                    raise _error(errno.ENOTDIR, path)
                in_memory = True
            above = os.path.join(above, part)
        return Directory(next(self._handles), path) if in_memory else self._disk.open_directory(path)

    def close_directory(self, at: Directory) -> None:
        if _is_real(at):
            self._disk.close_directory(at)

    def names(self, at: Directory) -> list[str]:
        found = set(self._disk.names(at)) if _is_real(at) else set()
        for name, entry in self._overlay.get(at.path, {}).items():
            (found.discard if entry is None else found.add)(name)
        return sorted(found)

    def make_directory(self, at: Directory, name: str, uid: int = -1, gid: int = -1) -> None:
        made = self._new(at, name, stat.S_IFDIR | 0o700)
        _give(made, uid, gid)
        self._put(at, name, made)

    def remove_directory(self, at: Directory, name: str) -> None:
        if not stat.S_ISDIR(self.stat(at, name).st_mode):
            raise _error(errno.ENOTDIR, name)
        with opened(self, os.path.join(at.path, name)) as below:
            if self.names(below):
                raise _error(errno.ENOTEMPTY, name)
        _require_writable(at)
        self._put(at, name, None)

    def sync_directory(self, at: Directory) -> None: ...

    # --- looking -----------------------------------------------------------------------------------------------------

    def stat(self, at: Directory, name: str) -> os.stat_result:
        if name == "." and not _is_real(at):
            above, name = os.path.split(at.path)
            at = Directory(at.fd, above)
        entry = self._entry(at, name)
        if isinstance(entry, _Made):
            return entry.looks()
        with self._really(at, name, entry) as (where, real_name):
            return self._disk.stat(where, real_name)

    def read(self, at: Directory, name: str, limit: int) -> bytes:
        entry = self._entry(at, name)
        if isinstance(entry, _Made):
            require_regular(entry.looks(), at, name)
            return bytes(entry.data[: limit + 1])
        with self._really(at, name, entry) as (where, real_name):
            return self._disk.read(where, real_name, limit)

    def xattrs(self, at: Directory, name: str) -> dict[str, bytes]:
        entry = self._entry(at, name)
        if isinstance(entry, _Made):
            require_regular(entry.looks(), at, name)
            return dict(entry.xattrs)
        with self._really(at, name, entry) as (where, real_name):
            return self._disk.xattrs(where, real_name)

    # --- files -------------------------------------------------------------------------------------------------------

    def create(self, at: Directory, name: str) -> File:
        made = self._new(at, name, stat.S_IFREG | 0o600)
        self._put(at, name, made)
        return self._opened(made, at, name)

    def open_for_update(self, at: Directory, name: str) -> File:
        looks = self.stat(at, name)
        require_regular(looks, at, name)
        entry = self._entry(at, name)
        if not isinstance(entry, _Made):
            with self._really(at, name, entry) as (where, real_name):
                if not os.access(real_name, os.R_OK | os.W_OK, dir_fd=where.fd, effective_ids=_EFFECTIVE):
                    raise _error(errno.EACCES, name)
            data, xattrs = bytearray(self.read(at, name, looks.st_size)), self.xattrs(at, name)
            entry = _Made(looks.st_mode, looks.st_uid, looks.st_gid, looks.st_dev, looks.st_ino, data, xattrs)
            self._put(at, name, entry)
        return self._opened(entry, at, name)

    def write(self, file: File, data: bytes, offset: int = 0) -> None:
        held = self._open[file.fd].data
        if data:
            held.extend(bytes(max(0, offset - len(held))))
            held[offset : offset + len(data)] = data

    def truncate(self, file: File, size: int) -> None:
        held = self._open[file.fd].data
        held.extend(bytes(max(0, size - len(held))))
        del held[size:]

    def set_owner(self, file: File, uid: int, gid: int) -> None:
        _give(self._open[file.fd], uid, gid)

    def set_mode(self, file: File, mode: int) -> None:
        made = self._open[file.fd]
        made.mode = stat.S_IFMT(made.mode) | mode

    def set_xattr(self, file: File, name: str, value: bytes) -> None:
        self._open[file.fd].xattrs[name] = value

    def drop_acl(self, file: File) -> None:
        self._open[file.fd].xattrs.pop("system.posix_acl_access", None)

    def sync(self, file: File) -> None: ...

    def sync_entry(self, at: Directory, name: str) -> None:
        require_regular(self.stat(at, name), at, name)

    def close(self, file: File) -> None:
        del self._open[file.fd]

    def rename(self, at: Directory, name: str, to: Directory, new: str) -> None:
        entry = self._entry(at, name)
        if stat.S_ISDIR(self.stat(at, name).st_mode):
            raise _error(errno.ENOTSUP, name)
        if self._has(to, new) and stat.S_ISDIR(self.stat(to, new).st_mode):
            raise _error(errno.EISDIR, new)
        if self.stat(at, ".").st_dev != self.stat(to, ".").st_dev:
            raise _error(errno.EXDEV, new)
        _require_writable(at)
        _require_writable(to)
        self._put(at, name, None)
        self._put(to, new, entry if entry is not None else _Moved(at.path, name))

    def rename_no_replace(self, at: Directory, name: str, to: Directory, new: str) -> None:
        if self._has(to, new):
            raise _error(errno.EEXIST, new)
        self.rename(at, name, to, new)

    def unlink(self, at: Directory, name: str) -> None:
        if stat.S_ISDIR(self.stat(at, name).st_mode):
            raise _error(errno.EISDIR, name)
        _require_writable(at)
        self._put(at, name, None)

    # --- locks: a dry run takes none ---------------------------------------------------------------------------------

    def make_lock(self, at: Directory, name: str, mode: int, uid: int = -1, gid: int = -1) -> None: ...

    def lock(self, at: Directory, name: str, seconds: float) -> None: ...

    def unlock(self, at: Directory, name: str) -> None: ...

    # --- the overlay -------------------------------------------------------------------------------------------------

    def _entry(self, at: Directory, name: str) -> _Made | _Moved | None:
        """What the overlay has for an entry; None leaves it to the real directory. Raises FileNotFoundError."""
        entries = self._overlay.get(at.path, {})
        entry = entries.get(name)
        if entry is None and (name in entries or not _is_real(at)):
            raise _error(errno.ENOENT, name)
        return entry

    @contextmanager
    def _really(self, at: Directory, name: str, entry: _Moved | None) -> Iterator[tuple[Directory, str]]:
        """Where on the real disk an entry is that was not made here."""
        if entry is None:
            yield at, name
        else:
            with opened(self._disk, entry.directory) as where:
                yield where, entry.name

    def _has(self, at: Directory, name: str) -> bool:
        try:
            self.stat(at, name)
        except FileNotFoundError:
            return False
        return True

    def _put(self, at: Directory, name: str, entry: _Made | _Moved | None) -> None:
        self._overlay.setdefault(at.path, {})[name] = entry

    def _new(self, at: Directory, name: str, mode: int) -> _Made:
        if self._has(at, name):
            raise _error(errno.EEXIST, name)
        _require_writable(at)
        above = self.stat(at, ".")
        gid = above.st_gid if above.st_mode & stat.S_ISGID else os.getegid()
        return _Made(mode, os.geteuid(), gid, above.st_dev, next(self._inodes))

    def _opened(self, made: _Made, at: Directory, name: str) -> File:
        file = File(next(self._handles), at, name)
        self._open[file.fd] = made
        return file


_EFFECTIVE = os.access in os.supports_effective_ids


def _is_real(at: Directory) -> bool:
    return at.fd > _FIRST_HANDLE


def _error(number: int, name: str) -> OSError:
    return OSError(number, os.strerror(number), name)


def _give(made: _Made, uid: int, gid: int) -> None:
    """Change an owner where the system would: only root gives files away, others may use the groups they are in."""
    allowed = uid in (-1, made.uid) and gid in (-1, made.gid, os.getegid(), *os.getgroups())
    if os.geteuid() != 0 and not allowed:
        raise _error(errno.EPERM, "")
    made.uid = made.uid if uid == -1 else uid
    made.gid = made.gid if gid == -1 else gid


def _require_writable(at: Directory) -> None:
    if not _is_real(at) or os.access(".", os.W_OK | os.X_OK, dir_fd=at.fd, effective_ids=_EFFECTIVE):
        return
    read_only = os.fstatvfs(at.fd).f_flag & os.ST_RDONLY
    raise _error(errno.EROFS if read_only else errno.EACCES, at.path)
