"""Homes in which a certain finding fires, as they are and with one file mutated: so every finding is met often."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hermes_state.findings import CATALOGUE
from hermes_state.home import Home
from hermes_state.inspection import Report, as_json, inspect
from tests.fuzz.fuzzer import BYTEWISE, MILD, NOW
from tests.inspection.cases import CASES
from tests.inspection.homes import SECRET, at
from tests.inspection.machine import NEEDS_ROOT, prepare

#: What the rights of this process let us make.
IDS = tuple(id for id in CATALOGUE if os.geteuid() == 0 or id not in NEEDS_ROOT)
#: Of three rounds through all findings the last one mutates.
_ROUNDS = 3


def is_mutated(number: int) -> bool:
    """Whether the home for the turn ``number`` has a file that was mutated."""
    return number // len(IDS) % _ROUNDS == _ROUNDS - 1


def inspected(base: str, rng: Random, number: int, snapshot: Callable[[str], Any]) -> tuple[str, Report]:
    """Make the home for the turn ``number`` below ``base`` and look at it: the finding that it is for, and the report.

    Raises AssertionError where the inspection changed something, where what it says is no JSON, or tells the secret.
    """
    id = IDS[number % len(IDS)]
    path = Path(base, ".hermes")
    path.mkdir(0o700)
    with pytest.MonkeyPatch.context() as patch:
        prepare(id, patch, Path(base))
        made = CASES[id].fires(path) or path
        if is_mutated(number):
            _mutate(path, rng)
        before = snapshot(base)
        home = made if isinstance(made, Home) else at(made)
        report = inspect([home], now=NOW)
        assert snapshot(base) == before, "an inspection changed something"
    said = json.dumps(as_json(report), allow_nan=False)
    assert is_mutated(number) or SECRET not in said, "a secret came out"
    return id, report


def _mutate(path: Path, rng: Random) -> None:
    """Change one of the files below ``path``, in the way of the fuzzer."""
    files = sorted(each for each in path.rglob("*") if each.is_file() and each.stat().st_size < 1 << 20)
    if not files:
        return
    chosen = rng.choice(files)
    kind = "config" if chosen.suffix in (".yaml", ".env") else "auth"
    data = chosen.read_bytes()
    for _ in range(rng.choice((1, 1, 2))):
        data = rng.choice(BYTEWISE if rng.random() < 0.5 else MILD)(rng, data, kind)
    looks = chosen.stat()
    chosen.write_bytes(data)
    os.utime(chosen, ns=(looks.st_atime_ns, looks.st_mtime_ns))
