"""What only looks leaves no trace: its system calls say so, a read-only mount, and a user who may read little."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from examples.demo import copy_demo_home
from tests.ground.places import snapshot
from tests.inspection.homes import auth, cooling, link, put

PROJECT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.tiers,
    pytest.mark.skipif(sys.platform != "linux", reason="strace, mounts and user ids as Linux has them"),
]
needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

#: Calls that change something: files, what is known of them, locks. Writing itself is told by its descriptor.
CHANGING = re.compile(
    r"\b(?:mkdir|mkdirat|rmdir|rename|renameat2?|unlink|unlinkat|link|linkat|symlink|symlinkat|mknod|mknodat|chmod|fchmod"
    r"|fchmodat2?|chown|fchown|lchown|fchownat|truncate|ftruncate|fallocate|utime|utimes|utimensat|futimesat|f?l?setxattr"
    r"|f?l?removexattr|fsync|fdatasync|sync|syncfs|flock|mount|umount2?|sendfile|copy_file_range|splice)\("
    r"|\bfcntl\([^,]*, F_(?:OFD_)?SETLKW?,|\bmmap\([^)]*PROT_WRITE[^)]*MAP_SHARED"
)
OPENING = re.compile(r"\b(?:open|openat|openat2)\(.*(?:O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE)|\bcreat\(")
WRITING = re.compile(r"\b(?:write|writev|pwrite64|pwritev2?)\((\d+)")
#: A signal that is more than a question.
SIGNALLING = re.compile(r"\b(?:kill|tgkill|tkill|pidfd_send_signal)\((?!.*, 0\))")

LOOKING = [
    "inspect",
    "inspect --json",
    "--all-profiles inspect",
    "--all-profiles inspect --json",
    "--all-profiles check --fail-on info",
    "--all-profiles check --json",
    "--all-profiles migrate --dry-run --diff",
    "--all-profiles migrate --check --json",
]


def changes(log: Path) -> list[str]:
    """The calls in a log of strace that change anything but stdout and stderr, or would have if they could."""
    found = []
    for call in log.read_text("utf-8", "replace").splitlines():
        written = WRITING.search(call)
        wrote = written is not None and int(written[1]) not in (1, 2)
        if wrote or any(pattern.search(call) for pattern in (CHANGING, OPENING, SIGNALLING)):
            found.append(call)
    return found


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[Path]:
    """The demo home, whose files are links, with profiles, linked and not, and a database that an agent has open."""
    home = copy_demo_home(tmp_path / "d", time.time())
    link(home / "profiles" / "linked" / "auth.json", "../../auth.json")
    link(home / "profiles" / "behind-a-link", home / "profiles" / "linked")
    put(home / "profiles" / "own" / "auth.json", auth({"openrouter": [cooling("x")]}), 0o644)
    put(home / "profiles" / "own" / "auth.lock", "")
    with closing(sqlite3.connect(home / "state.db", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE gateway_routing (scope TEXT, session_key TEXT, entry_json TEXT)")
        assert (home / "state.db-wal").exists()
        yield home


def program(home: Path, words: str) -> list[str]:
    return [sys.executable, "-B", "-m", "hermes_state", "--home", str(home), *words.split()]


def run(home: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": str(home.parent), "PYTHONPATH": str(PROJECT), "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


@needs_strace
@pytest.mark.parametrize("words", LOOKING)
def test_looking_opens_nothing_for_writing_and_changes_nothing(crowded: Path, tmp_path: Path, words: str) -> None:
    before = snapshot(crowded.parent)
    log = tmp_path / "log"
    done = run(crowded, ["strace", "-f", "-o", str(log), *program(crowded, words)])
    assert done.returncode in (0, 1), done.stderr
    assert "auth.json" in log.read_text("utf-8", "replace")
    assert changes(log) == []
    assert snapshot(crowded.parent) == before


@needs_strace
def test_a_command_that_writes_is_seen_to_write(crowded: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert run(crowded, ["strace", "-f", "-o", str(log), *program(crowded, "migrate")]).returncode == 0
    seen = "\n".join(changes(log))
    for call in ("O_CREAT", "flock(", "write", "rename", "fsync(", "mkdir"):
        assert call in seen


# --- where nothing can be written ------------------------------------------------------------------------------------

READ_ONLY = """
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 77
touch "$1/x" 2> /dev/null && exit 78
shift
exec "$@"
"""


@pytest.mark.parametrize("words", ["--all-profiles inspect --json", "--all-profiles check --fail-on info"])
def test_a_home_on_a_read_only_mount_is_looked_at_as_any(crowded: Path, words: str) -> None:
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None:
        pytest.skip("mounting needs root and unshare")
    inside = [unshare, "--mount", "sh", "-c", READ_ONLY, "sh", str(crowded.parent)]
    expected, seen = run(crowded, program(crowded, words)), run(crowded, [*inside, *program(crowded, words)])
    if seen.returncode == 77:
        pytest.skip(f"may not mount here: {seen.stderr}")
    assert (seen.returncode, seen.stderr) == (expected.returncode, "")
    assert timeless(seen.stdout) == timeless(expected.stdout) != ""


def timeless(text: str) -> str:
    """A report without the times that pass while one looks."""
    return re.sub(r'"remaining_seconds": [0-9.]+|\b\d+[dhms](?: \d+[dhms])?\b', "", text)


# --- as somebody else ------------------------------------------------------------------------------------------------

#: Imports all that is needed, for nobody may not read where it is; then becomes nobody, and runs the program.
NOBODY = """
import os, sys
from hermes_state.cli import app
home, unreadable, *words = sys.argv[1:]
streams = sys.stdout, sys.stderr
sys.stdout = sys.stderr = open(os.devnull, "w")
for each in (home, unreadable, home + "/nowhere"):
    for more in ([], ["--json"]):
        app.run(["--home", each, "inspect", *more])
sys.stdout, sys.stderr = streams
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.exit(app.run(["--home", home, *words]))
"""


@pytest.fixture
def public() -> Iterator[Path]:
    """A home that everybody may enter, with an ``auth.json`` and a ``config.yaml`` that only its owner may read."""
    if os.geteuid() != 0:
        pytest.skip("being another user needs root")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / ".hermes"
        put(home / "auth.json", auth({"openrouter": [cooling()]}))
        put(home / "config.yaml", "model: a\n")
        put(home / "sessions" / "sessions.json", {}, 0o644)
        put(home / "rate_limits" / "nous.json", {"reset_at": time.time() + 600.0}, 0o644)
        (home.parent / "unreadable" / "auth.json").mkdir(parents=True)
        for path in (home.parent, home, home / "sessions", home / "rate_limits"):
            path.chmod(0o755)
        yield home


def as_nobody(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return run(home, [sys.executable, "-B", "-c", NOBODY, str(home), str(home.parent / "unreadable"), *words])


def test_another_user_is_told_what_can_be_read_beside_what_cannot(public: Path) -> None:
    before = snapshot(public)
    done = as_nobody(public, "inspect", "--json")
    assert done.returncode == 3, done.stderr
    seen = json.loads(done.stdout)
    assert {(each["kind"], each["code"], each["path"]) for each in seen["errors"]} == {
        ("auth", "file_not_ok", str(public / "auth.json")),
        ("config", "file_not_ok", str(public / "config.yaml")),
    }
    (home,) = seen["homes"]
    outcomes = {file["kind"]: file["outcome"] for file in home["files"]}
    assert outcomes == {"auth": "unreadable", "config": "unreadable", "sessions": "ok", "breaker": "ok"}
    assert [(each["provider"], each["state"]) for each in home["breakers"]] == [("nous", "active")]
    assert snapshot(public) == before


def test_another_user_is_told_so_in_words_too(public: Path) -> None:
    done = as_nobody(public, "inspect")
    assert done.returncode == 3
    assert re.search(r"auth\.json +unreadable", done.stdout)
    assert re.search(r"nous +credentials not known, next in 9m", done.stdout)
    assert re.search(rf"{public}/auth\.json.*[Pp]ermission denied", done.stderr)


def test_a_home_that_may_not_be_entered_is_one_error(public: Path) -> None:
    public.chmod(0o700)
    done = as_nobody(public, "inspect", "--json")
    assert (done.returncode, [error["code"] for error in json.loads(done.stdout)["errors"]]) == (3, ["no_such_home"])
