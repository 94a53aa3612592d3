"""Fuzz by hand: a table, and exit code 1 on a violation.

    .venv/bin/python tests/fuzz/run.py --inputs 200000 --seed 1

It runs in one process for each processor (``--jobs``).

With the package ``coverage`` installed, ``--coverage N`` measures branches of ``codec`` and ``stores`` over the first N
inputs (tracing makes those several times slower).
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(PROJECT))


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--inputs", type=int, default=200_000)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--coverage", type=int, default=8_000, metavar="N")
    asked.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = asked.parse_args()
    for name in [name for name in os.environ if name.startswith("HERMES_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory() as nowhere:
        os.environ["HOME"] = nowhere
        return _run(options.inputs, options.seed, options.coverage, options.jobs)


def _run(inputs: int, seed: int, traced: int, jobs: int) -> int:
    measured = _tracer() if traced else None
    if measured is not None:
        measured.start()
    from tests.fuzz.campaign import ENOUGH, campaign, spread, table

    begun = time.perf_counter()
    if measured is not None:
        campaign(min(traced, inputs), seed)  # the same homes are judged below, without what tracing costs
        measured.stop()
    tally = spread(inputs, seed, jobs)
    print(table(tally, time.perf_counter() - begun))
    if measured is None:
        print("branch coverage: not measured (the package coverage is not installed, or --coverage 0)")
    else:
        print(f"branch coverage of codec and stores, first {min(traced, inputs)} inputs:")
        shown = io.StringIO()
        measured.report(file=shown, skip_empty=True)
        print(shown.getvalue())
    return 1 if tally.violations or (inputs >= 200_000 and tally.rare(ENOUGH)) else 0


def _tracer() -> Any:
    try:
        import coverage  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    rooms = [str(PROJECT / "hermes_state" / room / "**") for room in ("codec", "stores")]
    return coverage.Coverage(branch=True, data_file=None, include=rooms, config_file=False)


if __name__ == "__main__":
    sys.exit(main())
