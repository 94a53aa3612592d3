"""What hermes-state does, shown on a copy of the home in ``demo-home``. Nothing in it is real; yours is not looked at.

The home's auth.json and config.yaml are links into a dotfiles folder. One OpenRouter key is cooling down, one has
cooled down, a Codex login is dead, Anthropic is out of credit, and a breaker keeps the agent from Nous for a day.
Exits with 0 only if every command did what is claimed here; run it with ``make demo``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

DEMO_HOME = Path(__file__).resolve().parent / "demo-home"
#: The "now" of the files in demo-home, in epoch seconds: 2026-11-21T08:33:20Z.
RECORDED_AT = 1795250000
#: Times further than this from RECORDED_AT (seconds) are no part of the scene: the sessions, a login in July.
SCENE = 30 * 86400

_EPOCH = re.compile(r"(?<![\w.:-])(\d{10})(?=[.,\s}])")
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=\.\d+\+00:00)")


def copy_demo_home(target: Path, now: float) -> Path:
    """Copy demo-home into the directory ``target``, made to look as if it was recorded at ``now`` (epoch seconds).

    Links stay links, everything else becomes private (0700, 0600) as the agent keeps it. Returns the home.
    """
    shutil.copytree(DEMO_HOME, target, symlinks=True, dirs_exist_ok=True)
    for directory, _, names in os.walk(target):
        os.chmod(directory, 0o700)
        for path in (Path(directory, name) for name in names):
            if not path.is_symlink():
                path.write_text(shifted(path.read_text(encoding="utf-8"), int(now) - RECORDED_AT), encoding="utf-8")
                path.chmod(0o600)
    return target / "home"


def shifted(text: str, seconds: int) -> str:
    """``text`` with the times of the scene moved by ``seconds``; fractions and everything else stay as spelled."""

    def epoch(match: re.Match[str]) -> str:
        at = int(match[1])
        return str(at + seconds) if abs(at - RECORDED_AT) < SCENE else match[0]

    def iso(match: re.Match[str]) -> str:
        at = int(datetime.fromisoformat(match[0] + "+00:00").timestamp())
        if abs(at - RECORDED_AT) >= SCENE:
            return match[0]
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at + seconds))

    return _ISO.sub(iso, _EPOCH.sub(epoch, text))


def files(top: Path) -> dict[str, bytes | str]:
    """Path -> content of every file below ``top``, or the text of a link."""

    def walk() -> Iterator[tuple[str, bytes | str]]:
        for directory, _, names in os.walk(top):
            for path in (Path(directory, name) for name in names):
                yield str(path.relative_to(top)), os.readlink(path) if path.is_symlink() else path.read_bytes()

    return dict(walk())


def rows(auth: bytes | str) -> list[dict[str, Any]]:
    return [row for pool in json.loads(auth)["credential_pool"].values() for row in pool]


def run(directory: Path, *command: str) -> None:
    """Print ``command`` as one would type it and run it in ``directory``. Raises CalledProcessError when it fails."""
    print("\n$", *command, flush=True)
    program = Path(sys.executable).with_name(command[0])
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HERMES_")}
    subprocess.run(
        [program if program.exists() else command[0], *command[1:]], cwd=directory, env=environment, check=True
    )


def expect(fact: bool, what: str) -> None:
    """Raises SystemExit with ``what`` unless ``fact``."""
    if not fact:
        raise SystemExit(f"\ndemo: this is not so: {what}")


def show(directory: Path) -> None:
    """The demo itself, in the empty ``directory``."""
    home = copy_demo_home(directory, time.time())
    before = files(directory)
    hermes_state = ("hermes-state", "--home", home.name)

    run(directory, *hermes_state, "inspect")
    run(directory, *hermes_state, "migrate", "--dry-run", "--diff")
    expect(files(directory) == before, "inspect and a dry run change nothing")

    run(directory, *hermes_state, "migrate")
    after = files(directory)
    old, new = before["dotfiles/hermes/auth.json"], after["dotfiles/hermes/auth.json"]
    pools = json.loads(new)["credential_pool_runtime"]["pools"]
    moved = {pool: sorted(records) for pool, records in pools.items()}
    expect(
        moved == {"openrouter": ["276cbd", "9d7854"], "anthropic": ["5a11e7"]},
        "the cooldowns of both OpenRouter keys and of the Anthropic key are in the file behind the link",
    )
    status = {row["id"]: row["last_status"] for row in rows(new)}
    expect(status.pop("c0de01") == "dead", "the dead login is still marked dead")
    expect(not any(status.values()), "no cooldown is left inline")
    tokens = [(row["id"], row.get("access_token"), row.get("refresh_token")) for row in rows(old)]
    expect(
        tokens == [(row["id"], row.get("access_token"), row.get("refresh_token")) for row in rows(new)],
        "every token is as it was",
    )
    backups = [content for path, content in after.items() if path.startswith("home/backups/hermes-state/")]
    expect(old in backups, "the file as it was is among the backups")
    links = {path: text for path, text in before.items() if isinstance(text, str)}
    expect(links == {path: text for path, text in after.items() if isinstance(text, str)}, "the links are as they were")

    run(directory, *hermes_state, "inspect")
    run(directory, *hermes_state, "clear-breaker", "nous")
    expect("home/rate_limits/nous.json" not in files(directory), "the breaker is gone")
    run(directory, "readlink", "home/auth.json", "home/config.yaml")
    run(directory, "ls", "-l", "home", "dotfiles/hermes")
    print("\nAll of it went as expected, on a copy that is now deleted.")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="hermes-state-demo-") as directory:
        try:
            show(Path(directory))
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"\ndemo: that command ended with {error.returncode}") from None


if __name__ == "__main__":
    main()
