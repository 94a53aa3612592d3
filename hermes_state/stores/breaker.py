"""``rate_limits/<provider>.json``: until when the agents of one home leave a provider alone.

Any agent process writes such a file when the provider says that it is enough, none takes a lock, and only ``reset_at``
is ever read. What agents make of a damaged one is told here as it is (``agent/nous_rate_guard.py``, 0.13 to 0.22; their
answers to every case are recorded in ``tests/stores/breaker_agents.json``); nothing here raises for what a file holds.
"""

from __future__ import annotations

import json
import math
import os
import stat
from enum import StrEnum
from typing import NamedTuple

from hermes_state.clock import DAY
from hermes_state.cooldown import Rule
from hermes_state.disk import Disk, RealDisk, opened
from hermes_state.errors import FileNotOk, LinkLoop, NotRegularFile
from hermes_state.links import Location, resolve
from hermes_state.outcomes import Fault, Outcome

FOLDER = "rate_limits"
SUFFIX = ".json"
#: The providers that agents keep breakers for; the second since 0.22. Any other name in the folder is foreign.
ANONYMOUS = "nous-anonymous"
PROVIDERS = ("nous", ANONYMOUS)
#: Bytes that are looked at; a genuine breaker has about a hundred.
LIMIT = 1 << 20
#: Seconds ahead that no genuine limit reaches: the longest window is an hour.
IMPLAUSIBLE = 7 * DAY
#: Seconds are far below this in any age that agents live in; milliseconds are above.
_MILLISECONDS = 1e12
_FIELDS = ("reset_at", "recorded_at", "reset_seconds")
_BOM = b"\xef\xbb\xbf"


class State(StrEnum):
    ACTIVE = "active"
    EXPIRED = "expired"
    CORRUPT = "corrupt"
    IMPLAUSIBLE = "implausible"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"
    ABSENT = "absent"  # there is none, only a link that leads to nothing


class AgentDoes(StrEnum):
    """What an agent does when it looks at the file before it asks the provider."""

    WAITS = "waits"
    """It leaves the provider alone."""
    REMOVES = "removes"
    """It deletes the file, or the link to it, and asks the provider."""
    IGNORES = "ignores"
    """It asks the provider and leaves the file where it is."""
    FAILS = "fails"
    """Its guard raises, which is caught above: it asks the provider, and the file stays until someone deletes it."""
    HANGS = "hangs"
    """It waits for somebody to write into a FIFO."""
    UNKNOWN = "unknown"
    """The file could not be looked at, or is too large to be."""


class Looks(NamedTuple):
    """What stays when an entry is renamed (on an overlay its inode need not): type, size in bytes, time of change and
    owner."""

    kind: int
    size: int
    mtime_ns: int
    uid: int

    @classmethod
    def of(cls, found: os.stat_result) -> Looks:
        return cls(stat.S_IFMT(found.st_mode), found.st_size, found.st_mtime_ns, found.st_uid)


class BreakerState(NamedTuple):
    """One breaker as it was found. Times are epoch seconds and may be infinite.

    ``detail`` says in words what the state does not. ``agent`` is what 0.22 does; ``agent_does`` tells other versions.
    ``link_target`` is where the links lead, as far as they could be followed; ``where`` is the real entry, None where
    there is none. ``is_directory`` is said of the entry itself, not of what a link leads to. ``has_shape`` tells
    content that can only be a breaker's. ``errno`` is that of the call that failed where it could not be looked at.
    ``entry`` and ``real`` are the looks of the entry and of what it leads to, and ``data`` is the content (at most
    LIMIT + 1 bytes): what it takes to recognise the same file again.
    """

    provider: str
    path: str
    state: State
    detail: str = ""
    reset_at: float | None = None
    remaining_seconds: float | None = None
    outcome: Outcome = Outcome.OK
    agent: AgentDoes = AgentDoes.UNKNOWN
    has_mark: bool = False
    link_target: str | None = None
    is_directory: bool = False
    has_shape: bool = False
    errno: int | None = None
    where: Location | None = None
    entry: Looks | None = None
    real: Looks | None = None
    data: bytes = b""

    def agent_does(self, rule: Rule | None) -> AgentDoes:
        """What an agent of ``rule`` does; for None what 0.22 does.

        Others cannot read past a byte order mark, and know no breaker of the use without a login.
        """
        is_lost = rule is not None and rule < Rule.V22 and (self.has_mark or self.provider == ANONYMOUS)
        return AgentDoes.IGNORES if is_lost else self.agent

    def blocks(self, rule: Rule | None) -> bool:
        """Whether this keeps an agent of ``rule`` (None: of any version) from asking the provider."""
        return self.agent_does(rule) in (AgentDoes.WAITS, AgentDoes.HANGS)


def breakers(home: str) -> list[str]:
    """The paths of everything called ``*.json`` in the home's ``rate_limits``, sorted: files, links, odd things too.

    Raises FileNotOk when the folder is there and cannot be listed, or is no directory.
    """
    folder = os.path.join(home, FOLDER)
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    except OSError as error:
        no_folder = "it is not a directory; agents cannot keep a breaker there"
        message = no_folder if isinstance(error, NotADirectoryError) else os.strerror(error.errno or 0)
        raise FileNotOk(folder, Fault(Outcome.UNREADABLE, message, errno=error.errno)) from error
    return [os.path.join(folder, name) for name in names if name.endswith(SUFFIX)]


def provider_of(path: str) -> str:
    """The provider that the breaker at ``path`` is about."""
    return os.path.basename(path).removesuffix(SUFFIX)


def look(path: str, now: float, disk: Disk | None = None) -> BreakerState | None:
    """What the breaker at ``path`` amounts to at ``now`` (epoch seconds); None when nothing is there.

    Never waits, never changes anything, and raises for nothing that is there.
    """
    disk = disk if disk is not None else RealDisk()
    found = BreakerState(provider_of(path), path, State.UNREADABLE)
    try:
        with opened(disk, os.path.realpath(os.path.dirname(path), strict=True)) as at:
            looks = disk.stat(at, os.path.basename(path))
        target = _target(path) if stat.S_ISLNK(looks.st_mode) else None
    except FileNotFoundError:
        return None
    except NotADirectoryError as error:
        return _named(_unreadable(found, error)._replace(agent=AgentDoes.FAILS))
    except OSError as error:
        return _named(_unreadable(found, error))
    found = found._replace(entry=Looks.of(looks), is_directory=stat.S_ISDIR(looks.st_mode), link_target=target)
    found = _followed(found, now, disk)
    if found.outcome is Outcome.ABSENT and found.link_target is None:  # an agent has removed it this instant
        return None
    return _named(found)


def _named(found: BreakerState) -> BreakerState:
    """A name that no agent gives tells more than what the file holds: that is not judged then."""
    if found.provider in PROVIDERS:
        return found
    detail = "no agent keeps a breaker of this name"
    return found._replace(
        state=State.FOREIGN, detail=detail, reset_at=None, remaining_seconds=None, agent=AgentDoes.IGNORES
    )


def _target(path: str) -> str:
    return os.path.join(os.path.dirname(path), os.readlink(path))


def _followed(found: BreakerState, now: float, disk: Disk) -> BreakerState:
    """``found`` with what is behind its links, if it has any."""
    try:
        where = resolve(found.path)
        found = found._replace(link_target=where.path if where.links else None)
        with opened(disk, where.directory) as at:
            looks = disk.stat(at, where.name)
            found = found._replace(where=where, real=Looks.of(looks))
            data = disk.read(at, where.name, LIMIT)
    except FileNotFoundError:
        detail = f"the link leads to {found.link_target}, which does not exist"
        return found._replace(state=State.ABSENT, detail=detail, outcome=Outcome.ABSENT, agent=AgentDoes.IGNORES)
    except NotRegularFile as error:
        does = {"directory": AgentDoes.FAILS, "FIFO": AgentDoes.HANGS, "socket": AgentDoes.FAILS}
        agent = does.get(error.reason.partition(",")[0].removeprefix("it is a "), AgentDoes.UNKNOWN)
        return found._replace(detail=error.reason, outcome=Outcome.UNREADABLE, agent=agent)
    except LinkLoop as error:
        return found._replace(detail=error.reason, outcome=Outcome.UNREADABLE, agent=AgentDoes.FAILS)
    except OSError as error:
        return _unreadable(found, error)
    return _judged(found._replace(data=data), now)


def _unreadable(found: BreakerState, error: OSError) -> BreakerState:
    return found._replace(detail=os.strerror(error.errno or 0), outcome=Outcome.UNREADABLE, errno=error.errno)


def _judged(found: BreakerState, now: float) -> BreakerState:
    """``found`` with what its content says, read as the agent reads it."""
    data = found.data

    def corrupt(detail: str, agent: AgentDoes, outcome: Outcome = Outcome.CORRUPT) -> BreakerState:
        return found._replace(state=State.CORRUPT, detail=detail, agent=agent, outcome=outcome)

    if len(data) > LIMIT:
        return corrupt(f"it has more than {LIMIT >> 20} MiB", AgentDoes.UNKNOWN, Outcome.TOO_LARGE)
    if not data:
        return corrupt("it is empty", AgentDoes.IGNORES, Outcome.EMPTY)
    try:
        text = data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        return corrupt(f"byte {error.start} is not UTF-8", AgentDoes.FAILS)
    found = found._replace(has_mark=data.startswith(_BOM))
    try:
        value = json.loads(text)
    except RecursionError:
        return corrupt("values are nested too deep", AgentDoes.FAILS)
    except json.JSONDecodeError:
        odd = "NUL bytes, as after a crash" if "\0" in text else "it is not JSON"
        return corrupt(odd if text.strip() else "it holds white space only", AgentDoes.IGNORES)
    except ValueError:  # an integer of more digits than Python converts
        return corrupt("a number has thousands of digits", AgentDoes.FAILS)
    if not isinstance(value, dict):
        return corrupt("it is not an object", AgentDoes.FAILS, Outcome.INVALID)
    found = found._replace(has_shape=any(field in value for field in _FIELDS))
    if "reset_at" not in value:
        return corrupt("it has no reset_at", AgentDoes.REMOVES, Outcome.INVALID)
    reset_at = value["reset_at"]
    if isinstance(reset_at, bool) or not isinstance(reset_at, int | float):
        does = AgentDoes.REMOVES if isinstance(reset_at, bool) else AgentDoes.IGNORES  # true counts as 1
        return corrupt("its reset_at is not a number", does, Outcome.INVALID)
    return _timed(found, reset_at, now)


def _timed(found: BreakerState, reset_at: float, now: float) -> BreakerState:
    """``found``, whose ``reset_at`` is a number."""
    implausible = found._replace(state=State.IMPLAUSIBLE, agent=AgentDoes.REMOVES)
    try:
        end = float(reset_at)
    except OverflowError:
        detail = "its reset_at is a whole number that no clock can reach"
        return implausible._replace(detail=detail, agent=AgentDoes.FAILS)
    if math.isnan(end):
        return implausible._replace(detail="its reset_at is not a number (NaN)")
    remaining = end - now
    found = found._replace(reset_at=end, remaining_seconds=remaining)
    implausible = implausible._replace(reset_at=end, remaining_seconds=remaining)
    if end == -math.inf:
        return implausible._replace(detail="its reset_at is minus infinity")
    if remaining <= 0:
        return found._replace(state=State.EXPIRED, agent=AgentDoes.REMOVES)
    if remaining <= IMPLAUSIBLE:
        return found._replace(state=State.ACTIVE, agent=AgentDoes.WAITS)
    detail = "its reset_at is more than 7 days ahead, which no genuine limit is"
    if end == math.inf:
        detail = "its reset_at is infinite"
    elif end > _MILLISECONDS:
        detail = "its reset_at looks like milliseconds: read as seconds it never comes"
    return implausible._replace(detail=detail, agent=AgentDoes.WAITS)
