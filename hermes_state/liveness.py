"""Is a gateway running for a home? Answered by looking only.

The agent's own check probes ``gateway.lock`` with flock, which can make a gateway fail that starts in that instant,
and deletes what it takes for stale, up to 0.19 a held lock included. So nothing here opens a gateway file for writing,
takes a lock, or sends a signal other than 0: the kernel's list of locks, the gateway's own records and the process
table say enough. What they cannot say is ``unclear``, and counts as running for whoever wants to write.

The records and what they prove are those of ``gateway/status.py``, 0.13 to 0.22.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Sequence
from enum import StrEnum
from time import monotonic
from typing import Any, NamedTuple

from hermes_state.errors import NoSuchHome
from hermes_state.home import Home, all_homes
from hermes_state.look import peek, same_place
from hermes_state.processes import Processes, View, command_kind

_STATE, _PID, _LOCK = "gateway_state.json", "gateway.pid", "gateway.lock"
#: What ``gateway_state`` is before a gateway's first start and after its end.
_ENDED = (None, "stopped", "startup_failed")
#: Start times so close are one (clock ticks); 0.22 allows as much.
_DRIFT = 200
#: What the profiles' gateways say of others is asked again after so many seconds, or after so many times what asking
#: took: then it is a small part of a run, however many profiles there are.
_FRESH, _SHARE = 1.0, 20.0


class State(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    UNCLEAR = "unclear"


class Gateway(NamedTuple):
    """``pid`` is the gateway's process as seen from here, None where that is not known.

    ``evidence`` says in words what the answer rests on; ``served_by`` is the home whose gateway serves this one too.
    """

    state: State
    pid: int | None
    evidence: str
    served_by: str | None = None

    @property
    def may_be_running(self) -> bool:
        """Whether a writer must reckon with a gateway."""
        return self.state is not State.STOPPED


class Hosts:
    """Which homes have a gateway that may serve others as well, for a run that asks for one home after the other.

    A home's own gateway, the root's, and those that said that they serve it are looked at anew for each question. That
    yet another profile's gateway has begun to serve it may be noticed a second late; such a gateway (0.22) says so
    itself only when it has connected to all platforms, which takes longer.
    """

    def __init__(self) -> None:
        self._said: dict[str, dict[str, list[Home]]] = {}
        self._until: dict[str, float] = {}

    def of(self, home: Home) -> list[Home]:
        """The homes to ask for ``home``: its root, and those whose gateway said that it serves it."""
        at = monotonic()
        if at >= self._until.get(home.root, at):
            said = self._said[home.root] = defaultdict(list)
            for host in _around(home):
                for name in _served(host.path):
                    said[name].append(host)
            took = monotonic() - at
            self._until[home.root] = at + took + max(_FRESH, _SHARE * took)
        root = home._replace(path=home.root, profile="default")
        return [root, *(host for host in self._said[home.root].get(home.profile, ()) if host.path != home.root)]


def gateway(home: Home, *, hosts: Hosts | None = None, proc_root: str = "/proc") -> Gateway:
    """The gateway of ``home``, its own or one of the same root that serves it too, as of now.

    ``hosts`` is for a run over many homes; None asks every home of the root.
    """
    return _answers([home], hosts.of(home) if hosts is not None else _around(home), proc_root)[home.path]


def _around(home: Home) -> list[Home]:
    try:
        return all_homes(home, {})
    except NoSuchHome:  # the profiles cannot be listed; the root, which usually serves them, can still be asked
        return [home._replace(path=home.root, profile="default")]


def gateways(homes: Sequence[Home], *, proc_root: str = "/proc") -> dict[str, Gateway]:
    """The gateways of several homes by path; a gateway that serves several is looked for in these homes only."""
    return _answers(homes, homes, proc_root)


def _answers(homes: Sequence[Home], hosts: Sequence[Home], proc_root: str) -> dict[str, Gateway]:
    """A multiplexing gateway runs in one home, usually the root (0.17 to 0.22) or a profile (0.22), and names the
    profiles that it serves; these have no gateway files of their own."""
    table = Processes(proc_root)
    own = {home.path: _own(home, table) for home in homes}
    serving: dict[tuple[str, str], list[Home]] = defaultdict(list)
    for host in hosts:
        for name in _served(host.path):
            serving[host.root, name].append(host)
    answers = dict(own)
    for home in homes:
        for host in serving.get((home.root, home.profile), ()):
            if host.path not in own:
                own[host.path] = _own(host, table)
            served = own[host.path]._replace(served_by=host.path)
            answers[home.path] = _stronger(answers[home.path], served)
    return answers


def _stronger(own: Gateway, host: Gateway) -> Gateway:
    order = (State.STOPPED, State.UNCLEAR, State.RUNNING)
    return host if order.index(host.state) > order.index(own.state) else own


def _own(home: Home, table: Processes) -> Gateway:
    """What a home's own files and processes say."""
    hold = table.lock(os.path.join(home.path, _LOCK))
    if hold.view is View.HELD:
        if hold.pid is None:
            return Gateway(State.RUNNING, None, f"{_LOCK} is held by a process outside this container")
        if not table.alive(hold.pid):
            return Gateway(State.UNCLEAR, None, f"{_LOCK} is still held, but process {hold.pid}, which took it, ended")
        return Gateway(State.RUNNING, hold.pid, f"{_LOCK} is held by process {hold.pid}")
    doubt: Gateway | None = None
    ended = None
    for name in (_STATE, _PID, _LOCK):
        try:
            record = _record(os.path.join(home.path, name))
        except OSError as error:
            doubt = doubt or Gateway(State.UNCLEAR, None, f"{name} cannot be read: {error.strerror}")
            continue
        pid = _pid(record)
        if pid is None or pid == ended:  # a process that outlives its gateway has said that it stopped
            continue
        # A lock file stays behind after every end, so its record alone claims nothing.
        claims = record.get("gateway_state") not in _ENDED if name == _STATE else name == _PID
        if name == _STATE and not claims:
            ended = pid
            continue
        verdict = _verdict(name, record, pid, claims, hold.view, home, table)
        if verdict and verdict.state is State.RUNNING:
            return verdict
        doubt = doubt or verdict
    if doubt:
        return doubt
    seen = "is free" if hold.view is View.FREE else "is not seen to be held"
    return Gateway(State.STOPPED, None, f"{_LOCK} {seen}, and no recorded gateway process lives")


def _verdict(
    name: str, record: dict[str, Any], pid: int, claims: bool, view: View, home: Home, table: Processes
) -> Gateway | None:
    """What one record says: a running gateway, a doubt, or nothing."""
    theirs = record.get("hermes_home")
    if isinstance(theirs, str) and theirs.strip() and not same_place(theirs, home.path):
        # A copied home carries the record of the original; a container calls the same directory something else.
        if claims and view is not View.FREE:
            return Gateway(State.UNCLEAR, None, f"{name} is of a gateway that calls its home {theirs}")
        return None
    same = _is_the_recorded(record, pid, home, table) if table.alive(pid) else False
    if same is False:
        if claims and view is View.HIDDEN:
            return Gateway(
                State.UNCLEAR, None, f"{name} names process {pid}, which is not seen here but may be elsewhere"
            )
        return None
    if same is None:
        if claims or view is not View.FREE:
            return Gateway(State.UNCLEAR, pid, f"{name} names process {pid}, which lives but may be another program")
        return None
    if name != _STATE and view is not View.BLIND:
        return Gateway(State.UNCLEAR, pid, f"{name} names process {pid}, which lives but does not hold {_LOCK}")
    return Gateway(State.RUNNING, pid, f"{name} names process {pid}, which lives")


def _is_the_recorded(record: dict[str, Any], pid: int, home: Home, table: Processes) -> bool | None:
    """Whether the living process ``pid`` is the one that the record is of; None when nothing can tell.

    An equal start time proves it, whatever the command line has become; another one disproves it, unless a gateway of
    this very home has got the same number, as happens in containers: then the record is only out of date. Without one
    (an old record, macOS) the command line and the home that it was started on remain.
    """
    started, recorded = table.start_times(pid), record.get("start_time")
    argv = table.argv(pid)
    is_gateway = command_kind(argv) == "gateway"
    theirs = table.home(pid) if is_gateway else None
    same = None if theirs is None else same_place(theirs, home.path)
    if started and isinstance(recorded, int | float):
        if any(abs(recorded - at) <= _DRIFT for at in started):
            return True
        return None if same else False
    if is_gateway:
        return same
    words = " ".join(argv).lower()
    return None if not argv or "hermes" in words or "gateway" in words else False


def _record(path: str) -> dict[str, Any]:
    """A gateway's record; empty when there is none, or it is not one (it is written in place, so half of it may be).

    Raises OSError when it is there but cannot be read.
    """
    try:
        parsed = json.loads(peek(path).decode("utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return {}
    if isinstance(parsed, int):  # the form before records
        return {"pid": parsed}
    return parsed if isinstance(parsed, dict) else {}


def _pid(record: dict[str, Any]) -> int | None:
    """The record's process id; as the agent does, a number in quotes counts."""
    value = record.get("pid")
    if isinstance(value, bool):
        return None
    try:
        pid = int(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return pid if 0 < pid < 1 << 31 else None


def _served(path: str) -> frozenset[str]:
    """The profiles that the gateway of the home at ``path`` says it serves (0.17)."""
    try:
        names = _record(os.path.join(path, _STATE)).get("served_profiles")
    except OSError:
        return frozenset()
    return frozenset(str(name).strip().lower() for name in names) if isinstance(names, list) else frozenset()
