"""Draw docs/inspect.svg, the picture in the README, from a real run on the demo home.

.venv/bin/python examples/picture.py
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from examples.demo import copy_demo_home  # noqa: E402

PICTURE = PROJECT / "docs" / "inspect.svg"
WIDTH = 132


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = copy_demo_home(Path(folder), time.time()).rename(Path(folder) / ".hermes")  # where it is by default
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HERMES_")}
        look = {"FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8"}
        env = kept | look | {"HOME": folder}
        command = [sys.executable, "-m", "hermes_state", "inspect"]
        said = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd=PROJECT).stdout
    paper = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    paper.print(Text.from_ansi(f"$ hermes-state inspect\n{said.replace(str(home), '~/.hermes').rstrip()}"))
    svg = paper.export_svg(title="hermes-state inspect", unique_id="inspect")
    # The font that rich names lies on a server of somebody's; a picture must not fetch anything.
    PICTURE.write_text(re.sub(r"@font-face\s*\{[^}]*\}\s*|<!--.*?-->", "", svg), encoding="utf-8")
    print(f"drew {PICTURE.relative_to(PROJECT)}")


if __name__ == "__main__":
    main()
