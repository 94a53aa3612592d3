"""Story: the state files are links into a dotfiles directory on another file system, and a group may read them."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.stories.scene import SECTION, cooling, marked, names, put, put_breaker, read, row, tokens, until


@pytest.fixture
def dotfiles(home: Path, other_file_system: Path) -> Path:
    """Where ``auth.json`` really is (absolute link), and the breaker (a chain of a relative and an absolute one)."""
    real = other_file_system / "hermes"
    put(real, cooling(), row("aaaaa2")).chmod(0o640)
    put_breaker(real, until(600)).chmod(0o640)
    (home / "auth.json").symlink_to(real / "auth.json")
    (home / "rate_limits").mkdir()
    (home / "rate_limits" / "nous.json").symlink_to("../elsewhere.json")
    (home / "elsewhere.json").symlink_to(real / "rate_limits" / "nous.json")
    return real


def links(home: Path) -> dict[str, str]:
    return {str(path.relative_to(home)): os.readlink(path) for path in home.rglob("*") if path.is_symlink()}


@pytest.mark.tiers
def test_links_and_modes_stay_and_the_target_is_replaced_as_a_whole(
    home: Path, hermes_state: Callable, dotfiles: Path
) -> None:
    real = dotfiles / "auth.json"
    as_they_were, content, secrets = links(home), real.read_bytes(), tokens(home)

    def done(*words: str) -> tuple[list[str], bool]:
        """Runs a command; which rows are marked after it, and whether there is a section."""
        inode = real.stat().st_ino
        answer = hermes_state(*words)
        assert answer.code == 0, answer.err
        assert links(home) == as_they_were
        assert real.stat().st_ino != inode, "replaced, never written into"
        assert stat.S_IMODE(real.stat().st_mode) == 0o640
        assert tokens(home) == secrets
        return marked(home), SECTION in read(home)

    assert done("migrate") == ([], True)
    [backup] = (home / "backups" / "hermes-state").iterdir()
    assert done("migrate", "--to", "base") == (["aaaaa1"], False)
    assert done("clear-cooldown", "openrouter") == ([], True)
    assert done("restore", backup.name, "--with-tokens") == (["aaaaa1"], False)
    assert real.read_bytes() == content
    assert sorted(path.name for path in dotfiles.iterdir()) == ["auth.json", "rate_limits"]
    assert names(home) == {"auth.json", "auth.lock", "elsewhere.json", "rate_limits", "rate_limits/nous.json"}


@pytest.mark.tiers
def test_a_breaker_behind_links_goes_the_links_stay_and_inspect_follows_them(
    home: Path, hermes_state: Callable, dotfiles: Path
) -> None:
    as_they_were = links(home)
    first = hermes_state("clear-breaker", "nous", "--json")
    assert (first.code, [each["was"]["state"] for each in first.json["cleared"]]) == (0, ["active"])
    assert list((dotfiles / "rate_limits").iterdir()) == []
    assert links(home) == as_they_were
    again = hermes_state("clear-breaker", "nous")
    assert (again.code, "which does not exist: it blocks nobody" in again.out) == (0, True)
    seen = hermes_state("inspect", "--json").json["homes"][0]
    assert [each["provider"] for each in seen["providers"]] == ["openrouter"]
    assert "HS-HOME-001" not in [each["id"] for each in seen["findings"]]
    [file] = [each for each in seen["files"] if each["kind"] == "auth"]
    assert (file["link_target"], file["mode"]) == (str(dotfiles / "auth.json"), "0640")
    assert [each["id"] for each in seen["findings"]].count("HS-HOME-002") == 1


@pytest.mark.tiers
def test_directories_that_are_links_are_used_as_if_they_were_none(
    home: Path, hermes_state: Callable, other_file_system: Path
) -> None:
    real, limits, work = (other_file_system / name for name in ("real", "limits", "work"))
    put(real, cooling(), provider="nous")
    put(work, cooling("ppppp1"))
    put_breaker(other_file_system, until(600)).parent.rename(limits)
    home.rmdir()
    home.symlink_to(real)
    (home / "rate_limits").symlink_to(limits)
    (home / "profiles").mkdir()
    (home / "profiles" / "work").symlink_to(work)
    done = hermes_state("clear-cooldown", "nous", "--breaker", "--json").json
    assert (len(done["cleared"]), len(done["breakers"]), done["still_blocked_by"]) == (1, 1, [])
    assert hermes_state("-p", "work", "clear-cooldown", "openrouter").code == 0
    assert (marked(real, "nous"), marked(work), list(limits.iterdir())) == ([], [], [])
    assert all(link.is_symlink() for link in (home, home / "rate_limits", home / "profiles" / "work"))
