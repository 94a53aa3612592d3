"""What crashed programs left in a home: our temporary files and writes that were cut short, and agents' files.

No version of the agent clears up after a crash, and its temporary files hold what was to be written: tokens, where it
was ``auth.json`` or ``.env``. Only names that nothing but an agent's writers give are called litter, and only when they
are older than an hour, since no writer takes longer.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from hermes_state import backup, inplace, strays
from hermes_state.clock import HOUR, duration
from hermes_state.disk import RealDisk
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.commands import command, file_command, quoted
from hermes_state.inspection.sessions.pairing import FOLDERS as PAIRING
from hermes_state.look import peek
from hermes_state.redaction import harmless

#: ``mkstemp`` of Python fills names up with eight of these.
_RANDOM = "[a-z0-9_]{8}"
#: Of the agent's helper (``.<stem>_XXXXXXXX.tmp``) and of its single writers, in the home itself.
_HOME = rf"\..+_{_RANDOM}\.tmp|auth\.json\.tmp(?:\.\d+\.[0-9a-f]{{32}})?|gateway-starts\.tmp|active_profile\.tmp"
#: folder -> what is litter in it; ``""`` is the home.
_LITTER = {
    "": _HOME,
    "sessions": rf"\.sessions_{_RANDOM}\.tmp",
    "rate_limits": rf"tmp{_RANDOM}\.tmp|\.tmp_{_RANDOM}\.tmp|\.nous(?:-anonymous)?_{_RANDOM}\.tmp",
    "runtime": r"active_sessions\.json\.\d+\.[0-9a-f]+\.tmp",
    "gateway": r"dead_targets\.json\.tmp",
    **dict.fromkeys(PAIRING, rf"tmp{_RANDOM}\.tmp"),
}
#: What is litter behind a link out of the home, where other programs may have files of their own.
_ELSEWHERE = rf"\.(?:auth|config|sessions)_{_RANDOM}\.tmp|auth\.json\.tmp\.\d+\.[0-9a-f]{{32}}"
#: So many files are named in one command.
_AT_ONCE = 20


def findings(home: Home, now: float) -> Iterator[Finding]:
    """What lies about in ``home`` at ``now`` (epoch seconds)."""
    disk = RealDisk()
    recover = quoted(command(home, "recover"))
    ours = strays.find(disk, home.path, now)
    if ours:
        message = f"temporary files and unfinished backups of killed runs lie about ({len(ours)}), such as {ours[0]}"
        yield finding("HS-HOME-020", home.path, "", message, f"{recover} sweeps them")
    for record in inplace.records(disk, home.path).found:
        path = _cut_short(home, record, now)
        if path is not None:
            message = f"a write in place was cut short: the file may be half written; both contents are in {record}"
            yield finding("HS-HOME-021", path, "", message, f"{recover} brings the old content back if need be")
    theirs = list(_theirs(home, now))
    if theirs:
        yield _litter(home, theirs, now)


def _cut_short(home: Home, record: str, now: float) -> str | None:
    """The file that ``record`` is about, if nobody is writing it any more and it is one of ``home``."""
    from hermes_state.recovering import at_work
    from hermes_state.writer import Writer

    try:
        facts = json.loads(peek(os.path.join(record, backup.MANIFEST)))
        path, writer = str(facts["real_path"]), Writer(**facts["writer"])
        is_over = not at_work(writer, now - os.stat(record).st_mtime)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # without its facts it is a write that was not begun yet: the file was not touched
    return path if is_over and _belongs(home, record, path) else None


def _belongs(home: Home, record: str, path: str) -> bool:
    """Records of several homes can lie in the user's state directory."""
    if record.startswith(os.path.join(os.path.realpath(home.path), "")):
        return True
    return os.path.dirname(path) in strays.places(home.path)


def _theirs(home: Home, now: float) -> Iterator[tuple[str, os.stat_result]]:
    """Litter of agents, with its looks."""
    folders = ((os.path.join(home.path, folder), pattern) for folder, pattern in _LITTER.items())
    named = {os.path.realpath(path): pattern for path, pattern in folders if os.path.isdir(path)}
    elsewhere = dict.fromkeys(strays.places(home.path), _ELSEWHERE)
    for place, pattern in (elsewhere | named).items():
        with suppress(OSError):
            for name in sorted(os.listdir(place)):
                if ".tmp" in name and _compiled(pattern).fullmatch(name):
                    looks = os.lstat(os.path.join(place, name))
                    # Nothing is renamed to such a name, so that the time of writing is that of its making.
                    if stat.S_ISREG(looks.st_mode) and looks.st_mtime < now - HOUR:
                        yield os.path.join(place, name), looks


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


def _litter(home: Home, found: list[tuple[str, os.stat_result]], now: float) -> Finding:
    count = sum(looks.st_size for _, looks in found)
    size = "1 byte" if count == 1 else f"{count} bytes"
    oldest = max(now - looks.st_mtime for _, looks in found)
    message = (
        f"temporary files of crashed agents lie about ({len(found)}, together {size}, the oldest from "
        f"{duration(oldest)} ago), such as {found[0][0]}; they can hold tokens"
    )
    paths = [path for path, _ in found if harmless(path) == path]
    more = f", {_AT_ONCE} at a time" if len(paths) > _AT_ONCE else ""
    hint = f"{quoted(file_command('rm', *paths[:_AT_ONCE]))} removes them{more}" if paths else ""
    return finding("HS-HOME-022", home.path, "", message, hint)
