"""Run by root in the home of somebody else: that user's agent can use everything afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_state import inplace
from hermes_state.cli import app
from hermes_state.disk import Directory, RealDisk
from hermes_state.links import resolve

USER = 1234
PROJECT = str(Path(__file__).resolve().parents[2])
SAMPLE = Path(__file__).parent.parent / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"

MARK = """
from agent.credential_pool import load_pool
pool = load_pool("openrouter")
chosen = pool.select()
pool.mark_exhausted_and_rotate(status_code=429, error_context={"message": "Rate limit"})
print("marked", chosen.id)
"""


@pytest.fixture
def theirs() -> Iterator[Path]:
    """A home of user 1234, who can reach it (not so below ``tmp_path``)."""
    if os.geteuid() != 0:
        pytest.skip("only root works in the homes of others")
    top = Path(os.path.realpath(tempfile.mkdtemp()))
    top.chmod(0o755)
    home = top / "user" / ".hermes"
    home.mkdir(parents=True)
    (home / "auth.json").write_bytes(SAMPLE.read_bytes())
    (home / "auth.json").chmod(0o600)
    for path in (top / "user", home, home / "auth.json"):
        os.chown(path, USER, USER)
    home.chmod(0o700)
    yield home
    shutil.rmtree(top)


def foreign(home: Path) -> list[str]:
    """What does not belong to the home's owner."""
    return [
        str(path.relative_to(home))
        for path in home.rglob("*")
        if (path.lstat().st_uid, path.lstat().st_gid) != (USER, USER)
    ]


@pytest.mark.agent
def test_a_real_agent_saves_as_the_homes_owner_after_root_has_migrated(theirs: Path, as_user) -> None:
    folder = os.environ.get("HERMES_STATE_AGENTS")
    python = Path(folder or "/nonexistent") / "0.19.0" / "bin" / "python"
    if not python.exists():
        pytest.skip("no agent 0.19.0: HERMES_STATE_AGENTS is not set (make agents)")
    assert app.run(["--home", str(theirs), "migrate"]) == 0
    before = json.loads((theirs / "auth.json").read_bytes())
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(theirs.parent),
        "HERMES_HOME": str(theirs),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = as_user(USER, str(python), "-c", MARK, env=env, cwd=theirs)
    assert done.returncode == 0, done.stderr[-2000:]
    marked = done.stdout.split()[-1]
    after = json.loads((theirs / "auth.json").read_bytes())
    (row,) = [row for row in after["credential_pool"]["openrouter"] if row["id"] == marked]
    assert row["last_status"] == "exhausted" and row["last_status_at"] > time.time() - 120
    assert after["credential_pool_runtime"] == before["credential_pool_runtime"]
    assert foreign(theirs) == []


def test_everything_that_is_created_belongs_to_the_owner_of_the_home(theirs: Path) -> None:
    assert app.run(["--home", str(theirs), "migrate"]) == 0
    assert foreign(theirs) == []
    assert {"auth.lock", "backups"} <= {path.name for path in theirs.iterdir()}
    (stamp,) = [path.name for path in (theirs / "backups" / "hermes-state").iterdir()]
    assert app.run(["--home", str(theirs), "restore", stamp]) == 0
    (theirs / "auth.json").unlink()
    assert app.run(["--home", str(theirs), "restore", stamp]) == 0
    assert foreign(theirs) == []


def test_a_backups_folder_of_roots_does_not_make_roots_backups(theirs: Path) -> None:
    (theirs / "backups").mkdir(mode=0o755)
    assert app.run(["--home", str(theirs), "migrate"]) == 0
    assert foreign(theirs) == ["backups"]


def test_a_link_out_of_the_home_does_not_hand_its_owner_a_copy_of_anothers_file(theirs: Path) -> None:
    other = theirs.parent.parent / "other.json"
    (theirs / "auth.json").rename(other)
    os.chown(other, 0, 0)
    (theirs / "auth.json").symlink_to(other)
    os.chown(theirs / "auth.json", USER, USER, follow_symlinks=False)
    assert app.run(["--home", str(theirs), "migrate"]) == 0
    (stamp,) = [path.name for path in (theirs / "backups" / "hermes-state").iterdir()]
    assert foreign(theirs) == [f"backups/hermes-state/{stamp}/auth.json"]


def test_a_record_of_a_write_in_place_is_no_copy_of_anothers_file_either(theirs: Path) -> None:
    other = theirs.parent.parent / "other.json"
    (theirs / "auth.json").rename(other)
    os.chown(other, 0, 0)
    found: list[str] = []

    def unchanged(at: Directory) -> bool:
        found.extend(foreign(theirs))
        return True

    old = other.read_bytes()
    inplace.overwrite(RealDisk(), resolve(str(other)), old, old + b"\n", str(theirs), time.time(), unchanged)
    assert sorted(map(os.path.basename, found)) == ["new", "old"]


def test_a_stray_of_a_killed_run_belongs_to_the_owner_of_the_home(theirs: Path) -> None:
    program = f"""
import os
from hermes_state.disk import RealDisk
class Dying(RealDisk):
    def rename(self, at, name, to, new):
        os._exit(9)
from hermes_state.atomic import replace
from hermes_state.links import resolve
replace(Dying(), resolve({str(theirs / "auth.json")!r}), b"{{}}")
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, cwd=PROJECT).returncode == 9
    (stray,) = [path for path in theirs.iterdir() if path.name.endswith(".tmp")]
    assert stray.stat().st_mode & 0o777 == 0o600
    assert foreign(theirs) == []


def test_another_users_file_is_replaced_only_with_the_flag(theirs: Path, as_user) -> None:
    """As a third user, who can write the directory: the old owner would lose the file."""
    theirs.parent.chmod(0o777)
    theirs.chmod(0o777)
    (theirs / "auth.json").chmod(0o644)
    program = "import sys; from hermes_state.cli.app import run; sys.exit(run(sys.argv[1:]))"

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": PROJECT, "HOME": str(theirs.parent)}
        done: subprocess.CompletedProcess[str] = as_user(
            4321, sys.executable, "-c", program, "--home", str(theirs), *arguments, env=env, cwd=theirs
        )
        return done

    refused = run("migrate")
    assert (refused.returncode, "--change-owner" in refused.stderr) == (5, True), refused.stderr
    assert (theirs / "auth.json").stat().st_uid == USER
    done = run("migrate", "--change-owner", "--json")
    assert done.returncode == 0, done.stderr
    assert any("owner" in warning["message"] for warning in json.loads(done.stdout)["homes"][0]["warnings"])
    assert (theirs / "auth.json").stat().st_uid == 4321
