"""The temporary place where disks are made real. Nothing here ever touches a home: only what this module itself made.

It goes past the disk interface on purpose: it plays the part of the crash and of the user, not that of this package.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from hermes_state.selftest.model import Node, Tree


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scenario plays. ``top`` is an empty folder; ``other`` one on another file system, or None."""

    top: str
    other: str | None

    @property
    def home(self) -> str:
        return os.path.join(self.top, "home")

    @property
    def roots(self) -> tuple[str, ...]:
        return (self.top,) if self.other is None else (self.top, self.other)

    def path(self, *parts: str) -> str:
        return os.path.join(self.top, *parts)

    def make(self, tree: Tree) -> None:
        """Make the place hold exactly ``tree``."""
        for root in self.roots:
            for entry in os.scandir(root):
                if entry.is_dir(follow_symlinks=False):
                    shutil.rmtree(entry.path)
                else:
                    os.unlink(entry.path)
        for path, node in sorted(tree, key=lambda item: item[0]):
            if node.kind == "directory":
                os.mkdir(path, 0o700)
            elif node.kind == "link":
                os.symlink(os.fsdecode(node.data), path)
            else:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                os.write(fd, node.data)
                os.close(fd)
            _dress(path, node)

    def read(self) -> Tree:
        """What the place holds."""
        return frozenset(item for root in self.roots for item in _below(root))


def _dress(path: str, node: Node) -> None:
    looks = os.lstat(path)
    if (looks.st_uid, looks.st_gid) != (node.uid, node.gid):
        os.chown(path, node.uid, node.gid, follow_symlinks=False)
    if node.kind != "link" and stat.S_IMODE(looks.st_mode) != node.mode:
        os.chmod(path, node.mode)


def _below(root: str) -> Iterator[tuple[str, Node]]:
    for entry in os.scandir(root):
        looks = entry.stat(follow_symlinks=False)
        mode, uid, gid = stat.S_IMODE(looks.st_mode), looks.st_uid, looks.st_gid
        if entry.is_symlink():
            yield entry.path, Node("link", mode, uid, gid, os.fsencode(os.readlink(entry.path)))
        elif entry.is_dir():
            yield entry.path, Node("directory", mode, uid, gid)
            yield from _below(entry.path)
        else:
            with open(entry.path, "rb") as file:
                yield entry.path, Node("file", mode, uid, gid, file.read())


@contextmanager
def place(within: str | None = None) -> Iterator[Place]:
    """A place in a new temporary folder inside ``within`` (the system's own by default), gone when the block ends.

    ``/dev/shm`` serves as the other file system, or the system's temporary folder does, where one is another.
    """
    with ExitStack() as stack:
        top = stack.enter_context(_folder(within))
        device = os.stat(top).st_dev
        usable = (path for path in ("/dev/shm", tempfile.gettempdir()) if os.access(path, os.W_OK))
        other = next((path for path in usable if os.stat(path).st_dev != device), None)
        yield Place(top, stack.enter_context(_folder(other)) if other is not None else None)


@contextmanager
def _folder(within: str | None) -> Iterator[str]:
    made = os.path.realpath(tempfile.mkdtemp(prefix="hermes-state-selftest-", dir=within))
    try:
        yield made
    finally:
        shutil.rmtree(made)
