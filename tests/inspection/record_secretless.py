"""Record which rows without a secret real agents select, into secretless.json beside this file.

Development only, not a test: needs agents installed, each in an environment of its own.

    python tests/inspection/record_secretless.py 0.19.0=/path/to/env/bin/python 0.22.2=/path/to/env/bin/python

For each case and version an auth.json with one row is made in a fresh home, the agent loads the pool and selects from
it, and whether it got the row is written down.
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
#: A variable that a borrowed row gets its secret from; only its case has it set.
VARIABLE = "OPENROUTER_API_KEY"

ASK = r"""
import json, logging, os, pathlib, sys

logging.disable(logging.CRITICAL)
from agent.credential_pool import load_pool

variable, cases = json.load(sys.stdin)
answers = {}
for name, case in cases.items():
    os.environ.pop(variable, None)
    if case["variable"]:
        os.environ[variable] = case["variable"]
    store = {"version": 1, "providers": {}, "credential_pool": {"openrouter": [case["row"]]}}
    pathlib.Path(os.environ["HERMES_HOME"], "auth.json").write_text(json.dumps(store))
    answers[name] = load_pool("openrouter").select() is not None
print(json.dumps(answers))
"""

KEY = {"id": "aaaaaa", "label": "a", "auth_type": "api_key", "priority": 0, "source": "manual"}
OAUTH = {**KEY, "auth_type": "oauth"}
SECRET = "sk-or-v1-test-aaaaaaaaaaaaaaaa"
FINGERPRINT = "sha256:0123456789abcdef"

#: Rows, by what they have; the secret that their variable holds.
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "a key": ({**KEY, "access_token": SECRET}, ""),
    "a login": ({**OAUTH, "access_token": SECRET}, ""),
    "no key": (KEY, ""),
    "an empty key": ({**KEY, "access_token": ""}, ""),
    "a null key": ({**KEY, "access_token": None}, ""),
    "no key and no type": ({**KEY, "auth_type": None}, ""),
    "no key and no source": ({key: value for key, value in KEY.items() if key != "source"}, ""),
    "no key and an empty source": ({**KEY, "source": ""}, ""),
    "no key of a manual login": ({**KEY, "source": "manual:device_code"}, ""),
    "a fingerprint for a key": ({**KEY, "secret_fingerprint": FINGERPRINT}, ""),
    "an agent key for a key": ({**KEY, "agent_key": SECRET}, ""),
    "a refresh token for a key": ({**KEY, "refresh_token": "rt-test-aaaaaaaa"}, ""),
    "a login without tokens": (OAUTH, ""),
    "a login with a refresh token only": ({**OAUTH, "refresh_token": "rt-test-aaaaaaaa"}, ""),
    "a borrowed key that is there": ({**KEY, "source": f"env:{VARIABLE}", "secret_fingerprint": FINGERPRINT}, SECRET),
    "a borrowed key that is there, without its fingerprint": ({**KEY, "source": f"env:{VARIABLE}"}, SECRET),
    "a borrowed key that is gone": ({**KEY, "source": f"env:{VARIABLE}", "secret_fingerprint": FINGERPRINT}, ""),
    "a borrowed key from the config that is gone": ({**KEY, "source": "config:mine"}, ""),
}


def record(python: str) -> dict[str, bool]:
    with tempfile.TemporaryDirectory() as base:
        home = Path(base, ".hermes")
        home.mkdir()
        env = {"PATH": os.environ["PATH"], "HOME": base, "HERMES_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        cases = {name: {"row": row, "variable": secret} for name, (row, secret) in CASES.items()}
        done = subprocess.run(
            [python, "-c", ASK],
            input=json.dumps([VARIABLE, cases]),
            env=env,
            cwd=base,
            capture_output=True,
            text=True,
            check=True,
        )
    answers: dict[str, bool] = json.loads(done.stdout.splitlines()[-1])
    return answers


def main() -> None:
    agents = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if not agents:
        raise SystemExit(__doc__)
    found = {version: record(python) for version, python in agents.items()}
    table = {name: {version: found[version][name] for version in agents} for name in CASES}
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(answers)}" for name, answers in table.items())
    (HERE / "secretless.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    main()
