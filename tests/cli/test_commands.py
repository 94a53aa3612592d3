"""What commands print: the promised JSON keys, no secret, nothing that did not happen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path

import pytest

from examples.demo import copy_demo_home

SECRETS = re.compile(r"sk-or-v1-test-|rt-test|at-test|eyJ[A-Za-z0-9]")

HOME_KEYS = {
    "path",
    "home_rule",
    "profile",
    "managed",
    "agent",
    "gateway",
    "providers",
    "files",
    "credentials",
    "breakers",
}
CREDENTIAL_KEYS = {
    *(
        "pool",
        "id",
        "label",
        "source",
        "auth_type",
        "priority",
        "status",
        "agent_sees",
        "held",
        "marked_at",
        "until_at",
        "until_rule",
    ),
    *("remaining_seconds", "error_code", "reason", "message", "model_cooldowns", "store"),
}
BREAKER_KEYS = {"provider", "path", "state", "recorded_at", "reset_at", "remaining_seconds"}
FILE_KEYS = {
    *("kind", "path", "link_target", "shared_with", "outcome", "mode", "uid", "gid", "size", "mtime_at", "sha256"),
    *("pending", "section"),
}


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    (tmp_path / "demo").mkdir()
    return copy_demo_home(tmp_path / "demo", time.time())


def test_inspect_has_the_promised_keys(demo: Path, hermes_state) -> None:
    answer = hermes_state("inspect", "--json", "--home", demo)
    [home] = answer.json["homes"]
    assert set(home) == HOME_KEYS | {"sessions", "config", "findings"}
    assert all(set(row) == CREDENTIAL_KEYS for row in home["credentials"])
    assert all(set(file) == FILE_KEYS for file in home["files"])
    assert all(set(row) == {"provider", "usable", "of", "next_at", "blocked_by"} for row in home["providers"])
    blocks = [block for row in home["providers"] for block in row["blocked_by"]]
    assert blocks and all(set(block) == {"what", "path", "until_at", "clear_with"} for block in blocks)
    assert all(set(row) == BREAKER_KEYS for row in home["breakers"])
    assert set(answer.json["summary"]) == {"errors", "warnings", "pending"}
    finding = home["findings"][0]
    assert set(finding) >= {"id", "severity", "kind", "pointer", "message", "hint"}


def test_migrate_has_the_promised_keys(demo: Path, hermes_state) -> None:
    answer = hermes_state("migrate", "--json", "--home", demo)
    assert answer.json["dry_run"] is False
    [home] = answer.json["homes"]
    assert set(home) >= {"path", "profile", "changed", "backup", "files", "warnings"}
    [file] = home["files"]
    assert set(file) >= {"kind", "path", "changed", "steps", "changes", "left", "binding_moved"}
    assert all(set(step) == {"id", "title", "direction"} for step in file["steps"])
    assert {change["op"] for change in file["changes"]} == {"add", "move"}
    assert all("from" in change for change in file["changes"] if change["op"] == "move")
    assert all(set(row) == {"pool", "id", "reason"} for row in file["left"])
    assert all(set(row) == {"pool", "id", "remaining_seconds"} for row in file["binding_moved"])
    assert [row["pool"] for row in file["binding_moved"]] == ["openrouter", "anthropic"]
    warned = [(warning["pool"], warning["id"]) for warning in home["warnings"] if "pool" in warning]
    assert warned == [(row["pool"], row["id"]) for row in file["binding_moved"]]
    assert Path(home["backup"]).is_dir()


def test_clear_breaker_has_the_promised_keys_and_says_what_else_blocks(demo: Path, hermes_state) -> None:
    answer = hermes_state("clear-breaker", "nous", "--json", "--home", demo)
    [cleared] = answer.json["cleared"]
    assert set(cleared) >= {"provider", "home", "path", "was"}
    assert cleared["was"]["state"] == "active"
    assert cleared["was"]["remaining_seconds"] > 3600
    assert not (demo / "rate_limits" / "nous.json").exists()
    assert answer.json["still_blocked_by"] == []
    again = hermes_state("clear-breaker", "nous", "--json", "--home", demo)
    assert (again.code, again.json["cleared"]) == (0, [])


def test_a_rehearsed_clear_leaves_the_breaker(demo: Path, hermes_state) -> None:
    answer = hermes_state("clear-breaker", "--all", "--dry-run", "--home", demo)
    assert "would be cleared" in answer.out
    assert (demo / "rate_limits" / "nous.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect",),
        ("inspect", "--json"),
        ("migrate", "--dry-run", "--diff"),
        ("migrate", "--dry-run", "--diff", "--json"),
        ("migrate", "--json"),
        ("migrate", "--to", "base", "--diff"),
        ("clear-breaker", "nous"),
    ],
    ids=" ".join,
)
def test_no_secret_is_ever_printed(demo: Path, hermes_state, arguments: tuple[str, ...]) -> None:
    text = (demo / "auth.json").read_text()
    assert SECRETS.search(text)
    answer = hermes_state("--home", demo, "--all-profiles", *arguments)
    assert answer.out
    assert not SECRETS.search(answer.out + answer.err)


def test_no_secret_is_printed_that_stands_in_the_name_of_a_pool_or_in_an_id(home: Path, hermes_state) -> None:
    pool, identity = "https://me:hunter@host/v1", "deadbeef" * 5
    row = {"id": identity, "last_status": "exhausted", "last_status_at": 1.0, "model_cooldowns": {pool: "soon"}}
    (home / "auth.json").write_text(json.dumps({"providers": {}, "credential_pool": {pool: [row]}}))
    for arguments in (("migrate", "--dry-run", "--diff"), ("inspect",), ("check", "--fail-on", "info")):
        for form in ((), ("--json",)):
            answer = hermes_state("--home", home, *form, *arguments)
            assert answer.out
            assert "hunter" not in answer.out + answer.err and identity not in answer.out + answer.err


def test_inspect_writes_and_creates_nothing(demo: Path, hermes_state) -> None:
    def snapshot() -> dict[str, tuple[int, int]]:
        return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in sorted(demo.parent.rglob("*"))}

    before = snapshot()
    assert hermes_state("inspect", "--home", demo, "--all-profiles").code == 0
    assert snapshot() == before


def test_control_characters_of_a_file_do_not_reach_the_terminal(home: Path, hermes_state) -> None:
    row = {
        "id": "a\x1b[2J",
        "label": "evil\x1b]0;title\x07\u202e",
        "last_error_message": "\x1b[31mred",
        "last_status": "exhausted",
    }
    (home / "auth.json").write_text(json.dumps({"providers": {}, "credential_pool": {"p\x1b[1m": [row]}}))
    for arguments in (("inspect",), ("migrate", "--dry-run", "--diff"), ("migrate",)):
        answer = hermes_state("--home", home, *arguments)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", answer.out + answer.err)


def test_both_directions_of_a_migration_keep_the_links_and_the_bytes(demo: Path, hermes_state) -> None:
    before = (demo / "auth.json").read_bytes()
    link = os.readlink(demo / "auth.json")
    assert hermes_state("migrate", "--home", demo).code == 0
    assert hermes_state("migrate", "--to", "base", "--home", demo).code == 0
    assert (demo / "auth.json").read_bytes() == before
    assert os.readlink(demo / "auth.json") == link


@pytest.mark.agent
def test_inspect_agrees_with_the_real_agent_before_the_migration(demo: Path, hermes_state) -> None:
    folder = os.environ.get("HERMES_STATE_AGENTS")
    if not folder or not (Path(folder) / "0.19.0" / "bin" / "hermes").exists():
        pytest.skip("no agent 0.19.0: HERMES_STATE_AGENTS is not set (make agents)")
    rows = hermes_state("inspect", "auth", "--json", "--home", demo).json["homes"][0]["credentials"]
    env = {"PATH": os.environ["PATH"], "HOME": str(demo.parent), "HERMES_HOME": str(demo)}
    listed = subprocess.run(
        [f"{folder}/0.19.0/bin/hermes", "auth", "list"],
        env=env,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    pool, theirs = "", {}
    for line in listed.splitlines():
        if found := re.match(r"(\S+) \(\d+ credentials", line):
            pool = found[1]
        elif found := re.match(r"  #(\d+)  (.+?)  +(?:api_key|oauth)\b(.*)", line):
            theirs[pool, found[2].strip()] = found[3]
    assert {(row["pool"], row["label"]) for row in rows} == set(theirs)
    for row in rows:
        said = theirs[row["pool"], row["label"]]
        left = re.search(r"\((?:(\d+)h )?(?:(\d+)m )?(\d+)s left\)", said)
        if row["status"] == "cooling":
            assert left, said
            hours, minutes, seconds = (int(part or 0) for part in left.groups())
            assert abs(hours * 3600 + minutes * 60 + seconds - row["remaining_seconds"]) < 15
        else:
            assert left is None, said
        assert ("ready to retry" in said) == (row["status"] == "elapsed")
