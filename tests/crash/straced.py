"""What strace says that a process did to files: the write-side system calls, with the paths that they were for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CALLS = (
    "openat,pwrite64,ftruncate,fchmod,fchown,fchownat,fsetxattr,fsync,fdatasync,"
    "rename,renameat,renameat2,link,linkat,symlinkat,unlink,unlinkat,mkdir,mkdirat,rmdir"
)
_LINE = re.compile(r"^\d+ +(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_DESCRIPTOR = re.compile(r"^(?:AT_FDCWD|\d+)<(?P<path>[^>]*)>$")


@dataclass(frozen=True, slots=True)
class Call:
    """``nth`` counts the calls of this name from the start of the process, from 1, as strace's ``when`` does."""

    name: str
    nth: int
    path: str
    to: str
    flags: str
    failed: bool

    @property
    def writes(self) -> bool:
        """Whether it changed or secured something."""
        opened = self.name == "openat" and not ("O_CREAT" in self.flags or "O_RDWR" in self.flags)
        return not self.failed and not opened


def available() -> str | None:
    """Why strace cannot be used here, or None."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], check=False, capture_output=True)
    return None if tried.returncode == 0 else "strace is not permitted here"


def command(log: Path, *options: str) -> list[str]:
    return ["strace", "-f", "-y", "-s", "200", "-o", str(log), *options]


def environment(home: Path) -> dict[str, str]:
    """One that makes a process do the same calls every time."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    fixed = {"HOME": str(home), "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(PROJECT)}
    return {**kept, **fixed}


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def calls(log: Path) -> list[Call]:
    """Every call in a log, looking ones included."""
    counted: Counter[str] = Counter()
    found = []
    for line in log.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        name = match["name"]
        counted[name] += 1
        arguments = match["arguments"].split(", ")
        path, to, flags = _paths(arguments[:1] if name == "pwrite64" else arguments)
        found.append(Call(name, counted[name], path, to, flags, match["result"] == "-1"))
    return found


def _paths(arguments: list[str]) -> tuple[str, str, str]:
    """The one or two paths that a call is for, and what else it was given."""
    paths: list[str] = []
    rest: list[str] = []
    above: str | None = None
    for argument in arguments:
        if match := _DESCRIPTOR.match(argument):
            above = match["path"]
            paths.append(above)
        elif argument.startswith('"'):
            name = argument.strip('"')
            if above is not None and paths and paths[-1] == above:
                paths.pop()
            paths.append(os.path.normpath(os.path.join(above or "", name)))
        else:
            rest.append(argument)
    return (paths[0] if paths else "", paths[1] if len(paths) > 1 else "", " ".join(rest))
