"""Story: files that an editor saved with a byte order mark, with CRLF, or as raw UTF-8."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stories.scene import SECTION, cooling, document, marked, put, tokens

BOM = b"\xef\xbb\xbf"


def spelled(*, crlf: bool = False, raw: bool = False) -> bytes:
    text = json.dumps(document(cooling(label="Schlüssel 🗝")), indent=4, ensure_ascii=not raw) + "\n"
    return (text.replace("\n", "\r\n") if crlf else text).encode()


@pytest.fixture
def spellings(home: Path) -> dict[Path, bytes]:
    """Profile homes, and how the file of each is spelled."""
    contents = {
        "bom": BOM + spelled(),
        "crlf": spelled(crlf=True),
        "raw": spelled(raw=True),
        "together": BOM + spelled(crlf=True, raw=True),
    }
    made = {home / "profiles" / name: content for name, content in contents.items()}
    for profile, content in made.items():
        put(profile).write_bytes(content)
    return made


def test_an_odd_spelling_is_read_and_kept_on_the_way_there_and_back(hermes_state, spellings: dict[Path, bytes]) -> None:
    secrets = {profile: tokens(profile) for profile in spellings}
    seen = {Path(each["path"]): each for each in hermes_state("--all-profiles", "inspect", "--json").json["homes"]}
    for profile, content in spellings.items():
        said = {each["id"] for each in seen[profile]["findings"]}
        assert ("HS-AUTH-014" in said) == content.startswith(BOM)
        assert [each["label"] for each in seen[profile]["credentials"]] == ["Schlüssel 🗝"]
        assert [each["outcome"] for each in seen[profile]["files"] if each["kind"] == "auth"] == ["ok"]

    there = hermes_state("--all-profiles", "migrate", "--diff")
    assert there.code == 0
    for profile, content in spellings.items():
        migrated = (profile / "auth.json").read_bytes()
        assert not migrated.startswith(BOM)
        assert migrated.count(b"\r\n") == (migrated.count(b"\n") if b"\r\n" in content else 0)
        assert ("Schlüssel" in migrated.decode()) == ("Schlüssel" in content.decode())
        assert (marked(profile), tokens(profile), SECTION in migrated.decode()) == ([], secrets[profile], True)

    assert hermes_state("--all-profiles", "migrate", "--to", "base").code == 0
    for profile, content in spellings.items():
        assert (profile / "auth.json").read_bytes() == content.removeprefix(BOM)


def test_that_a_byte_order_mark_goes_is_said_by_the_clear_that_takes_it(
    hermes_state, spellings: dict[Path, bytes]
) -> None:
    profile = next(each for each in spellings if each.name == "together")
    for more in (("--dry-run",), ()):
        said = hermes_state("-p", "together", "clear-cooldown", "openrouter", *more)
        assert said.code == 0
        assert any(line.startswith("· the byte order mark goes") for line in said.lines)
    after = (profile / "auth.json").read_bytes()
    assert not after.startswith(BOM)
    assert after.count(b"\r\n") == after.count(b"\n")
    assert marked(profile) == []


def test_utf_16_is_corrupt_and_its_bytes_stay(home: Path, hermes_state) -> None:
    file = put(home)
    file.write_bytes(spelled().decode().encode("utf-16"))
    before = file.read_bytes()
    answer = hermes_state("migrate")
    assert (answer.code, "corrupt" in answer.err) == (4, True)
    assert file.read_bytes() == before
