"""Pages whose commands are run: what a page shows, and what it would show now.

In a page, ``<!-- home: NAME -->`` sets a scene of ``tests/docs/homes.py``: from there on, each command of a ``console``
fence (a line that begins with ``$ ``) is typed on that machine, one after the other, and what follows it up to the next
command is what it printed. Other fences are not run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.docs.homes import SCENES
from tests.docs.machine import Lacking, Machine

PROJECT = Path(__file__).resolve().parents[2]
_SCENE = re.compile(r"<!-- home: ([a-z0-9-]+) -->")


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of a page that belong to one scene, or to none."""

    scene: str | None
    text: str


def pages() -> list[Path]:
    """The README and every page below docs/ that has commands to run."""
    found = [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]
    return [path for path in found if "```console" in path.read_text("utf-8")]


def parts(page: str) -> list[Part]:
    """The page, cut where a scene begins; joined they are the page. Raises ValueError for a scene that is not known."""
    cuts = [0, *(match.start() for match in _SCENE.finditer(page)), len(page)]
    made = []
    for start, end in pairwise(cuts):
        text = page[start:end]
        match = _SCENE.match(text)
        scene = match[1] if match else None
        if scene is not None and scene not in SCENES:
            raise ValueError(f"no scene {scene!r} in tests/docs/homes.py")
        made.append(Part(scene, text))
    return made


def regenerated(part: Part) -> str:
    """The part as it should read: every command run, its output put in. Raises Lacking, and ValueError for a fence
    without a scene or a command."""
    if "```console" not in part.text:
        return part.text
    if part.scene is None:
        raise ValueError("a console fence stands before the first <!-- home: ... -->")
    scene = SCENES[part.scene]
    with Machine(scene.agent) as machine:
        scene.build(machine)
        return "".join(_lines(part.text, machine))


def _lines(text: str, machine: Machine) -> Iterator[str]:
    fence: str | None = None
    commands = 0
    for line in text.splitlines(keepends=True):
        if fence is None:
            yield line
            if line.startswith("```"):
                fence, commands = line.strip(), 0
        elif line.rstrip() == "```":
            if fence == "```console" and not commands:
                raise ValueError("a console fence without a command")
            yield line
            fence = None
        elif fence != "```console":
            yield line
        elif line.startswith("$ "):
            yield line
            yield machine.run(line[2:].strip())
            commands += 1
        elif not commands:
            raise ValueError(f"no command printed this: {line!r}")


def regenerate(page: str) -> tuple[str, list[str]]:
    """The page as it should read, and what this machine lacked: the parts that need it stay as they are."""
    made, lacking = [], []
    for part in parts(page):
        try:
            made.append(regenerated(part))
        except Lacking as lack:
            made.append(part.text)
            lacking.append(f"{part.scene}: {lack}")
    return "".join(made), lacking
