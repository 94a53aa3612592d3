"""Record on which pools real agents fail, into refusals.json beside this file.

Development only, not a test: needs agents installed, each in an environment of its own.

    python tests/inspection/record_refusals.py 0.19.0=/path/to/env/bin/python 0.22.2=/path/to/env/bin/python

For each case and version an auth.json is made in a fresh home, the agent loads the pool and selects from it, and what
it raised, if anything, is written down (``null``: nothing).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

ASK = r"""
import json, logging, os, pathlib, sys

logging.disable(logging.CRITICAL)
from agent.credential_pool import load_pool

answers = {}
for name, rows in json.load(sys.stdin).items():
    store = {"version": 1, "providers": {}, "credential_pool": {"openrouter": rows}}
    pathlib.Path(os.environ["HERMES_HOME"], "auth.json").write_text(json.dumps(store))
    try:
        load_pool("openrouter").select()
        answers[name] = None
    except Exception as error:
        answers[name] = type(error).__name__
print(json.dumps(answers))
"""

ROW = {
    "id": "aaaaaa",
    "label": "a",
    "auth_type": "api_key",
    "priority": 0,
    "source": "manual",
    "access_token": "sk-or-v1-test-aaaaaaaaaaaaaaaa",
}
OTHER = {**ROW, "id": "bbbbbb", "priority": 1, "access_token": "sk-or-v1-test-bbbbbbbbbbbb"}
TIRED = {**ROW, "last_status": "exhausted", "last_error_code": 429}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in ROW.items() if name != key}


CASES: dict[str, list[Any]] = {
    "a healthy row": [ROW],
    "no row": [],
    "an empty object": [{}],
    "text for a row": ["x", ROW],
    "null for a row": [None, ROW],
    "a number for a row": [5],
    "a list for a row": [[], ROW],
    "null priority alone": [{**ROW, "priority": None}],
    "null priority beside a number": [{**ROW, "priority": None}, OTHER],
    "two null priorities": [{**ROW, "priority": None}, {**OTHER, "priority": None}],
    "text priority alone": [{**ROW, "priority": "1"}],
    "text priority beside a number": [{**ROW, "priority": "1"}, OTHER],
    "two text priorities": [{**ROW, "priority": "1"}, {**OTHER, "priority": "2"}],
    "half and true priorities": [{**ROW, "priority": 0.5}, {**OTHER, "priority": True}],
    "no priority beside a number": [without("priority"), OTHER],
    "object priorities": [{**ROW, "priority": {}}, {**OTHER, "priority": {}}],
    "list priorities": [{**ROW, "priority": []}, {**OTHER, "priority": [1]}],
    "list id": [{**ROW, "id": [1]}],
    "object id": [{**ROW, "id": {"a": 1}}],
    "empty list id": [{**ROW, "id": []}],
    "number id": [{**ROW, "id": 5}],
    "null id": [{**ROW, "id": None}],
    "no id": [without("id")],
    "number source": [{**ROW, "source": 5}],
    "list source": [{**ROW, "source": []}],
    "null source": [{**ROW, "source": None}],
    "empty source": [{**ROW, "source": ""}],
    "no source": [without("source")],
    "odd label, type and address": [{**ROW, "label": 5, "auth_type": 5, "base_url": 5}],
    "text request count": [{**ROW, "request_count": "x"}],
    "null request count": [{**ROW, "request_count": None}],
    "half request count": [{**ROW, "request_count": 0.5}],
    "list status": [{**ROW, "last_status": ["x"]}],
    "text mark": [{**TIRED, "last_status_at": "2026-01-01T00:00:00Z"}],
    "list mark": [{**TIRED, "last_status_at": [1]}],
    "list mark of a healthy row": [{**ROW, "last_status_at": [1]}],
    "mark beyond floats": [{**TIRED, "last_status_at": 10**400}],
    "reset beyond floats": [{**TIRED, "last_error_reset_at": 10**400}],
    "text model cooldowns": [{**ROW, "model_cooldowns": "soon"}],
    "a bad row behind a good one": [ROW, {**OTHER, "source": 5}],
}


def record(python: str) -> dict[str, str | None]:
    with tempfile.TemporaryDirectory() as base:
        home = Path(base, ".hermes")
        home.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": base, "HERMES_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [python, "-c", ASK], input=json.dumps(CASES), env=env, cwd=base, capture_output=True, text=True, check=True
        )
    answers: dict[str, str | None] = json.loads(done.stdout.splitlines()[-1])
    return answers


def main() -> None:
    agents = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if not agents:
        raise SystemExit(__doc__)
    found = {version: record(python) for version, python in agents.items()}
    table = {name: {version: found[version][name] for version in agents} for name in CASES}
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(answers)}" for name, answers in table.items())
    (HERE / "refusals.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
