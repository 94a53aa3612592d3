"""The machine on which the commands of a page run: a user's home of its own, a clock that stands, nobody else at work.

It really exists, as ``/tmp/<4 letters>``, which is as long as the ``/home/you`` that pages show: so what is printed
folds in the same places everywhere.
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import string
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

LAUNCHER = Path(__file__).with_name("launcher.py")
SHOWN = "/home/you"
#: When it is two in the morning, in epoch seconds: 2026-11-21T02:04:00Z.
NIGHT = 1795226640.0
#: How long a person takes from one command to the next, in seconds.
PAUSE = 30.0
COLUMNS = 80
#: What must never be shown as if it was meant to be.
DEFECTS = re.compile(
    r"unexpected error|Traceback \(most recent call last\)|^sh: .*not found|No such option", re.MULTILINE
)


class Lacking(Exception):
    """This machine lacks what a scene needs; the text says what."""


@dataclass(slots=True)
class Machine:
    """``user`` is the user's home directory, ``hermes`` the agent's home in it. A context manager; use it once."""

    agent: str | None = None
    now: float = NIGHT
    user: Path = field(init=False)
    _tools: Path = field(init=False)
    _mounts: list[tuple[Path, Path]] = field(default_factory=list)

    @property
    def hermes(self) -> Path:
        return self.user / ".hermes"

    @property
    def _processes(self) -> Path:
        return self._tools / "proc"

    def __enter__(self) -> Machine:
        """Raises Lacking where such a machine cannot be had."""
        if os.uname().sysname != "Linux":
            raise Lacking("the pages show a Linux machine")
        python = agent_python(self.agent) if self.agent else None
        self.user = _new_directory()
        self._tools = Path(tempfile.mkdtemp(prefix="hermes-docs-"))
        self.hermes.mkdir(mode=0o700)
        self._offer("hermes-state", sys.executable)
        if python:
            self._offer("hermes", python)
        # A process table in which nobody is, and which can see everything.
        (self._processes / "self" / "ns").mkdir(parents=True)
        (self._processes / "self" / "ns" / "pid").symlink_to("pid:[4026531836]")
        (self._processes / "self" / "mountinfo").touch()
        (self._processes / "locks").touch()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        shutil.rmtree(self.user, ignore_errors=True)
        shutil.rmtree(self._tools, ignore_errors=True)

    def mount(self, source: Path, target: Path) -> None:
        """From now on each command finds the file ``source`` mounted over the file ``target``. Raises Lacking."""
        if os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("mount"):
            raise Lacking("mounting a file needs root, unshare and mount")
        if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
            raise Lacking("may not mount here")
        self._mounts.append((source, target))

    def start_gateway(self) -> None:
        """From now on a gateway is seen to work on the home: process 1, as in a container of its own."""
        lock = self.hermes / "gateway.lock"
        lock.write_text('{"pid": 1, "kind": "hermes-gateway"}')
        where = lock.stat()
        place = f"{os.major(where.st_dev):02x}:{os.minor(where.st_dev):02x}:{where.st_ino}"
        (self._processes / "locks").write_text(f"1: FLOCK  ADVISORY  WRITE 1 {place} 0 EOF\n")
        process = self._processes / "1"
        (process / "ns").mkdir(parents=True)
        for one in (process, self._processes / "self"):
            (one / "ns" / "mnt").symlink_to("mnt:[4026531841]")
        (process / "cwd").symlink_to(self.user)
        (process / "cmdline").write_text("hermes\0gateway\0run\0")
        (process / "environ").write_text(f"HOME={self.user}\0")
        (process / "stat").write_text("1 (hermes) S" + " 0" * 40)

    def run(self, line: str) -> str:
        """What ``line`` prints, typed in the user's home directory; a pause later the next one can be typed.

        Raises AssertionError when it shows what no page may show: a defect, or a command that does not exist.
        """
        typed = ["sh", "-c", line]
        if self._mounts:
            mounts = "".join(f"mount --bind {shlex.quote(str(a))} {shlex.quote(str(b))}\n" for a, b in self._mounts)
            typed = ["unshare", "--mount", "sh", "-c", f'{mounts}exec "$@"', "sh", *typed]
        done = subprocess.run(
            typed,
            cwd=self.user,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=120,
        )
        self.now += PAUSE
        said = done.stdout.decode("utf-8").replace(str(self.user), SHOWN)
        assert not DEFECTS.search(said), f"a page would show a defect:\n$ {line}\n{said}"
        return "".join(f"{text.rstrip()}\n" for text in said.rstrip().splitlines())

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self._tools}:/usr/bin:/bin",
            "HOME": str(self.user),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": str(COLUMNS),
            "PYTHONUTF8": "1",
            # Nobody answers there: what an agent would like to fetch is the same everywhere, nothing.
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9"),
            "HERMES_DOCS_NOW": repr(self.now),
            "HERMES_DOCS_PROC": str(self._processes),
        }

    def _offer(self, command: str, python: str) -> None:
        program = self._tools / command
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(python)} {shlex.quote(str(LAUNCHER))} {command} "$@"\n')
        program.chmod(0o755)


def agent_python(version: str) -> str:
    """The interpreter of an agent's environment. Raises Lacking where there is none (``make agents``)."""
    folder = os.environ.get("HERMES_STATE_AGENTS")
    found = Path(folder or "/nowhere") / version / "bin" / "python"
    if not found.exists():
        raise Lacking(f"agent {version} is not installed (make agents)")
    return str(found)


def _new_directory() -> Path:
    while True:
        path = Path("/tmp", "".join(secrets.choice(string.ascii_letters) for _ in range(len(SHOWN) - len("/tmp/"))))
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return path
