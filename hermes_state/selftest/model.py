"""What a file system may legally hold after a crash: deliberately weaker than any real one.

The rules, for what was done since the last sync. Of written bytes any part may be missing, or be zeros where the file
grew. A file's mode and owner may be any that it had. Of changed directory entries any subset may have happened; the
entries of one rename happen together. A synced file keeps its bytes, mode and owner, but its name only once the
directory that holds the name is synced; a synced directory keeps its entries.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import product

from hermes_state.selftest.contents import outcomes, written
from hermes_state.selftest.recording import Operation


@dataclass(frozen=True, slots=True)
class Node:
    """An entry of a tree. ``kind`` is file, directory or link; ``data`` is a file's content or a link's text."""

    kind: str
    mode: int
    uid: int
    gid: int
    data: bytes = b""


#: A whole disk as a value: each path (absolute) with what is there.
Tree = frozenset[tuple[str, Node]]


class Impossible(Exception):
    """The operation would fail on a real disk."""


@dataclass(slots=True)
class _Inode:
    durable: Node
    #: Looks that it had since its last sync, the latest last; writes and truncations since then.
    looks: list[Node] = field(default_factory=list)
    pending: list[Operation] = field(default_factory=list)
    #: Of a directory: name -> inode, as it is on the disk, and as it is now.
    entries: dict[str, int] = field(default_factory=dict)
    current: dict[str, int] = field(default_factory=dict)

    @property
    def now(self) -> Node:
        return self.looks[-1] if self.looks else self.durable

    def contents(self) -> set[bytes]:
        """What the bytes may be after a crash."""
        found = {self.durable.data}
        for operation in self.pending:
            found = {content for base in found for content in outcomes(base, operation)}
        return found

    def content(self) -> bytes:
        """What the bytes are as long as nothing crashes."""
        content = self.durable.data
        for operation in self.pending:
            content = written(content, operation)
        return content


#: Entries that one operation changed together: (directory, name, inode or None for "gone").
_Change = tuple[tuple[int, str, int | None], ...]


class Model:
    """A disk that starts as ``start``, all of it durable. ``roots`` are directories that no operation makes or
    removes. Any directory may be on a file system of its own, so a rename never leads from one into another."""

    def __init__(self, start: Tree, roots: Iterable[str]) -> None:
        self._inodes: list[_Inode] = []
        self._changes: list[_Change] = []
        self._open: dict[int, int] = {}
        self._roots: dict[str, int] = {}
        for root in roots:
            self._roots[root] = self._make(Node("directory", 0o700, os.geteuid(), os.getegid()))
        for path, node in sorted(start, key=lambda item: item[0]):
            above, name = self._place(path)
            number = self._make(node)
            self._inodes[above].entries[name] = self._inodes[above].current[name] = number

    def _make(self, node: Node) -> int:
        self._inodes.append(_Inode(node))
        return len(self._inodes) - 1

    # --- doing -------------------------------------------------------------------------------------------------------

    def apply(self, operation: Operation) -> None:
        """Do one operation. Raises Impossible where a real disk would fail."""
        verb, path = operation.verb, operation.path
        if verb == "sync_directory":
            self._sync_directory(self._directory(path))
        elif verb in ("create", "make_lock", "make_directory"):
            self._create(operation)
        elif verb == "open_for_update":
            self._open[operation.handle] = self._file(path)
        elif verb == "sync_entry":
            self._sync(self._file(path))
        elif verb in ("unlink", "remove_directory"):
            self._remove(path, directory=verb == "remove_directory")
        elif verb == "rename":
            self._rename(path, operation.to)
        elif verb == "link":
            self._change(((*self._free(operation.to), self._entry(path)),))
        else:
            self._touch(operation)

    def _touch(self, operation: Operation) -> None:
        number = self._open.get(operation.handle)
        if number is None:
            raise Impossible("the file is not open")
        inode = self._inodes[number]
        if operation.verb == "sync":
            self._sync(number)
        elif operation.verb in ("write", "truncate"):
            inode.pending.append(operation)
        elif operation.verb == "set_mode":
            inode.looks.append(replace(inode.now, mode=operation.mode))
        elif operation.verb == "set_owner":
            uid = inode.now.uid if operation.uid == -1 else operation.uid
            gid = inode.now.gid if operation.gid == -1 else operation.gid
            inode.looks.append(replace(inode.now, uid=uid, gid=gid))
        else:
            raise AssertionError(f"the model does not know {operation.verb}")

    def _create(self, operation: Operation) -> None:
        above, name = self._free(operation.path)
        uid = os.geteuid() if operation.uid == -1 else operation.uid
        gid = os.getegid() if operation.gid == -1 else operation.gid
        if operation.verb == "make_directory":
            made = Node("directory", 0o700, uid, gid)
        else:
            made = Node("file", operation.mode or 0o600, uid, gid)
        number = self._make(made)
        if operation.verb == "create":
            self._open[operation.handle] = number
        self._change(((above, name, number),))

    def _remove(self, path: str, *, directory: bool) -> None:
        above, name = self._place(path)
        number = self._inodes[above].current.get(name)
        if number is None or (self._inodes[number].durable.kind == "directory") != directory:
            raise Impossible("there is nothing of that kind")
        if self._inodes[number].current:
            raise Impossible("the directory is not empty")
        self._change(((above, name, None),))

    def _rename(self, path: str, to: str) -> None:
        if os.path.dirname(path) != os.path.dirname(to):
            raise Impossible("it leads to what may be another file system")
        source, name = self._place(path)
        target, new = self._place(to)
        number = self._inodes[source].current.get(name)
        if number is None or path == to:
            raise Impossible("there is nothing to rename")
        there = self._inodes[target].current.get(new)
        if there is not None and self._inodes[there].durable.kind == "directory":
            raise Impossible("a directory is in the way")
        self._change(((source, name, None), (target, new, number)))

    def _change(self, change: _Change) -> None:
        for directory, name, number in change:
            _set(self._inodes[directory].current, name, number)
        self._changes.append(change)

    def _sync(self, number: int) -> None:
        inode = self._inodes[number]
        inode.durable = replace(inode.now, data=inode.content())
        inode.looks.clear()
        inode.pending.clear()

    def _sync_directory(self, number: int) -> None:
        """What touches this directory is durable now, and with it what came before under the same names."""
        wanted: list[_Change] = []
        names: set[tuple[int, str]] = set()
        for change in reversed(self._changes):
            parts = {(directory, name) for directory, name, _ in change}
            if any(directory == number for directory, _ in parts) or parts & names:
                names |= parts
                wanted.append(change)
        for change in reversed(wanted):
            self._changes.remove(change)
            for directory, name, entry in change:
                _set(self._inodes[directory].entries, name, entry)

    # --- looking -----------------------------------------------------------------------------------------------------

    def _place(self, path: str) -> tuple[int, str]:
        directory, name = os.path.split(path)
        return self._directory(directory), name

    def _free(self, path: str) -> tuple[int, str]:
        above, name = self._place(path)
        if name in self._inodes[above].current:
            raise Impossible("it is there already")
        return above, name

    def _directory(self, path: str) -> int:
        if path in self._roots:
            return self._roots[path]
        if path == "/":
            raise Impossible("it is outside of the place")
        number = self._entry(path)
        if self._inodes[number].durable.kind != "directory":
            raise Impossible("it is not a directory")
        return number

    def _file(self, path: str) -> int:
        number = self._entry(path)
        if self._inodes[number].durable.kind != "file":
            raise Impossible("it is not a regular file")
        return number

    def _entry(self, path: str) -> int:
        above, name = self._place(path)
        number = self._inodes[above].current.get(name)
        if number is None:
            raise Impossible("it is not there")
        return number

    def tree(self) -> Tree:
        """The disk as it is as long as nothing crashes."""
        entries = {number: inode.current for number, inode in enumerate(self._inodes)}
        return frozenset(
            (path, replace(self._inodes[number].now, data=self._inodes[number].content()))
            for path, number in self._walk(entries)
        )

    def disks(self) -> set[Tree]:
        """Every disk that a crash right now may leave."""
        found: set[Tree] = set()
        for chosen in product((False, True), repeat=len(self._changes)):
            entries = {number: dict(inode.entries) for number, inode in enumerate(self._inodes)}
            for happened, change in zip(chosen, self._changes, strict=True):
                for directory, name, number in change if happened else ():
                    _set(entries[directory], name, number)
            reached = list(self._walk(entries))
            numbers = sorted({number for _, number in reached})
            for nodes in product(*(self._nodes(number) for number in numbers)):
                node = dict(zip(numbers, nodes, strict=True))
                found.add(frozenset((path, node[number]) for path, number in reached))
        return found

    def _nodes(self, number: int) -> list[Node]:
        inode = self._inodes[number]
        looks = [inode.durable, *inode.looks]
        return [replace(look, data=data) for look in looks for data in sorted(inode.contents())]

    def _walk(self, entries: dict[int, dict[str, int]]) -> Iterator[tuple[str, int]]:
        waiting = list(self._roots.items())
        while waiting:
            above, directory = waiting.pop()
            for name, number in entries[directory].items():
                path = os.path.join(above, name)
                yield path, number
                if self._inodes[number].durable.kind == "directory":
                    waiting.append((path, number))


def _set(entries: dict[str, int], name: str, number: int | None) -> None:
    if number is None:
        entries.pop(name, None)
    else:
        entries[name] = number
