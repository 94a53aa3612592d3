"""Profiles: what they borrow from the root store, what their own rows hide, and files that several homes share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hermes_state.inspection import as_json
from tests.inspection.homes import NOW, at, auth, cooling, found, link, look, put, report, row


@pytest.fixture
def profile(home: Path) -> Path:
    path = home / "profiles" / "coder"
    path.mkdir(parents=True, mode=0o700)
    return path


def test_a_profile_without_a_file_borrows_every_pool_of_the_root(home: Path, profile: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling("a"), row("b")], "nous": [row("c")], "empty": []}))
    seen = look(profile)
    assert [(each.pool, each.id, each.store) for each in seen.credentials] == [
        ("openrouter", "a", "root"),
        ("openrouter", "b", "root"),
        ("nous", "c", "root"),
    ]
    openrouter = seen.providers[0]
    assert (openrouter.usable, openrouter.of) == (1, 2)
    assert openrouter.blocked_by[0].path == str(home / "auth.json")
    assert seen.files[0].outcome == "absent"


def test_an_own_row_shadows_the_roots_rows_of_that_pool_only(home: Path, profile: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a"), row("b")], "nous": [row("c")]}))
    put(profile / "auth.json", auth({"openrouter": [row("own")]}))
    seen = look(profile)
    assert [(each.pool, each.id, each.store) for each in seen.credentials] == [
        ("openrouter", "own", "own"),
        ("nous", "c", "root"),
    ]
    assert found(profile, "HS-AUTH-035") == []


def test_an_own_empty_list_shadows_nothing(home: Path, profile: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a")]}))
    put(profile / "auth.json", auth({"openrouter": []}))
    seen = look(profile)
    assert [(each.provider, each.usable, each.of) for each in seen.providers] == [("openrouter", 1, 1)]
    assert [each.store for each in seen.credentials] == ["root"]


def test_own_rows_that_hide_usable_ones_are_in_the_way(home: Path, profile: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a"), cooling("b")]}))
    put(profile / "auth.json", auth({"openrouter": [cooling("own", 300.0)]}))
    (verdict,) = look(profile).providers
    assert (verdict.usable, verdict.of, verdict.next_at) == (0, 1, NOW + 300.0)
    assert [block.what for block in verdict.blocked_by] == [
        "cooldown of own (429)",
        "own rows, which hide 1 usable in the root store",
    ]


def test_the_root_itself_borrows_from_nobody(home: Path, profile: Path) -> None:
    put(profile / "auth.json", auth({"openrouter": [row("own")]}))
    assert look(home).credentials == ()


def test_the_roots_records_count_for_borrowed_rows(home: Path, profile: Path) -> None:
    section = {"openrouter": {"a": {"last_status": "exhausted", "last_error_reset_at": NOW + 60.0}}}
    put(home / "auth.json", auth({"openrouter": [row("a")]}, section))
    (borrowed,) = look(profile).credentials
    assert (borrowed.status, borrowed.held, borrowed.store) == ("cooling", "runtime", "root")


def test_nothing_is_said_to_be_borrowed_where_the_own_file_cannot_be_read(home: Path, profile: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [row("a")]}))
    (profile / "auth.json").mkdir()
    assert look(profile).credentials == ()


def test_a_breaker_of_the_root_does_not_block_its_profiles(home: Path, profile: Path) -> None:
    put(home / "auth.json", auth({"nous": [row("a")]}))
    put(home / "rate_limits" / "nous.json", {"reset_at": NOW + 60.0})
    root, coder = report(home, profile).homes
    assert [home.providers[0].usable for home in (root, coder)] == [0, 1]


def test_a_root_store_that_cannot_be_read_is_told_for_the_profile_too(home: Path, profile: Path) -> None:
    (home / "auth.json").mkdir()
    seen = report(profile)
    assert [(each.home, each.kind, each.error.path) for each in seen.errors] == [
        (str(profile), "auth", str(home / "auth.json"))
    ]
    assert [(each.id, each.path) for each in seen.homes[0].findings] == [("HS-AUTH-036", str(home / "auth.json"))]


def test_a_root_store_that_cannot_be_read_is_one_error_however_many_miss_it(home: Path, profile: Path) -> None:
    (home / "auth.json").mkdir()
    assert [each.home for each in report(home, profile).errors] == [str(home)]


def test_a_mark_of_the_root_that_no_longer_holds_is_ended_where_it_is(home: Path, profile: Path) -> None:
    section = {"openrouter": {"a": {"cleared_at": NOW - 10.0}}}
    put(home / "auth.json", auth({"openrouter": [cooling("a")]}, section))
    (block,) = look(profile).providers[0].blocked_by
    assert block.clear_with == f"hermes-state --home {home} migrate"


def test_the_other_homes_of_a_shared_file_are_named(home: Path, profile: Path) -> None:
    other = home / "profiles" / "other"
    put(home / "auth.json", auth({"openrouter": [row()]}))
    link(profile / "auth.json", "../../auth.json")
    link(other / "auth.json", home / "auth.json")
    put(home / "rate_limits" / "nous.json", {"reset_at": NOW + 60.0})
    link(other / "rate_limits", home / "rate_limits")
    root, coder, third = report(home, profile, other).homes
    assert root.files[0].shared_with == (str(profile), str(other))
    assert coder.files[0].shared_with == (str(home), str(other))
    assert (coder.files[0].link_target, root.files[0].link_target) == (str(home / "auth.json"), None)
    assert third.files[-1].shared_with == (str(home),)
    assert [each.store for each in coder.credentials] == ["own"]


def test_a_file_that_is_shared_is_pending_once(home: Path, profile: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling()]}))
    link(profile / "auth.json", "../../auth.json")
    put(home / "profiles" / "other" / "auth.json", auth({"openrouter": [cooling()]}))
    seen = report(home, profile, home / "profiles" / "other")
    assert [len(each.files[0].pending) for each in seen.homes] == [1, 1, 1]
    assert seen.summary.pending == 2


def test_files_that_are_only_equal_are_not_shared(home: Path, profile: Path) -> None:
    for place in (home, profile):
        put(place / "auth.json", auth({"openrouter": [row()]}))
    assert look(profile).files[0].shared_with == ()


def test_sessions_that_the_gateway_file_moves_to_one_place_are_shared(
    home: Path, profile: Path, tmp_path: Path
) -> None:
    put(tmp_path / "moved" / "sessions.json", {})
    for place in (home, profile):
        put(place / "gateway.json", {"sessions_dir": str(tmp_path / "moved")})
    sessions = next(file for file in look(profile).files if file.kind == "sessions")
    assert (sessions.path, sessions.shared_with) == (str(tmp_path / "moved" / "sessions.json"), (str(home),))


def test_a_store_in_trouble_hides_no_other_home(home: Path, profile: Path) -> None:
    put(home / "auth.json", b"\xff")
    put(profile / "auth.json", auth({"openrouter": [row()]}))
    other = home / "profiles" / "other"
    put(other / "auth.json", "")
    seen = as_json(report(home, profile, other))
    assert [each["files"][0]["outcome"] for each in seen["homes"]] == ["corrupt", "ok", "empty"]
    assert seen["homes"][1]["providers"][0]["usable"] == 1


def test_many_profiles_are_looked_at_once_each(home: Path) -> None:
    """A file of the root is read once, and one of a profile once, however many profiles there are."""
    put(home / "auth.json", auth({"openrouter": [row()]}))
    profiles = [home / "profiles" / f"p{number}" for number in range(30)]
    for path in profiles:
        put(path / "auth.json", auth({"nous": [row(path.name)]}))
    reads: list[str] = []
    from hermes_state.stores.auth import AuthStore

    read = AuthStore.read

    def counted(self: AuthStore) -> object:
        reads.append(self.path)
        return read(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AuthStore, "read", counted)
        seen = report(*profiles)
    assert sorted(reads) == sorted(str(path / "auth.json") for path in (home, *profiles))
    assert all([each.id for each in home.credentials] == [home.profile, "7e472f"] for home in seen.homes)


def test_homes_of_several_roots_are_told_apart(home: Path, profile: Path, tmp_path: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [row()]}))
    lonely = tmp_path / "lonely"
    lonely.mkdir()
    assert [len(each.credentials) for each in report(profile, lonely).homes] == [1, 0]
    assert report(at(lonely)).homes[0].profile == "default"


@pytest.mark.parametrize(
    "words",
    [
        "inspect --json",
        "inspect",
        "check",
        "migrate --dry-run --json",
        "migrate --to base --dry-run --json",
        "clear-cooldown nous --dry-run --json",
        "clear-breaker nous --dry-run --json",
        "recover --json",
    ],
)
def test_ten_times_the_profiles_is_not_more_than_ten_times_the_work(
    home: Path, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Work is counted in questions to the file system: a home that asks about its siblings shows at once."""
    from hermes_state.cli import app

    put(home / "auth.json", auth({"openrouter": [row()]}))
    put(home / "gateway_state.json", {"gateway_state": "running", "served_profiles": ["p000"], "pid": 1 << 22})
    section = {"openrouter": {"b": {"last_status": "exhausted", "last_error_reset_at": time.time() + 600.0}}}
    asked = 0

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal asked
            asked += 1
            return real(*arguments, **named)

        return counted

    def work(until: int) -> int:
        """Make profiles until there are so many; the questions of a run over all of them."""
        nonlocal asked
        for number in range(len(list(home.glob("profiles/*"))), until):
            path = home / "profiles" / f"p{number:03}"
            put(path / "auth.json", auth({"nous": [cooling()], "openrouter": [row("b")]}, section))
            put(path / "rate_limits" / "nous.json", {"reset_at": NOW})
            (path / "backups" / "hermes-state" / f"{number}.in-place").mkdir(parents=True)
            put(path / "gateway_state.json", {"gateway_state": "running", "served_profiles": ["p000"], "pid": 1 << 22})
        asked = 0
        # 5 where the gateway in the record, which lives nowhere here, may live outside of this container.
        assert app.run(["--home", str(home), "--all-profiles", *words.split()]) in (0, 1, 5)
        capsys.readouterr()
        return asked

    work(1)  # what is imported is not asked for again
    for name in ("stat", "lstat", "open", "listdir", "readlink", "scandir", "access"):
        monkeypatch.setattr(os, name, counting(getattr(os, name)))
    few, some, many = (work(count) for count in (5, 10, 30))
    assert few < some
    assert many - some <= 4 * (some - few) + 20
