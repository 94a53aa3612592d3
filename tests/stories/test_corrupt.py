"""Story: a file is corrupt. No command writes over it, and the way out is to bring a backup back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ground.places import snapshot
from tests.stories.scene import CANARY, cooling, ids, marked, names, put, tokens

BROKEN = {
    "torn": f'{{"providers": {{}}, "credential_pool": {{"openrouter": [{{"access_token": "sk-or-v1-{CANARY}'.encode(),
    "empty": b"",
    "zeros": bytes(4096),
    "list": b"[]\n",
    "conflict": b'{"providers": {}}\n<<<<<<< HEAD\n{"providers": {}}\n',
}
WRITERS = [("migrate",), ("migrate", "--to", "base"), ("clear-cooldown", "openrouter", "--dead")]


@pytest.fixture
def broken(home: Path) -> list[Path]:
    """A root home whose file is well, and a profile for each way to be broken."""
    put(home, cooling())
    made = [home / "profiles" / name for name in BROKEN]
    for profile in made:
        put(profile).write_bytes(BROKEN[profile.name])
    return made


def test_no_command_writes_over_it_leaves_a_copy_or_stops_for_it(home: Path, hermes_state, broken: list[Path]) -> None:
    before = {profile: snapshot(profile) for profile in broken}
    for words in WRITERS:
        answer = hermes_state("--all-profiles", *words, "--json")
        assert answer.code == 4
        assert {(each["home"], each["code"]) for each in answer.json["errors"]} == {
            (str(profile), "file_not_ok") for profile in broken
        }
        assert all(each["message"] for each in answer.json["errors"])
        assert {profile: snapshot(profile) for profile in broken} == before
    assert marked(home) == []
    seen = hermes_state("--all-profiles", "inspect", "--json")
    assert seen.code == 0
    outcomes = {
        Path(each["path"]).name: file["outcome"]
        for each in seen.json["homes"]
        for file in each["files"]
        if file["kind"] == "auth"
    }
    assert {name: outcomes[name] for name in BROKEN} == {
        "torn": "corrupt",
        "empty": "empty",
        "zeros": "corrupt",
        "list": "invalid",
        "conflict": "corrupt",
    }
    assert {profile: snapshot(profile) for profile in broken} == before


def test_the_way_out_is_a_backup_and_the_broken_file_is_kept_in_another(home: Path, hermes_state) -> None:
    file = put(home, cooling())
    secrets = tokens(home)
    assert hermes_state("migrate").code == 0
    file.write_bytes(BROKEN["torn"])
    assert "HS-AUTH-003" in ids(hermes_state("inspect", "--json"))
    [listed] = hermes_state("backups", "--json").json["homes"][0]["backups"]
    done = hermes_state("restore", listed["name"])
    assert done.code == 0
    assert tokens(home) == secrets
    kept = [path.read_bytes() for path in (home / "backups" / "hermes-state").glob("*/auth.json")]
    assert BROKEN["torn"] in kept
    assert names(home) == {"auth.json", "auth.lock"}
