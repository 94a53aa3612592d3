"""What putting new content in the place of old came to, whichever way it was done."""

from __future__ import annotations

from typing import NamedTuple


class Replaced(NamedTuple):
    """What a replacement did.

    ``path`` is the real file. ``durable`` is False where its directory cannot be synced, ``atomic`` where the file
    could only be written in place. ``not_kept`` names what of the old file's looks could not be given to the new one
    (``owner``, ``group``, ``user.note``...).
    """

    path: str
    created: bool = False
    durable: bool = True
    atomic: bool = True
    broke_hard_link: bool = False
    was_read_only: bool = False
    not_kept: tuple[str, ...] = ()


class Changed(Exception):
    """The file is no longer what the caller read. Nothing was written; the caller starts over."""
