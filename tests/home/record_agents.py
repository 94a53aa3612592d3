"""Record what real agents answer to the cases of cases.json, into agents.json beside this file.

Development only, not a test: needs agents installed, each in an environment of its own.

    python tests/home/record_agents.py 0.19.0=/path/to/env/bin/python 0.22.2=/path/to/env/bin/python

For each case and version a fresh directory tree is made, the agent's own command-line start-up runs in it with HOME
and HERMES_HOME inside, and its path functions are asked. Paths in the answers are written relative to the tree
(``{base}``). The two platform cases only run the path functions, with ``sys.platform`` replaced.
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
import json, os, sys
from pathlib import Path
from types import SimpleNamespace

base, case = sys.argv[1], json.loads(sys.argv[2])
if "passwd" in case:
    import pwd

    def getpwnam(name):
        return SimpleNamespace(pw_dir=os.path.join(base, case["passwd"][name]))

    pwd.getpwnam, os.geteuid = getpwnam, lambda: 0
answer = {}
sys.argv = ["hermes", *case.get("args", [])]
if "platform" in case:
    import hermes_constants

    sys.platform = case["platform"]
else:
    try:
        import hermes_cli.main
    except SystemExit as stop:
        answer["exit"] = stop.code
from hermes_constants import get_default_hermes_root, get_hermes_home

if "exit" not in answer:
    answer["path"] = os.path.join(os.getcwd(), get_hermes_home())
    answer["root"] = os.path.join(os.getcwd(), get_default_hermes_root())
    if "platform" not in case:
        from hermes_cli.auth import _global_auth_file_path
        from hermes_cli.config import get_managed_system
        from hermes_cli.profiles import get_active_profile_name

        answer["profile"] = get_active_profile_name()
        answer["managed"] = get_managed_system()
        store = _global_auth_file_path()
        answer["root_store"] = None if store is None else os.path.join(os.getcwd(), store.parent)
sys.stdout.write("\n\x00" + json.dumps(answer))
"""


def grow(base: Path, tree: dict[str, Any]) -> None:
    """Make the files of a case; the test has its own copy, since tests import nothing from scripts."""
    (base / "user").mkdir()
    for name, content in tree.items():
        path = base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        elif isinstance(content, str):
            path.write_bytes(content.encode())
        elif "hex" in content:
            path.write_bytes(bytes.fromhex(content["hex"]))
        else:
            path.symlink_to(content["link"])


def ask(python: str, case: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as made:
        base = Path(made).resolve()
        grow(base, case["tree"])
        env = {"PATH": os.defpath, "HOME": str(base / "user"), "LANG": "C.UTF-8"}
        env |= {name: value.replace("{base}", str(base)) for name, value in case.get("env", {}).items()}
        command = [python, "-c", ASK, str(base), json.dumps(case)]
        cwd = base / case.get("cwd", "user")
        done = subprocess.run(command, env=env, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
        _, mark, answer = done.stdout.rpartition("\x00")
        if not mark:
            raise SystemExit(f"no answer: {case}\n{done.stdout}\n{done.stderr}")
        return json.loads(answer.replace(str(base), "{base}"))


def main() -> None:
    cases = json.loads((HERE / "cases.json").read_text())
    agents = dict(pair.split("=", 1) for pair in sys.argv[1:])
    if not agents:
        raise SystemExit(__doc__)
    table: dict[str, dict[str, Any]] = {}
    for name, case in cases.items():
        table[name] = {version: ask(python, case) for version, python in agents.items()}
    lines = (
        f" {json.dumps(name)}: {{\n"
        + ",\n".join(f"  {json.dumps(v)}: {json.dumps(a)}" for v, a in row.items())
        + "\n }"
        for name, row in table.items()
    )
    (HERE / "agents.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
