"""The real thing: file systems that are full, read-only or mounted in odd ways, in a mount namespace of their own."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_state.atomic import atomic_write_bytes
from hermes_state.errors import WriteFailed

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "tests" / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"
TEMPORARY = ".hermes-state."


@pytest.fixture
def namespace(tmp_path: Path) -> Iterator[list[str]]:
    """The start of a command line that runs a shell script in a mount namespace of its own."""
    if shutil.which("unshare") is None or shutil.which("mount") is None:
        pytest.skip("unshare and mount are not installed")
    command = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-ec"]
    if subprocess.run([*command, f"mount -t tmpfs none {tmp_path}"], check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    yield command


def migrate(home: Path, *options: str) -> str:
    return f"{sys.executable} -m hermes_state --home {home} migrate {' '.join(options)}"


def run(namespace: list[str], script: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.run([*namespace, script], check=False, env=environment, capture_output=True, text=True)


@pytest.mark.tiers
@pytest.mark.parametrize("left", [0, 4, 8, 12, 16, 20, 24])
def test_a_full_file_system_leaves_the_old_file_or_makes_the_new_one(
    namespace: list[str], home: Path, left: int
) -> None:
    """``left`` is how many KiB the file system has left: too few for anything, for the backup, for the new file."""
    script = f"""
        mount -t tmpfs -o size=256k,mode=0700 none {home}
        cp {SAMPLE} {home}/auth.json; chmod 600 {home}/auth.json
        dd if=/dev/zero of={home}/filler bs=1k 2>/dev/null || true
        truncate -s -{left}k {home}/filler
        code=0; {migrate(home)} >/dev/null || code=$?
        if [ $code = 7 ]; then cmp {SAMPLE} {home}/auth.json; else grep -q credential_pool_runtime {home}/auth.json; fi
        find {home} -name '*.tmp' -o -name '*.part'
        truncate -s 0 {home}/filler; {migrate(home)} >/dev/null; grep -q credential_pool_runtime {home}/auth.json
        echo $code
    """
    done = run(namespace, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() in (["7"], ["0"])
    assert done.stdout.split() == ["7"] or left >= 8


@pytest.mark.tiers
def test_a_read_only_mount_is_a_clear_error(namespace: list[str], home: Path) -> None:
    shutil.copy(SAMPLE, home / "auth.json")
    (home / "auth.json").chmod(0o600)
    script = f"mount --bind {home} {home}; mount -o remount,ro,bind {home}; {migrate(home)}"
    done = run(namespace, script)
    assert done.returncode == 7
    assert "Read-only file system" in done.stderr
    assert (home / "auth.json").read_bytes() == SAMPLE.read_bytes()
    assert os.listdir(home) == ["auth.json"]


@pytest.mark.tiers
def test_a_file_that_is_mounted_by_itself_is_refused(namespace: list[str], home: Path, tmp_path: Path) -> None:
    real = tmp_path / "mounted.json"
    shutil.copy(SAMPLE, real)
    real.chmod(0o600)
    (home / "auth.json").touch(0o600)
    done = run(namespace, f"mount --bind {real} {home}/auth.json; {migrate(home)}")
    assert done.returncode == 5, done.stderr
    assert real.read_bytes() == SAMPLE.read_bytes()
    assert not [path for path in home.rglob("*") if TEMPORARY in path.name]


def test_a_limit_on_file_sizes_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "auth.json"
    file.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    try:
        with pytest.raises(WriteFailed) as caught:
            atomic_write_bytes(file, b"x" * 4096)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (caught.value.errno, caught.value.content) == (errno.EFBIG, "old")
    assert (file.read_bytes(), os.listdir(tmp_path)) == (b"old", ["auth.json"])
