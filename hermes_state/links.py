"""Where a path leads: links are followed once, before any work, and their texts are remembered."""

from __future__ import annotations

import errno
import os
from typing import NamedTuple

from hermes_state.errors import LinkLoop

#: The kernel's own limit for links in one look-up (Linux).
MAX_LINKS = 40


class Location(NamedTuple):
    """Where a path leads: the real directory, the entry in it, and the text of each link that was followed."""

    directory: str
    name: str
    links: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return os.path.join(self.directory, self.name)


def resolve(path: str) -> Location:
    """Follow ``path`` to the entry that it really means, which need not exist; its directory must.

    Raises FileNotFoundError when a directory on the way is missing (and says so where a link leads into it), LinkLoop
    when links never end, and any other OSError that looking at the links gives.
    """
    links: list[str] = []
    current = os.path.join(os.getcwd(), path)
    while True:
        try:
            directory = os.path.realpath(os.path.dirname(current.rstrip("/")) or "/", strict=True)
            entry = os.path.join(directory, os.path.basename(current.rstrip("/")))
            try:
                text = os.readlink(entry)
            except OSError as error:
                if error.errno in (errno.EINVAL, errno.ENOENT):  # not a link, or nothing there yet
                    return Location(directory, os.path.basename(entry), tuple(links))
                raise
        except FileNotFoundError as error:
            if not links:
                raise
            message = f"its link leads to {current}, into a directory that does not exist"
            raise FileNotFoundError(errno.ENOENT, message, path) from error
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise LinkLoop(path, "its links lead in a circle") from error
            raise
        links.append(text)
        if len(links) > MAX_LINKS:
            raise LinkLoop(path, "its links lead in a circle")
        current = os.path.join(directory, text)
