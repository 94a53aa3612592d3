"""Run the commands of the pages in docs/ again, and write what they print now into the pages.

.venv/bin/python tests/docs/regenerate.py [PAGE...]

The scenes beside real agents need these (make agents; HERMES_STATE_AGENTS where they are elsewhere), mounted files need
root; what cannot be run here stays as it is, and is named.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
sys.path[0] = str(PROJECT)

from tests.docs.pages import pages, regenerate  # noqa: E402


def main() -> None:
    os.environ.setdefault("HERMES_STATE_AGENTS", str(PROJECT / ".agents"))
    for path in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        before = path.read_text("utf-8")
        after, lacking = regenerate(before)
        if after != before:
            path.write_text(after, "utf-8")
        print(path.relative_to(PROJECT), "written" if after != before else "as it was")
        for lack in lacking:
            print("  not run,", lack)


if __name__ == "__main__":
    main()
