"""``hermes-state schema``: print a published schema."""

from __future__ import annotations

import sys
from pathlib import Path

from hermes_state.cli.asked import Asked
from hermes_state.errors import UnknownTarget
from hermes_state.outcomes import KINDS
from hermes_state.shipped import shipped

#: What the files are called that tell of a command's output.
_OUTPUT = "output-"


def run(asked: Asked, name: str) -> int:
    """Print the newest published schema of a kind or a command as it is shipped. Raises UnknownTarget."""
    known = published()
    if name not in known:
        raise UnknownTarget("hermes-state", "schema", name, tuple(known))
    sys.stdout.write(known[name].read_text("utf-8"))
    return 0


def published() -> dict[str, Path]:
    """The newest schema of each kind of file, and of the output of each command; no command is called like a kind."""
    newest: dict[str, tuple[int, Path]] = {}
    for path in sorted(shipped("schemas").glob("*.v*.json")):
        name, _, number = path.stem.rpartition(".v")
        newest[name] = max(newest.get(name, (0, path)), (int(number), path))
    outputs = [name for name in newest if name.startswith(_OUTPUT)]
    return {name.removeprefix(_OUTPUT): newest[name][1] for name in (*KINDS, *outputs)}
