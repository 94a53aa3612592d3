"""The installed command: a wheel of this checkout, built once, whose console script is run as its user runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ground.conftest import open_place, other_file_system
from tests.inplace.conftest import as_user
from tests.stories.scene import CANARY, strays

__all__ = ["as_user", "open_place", "other_file_system"]

PROJECT = Path(__file__).resolve().parents[2]
#: What a person may meet in a text: no escape sequence, and no words that only a programmer understands.
HARMFUL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]|Traceback|unexpected error")


@dataclass(frozen=True)
class Answer:
    """What a command said. No answer, in no story, holds a secret."""

    code: int
    out: str
    err: str

    def __post_init__(self) -> None:
        for said in (self.out, self.err):
            assert CANARY not in said
            assert not HARMFUL.search(said), said

    @property
    def json(self) -> Any:
        found = json.loads(self.out)
        assert found["format"].startswith("hermes-state/") and found["format_version"] == 1
        return found

    @property
    def lines(self) -> list[str]:
        return [line.strip() for line in self.out.splitlines()]

    @property
    def next(self) -> list[str]:
        """The commands that the text offers as the next ones."""
        return [line.removeprefix("next: ") for line in self.lines if line.startswith("next: ")]


@pytest.fixture(scope="session")
def installed() -> Iterator[Path]:
    """A directory, open to every user, with what ``pip install`` makes of this checkout; nothing of it is taken else.

    Its dependencies are those of the running interpreter.
    """
    site = Path(os.path.realpath(tempfile.mkdtemp(prefix="hermes-state-installed-")))
    site.chmod(0o755)
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--no-cache-dir", "install"]
    how = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", str(site), str(PROJECT)]
    done = subprocess.run(
        [*pip, *how],
        env={"PATH": os.environ["PATH"], "HOME": str(site)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"the wheel cannot be built and installed (pip and hatchling are needed):\n{done.stderr}")
    program = "import hermes_state; print(hermes_state.__file__)"
    found = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    assert found.stdout.strip() == str(site / "hermes_state" / "__init__.py"), "another one is found before it"
    yield site
    shutil.rmtree(site)


@pytest.fixture
def command(installed: Path) -> list[str]:
    """The words that run the installed command."""
    return [sys.executable, str(installed / "bin" / "hermes-state")]


@pytest.fixture
def environment(installed: Path, home: Path) -> dict[str, str]:
    """All that the command knows of its surroundings."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home.parent),
        "HERMES_HOME": str(home),
        "PYTHONPATH": str(installed),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "300",
        "LANG": "C.UTF-8",
    }


@pytest.fixture
def hermes_state(command: list[str], environment: dict[str, str], home: Path) -> Iterator[Callable[..., Answer]]:
    """Runs ``hermes-state`` with the given words in a process of its own, far from the checkout.

    ``within`` are words before the command, ``env`` is added to its environment. Whatever is run, no temporary file
    is left in the home.
    """

    def run(*words: object, within: Sequence[str] = (), env: dict[str, str] | None = None) -> Answer:
        done = subprocess.run(
            [*within, *command, *map(str, words)],
            env=environment | (env or {}),
            capture_output=True,
            text=True,
            timeout=60,
            cwd=home.parent,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    yield run
    assert strays(home) == []


@pytest.fixture
def within_mounts() -> Callable[[str], list[str]]:
    """The words before a command for which ``script`` (sh) mounts something that nobody else sees."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or shutil.which("mount") is None:
        pytest.skip("mounting needs root, unshare and mount")

    def words(script: str) -> list[str]:
        made = [unshare, "--mount", "sh", "-ec", f'{script}\nexec "$@"', "sh"]
        tried = subprocess.run([*made, "true"], capture_output=True, text=True, check=False)
        if tried.returncode:
            pytest.skip(f"may not mount here: {tried.stderr}")
        return made

    return words
