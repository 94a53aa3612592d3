"""The one interface for effects: verbs over ``(directory descriptor, name)``.

Every change that this package makes to a file system goes through a Disk, so that a dry run, a recording and a failing
disk can stand in for the real one, and so that the list of operations of any command is known. Verbs take an open
directory and a bare name and never follow a link: a link swapped in between a check and its use cannot lead elsewhere.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

from hermes_state import interruption
from hermes_state.errors import NotRegularFile

_WALK = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_UPDATE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_ACL = "system.posix_acl_access"

#: What a file system without hard links answers, or a system that lets nobody link another user's file.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)


class Directory(NamedTuple):
    """An open directory; ``path`` is where it was when it was opened, without links."""

    fd: int
    path: str


class File(NamedTuple):
    """An open file that a verb made or opened, and the entry that it was opened through."""

    fd: int
    at: Directory
    name: str


class Disk(Protocol):
    """What can be done to a file system. Every verb raises OSError as the system call under it does."""

    def open_directory(self, path: str) -> Directory:
        """Open the directory at ``path``, which must be free of links (see ``links.resolve``)."""

    def close_directory(self, at: Directory) -> None: ...

    def names(self, at: Directory) -> list[str]:
        """The entries of the directory, sorted."""

    def stat(self, at: Directory, name: str) -> os.stat_result:
        """The entry itself; a link is not followed."""

    def read(self, at: Directory, name: str, limit: int) -> bytes:
        """The content of a regular file, at most ``limit`` + 1 bytes of it, never blocking."""

    def xattrs(self, at: Directory, name: str) -> dict[str, bytes]:
        """The ``user.*`` attributes and the access ACL of a regular file."""

    def create(self, at: Directory, name: str) -> File:
        """A new file, mode 0600, that nobody else has; FileExistsError otherwise."""

    def open_for_update(self, at: Directory, name: str) -> File:
        """An existing regular file, to be written in place."""

    def write(self, file: File, data: bytes, offset: int = 0) -> None:
        """All of ``data`` at ``offset`` (bytes)."""

    def truncate(self, file: File, size: int) -> None: ...

    def set_owner(self, file: File, uid: int, gid: int) -> None:
        """-1 leaves one as it is."""

    def set_mode(self, file: File, mode: int) -> None: ...

    def set_xattr(self, file: File, name: str, value: bytes) -> None: ...

    def drop_acl(self, file: File) -> None:
        """Take away an access ACL, as a new file gets one from its directory; nothing where there is none."""

    def sync(self, file: File) -> None: ...

    def sync_entry(self, at: Directory, name: str) -> None:
        """Make the content of a regular file that somebody else wrote durable."""

    def close(self, file: File) -> None: ...

    def rename(self, at: Directory, name: str, to: Directory, new: str) -> None: ...

    def rename_no_replace(self, at: Directory, name: str, to: Directory, new: str) -> None:
        """Rename where nothing is called ``new``; FileExistsError otherwise."""

    def unlink(self, at: Directory, name: str) -> None: ...

    def make_directory(self, at: Directory, name: str, uid: int = -1, gid: int = -1) -> None:
        """A new directory, mode 0700."""

    def remove_directory(self, at: Directory, name: str) -> None: ...

    def sync_directory(self, at: Directory) -> None: ...

    def make_lock(self, at: Directory, name: str, mode: int, uid: int = -1, gid: int = -1) -> None:
        """Make the lock file if there is none; whoever holds it keeps it."""

    def lock(self, at: Directory, name: str, seconds: float) -> None:
        """Take the exclusive lock on an existing lock file. Raises TimeoutError after ``seconds``."""

    def unlock(self, at: Directory, name: str) -> None: ...


class RealDisk:
    """The file system of this machine."""

    def __init__(self) -> None:
        self._locks: dict[tuple[str, str], object] = {}

    def open_directory(self, path: str) -> Directory:
        fd = os.open("/", _WALK)
        for part in path.split("/"):
            if part:
                try:
                    below = os.open(part, _WALK, dir_fd=fd)
                finally:
                    os.close(fd)
                fd = below
        # A descriptor that only walks cannot be synced or listed; a directory that may only be walked keeps it.
        try:
            listable = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=fd)
        except PermissionError:
            return Directory(fd, path)
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
        return Directory(listable, path)

    def close_directory(self, at: Directory) -> None:
        os.close(at.fd)

    def names(self, at: Directory) -> list[str]:
        try:
            return sorted(os.listdir(at.fd))
        except OSError as error:
            if error.errno != errno.EBADF:
                raise
            # A descriptor that only walks: the directory itself could not be opened.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), at.path) from error

    def stat(self, at: Directory, name: str) -> os.stat_result:
        return os.stat(name, dir_fd=at.fd, follow_symlinks=False)

    def _open_regular(self, at: Directory, name: str, flags: int) -> int:
        # Looked at before it is opened: opening a device can already do something.
        require_regular(self.stat(at, name), at, name)
        fd = os.open(name, flags, dir_fd=at.fd)
        try:
            require_regular(os.fstat(fd), at, name)
        except BaseException:
            os.close(fd)
            raise
        return fd

    def read(self, at: Directory, name: str, limit: int) -> bytes:
        fd = self._open_regular(at, name, _READ)
        try:
            pieces = []
            left = limit + 1
            while left > 0 and (piece := os.read(fd, min(left, 1 << 20))):
                pieces.append(piece)
                left -= len(piece)
            return b"".join(pieces)
        finally:
            os.close(fd)

    def xattrs(self, at: Directory, name: str) -> dict[str, bytes]:
        if not hasattr(os, "listxattr"):
            return {}
        fd = self._open_regular(at, name, _READ)
        kept: dict[str, bytes] = {}
        try:
            for key in os.listxattr(fd):
                if key.startswith("user.") or key == _ACL:
                    kept[key] = os.getxattr(fd, key)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.ENOSYS):  # a file system without attributes has none to keep
                raise
        finally:
            os.close(fd)
        return kept

    def create(self, at: Directory, name: str) -> File:
        return File(os.open(name, _CREATE, 0o600, dir_fd=at.fd), at, name)

    def open_for_update(self, at: Directory, name: str) -> File:
        return File(self._open_regular(at, name, _UPDATE), at, name)

    def write(self, file: File, data: bytes, offset: int = 0) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(file.fd, view, offset)
            view = view[written:]
            offset += written

    def truncate(self, file: File, size: int) -> None:
        os.ftruncate(file.fd, size)

    def set_owner(self, file: File, uid: int, gid: int) -> None:
        os.fchown(file.fd, uid, gid)

    def set_mode(self, file: File, mode: int) -> None:
        os.fchmod(file.fd, mode)

    def set_xattr(self, file: File, name: str, value: bytes) -> None:
        os.setxattr(file.fd, name, value)

    def drop_acl(self, file: File) -> None:
        if hasattr(os, "removexattr"):
            with suppress(OSError):  # ENODATA or ENOTSUP: there is none
                os.removexattr(file.fd, _ACL)

    def sync(self, file: File) -> None:
        os.fsync(file.fd)

    def sync_entry(self, at: Directory, name: str) -> None:
        fd = self._open_regular(at, name, _READ)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def close(self, file: File) -> None:
        os.close(file.fd)

    def rename(self, at: Directory, name: str, to: Directory, new: str) -> None:
        os.rename(name, new, src_dir_fd=at.fd, dst_dir_fd=to.fd)

    def rename_no_replace(self, at: Directory, name: str, to: Directory, new: str) -> None:
        try:
            os.link(name, new, src_dir_fd=at.fd, dst_dir_fd=to.fd, follow_symlinks=False)
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            # Between this look and the rename somebody may still come first: the best that can be done there.
            with suppress(FileNotFoundError):
                self.stat(to, new)
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from error
            os.rename(name, new, src_dir_fd=at.fd, dst_dir_fd=to.fd)
        else:
            os.unlink(name, dir_fd=at.fd)

    def unlink(self, at: Directory, name: str) -> None:
        os.unlink(name, dir_fd=at.fd)

    def make_directory(self, at: Directory, name: str, uid: int = -1, gid: int = -1) -> None:
        os.mkdir(name, 0o700, dir_fd=at.fd)
        if (uid, gid) != (-1, -1):
            os.chown(name, uid, gid, dir_fd=at.fd, follow_symlinks=False)

    def remove_directory(self, at: Directory, name: str) -> None:
        os.rmdir(name, dir_fd=at.fd)

    def sync_directory(self, at: Directory) -> None:
        os.fsync(at.fd)

    def make_lock(self, at: Directory, name: str, mode: int, uid: int = -1, gid: int = -1) -> None:
        try:
            fd = os.open(name, _CREATE, mode, dir_fd=at.fd)
        except FileExistsError:
            return
        try:
            if (uid, gid) != (-1, -1):
                os.fchown(fd, uid, gid)
            os.fchmod(fd, mode)
        finally:
            os.close(fd)

    def lock(self, at: Directory, name: str, seconds: float) -> None:
        from filelock import FileLock, Timeout

        require_regular(self.stat(at, name), at, name)
        # The agent knows flock only: a soft lock (a file whose existence means "locked") would exclude nobody.
        lock = FileLock(os.path.join(at.path, name), timeout=seconds, fallback_to_soft=False, is_singleton=False)
        try:
            lock.acquire(poll_interval=0.02, cancel_check=lambda: bool(interruption.wished()))
        except Timeout as error:
            raise TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), name) from error
        self._locks[at.path, name] = lock

    def unlock(self, at: Directory, name: str) -> None:
        lock = self._locks.pop((at.path, name))
        lock.release()  # type: ignore[attr-defined]


def require_regular(found: os.stat_result, at: Directory, name: str) -> None:
    """Raise NotRegularFile unless ``found`` is the state of a regular file; a link counts as what it is."""
    if stat.S_ISREG(found.st_mode):
        return
    kinds = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a directory", stat.S_IFIFO: "a FIFO", stat.S_IFSOCK: "a socket"}
    kind = kinds.get(stat.S_IFMT(found.st_mode), "a device")
    raise NotRegularFile(os.path.join(at.path, name), f"it is {kind}, not a regular file")


@contextmanager
def opened(disk: Disk, path: str) -> Iterator[Directory]:
    """The directory at ``path``, open for the length of a ``with`` block."""
    at = disk.open_directory(path)
    try:
        yield at
    finally:
        with suppress(OSError):  # closing a directory can undo nothing that was done in it
            disk.close_directory(at)
