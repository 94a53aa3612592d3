"""What is said of files as files: links to nothing, wide modes, foreign owners, hard links, locks; and the gateway."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator

from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import circumstances
from hermes_state.inspection.commands import file_command, quoted
from hermes_state.inspection.report import FileFacts
from hermes_state.liveness import Gateway, State
from hermes_state.outcomes import Outcome
from hermes_state.stores import OWN_LOCK
from hermes_state.stores.auth import LOCK

#: Where package managers keep what nobody may change, whether or not it is mounted read-only.
STORES: tuple[str, ...] = ("/nix/store/", "/gnu/store/")
#: What agents of several homes do to a file that they share, by its kind.
_UNLOCKED = {
    "auth": "each locks beside its own link, so that two agents can overwrite each other's new tokens",
    "sessions": "each gateway rewrites it whole from its own memory, and takes the sessions of the others out",
}
_FEW = 3
#: Files of a home that hold secrets and are none of the kinds.
_SECRET = (".env", ".anthropic_oauth.json", os.path.join("shared", "nous_auth.json"))


def findings(home: Home, gateway: Gateway, facts: Iterable[FileFacts]) -> Iterator[Finding]:
    """What a user should know about the files of ``home`` that were looked at."""
    if gateway.state is State.UNCLEAR:
        message = f"a gateway may be running: {gateway.evidence}"
        yield finding("HS-HOME-006", home.path, "", message, "it is taken for running where that matters")
    yield from circumstances.managed(home)
    owner = _looks(home.path)
    kinds = set()
    for file in facts:
        kinds.add(file.kind)
        yield from _file(home, file, owner)
    if "auth" in kinds:
        yield from circumstances.copies(home)
        for name in _SECRET:
            path = os.path.join(home.path, name)
            yield from wide(home, path, _looks(path), "the secrets in it")
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
        hint = f"bring the target back, or remove the link: {quoted(file_command('rm', file.path))}"
        yield finding("HS-HOME-001", file.path, "", message, hint)
    yield from _shared(home, file)
    looks = _looks(file.path)
    if looks is None or not stat.S_ISREG(looks.st_mode):
        return
    yield from _stored(home, file)
    if file.kind == "auth":
        yield from wide(home, file.path, looks, "the tokens in it")
    if looks.st_nlink > 1:
        message = (
            f"it has {looks.st_nlink} names (hard links): agents that replace it leave the others with old content"
        )
        hint = "keep one name, and make symbolic links of the others, which agents follow"
        yield finding("HS-HOME-005", file.path, "", message, hint)
    if owner is not None:
        yield from _foreign(file.path, looks, owner, 0o4)


def wide(home: Home, path: str, looks: os.stat_result | None, what: str) -> Iterator[Finding]:
    """That others can get at ``what`` in the file at ``path``; on managed installs its group is meant to."""
    if looks is None or not stat.S_ISREG(looks.st_mode):
        return
    bits = looks.st_mode & (0o007 if home.managed else 0o077)
    if bits:
        message = f"its mode is {stat.S_IMODE(looks.st_mode):04o}: others than its owner can {_rights(bits)} {what}"
        hint = _unchangeable(home, path) or f"{quoted(file_command('chmod 600', path))} keeps them out"
        yield finding("HS-HOME-002", path, "", message, hint)


def _unchangeable(home: Home, path: str) -> str:
    """What to do where no mode can be changed as nothing is ever written there; ``""`` where it can."""
    real = os.path.realpath(path)
    where = _read_only(home, real)
    if not where:
        return ""
    said = f"in {where} no mode can be changed"
    if real == os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)):
        return said
    if home.managed and os.path.basename(path) == "config.yaml":
        return f"{said}: take the secrets out where the package manager has the file from"
    own = quoted(file_command("install -m 600", real, path))
    return f"{said}: {own} puts a copy of your own in place of the link, and the store keeps what it has"


def _read_only(home: Home, real: str) -> str:
    """What keeps the file at ``real`` from ever being written to, other than the home as a whole; ``""`` if nothing."""
    if os.path.realpath(real).startswith(STORES):
        return "a store that is never written to"
    is_sealed = _is_read_only(os.path.dirname(real)) and not _is_read_only(home.path)
    return "a file system that is mounted read-only" if is_sealed else ""


def _shared(home: Home, file: FileFacts) -> Iterator[Finding]:
    """For a file that other homes of the root have too, by links to the file itself: the locks are beside the links.

    A home that is itself a link to another one has the same locks. Breakers and config.yaml are read much and written
    seldom, and people share them on purpose.
    """
    does = _UNLOCKED.get(file.kind)
    if does is None or not file.shared_with:
        return
    mine = os.path.realpath(home.path)
    others = [other for other in file.shared_with if os.path.realpath(other) != mine]
    if not others:
        return
    more = f" and {len(others) - _FEW} more" if len(others) > _FEW else ""
    message = f"it is also the file of {', '.join(others[:_FEW])}{more}: {does}"
    yield finding("HS-HOME-008", file.path, "", message, "give each home a file of its own")


def _stored(home: Home, file: FileFacts) -> Iterator[Finding]:
    """For a file behind links: whether it lies where nobody can write, while the home itself can be written to."""
    if file.link_target is None or (file.kind == "config" and home.managed):
        return
    where = _read_only(home, file.link_target)
    if where:
        message = f"it is a link to {file.link_target}, in {where}: agents follow the link, so that every save fails"
        if file.kind == "config":  # which people write, and may have put there on purpose
            yield finding("HS-HOME-013", file.path, "", message, "change the settings where the store has them from")
            return
        own = quoted(file_command("install -m 600", file.link_target, file.path))
        yield finding("HS-HOME-007", file.path, "", message, f"{own} puts a copy in place of the link")


def _is_read_only(folder: str) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def _foreign(path: str, looks: os.stat_result, owner: os.stat_result, needed: int) -> Iterator[Finding]:
    """For a file of another user than the home's: whether the home's owner has the ``needed`` rights (rwx) on it."""
    if looks.st_uid == owner.st_uid:
        return
    who = f"it belongs to user {looks.st_uid}, the home to user {owner.st_uid}"
    hint = f"{quoted(file_command(f'sudo chown {owner.st_uid}:{owner.st_gid}', path))} gives it back"
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


def _looks(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except OSError:
        return None
