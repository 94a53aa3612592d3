"""A name space of mounts of one's own, which only root can have, and being another user."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

MOUNT = """
import subprocess, sys
def mount(*arguments):
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(77)
"""


@pytest.fixture
def with_mounts() -> Callable[[str], str]:
    """Runs a program in which ``mount(...)`` can be called, and which nobody else sees the mounts of; its output."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or shutil.which("mount") is None:
        pytest.skip("mounting needs root, unshare and mount")

    def run(program: str) -> str:
        done = subprocess.run(
            [unshare, "--mount", sys.executable, "-c", MOUNT + textwrap.dedent(program)],
            capture_output=True,
            text=True,
            check=False,
            cwd=PROJECT,
            env=os.environ | {"PYTHONPATH": str(PROJECT)},
        )
        if done.returncode == 77 or "unshare" in done.stderr:
            pytest.skip(f"may not mount here: {done.stderr}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


#: Makes an interpreter that lies in somebody's private directory reachable for all, in this name space only.
REACHABLE = """
import json, os, subprocess, sys, tempfile
private, prefix, user, *command = json.loads(sys.argv[1])
if private:
    aside = tempfile.mkdtemp()
    for arguments in (["--bind", prefix, aside], ["-t", "tmpfs", "-o", "mode=755", "none", private]):
        mount(*arguments)
    os.makedirs(prefix)
    mount("--bind", aside, prefix)
    subprocess.run(["umount", aside])
    os.rmdir(aside)
os.setgroups([])
os.setgid(user)
os.setuid(user)
os.execv(command[0], command)
"""


@pytest.fixture
def as_user() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs an interpreter as the user and group of that number; ``env`` and ``cwd`` are the process's."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or shutil.which("mount") is None:
        pytest.skip("being another user needs root, unshare and mount")

    def run(
        user: int, python: str, *arguments: str, env: dict[str, str], cwd: Path
    ) -> subprocess.CompletedProcess[str]:
        real = Path(os.path.realpath(python))
        private = next((str(path) for path in reversed(real.parents) if not path.stat().st_mode & 0o001), "")
        done = subprocess.run(
            [
                *(unshare, "--mount", sys.executable, "-c", MOUNT + REACHABLE),
                json.dumps([private, str(real.parent.parent), user, python, *arguments]),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=cwd,
            env=env,
            timeout=120,
        )
        if done.returncode == 77 or "unshare" in done.stderr:
            pytest.skip(f"may not mount here: {done.stderr}")
        return done

    return run
