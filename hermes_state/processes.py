"""The process table as ``/proc`` shows it: who lives, since when, what it runs, and which files are locked.

Looking only. Where there is no ``/proc`` (macOS) it still says whether a process lives. What another user's processes
do not show is not known, never guessed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from hermes_state.errors import StateError
from hermes_state.home import find
from hermes_state.look import peek

#: The kernel's fixed name for the process namespace that sees all processes and locks (PROC_PID_INIT_INO).
_EVERYTHING = "pid:[4026531836]"
#: File systems on which another machine may hold a lock that this kernel does not know of.
_SHARED = frozenset({"9p", "afs", "ceph", "cifs", "fuse", "glusterfs", "lustre", "nfs", "nfs4", "smb3", "virtiofs"})
_PYTHON = re.compile(r"(?:python|pypy)[\d.]*w?(?:\.exe)?")
_COMMANDS = frozenset({"hermes", "hermes-acp", "hermes-agent", "hermes-iot"})
_PACKAGES = frozenset({"acp_adapter", "hermes_cli", "run_agent", "tui_gateway"})
_GATEWAYS = frozenset({"hermes-gateway", "desktop-gateway.py", "gateway.run"})
#: What the home rules read; of another process's environment, nothing else is kept.
_HOME_VARIABLES = (
    "HERMES_DATA_DIR_SUFFIX",
    "HERMES_GATEWAY_EXTERNAL_SUPERVISOR",
    "HERMES_HOME",
    "HERMES_S6_SUPERVISED_CHILD",
    "HERMES_SUPERVISED_CHILD",
    "HOME",
    "SUDO_USER",
)


class View(StrEnum):
    """What can be seen of a lock. ``HIDDEN``: somebody out of sight may hold it. ``BLIND``: no list of locks here."""

    HELD = "held"
    FREE = "free"
    HIDDEN = "hidden"
    BLIND = "blind"


class Hold(NamedTuple):
    """``pid`` is the holder as seen from here; None when it is out of sight, or there is none."""

    view: View
    pid: int | None = None


class Process(NamedTuple):
    """A running agent. ``kind`` is ``gateway`` or ``agent``; ``home`` is what it was started on, None if unknown."""

    pid: int
    kind: str
    home: str | None


class Processes:
    """The process table under ``proc_root``, with the list of locks as it was at the first question."""

    def __init__(self, proc_root: str = "/proc") -> None:
        self._root = proc_root
        self._rows: list[tuple[int, int, int]] | None = None

    def alive(self, pid: int) -> bool:
        """Whether a process has this id, zombies not counting (as for the agent since 0.18)."""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass  # somebody else's, which is alive enough
        _, _, after = self._text(pid, "stat").rpartition(")")
        return after.split()[:1] not in (["Z"], ["X"])

    def start_times(self, pid: int) -> set[int]:
        """When the process started, in clock ticks since boot; empty when unknown.

        Two values where the process's name holds a blank: the true one, and what a split at every blank takes for it,
        which is what agents record.
        """
        text = self._text(pid, "stat")
        fields = (text.rpartition(")")[2].split()[19:20], text.split()[21:22])
        return {int(found[0]) for found in fields if found and found[0].isdecimal()}

    def argv(self, pid: int) -> list[str]:
        """The command line, empty when it is not shown."""
        text = self._text(pid, "cmdline")
        return text.removesuffix("\0").split("\0") if text else []

    def home(self, pid: int) -> str | None:
        """The home that the process was started on, by the home rules on its own environment; None if unknown."""
        try:
            if os.readlink(self._path(pid, "ns/mnt")) != os.readlink(self._path("self", "ns/mnt")):
                return None  # its paths are not ours
            pairs = (pair.partition("=") for pair in self._text(pid, "environ").split("\0"))
            env = {name: value for name, _, value in pairs if name in _HOME_VARIABLES}
            if not env.keys() & {"HOME", "HERMES_HOME"}:
                return None
            return find(None, _profile_option(self.argv(pid)), env, cwd=os.readlink(self._path(pid, "cwd"))).path
        except (OSError, StateError):
            return None

    def lock(self, path: str) -> Hold:
        """Who holds the flock on the file at ``path``, from the kernel's list: the file itself is not opened."""
        try:
            rows = self._locks()
        except OSError:
            return Hold(View.HIDDEN if os.path.isdir(self._path("self")) else View.BLIND)
        try:
            file = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            return Hold(View.FREE if self._sees_everything() else View.HIDDEN)
        except OSError:
            return Hold(View.HIDDEN)
        view = View.FREE if self._sees_everything() and not self._is_shared(file.st_dev) else View.HIDDEN
        for pid, device, inode in rows:
            if inode != file.st_ino:
                continue
            if device == file.st_dev:
                return Hold(View.HELD, pid if pid > 0 else None)
            # btrfs and overlay list a lock under another device than stat tells; both are then anonymous.
            if os.major(device) == os.major(file.st_dev) == 0:
                opened = self._has_open(pid, file)
                if opened:
                    return Hold(View.HELD, pid)
                view = View.HIDDEN if opened is None else view
        return Hold(view)

    def agents(self) -> Iterator[Process]:
        """The agent's processes of this user, or of every user for root, this process aside."""
        try:
            pids = sorted(int(name) for name in os.listdir(self._root) if name.isdecimal())
        except OSError:
            return
        me = os.geteuid()
        for pid in pids:
            try:
                mine = me in (0, os.stat(self._path(pid)).st_uid)
            except OSError:
                continue  # it has just ended
            kind = command_kind(self.argv(pid)) if mine and pid != os.getpid() else None
            if kind:
                yield Process(pid, kind, self.home(pid))

    def _path(self, pid: int | str, name: str = "") -> str:
        return os.path.join(self._root, str(pid), name)

    def _text(self, pid: int | str, name: str) -> str:
        try:
            return os.fsdecode(peek(self._path(pid, name)))
        except OSError:
            return ""

    def _locks(self) -> list[tuple[int, int, int]]:
        """Holder, device and inode of every flock; who waits for one (``->``) does not hold it."""
        if self._rows is None:
            found = re.findall(
                r"^\d+: FLOCK +\S+ +\S+ +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) ",
                peek(os.path.join(self._root, "locks")).decode("ascii", "replace"),
                re.MULTILINE,
            )
            self._rows = [(int(p), os.makedev(int(a, 16), int(b, 16)), int(inode)) for p, a, b, inode in found]
        return self._rows

    def _sees_everything(self) -> bool:
        """Whether the list of locks is complete: in a container the kernel leaves out what others hold."""
        try:
            return os.readlink(self._path("self", "ns/pid")) == _EVERYTHING
        except OSError:
            return False

    def _is_shared(self, device: int) -> bool:
        here = f"{os.major(device)}:{os.minor(device)}"
        for line in self._text("self", "mountinfo").splitlines():
            before, _, after = line.partition(" - ")
            if before.split()[2:3] == [here]:
                kind = after.split(" ", 1)[0]
                return kind in _SHARED or kind.startswith("fuse.")
        return False

    def _has_open(self, pid: int, file: os.stat_result) -> bool | None:
        """Whether the process has the file open; None when that is not shown."""
        try:
            for name in os.listdir(self._path(pid, "fd")):
                try:
                    if os.path.samestat(os.stat(self._path(pid, f"fd/{name}")), file):
                        return True
                except FileNotFoundError:
                    continue  # closed while we looked
        except OSError:
            return None
        return False


def hermes_processes(proc_root: str = "/proc") -> list[Process]:
    """The agent's processes of this user (for root, of every user), by id; empty where there is no process table.

    Whoever of them uses a home holds its credentials in memory, and may write marks back that were cleared on disk.
    """
    return list(Processes(proc_root).agents())


def command_kind(argv: list[str]) -> str | None:
    """``gateway``, ``agent``, or None for a command line that is not the agent's."""
    if not argv:
        return None
    entry, arguments = _entry(argv)
    entry = entry.replace("\\", "/").lower()
    name = entry.rpartition("/")[2].removesuffix(".exe")
    if name in _GATEWAYS or f"/{entry}".endswith("/gateway/run.py"):
        return "gateway"
    package = name.partition(".")[0]
    if name not in _COMMANDS and package not in _PACKAGES and not f"/{entry}".endswith("/hermes_cli/main.py"):
        return None
    words = [*_without_profile(arguments), "run"]
    asked = words[words.index("gateway") + 1] if "gateway" in words else None
    return "gateway" if asked in ("run", "restart") or (asked or "").startswith("-") else "agent"


def _entry(argv: list[str]) -> tuple[str, list[str]]:
    """The program or module that a command line runs, and its arguments."""
    if not _PYTHON.fullmatch(argv[0].replace("\\", "/").rpartition("/")[2].lower()):
        return argv[0], argv[1:]
    at = 1
    while at < len(argv) and argv[at].startswith("-"):
        option = argv[at]
        if option in ("-X", "-W", "--check-hash-based-pycs"):
            at += 1
        elif not option.startswith(("-X", "-W", "--")) and option[-1] in "mc":
            what, arguments = "".join(argv[at + 1 : at + 2]), argv[at + 2 :]
            # The 0.22 launcher runs its source with -c; other sources keep their arguments for themselves.
            source = "hermes_cli.main" if re.search(r"\bfrom hermes_cli[\w.]* import main\b", what) else ""
            return (what if option[-1] == "m" else source), arguments
        at += 1
    return "".join(argv[at : at + 1]), argv[at + 1 :]


def _without_profile(arguments: list[str]) -> Iterator[str]:
    words = iter(arguments)
    for word in words:
        if word in ("-p", "--profile"):
            next(words, None)
        elif not word.startswith(("-p=", "--profile=")):
            yield word


def _profile_option(argv: list[str]) -> str | None:
    for at, word in enumerate(argv):
        if word == "--":
            break
        if word in ("-p", "--profile") and at + 1 < len(argv):
            return argv[at + 1]
        if word.startswith("--profile="):
            return word.partition("=")[2]
    return None
