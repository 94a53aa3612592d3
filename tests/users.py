"""Other users, for tests that root runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

#: Who has no name and no privileges.
NOBODY = 1234


@contextmanager
def somebody() -> Iterator[None]:
    """Be a user without privileges (uid and gid ``NOBODY``, no other group); already the case when not root."""
    if os.geteuid() != 0:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)
