"""A real disk that writes down everything done to it: the exact list of operations that a crash can cut short."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hermes_state.disk import Directory, File, RealDisk


@dataclass(frozen=True, slots=True)
class Operation:
    """One call that changed, or secured, something. ``handle`` numbers the open file that it went through, from 0.

    ``path`` is absolute; ``to`` is where a rename went; ``data`` and ``offset`` (bytes) belong to writes, ``size``
    (bytes) to truncations, ``mode`` (bits), ``uid`` and ``gid`` (-1: left as it was) to what they are named after.
    """

    verb: str
    path: str
    handle: int = -1
    to: str = ""
    data: bytes = b""
    offset: int = 0
    size: int = 0
    mode: int = 0
    uid: int = -1
    gid: int = -1


class RecordingDisk(RealDisk):
    """``operations`` lists what was done, in order; calls that failed, looked or only locked are not in it.

    Without ``synced`` everything happens but the syncing, which is only written down.
    """

    def __init__(self, *, synced: bool = True) -> None:
        super().__init__()
        self._synced = synced
        self.operations: list[Operation] = []
        self._handles: dict[int, int] = {}
        self._opened = 0

    def _note(self, verb: str, at: Directory, name: str, **facts: int | str | bytes) -> None:
        path = os.path.join(at.path, name) if name else at.path
        self.operations.append(Operation(verb, path, **facts))  # type: ignore[arg-type]

    def _note_file(self, verb: str, file: File, **facts: int | str | bytes) -> None:
        self._note(verb, file.at, file.name, handle=self._handles[file.fd], **facts)

    def _number(self, file: File) -> File:
        self._handles[file.fd] = self._opened
        self._opened += 1
        return file

    def create(self, at: Directory, name: str) -> File:
        file = self._number(super().create(at, name))
        self._note_file("create", file)
        return file

    def open_for_update(self, at: Directory, name: str) -> File:
        file = self._number(super().open_for_update(at, name))
        self._note_file("open_for_update", file)
        return file

    def write(self, file: File, data: bytes, offset: int = 0) -> None:
        super().write(file, data, offset)
        self._note_file("write", file, data=bytes(data), offset=offset)

    def truncate(self, file: File, size: int) -> None:
        super().truncate(file, size)
        self._note_file("truncate", file, size=size)

    def set_owner(self, file: File, uid: int, gid: int) -> None:
        super().set_owner(file, uid, gid)
        self._note_file("set_owner", file, uid=uid, gid=gid)

    def set_mode(self, file: File, mode: int) -> None:
        super().set_mode(file, mode)
        self._note_file("set_mode", file, mode=mode)

    def sync(self, file: File) -> None:
        if self._synced:
            super().sync(file)
        self._note_file("sync", file)

    def sync_entry(self, at: Directory, name: str) -> None:
        if self._synced:
            super().sync_entry(at, name)
        self._note("sync_entry", at, name)

    def rename(self, at: Directory, name: str, to: Directory, new: str) -> None:
        super().rename(at, name, to, new)
        self._note("rename", at, name, to=os.path.join(to.path, new))

    def rename_no_replace(self, at: Directory, name: str, to: Directory, new: str) -> None:
        before = len(self.operations)
        super().rename_no_replace(at, name, to, new)
        if self.operations[before].verb == "unlink":  # made of a link and this, unless hard links are not to be had
            link = Operation("link", os.path.join(at.path, name), to=os.path.join(to.path, new))
            self.operations.insert(before, link)

    def unlink(self, at: Directory, name: str) -> None:
        super().unlink(at, name)
        self._note("unlink", at, name)

    def make_directory(self, at: Directory, name: str, uid: int = -1, gid: int = -1) -> None:
        super().make_directory(at, name, uid, gid)
        self._note("make_directory", at, name, uid=uid, gid=gid)

    def remove_directory(self, at: Directory, name: str) -> None:
        super().remove_directory(at, name)
        self._note("remove_directory", at, name)

    def sync_directory(self, at: Directory) -> None:
        if self._synced:
            super().sync_directory(at)
        self._note("sync_directory", at, "")

    def make_lock(self, at: Directory, name: str, mode: int, uid: int = -1, gid: int = -1) -> None:
        was_there = name in self.names(at)
        super().make_lock(at, name, mode, uid, gid)
        if not was_there:
            self._note("make_lock", at, name, mode=mode, uid=uid, gid=gid)


@contextmanager
def recorded(disk: RecordingDisk) -> Iterator[RecordingDisk]:
    """For the length of a ``with`` block, acts that open a disk of their own get this one."""
    from hermes_state import atomic
    from hermes_state.stores import store

    places = [vars(module) for module in (atomic, store) if "RealDisk" in vars(module)]
    for names in places:
        names["RealDisk"] = lambda: disk
    try:
        yield disk
    finally:
        for names in places:
            names["RealDisk"] = RealDisk
