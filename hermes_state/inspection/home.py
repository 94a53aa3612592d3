"""What is said of files as files: links to nothing, wide modes, foreign owners, hard links, locks; and the gateway."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.report import FileFacts
from hermes_state.liveness import Gateway, State
from hermes_state.outcomes import Outcome
from hermes_state.stores import OWN_LOCK
from hermes_state.stores.auth import LOCK


def findings(home: Home, gateway: Gateway, facts: Iterable[FileFacts]) -> Iterator[Finding]:
    """What a user should know about the files of ``home`` that were looked at."""
    if gateway.state is State.UNCLEAR:
        message = f"a gateway may be running: {gateway.evidence}"
        yield finding("HS-HOME-006", home.path, "", message)
    owner = _looks(home.path)
    kinds = set()
    for file in facts:
        kinds.add(file.kind)
        yield from _file(home, file, owner)
    if owner is not None:
        for name, locked in ((LOCK, {"auth"}), (OWN_LOCK, {"sessions", "config", "breaker"})):
            if kinds & locked:
                path = os.path.join(home.path, name)
                looks = _looks(path)
                if looks is not None:
                    yield from _foreign(path, looks, owner, 0o6)


def _file(home: Home, file: FileFacts, owner: os.stat_result | None) -> Iterator[Finding]:
    # A breaker is gone most of the time, and so is what a link to one leads to.
    if file.outcome is Outcome.ABSENT and file.link_target is not None and file.kind != "breaker":
        message = f"it is a link to {file.link_target}, which does not exist"
        yield finding("HS-HOME-001", file.path, "", message, "bring the target back, or remove the link")
    looks = _looks(file.path)
    if looks is None or not stat.S_ISREG(looks.st_mode):
        return
    wide = looks.st_mode & (0o007 if home.managed else 0o077)
    if file.kind == "auth" and wide:
        message = f"its mode is {file.mode}: others than its owner can {_rights(wide)} the tokens in it"
        yield finding("HS-HOME-002", file.path, "", message, _typed("chmod 600", file.path))
    if looks.st_nlink > 1:
        message = (
            f"it has {looks.st_nlink} names (hard links): agents that replace it leave the others with old content"
        )
        yield finding("HS-HOME-005", file.path, "", message)
    if owner is not None:
        yield from _foreign(file.path, looks, owner, 0o4)


def _foreign(path: str, looks: os.stat_result, owner: os.stat_result, needed: int) -> Iterator[Finding]:
    """For a file of another user than the home's: whether the home's owner has the ``needed`` rights (rwx) on it."""
    if looks.st_uid == owner.st_uid:
        return
    who = f"it belongs to user {looks.st_uid}, the home to user {owner.st_uid}"
    hint = _typed(f"sudo chown {owner.st_uid}:{owner.st_gid}", path)
    rights = looks.st_mode & 0o7
    if looks.st_gid == owner.st_gid:
        rights = looks.st_mode >> 3 & 0o7
    if owner.st_uid != 0 and rights & needed != needed:
        what = "read it" if needed == 0o4 else "take the lock, so that every save of the agent fails"
        yield finding("HS-HOME-004", path, "", f"{who}, who cannot {what}", hint)
    elif needed == 0o4:
        yield finding("HS-HOME-003", path, "", who, hint)


def _rights(wide: int) -> str:
    """What the bits for group and others allow."""
    allowed = [("read", 0o044), ("change", 0o022), ("run", 0o011)]
    return " and ".join(word for word, bits in allowed if wide & bits)


def _typed(command: str, path: str) -> str:
    from shlex import quote

    return f"{command} {quote(path)}"


def _looks(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
