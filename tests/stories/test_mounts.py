"""Story: a container in which one file, or the whole home, is mounted, some of it read-only; and a managed install."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ground.places import snapshot
from tests.stories.scene import cooling, marked, names, put, put_breaker, read, tokens, until, verdict

pytestmark = pytest.mark.tiers


@pytest.fixture
def outside(home: Path) -> Path:
    """The directory on the host from which a file is mounted over ``auth.json``."""
    real = home.parent / "host"
    put(real, cooling())
    (home / "auth.json").touch(0o600)
    return real


@pytest.fixture
def mounted(home: Path, outside: Path, within_mounts: Callable[[str], list[str]]) -> list[str]:
    return within_mounts(f"mount --bind '{outside}/auth.json' '{home}/auth.json'")


@pytest.fixture
def sealed(home: Path, outside: Path, within_mounts: Callable[[str], list[str]]) -> list[str]:
    file = f"'{home}/auth.json'"
    return within_mounts(f"mount --bind '{outside}/auth.json' {file}\nmount -o remount,ro,bind {file}")


@pytest.fixture
def frozen(home: Path, within_mounts: Callable[[str], list[str]]) -> list[str]:
    return within_mounts(f"mount --bind '{home}' '{home}'\nmount -o remount,ro,bind '{home}'")


def test_a_file_that_is_mounted_by_itself_is_changed_only_when_told_so(
    home: Path, hermes_state: Callable, outside: Path, mounted: list[str]
) -> None:
    before, secrets = snapshot(outside), tokens(outside)
    for words in (("clear-cooldown", "openrouter"), ("migrate", "--dry-run")):
        refused = hermes_state(*words, within=mounted)
        assert refused.code == 5
        assert refused.err.splitlines() == [
            f"hermes-state: {home}/auth.json: it is mounted by itself (a bind mount), "
            "so it cannot be replaced as a whole",
            "  add --in-place to allow it",
        ]
    assert snapshot(outside) == before
    inode = (outside / "auth.json").stat().st_ino
    done = hermes_state("clear-cooldown", "openrouter", "--in-place", within=mounted)
    assert done.code == 0
    assert (outside / "auth.json").stat().st_ino == inode
    assert (marked(outside), tokens(outside)) == ([], secrets)


def test_one_that_is_mounted_read_only_is_refused_whatever_the_flag_and_nothing_is_said_to_be_torn(
    home: Path, hermes_state: Callable, outside: Path, sealed: list[str]
) -> None:
    before = snapshot(outside)
    for words in (("migrate", "--in-place"), ("migrate", "--dry-run"), ("clear-cooldown", "openrouter", "--in-place")):
        refused = hermes_state(*words, within=sealed)
        assert refused.code == 5
        assert refused.err.splitlines() == [
            f"hermes-state: {home}/auth.json: it is mounted by itself (a bind mount) and may not be written",
            "  mount it writable, or change what is mounted there",
        ]
    assert snapshot(outside) == before
    assert not (home / "backups").exists()


def test_a_read_only_home_can_be_looked_at_and_every_writer_says_why_it_cannot(
    home: Path, hermes_state: Callable, frozen: list[str]
) -> None:
    put(home, cooling(), provider="nous")
    put_breaker(home, until(600))
    before = snapshot(home)
    seen = hermes_state("inspect", "--json", within=frozen)
    assert (seen.code, verdict(seen, "nous")) == (0, (0, 1))
    for words in (("migrate",), ("clear-cooldown", "nous"), ("clear-breaker", "nous"), ("migrate", "--dry-run")):
        answer = hermes_state(*words, within=frozen)
        assert answer.code == 7
        assert "Read-only file system; the file is as it was" in answer.err
        assert answer.err.splitlines()[1] == "  mount it writable, or run this where it is"
        assert "was cleared" not in answer.out and "was migrated" not in answer.out
        assert "hermes-state clear-cooldown nous aaaaa1" not in answer.next, "it would fail again"
    assert snapshot(home) == before


def test_a_breaker_that_is_mounted_by_itself_cannot_be_removed_and_the_rehearsal_says_so_too(
    home: Path, hermes_state: Callable, within_mounts: Callable[[str], list[str]]
) -> None:
    real, breaker = put_breaker(home.parent / "host", until(600)), put_breaker(home, b"")
    mounted = within_mounts(f"mount --bind '{real}' '{breaker}'")
    for more in ((), ("--dry-run",)):
        refused = hermes_state("clear-breaker", "nous", *more, within=mounted)
        assert (refused.code, "would be cleared" in refused.out) == (5, False)
        assert refused.err.splitlines() == [
            f"hermes-state: {breaker}: it is mounted by itself (a bind mount), so it cannot be removed",
            "  remove it where it is mounted from",
        ]
    assert real.exists()


def test_a_read_only_file_is_refused_without_its_flag_and_keeps_its_mode_with_it(
    home: Path, hermes_state: Callable
) -> None:
    file = put(home, cooling())
    file.chmod(0o400)
    before = snapshot(home)
    refused = hermes_state("clear-cooldown", "openrouter", "--dry-run")
    assert (refused.code, "(mode 0400)" in refused.err) == (5, True)
    assert refused.err.splitlines()[1] == "  add --replace-read-only to allow it"
    assert snapshot(home) == before
    assert hermes_state("clear-cooldown", "openrouter", "--replace-read-only").code == 0
    assert (marked(home), file.stat().st_mode & 0o777) == ([], 0o400)


def test_on_a_managed_install_credentials_and_breakers_can_be_cleared_and_modes_are_not_called_wide(
    home: Path, hermes_state: Callable
) -> None:
    put(home, cooling(), provider="nous").chmod(0o660)
    (home / ".managed").touch()
    home.chmod(0o770)
    put_breaker(home, until(600)).chmod(0o660)
    config = home / "config.yaml"
    config.write_text("model:\n  default: test\n")
    before = (config.read_bytes(), config.stat().st_mtime_ns)
    seen = hermes_state("inspect", "--json").json["homes"][0]
    assert seen["managed"] == "NixOS"
    assert "HS-HOME-002" not in [each["id"] for each in seen["findings"]]
    assert hermes_state("clear-cooldown", "nous", "--breaker").code == 0
    assert hermes_state("migrate").code == 0
    assert (marked(home, "nous"), list((home / "rate_limits").iterdir())) == ([], [])
    assert (read(home)["mine"], (home / "auth.json").stat().st_mode & 0o777) == ({"kept": [1, 2.5, "ü"]}, 0o660)
    assert (config.read_bytes(), config.stat().st_mtime_ns, home.stat().st_mode & 0o777) == (*before, 0o770)
    assert names(home) == {".managed", "auth.json", "auth.lock", "config.yaml", "rate_limits"}
