"""Replacing a file so that a reader, or a crash at any instant, finds the old content or the new, never a mixture.

The order is the point: new content goes to a temporary file *beside the real file* and is synced before the rename (a
rename that reaches the disk before its data leaves an empty file after a power cut), and the directory synced
afterwards is the one that the rename happened in (syncing the link's directory makes nothing durable).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hermes_state.disk import Directory, Disk, File, RealDisk, opened
from hermes_state.errors import NotRegularFile, NotReplaceable, StateError, WriteFailed
from hermes_state.links import Location, resolve
from hermes_state.obstacle import MOUNTED, obstacle
from hermes_state.replacement import Changed as Changed
from hermes_state.replacement import Replaced as Replaced

#: What a directory that cannot be synced answers: FUSE, network file systems, a directory that may only be walked.
NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF)
_UNLIMITED = 1 << 62
_RENAMING = "renaming the new content into place"

StrPath = str | os.PathLike[str]


def replace(
    disk: Disk,
    where: Location,
    data: bytes,
    *,
    mode: int | None = None,
    unchanged: Callable[[Directory], bool] | None = None,
) -> Replaced:
    """Make ``data`` the content of the file at ``where``.

    An existing file keeps mode, owner, group, ``user.*`` attributes and ACL; a new one gets ``mode`` bits (0600 unless
    given) and, as root, the owner of its directory. ``unchanged`` is asked right before the rename; Changed is raised
    when it says no. Raises NotRegularFile, NotReplaceable, WriteFailed: the old content is then intact (unless the
    error says that the new is in place) and no temporary file is left.
    """
    doing = "opening its directory"
    try:
        with opened(disk, where.directory) as at:
            before = _entry(disk, at, where.name)
            staged = f".{where.name}.hermes-state.{os.getpid()}.{os.urandom(4).hex()}.tmp"
            doing = "creating a temporary file beside it"
            file = disk.create(at, staged)
            try:
                try:
                    doing = "writing the new content"
                    disk.write(file, data)
                    doing = "keeping its mode and owner"
                    not_kept = _dress(disk, file, where.name, before, mode)
                    doing = "syncing the new content"
                    disk.sync(file)
                finally:
                    disk.close(file)
                if unchanged is not None and not unchanged(at):
                    raise Changed
                doing = _RENAMING
                disk.rename(at, staged, at, where.name)
            except BaseException:
                # A crash before this line leaves the temporary file: 0600, or the mode of the file it was to replace.
                with suppress(OSError):
                    disk.unlink(at, staged)
                raise
            return _settle(disk, at, where, before, not_kept)
    except StateError:
        raise
    except OSError as error:
        if doing == _RENAMING and error.errno in (errno.EBUSY, errno.EXDEV):
            raise NotReplaceable(where.path, MOUNTED) from error
        raise WriteFailed(where.path, error.errno or 0, doing, "old") from error


def _entry(disk: Disk, at: Directory, name: str) -> os.stat_result | None:
    """What is there now: None or a regular file. A link at this point was swapped in after we resolved: refused."""
    try:
        found = disk.stat(at, name)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(found.st_mode):
        raise NotRegularFile(os.path.join(at.path, name), "it is not a regular file")
    return found


def _dress(disk: Disk, file: File, name: str, before: os.stat_result | None, mode: int | None) -> tuple[str, ...]:
    """Give the temporary file the looks of the one it replaces; names what could not be kept.

    All of it happens before the rename: a crash between a rename and a later chmod would leave a file that a group
    member who could read the old one cannot open, and agents up to 0.19 take such a file for an empty one.
    """
    if before is None:
        uid, gid = _owner_of_what_is_made(disk, file.at)
        if (uid, gid) != (-1, -1):
            disk.set_owner(file, uid, gid)
        disk.set_mode(file, 0o600 if mode is None else mode)
        return ()
    not_kept: list[str] = []
    made = disk.stat(file.at, file.name)
    wanted = stat.S_IMODE(before.st_mode) if mode is None else mode
    if made.st_gid != before.st_gid:
        try:
            disk.set_owner(file, -1, before.st_gid)
        except PermissionError:
            not_kept.append("group")
            wanted &= ~0o070  # these bits were meant for a group that the file no longer has
    if made.st_uid != before.st_uid:
        try:
            disk.set_owner(file, before.st_uid, -1)
        except PermissionError:
            not_kept.append("owner")
    disk.drop_acl(file)
    try:
        attributes = disk.xattrs(file.at, name)
    except FileNotFoundError:  # somebody has just removed it
        attributes = {}
    except PermissionError:  # a file that may be replaced but not read
        attributes = {}
        not_kept.append("attributes")
    for key, value in sorted(attributes.items()):
        try:
            disk.set_xattr(file, key, value)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
                raise
            not_kept.append(key)
    disk.set_mode(file, wanted)  # last: an ACL brings group bits of its own
    return tuple(not_kept)


def _owner_of_what_is_made(disk: Disk, at: Directory) -> tuple[int, int]:
    """As root, what is new belongs to whom its directory belongs to: the agent could not open it otherwise."""
    if os.geteuid() != 0:
        return -1, -1
    above = disk.stat(at, ".")
    return above.st_uid, above.st_gid


def _settle(
    disk: Disk, at: Directory, where: Location, before: os.stat_result | None, not_kept: tuple[str, ...]
) -> Replaced:
    """Make the rename durable and say what happened."""
    durable = True
    try:
        disk.sync_directory(at)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise WriteFailed(where.path, error.errno or 0, "syncing its directory", "new") from error
        durable = False
    return Replaced(
        path=where.path,
        created=before is None,
        durable=durable,
        broke_hard_link=before is not None and before.st_nlink > 1,
        was_read_only=before is not None and not before.st_mode & stat.S_IWUSR,
        not_kept=not_kept,
    )


# --- the drop-ins: the agent's own names and signatures (state-home.md D1) --------------------------------------------


def atomic_replace(tmp_path: StrPath, target: StrPath) -> str:
    """Put the file at ``tmp_path`` in place of ``target``, whose links are followed; returns the real path replaced.

    ``tmp_path`` keeps its mode and is consumed; after a failure it is still there. It may lie on another file system:
    its content is then staged beside the target first, so the replacement is atomic there too. A target that cannot be
    replaced is written in place. Raises OSError as ``os.replace`` does, and refuses (LinkLoop, NotRegularFile) where
    the agent's helper would destroy a link or a device.
    """
    disk = RealDisk()
    named = os.path.join(os.getcwd(), os.fspath(tmp_path))
    staged = os.path.basename(named)
    where = resolve(os.fspath(target))
    with (
        opened(disk, os.path.realpath(os.path.dirname(named), strict=True)) as origin,
        opened(disk, where.directory) as at,
    ):
        before = _entry(disk, at, where.name)
        with suppress(PermissionError, NotRegularFile):  # what cannot be opened can still be renamed
            disk.sync_entry(origin, staged)
        try:
            disk.rename(origin, staged, at, where.name)
        except OSError as error:
            if error.errno != errno.EXDEV and not _only_in_place(error, where):
                raise
            # It is copied, replacing the target where that is possible; then the original goes.
            mode = stat.S_IMODE(disk.stat(origin, staged).st_mode)
            _put(disk, where, disk.read(origin, staged, _UNLIMITED), mode)
            with suppress(OSError):  # the replacement is done; to say anything else would be wrong
                disk.unlink(origin, staged)
        return _settle(disk, at, where, before, ()).path


def _put(disk: Disk, where: Location, data: bytes, mode: int | None) -> Replaced:
    """``replace``, or in place where that is impossible: a refusal could lose a token that was just refreshed."""
    try:
        return replace(disk, where, data, mode=mode)
    except (NotReplaceable, WriteFailed) as error:
        if not isinstance(error.__cause__, OSError) or not _only_in_place(error.__cause__, where):
            raise
        from hermes_state import inplace
    return inplace.put(disk, where, data, mode)


def _only_in_place(error: OSError, where: Location) -> bool:
    return error.errno in (errno.EBUSY, errno.EXDEV) or bool(obstacle(where))


def atomic_write_bytes(path: StrPath, content: bytes, *, mode: int | None = None, fsync_dir: bool = True) -> Replaced:
    """Make ``content`` the file at ``path``: links, mode and owner kept, a new file 0600 unless ``mode`` says else.

    Missing parent directories are made (0700). ``fsync_dir`` is accepted for the agent's callers; the directory is
    always synced. A file that cannot be replaced is written in place (``atomic`` in the result is then False), with a
    recovery record where there is a place for one. Raises StateError subclasses (see ``replace``), FileNotFoundError
    for a dangling link without a directory.
    """
    disk, named = RealDisk(), os.fspath(path)
    if not os.path.islink(named):
        _make_parents(disk, os.path.dirname(os.path.join(os.getcwd(), named)))
    return _put(disk, resolve(named), content, mode)


def _make_parents(disk: Disk, directory: str) -> None:
    missing: list[str] = []
    while not os.path.lexists(directory):
        missing.append(os.path.basename(directory))
        directory = os.path.dirname(directory)
    for name in reversed(missing):
        with opened(disk, os.path.realpath(directory, strict=True)) as at:
            with suppress(FileExistsError):
                disk.make_directory(at, name, *_owner_of_what_is_made(disk, at))
            disk.sync_directory(at)
        directory = os.path.join(directory, name)


def atomic_write_text(
    path: StrPath, content: str, *, encoding: str = "utf-8", mode: int | None = None, fsync_dir: bool = True
) -> Replaced:
    """``atomic_write_bytes`` of ``content`` in ``encoding``; line ends are written as they are."""
    return atomic_write_bytes(path, content.encode(encoding), mode=mode, fsync_dir=fsync_dir)


def atomic_json_write(
    path: StrPath,
    data: Any,
    *,
    indent: int | None = 2,
    mode: int | None = None,
    ensure_ascii: bool = False,
    fsync_dir: bool = True,
    **dump_kwargs: Any,
) -> Replaced:
    """``data`` as JSON at ``path``, without a final newline, as the agent's helper writes it. Raises TypeError before
    anything is touched when a value cannot be written; a lone surrogate is escaped instead of failing."""
    import json

    text = json.dumps(data, indent=indent, ensure_ascii=ensure_ascii, **dump_kwargs)
    try:
        content = text.encode("utf-8")
    except UnicodeEncodeError:
        content = json.dumps(data, indent=indent, ensure_ascii=True, **dump_kwargs).encode("ascii")
    return atomic_write_bytes(path, content, mode=mode, fsync_dir=fsync_dir)
