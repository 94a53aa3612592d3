"""``hermes-state clear-cooldown`` as its user runs it: each story from files on disk, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.ground.places import snapshot

PROJECT = Path(__file__).resolve().parents[2]
SECRET = "sk-or-v1-test-0123456789abcdef"
KEYS = {
    *("format", "format_version", "dry_run", "home", "path", "provider", "credential", "model", "matched"),
    *("nothing_to_clear", "cleared", "left", "verified", "files", "shared", "breakers", "still_blocked_by", "next"),
    *("undo_risk", "errors"),
}
GONE = ("last_status", "last_status_at", "last_error_code", "last_error_reset_at")


class Answer:
    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        assert "Traceback" not in self.out + self.err
        assert SECRET not in self.out + self.err

    @property
    def json(self) -> Any:
        found = json.loads(self.out)
        assert found["format_version"] == 1
        return found


def run(home: Path, *arguments: str, command: str = "clear-cooldown") -> Answer:
    """The command on ``home``, which is where it is looked for when nothing is said."""
    user = home.parent if home.name == ".hermes" else home.parents[2]
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(user),
        "PYTHONPATH": str(PROJECT),
        "COLUMNS": "200",
        "LANG": "C.UTF-8",
    }
    words = [sys.executable, "-m", "hermes_state", command, *arguments]
    return Answer(subprocess.run(words, env=env, capture_output=True, text=True, timeout=60, cwd=user, check=False))


def clear(home: Path, *arguments: str) -> Answer:
    return run(home, "openrouter", *arguments, "--json")


def row(id: Any = "aaaaa1", **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "label": f"key {id}",
        "auth_type": "api_key",
        "priority": 0,
        "source": "manual",
        "access_token": f"{SECRET}-{id}",
        **dict.fromkeys(GONE),
        "request_count": 0,
        **fields,
    }


def cooling(id: Any = "aaaaa1", **fields: Any) -> dict[str, Any]:
    now = time.time()
    mark = ("exhausted", now - 60, 429, now + 3000)
    return row(id, **dict(zip(GONE, mark, strict=True)) | fields)


def dead(id: Any = "aaaaa9") -> dict[str, Any]:
    return row(id, last_status="dead", last_status_at=time.time() - 60, last_error_code=401)


def put(home: Path, *rows: Any, provider: str = "openrouter") -> Path:
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = home / "auth.json"
    file.write_text(json.dumps({"version": 1, "providers": {}, "credential_pool": {provider: list(rows)}}, indent=2))
    file.chmod(0o600)
    return file


def rows(home: Path, provider: str = "openrouter") -> list[Any]:
    return json.loads((home / "auth.json").read_bytes())["credential_pool"][provider]


def cooling_ids(home: Path, provider: str = "openrouter") -> list[Any]:
    """The rows that an agent takes for exhausted or dead: those with a mark in the file."""
    return [each["id"] for each in rows(home, provider) if each["last_status"] is not None]


def verdict(home: Path, provider: str = "openrouter") -> tuple[int, int]:
    seen = run(home, "--json", command="inspect").json["homes"][0]["providers"]
    return next((each["usable"], each["of"]) for each in seen if each["provider"] == provider)


# --- stories ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("migrated", [False, True])
def test_a_reset_that_really_resets_twice_before_and_after_a_migration(migrated: bool, home: Path) -> None:
    put(home, cooling(), cooling("aaaaa2"))
    if migrated:
        assert run(home, "--json", command="migrate").code == 0
    first = clear(home)
    assert (first.code, first.json["verified"], first.json["matched"]) == (0, True, 2)
    assert [one["id"] for one in first.json["cleared"]] == ["aaaaa1", "aaaaa2"]
    assert {one["was"]["held"] for one in first.json["cleared"]} == {"runtime" if migrated else "inline"}
    assert cooling_ids(home) == []
    assert verdict(home) == (2, 2)
    again = clear(home)
    assert (again.code, again.json["cleared"], again.json["nothing_to_clear"]) == (0, [], 2)
    # An agent that is still running writes back what it remembers.
    written = json.loads((home / "auth.json").read_bytes())
    written["credential_pool"]["openrouter"][0] |= dict(zip(GONE, ("exhausted", time.time() - 60, 429), strict=False))
    (home / "auth.json").write_text(json.dumps(written))
    third = clear(home)
    assert [(one["id"], one["was"]["status"], one["was"]["agent_sees"]) for one in third.json["cleared"]] == [
        ("aaaaa1", "ok", "blocked")
    ]
    assert cooling_ids(home) == []


def test_one_of_three_of_which_two_have_one_label(home: Path) -> None:
    put(home, cooling(label="work"), cooling("aaaaa2", label="spare"), cooling("aaaaa3", label="work"))
    before = snapshot(home)
    refused = run(home, "openrouter", "work")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        f"hermes-state: credential 'work' fits several in {home}/auth.json\n  one of: 1 (id aaaaa1), 3 (id aaaaa3)\n"
    )
    assert snapshot(home) == before
    assert [one["id"] for one in clear(home, "spare").json["cleared"]] == ["aaaaa2"]
    assert [one["id"] for one in clear(home, "aaaaa3").json["cleared"]] == ["aaaaa3"]
    last = clear(home, "1")
    assert [(one["id"], one["number"]) for one in last.json["cleared"]] == [("aaaaa1", 1)]
    assert last.json["matched"] == 1


@pytest.mark.parametrize(("content", "code", "outcome"), [(None, 3, "unreadable"), (b'{"a', 4, "corrupt")])
def test_unreadable_is_not_corrupt_and_neither_is_overwritten(
    content: bytes | None, code: int, outcome: str, home: Path
) -> None:
    file = home / "auth.json"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    for more in ((), ("--dry-run",)):
        answer = clear(home, *more)
        assert answer.code == code
        [error] = answer.json["errors"]
        assert (error["path"], outcome in error["message"], answer.json["verified"]) == (str(file), True, False)
    assert not {".corrupt", ".bak"} & {path.suffix for path in home.iterdir()}
    assert (file.read_bytes() if content is not None else None) == content


def test_linked_dotfiles_keep_their_link_and_mode(home: Path) -> None:
    real = put(home.parent / "dotfiles", cooling())
    real.chmod(0o640)
    (home / "auth.json").symlink_to("../dotfiles/auth.json")
    assert clear(home).code == 0
    assert os.readlink(home / "auth.json") == "../dotfiles/auth.json"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert cooling_ids(home) == []


def test_nous_that_is_blocked_by_both_switches(home: Path) -> None:
    put(home, cooling(), provider="nous")
    (home / "rate_limits").mkdir()
    breaker = home / "rate_limits" / "nous.json"
    breaker.write_text(json.dumps({"reset_at": time.time() + 1830, "recorded_at": time.time(), "reset_seconds": 1830}))
    one = run(home, "nous")
    assert one.code == 0
    assert re.search(r"still blocked by breaker for 30m \d+s", one.out)
    assert "next: hermes-state clear-breaker nous" in one.out
    both = run(home, "nous", "--breaker", "--json").json
    assert [(each["provider"], each["was"]["state"]) for each in both["breakers"]] == [("nous", "active")]
    assert (both["still_blocked_by"], both["next"]) == ([], [])
    assert verdict(home, "nous") == (1, 1)


def test_a_breaker_without_credentials_can_be_cleared_and_without_it_nothing_is_known(home: Path) -> None:
    (home / "rate_limits").mkdir()
    (home / "rate_limits" / "nous.json").write_text("{")
    assert run(home, "nous", "--breaker").code == 0
    assert list((home / "rate_limits").iterdir()) == []
    assert run(home, "nous", "--breaker").code == 2


def test_a_profile_that_shadows_and_one_that_borrows(home: Path) -> None:
    put(home, cooling())
    shadowing, borrowing = home / "profiles" / "shadowing", home / "profiles" / "borrowing"
    put(shadowing, cooling("bbbbb1"))
    borrowing.mkdir()
    own = clear(home, "-p", "shadowing").json
    assert [(one["id"], one["store"]) for one in own["cleared"]] == [("bbbbb1", "own")]
    assert own["files"][0]["also_of"] == []
    assert cooling_ids(home) == ["aaaaa1"]
    said = run(home, "openrouter", "-p", "borrowing")
    assert f"in {home}/auth.json (the root's store, from which the profile borrows)" in said.out
    assert "they are the credentials of other homes too: default" in said.out
    assert cooling_ids(home) == []
    assert not (borrowing / "auth.json").exists()


def test_two_profiles_that_are_linked_to_one_file(home: Path) -> None:
    one, two = home / "profiles" / "one", home / "profiles" / "two"
    real = put(one, cooling())
    two.mkdir()
    (two / "auth.json").symlink_to(real)
    said = clear(home, "--all-profiles").json
    assert [(file["home"], file["cleared"], file["also_of"]) for file in said["files"]] == [(str(one), 1, [str(two)])]
    assert [(each["home"], each["seen_for"]) for each in said["shared"]] == [(str(two), str(one))]
    assert (two / "auth.json").is_symlink()


def test_dead_credentials_are_named_and_go_only_when_asked_for(home: Path) -> None:
    put(home, cooling(), dead())
    said = clear(home).json
    assert [(one["id"], one["reason"]) for one in said["left"]] == [("aaaaa9", "dead")]
    assert cooling_ids(home) == ["aaaaa9"]
    assert clear(home, "--dead").json["cleared"][0]["was"]["status"] == "dead"
    assert cooling_ids(home) == []


def test_the_cooldown_of_one_model(home: Path) -> None:
    ends = {"opus": time.time() + 900, "haiku": time.time() + 900}
    put(home, row(model_cooldowns=ends), cooling("aaaaa2"))
    said = clear(home, "--model", "opus").json
    assert (said["model"], said["matched"], [one["id"] for one in said["cleared"]]) == ("opus", 2, ["aaaaa1"])
    assert rows(home)[0]["model_cooldowns"] == {"haiku": ends["haiku"]}
    assert cooling_ids(home) == ["aaaaa2"]


def test_a_credential_without_an_id_is_cleared_and_its_risk_is_said(home: Path) -> None:
    put(home, cooling(None))
    said = run(home, "openrouter", "1")
    assert "row 1 (key None) was cooling" in said.out
    assert "it has no id: a running agent that writes its mark back blocks it again" in said.out
    assert cooling_ids(home) == []


def test_a_dry_run_creates_nothing(home: Path) -> None:
    put(home, cooling(), dead())
    before = snapshot(home)
    said = run(home, "openrouter", "--dry-run")
    assert said.code == 0
    assert "1 of 2 credentials would be cleared" in said.out
    assert "nothing was written; run it again without --dry-run" in said.out
    assert clear(home, "--dry-run").json["verified"] is False
    assert snapshot(home) == before


def test_a_lock_that_is_held_for_longer_than_the_timeout(home: Path) -> None:
    file = put(home, cooling())
    before = file.read_bytes()
    with FileLock(home / "auth.lock"):
        answer = clear(home, "--lock-timeout", "0.1")
    assert (answer.code, answer.json["errors"][0]["code"]) == (6, "lock_timeout")
    assert file.read_bytes() == before


def test_a_file_with_a_byte_order_mark_and_crlf(home: Path) -> None:
    file = put(home, cooling(label="Schlüssel"))
    text = json.dumps(json.loads(file.read_bytes()), indent=1, ensure_ascii=False).replace("\n", "\r\n")
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    said = clear(home).json
    assert said["files"][0]["notes"][0].startswith("the byte order mark goes")
    after = file.read_bytes().decode()
    assert after.count("\r\n") == after.count("\n")
    assert '"label": "Schlüssel"' in after
    assert cooling_ids(home) == []


def test_a_hard_link_needs_its_flag(home: Path) -> None:
    file = put(home, cooling())
    os.link(file, home / "other.json")
    refused = clear(home)
    assert (refused.code, refused.json["errors"][0]["hint"]) == (5, "add --break-hard-link to allow it")
    assert clear(home, "--break-hard-link").code == 0


def test_a_section_that_is_not_ours_is_left_byte_for_byte(home: Path) -> None:
    file = put(home, cooling())
    file.write_text(json.dumps(json.loads(file.read_bytes()) | {"credential_pool_runtime": {"by": "somebody else"}}))
    before = file.read_bytes()
    assert clear(home).code == 5
    assert file.read_bytes() == before


def test_a_running_agent_that_can_undo_it_is_named(home: Path, tmp_path: Path) -> None:
    put(home, cooling())
    script = tmp_path / "venv" / "bin" / "hermes"
    script.parent.mkdir(parents=True)
    script.write_text("import sys\nprint(flush=True)\nsys.stdin.read()\n")
    script.chmod(0o755)
    (tmp_path / "venv" / "lib" / "python3" / "site-packages" / "hermes_agent-0.19.0.dist-info").mkdir(parents=True)
    words = [sys.executable, str(script), "chat"]
    env = {"HERMES_HOME": str(home), "HOME": "/nowhere"}
    with subprocess.Popen(words, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        agent.stdout.readline()
        said = run(home, "openrouter", "--dry-run")
        risk = clear(home).json["undo_risk"]
        agent.kill()
    assert f"agent pid {agent.pid}, agent 0.19.0: {home}" in said.out
    assert risk["level"] == "high"
    assert risk["agents"] == [
        {
            "kind": "agent",
            "state": "running",
            "pid": agent.pid,
            "home": str(home),
            "version": "0.19.0",
            "does": "writes_back",
        }
    ]


# --- the command itself ----------------------------------------------------------------------------------------------


def test_the_promised_keys(home: Path) -> None:
    put(home, cooling(), dead())
    said = clear(home, "--breaker").json
    assert set(said) == KEYS
    assert said["format"] == "hermes-state/clear-cooldown"
    assert (said["home"], said["path"], said["dry_run"]) == (str(home), str(home / "auth.json"), False)
    [one] = said["cleared"]
    assert set(one) == {"home", "path", "pool", "id", "label", "number", "store", "was", "note"}
    assert set(one["was"]) == {
        *("status", "agent_sees", "held", "until_at", "remaining_seconds", "error_code", "reason", "model_cooldowns"),
    }
    assert set(said["left"][0]) == {"home", "path", "pool", "id", "label", "number", "store", "reason"}
    assert set(said["undo_risk"]) == {"level", "message", "agents", "unseen"}
    put(home, dead())
    [block] = clear(home).json["still_blocked_by"]
    assert set(block) == {"home", "what", "path", "until_at", "clear_with"}


def test_what_people_see(home: Path) -> None:
    put(home, cooling(), row("aaaaa2"), dead())
    said = run(home, "openrouter").out.splitlines()
    assert [re.sub(r"49m \d+s", "49m 5?s", line) for line in said[:6]] == [
        f"Home {home} (default)",
        "✓ openrouter: 1 of 3 credentials cleared, 1 had nothing to clear",
        f"    in {home}/auth.json",
        "    aaaaa1 (key aaaaa1) was cooling down for 49m 5?s more (429)",
        "  ⚠ aaaaa9 (key aaaaa9) was left: it is dead, which time does not mend: log in, or clear it with --dead",
        "    verified: the file was read again, and none of it is there",
    ]


def test_what_people_see_of_many_profiles(home: Path) -> None:
    put(home, cooling(last_error_code=402, model_cooldowns={"opus": time.time() + 50}), row("aaaaa2"))
    for number in range(7):
        (home / "profiles" / f"p{number}").mkdir(parents=True)
    said = run(home, "openrouter", "--all-profiles", "--model", "opus", "--breaker", "--dry-run").out.splitlines()
    assert said[:8] == [
        f"Home {home} (default)",
        "✓ openrouter: 1 of 2 credentials would be cleared (only for opus), 1 had nothing to clear",
        f"    in {home}/auth.json",
        "    aaaaa1 (key aaaaa1) is cooling down for opus",
        "  ⚠ they are the credentials of other homes too: p0, p1, p2, p3, p4 and 2 more",
        f"Home {home}/profiles/p0 (profiles/)",
        f"· its credentials are in {home}/auth.json, which was seen to for {home}",
        f"Home {home}/profiles/p1 (profiles/)",
    ]
    assert "· there is no breaker of openrouter: nothing to do" in said


@pytest.mark.parametrize(
    ("old", "words"),
    [
        (row(last_status="exhausted", last_status_at=1.0, last_error_code=429), "usable again, with an old mark (429)"),
        (row(last_status="exhausted", last_error_reset_at=1e400), "cooling down for ever"),
        (row(last_error_message="x"), "usable, with traces of an old failure"),
        (dead("aaaaa1"), "dead (401)"),
    ],
)
def test_what_a_credential_was_is_said_in_words(old: Any, words: str, home: Path) -> None:
    put(home, old)
    assert f"aaaaa1 (key aaaaa1) was {words}" in run(home, "openrouter", "--dead").out


def test_that_a_running_agent_wrote_a_mark_back_is_said_in_words(home: Path) -> None:
    old = cooling()
    put(home, old)
    clear(home)
    document = json.loads((home / "auth.json").read_bytes())
    document["credential_pool"]["openrouter"] = [old]
    (home / "auth.json").write_text(json.dumps(document))
    assert "was cleared before, and written back by a running agent" in run(home, "openrouter").out


def test_that_nothing_was_cleared_is_said_in_words(home: Path) -> None:
    put(home, row(), row("aaaaa2"))
    assert "✓ openrouter: nothing to clear in 2 credentials" in run(home, "openrouter").out
    put(home, dead())
    assert "⚠ openrouter: nothing was cleared" in run(home, "openrouter").out


def test_shared_options_go_before_the_command_and_after_it(home: Path) -> None:
    put(home, cooling())
    before = run(home, "clear-cooldown", "openrouter", "--dry-run", command="--json").json
    assert before == run(home, "openrouter", "--json", "--dry-run").json | {
        "cleared": before["cleared"]  # its seconds go by
    }


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nouse",),
        ("openrouter", "nobody"),
        ("openrouter", "--model", "opus", "--dead"),
        ("openrouter", "-p", "nobody"),
        ("openrouter", "a", "b"),
    ],
)
def test_what_cannot_be_meant_is_exit_code_2_and_changes_nothing(words: tuple[str, ...], home: Path) -> None:
    put(home, cooling())
    before = snapshot(home)
    answer = run(home, *words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err
    assert snapshot(home) == before


def test_nothing_from_a_file_reaches_the_terminal_as_a_control_sequence(home: Path) -> None:
    put(home, cooling("\x1b[31ma", label=f"\x1b]0;x\x07 {SECRET}"), provider="open\x1b[2Jrouter")
    for more in (("nobody",), ("--dry-run",), ()):
        answer = run(home, "open\x1b[2Jrouter", *more)
        assert "\x1b" not in answer.out + answer.err


def test_no_secret_is_printed_wherever_a_user_has_put_one(home: Path) -> None:
    put(home, cooling(SECRET, label=SECRET, last_error_reason=SECRET), dead(f"{SECRET}d"), provider=SECRET)
    for more in (("--dry-run",), ("--dry-run", "--json"), ("--json",), ("--json",), ("nobody",), ("nobody", "--json")):
        run(home, SECRET, *more)  # looks for it


def test_the_help_has_an_example() -> None:
    said = run(PROJECT / ".hermes", "--help")
    assert "Examples:" in said.out and "\n  hermes-state clear-cooldown openrouter\n" in said.out
