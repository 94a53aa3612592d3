"""Clearing a provider over homes: each real file once, its breaker, and what is in the way after that."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from hermes_state.clearing.cooldowns import CooldownsCleared, clear_cooldowns
from hermes_state.clearing.provider import clear_provider
from hermes_state.clearing.report import ProviderCleared, as_json
from hermes_state.clearing.targets import Target
from hermes_state.clearing.undo import Level
from hermes_state.errors import FileNotOk, Refused, UnknownTarget
from hermes_state.home import Home, all_homes
from hermes_state.runtime.record import GROUP_FIELDS, told
from hermes_state.stores.permits import Permits
from tests.ground.places import snapshot
from tests.inspection.homes import HOUR, NOW, agent, at, auth, cooling, link, put, record, row

ACTIVE = {"reset_at": NOW + HOUR, "recorded_at": NOW - 60.0, "reset_seconds": HOUR}
DEAD = row("d", last_status="dead", last_status_at=NOW - 60)


def clear(
    *homes: Path,
    provider: str = "openrouter",
    credential: str | None = None,
    breaker: bool = False,
    dry_run: bool = False,
    **more: Any,
) -> ProviderCleared:
    target = Target(provider, credential, more.pop("model", None), more.pop("dead", False))
    named = [each for home in homes for each in ([at(home)] if len(homes) > 1 else more.pop("all", [at(home)]))]
    return clear_provider(
        named, target, breaker=breaker, dry_run=dry_run, permits=Permits(), clock=lambda: NOW + 5, **more
    )


def every(home: Path, **more: Any) -> ProviderCleared:
    """The clear with ``--all-profiles``."""
    return clear(home, all=all_homes(at(home)), **more)


def has(home: Path, *rows: Any, provider: str = "openrouter", section: Any = None) -> Path:
    return put(home / "auth.json", auth({provider: list(rows)}, section and {provider: section}))


def profile(home: Path, name: str, *rows: Any) -> Path:
    path = home / "profiles" / name
    path.mkdir(parents=True)
    if rows:
        has(path, *rows)
    return path


def is_clear(home: Path, provider: str = "openrouter") -> bool:
    rows = json.loads((home / "auth.json").read_bytes())["credential_pool"][provider]
    return not any(told(each, GROUP_FIELDS) for each in rows)


def blocks(done: ProviderCleared) -> list[str]:
    return [block.what for still in done.still for block in still.blocks]


def login(home: Path, provider: str = "openrouter") -> str:
    """The command of agents that makes a new credential."""
    return f"HERMES_HOME={home} hermes -p default auth add {provider}"


def then(done: ProviderCleared) -> list[str]:
    return [words for still in done.still for words in still.then]


# --- over homes ------------------------------------------------------------------------------------------------------


def test_a_credential_that_no_home_has_is_refused_with_all_the_files_that_were_searched(home: Path) -> None:
    has(home, cooling("a"))
    has(profile(home, "one"), cooling("b"))
    profile(home, "two", cooling("c"))
    with pytest.raises(UnknownTarget) as raised:
        every(home, credential="x")
    paths = [str(path / "auth.json") for path in (home, home / "profiles" / "one", home / "profiles" / "two")]
    assert raised.value.message == f"no credential 'x' in {', '.join(paths)}"
    assert raised.value.hint == "one of: a, b, c"


def test_of_very_many_files_a_few_are_named_and_the_others_counted(home: Path) -> None:
    for number in range(9):
        profile(home, f"p{number}", cooling(f"id{number}"))
    with pytest.raises(UnknownTarget) as raised:
        every(home, credential="x")
    assert raised.value.message.endswith("/profiles/p4/auth.json, nor in 4 other files")
    assert raised.value.hint.endswith("id7, 1 more")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_number_is_refused_where_it_would_mean_another_row_in_each_of_several_files(
    home: Path, dry_run: bool
) -> None:
    has(home, cooling("a"))
    other = profile(home, "coder", cooling("b"))
    with pytest.raises(UnknownTarget, match="a number means another row in each of 2 files") as raised:
        every(home, credential="1", dry_run=dry_run)
    assert (raised.value.exit_code, is_clear(home), is_clear(other)) == (2, False, False)
    assert "name an id or a label, or one home" in raised.value.message


def test_what_looks_like_a_number_and_is_an_id_means_the_row_of_that_id_only(home: Path) -> None:
    has(home, cooling("a"))
    other = profile(home, "coder", cooling("b"), cooling("1"))
    done = every(home, credential="1")
    assert [one.was.id for file in done.files for one in file.cleared] == ["1"]
    assert not is_clear(home) and not is_clear(other)


def test_a_number_will_do_where_all_homes_have_one_file(home: Path) -> None:
    path = has(home, cooling("a"))
    link(profile(home, "linked") / "auth.json", path)
    profile(home, "borrowing")
    done = every(home, credential="1")
    assert [one.was.id for file in done.files for one in file.cleared] == ["a"]


def test_each_real_file_is_cleared_once_and_who_shares_it_is_told(home: Path) -> None:
    has(home, cooling("a"))
    own, borrowing, linked = profile(home, "b-own", cooling("b")), profile(home, "c-none"), profile(home, "d-link")
    (linked / "auth.json").symlink_to(own / "auth.json")
    done = every(home)
    assert [(file.home.path, [one.was.id for one in file.cleared]) for file in done.files] == [
        (str(home), ["a"]),
        (str(own), ["b"]),
    ]
    assert [(one.home.path, one.seen_for.path) for one in done.shared] == [
        (str(borrowing), str(home)),
        (str(linked), str(own)),
    ]
    assert done.verified
    assert is_clear(home)
    assert is_clear(own)


def test_a_home_without_the_provider_is_passed_over_as_long_as_another_has_it(home: Path) -> None:
    has(home, row("n"), provider="nous")
    coder = profile(home, "coder", cooling("c"))
    assert [file.home.path for file in every(home).files] == [str(coder)]
    with pytest.raises(UnknownTarget) as raised:
        every(home, provider="nouse")
    assert raised.value.known == ("nous", "openrouter")


def test_a_credential_is_cleared_in_the_homes_that_have_it(home: Path) -> None:
    has(home, cooling("a"))
    coder = profile(home, "coder", cooling("c"))
    assert [file.home.path for file in every(home, credential="c").files] == [str(coder)]
    assert not is_clear(home)
    with pytest.raises(UnknownTarget) as raised:
        every(home, credential="x")
    assert raised.value.path == str(home / "auth.json")


def test_a_name_that_fits_several_in_one_home_is_refused_before_any_is_cleared(home: Path) -> None:
    has(home, cooling("a", label="work"))
    profile(home, "coder", cooling("c", label="work"), cooling("d", label="work"))
    before = snapshot(home)
    with pytest.raises(UnknownTarget) as raised:
        every(home, credential="work")
    assert raised.value.ambiguous
    assert snapshot(home) == before


def test_what_is_wrong_with_one_file_stops_no_other_and_is_told_once(home: Path) -> None:
    put(home / "auth.json", b"{")
    coder = profile(home, "coder", cooling("c"))
    profile(home, "one")
    profile(home, "two")
    done = every(home)
    assert is_clear(coder)
    assert [failed.error.path for failed in done.errors] == [str(home / "auth.json")]
    assert (int(done.exit_code), done.verified) == (4, False)


def test_a_file_that_is_not_ok_is_told_even_if_no_home_is_known_to_have_the_provider(home: Path) -> None:
    put(home / "auth.json", b"{")
    assert int(clear(home).exit_code) == 4


def test_a_lock_that_is_held_stops_no_other(home: Path) -> None:
    has(home, cooling("a"))
    coder = profile(home, "coder", cooling("c"))
    with FileLock(home / "auth.lock"):
        done = every(home, seconds=0.05)
    assert is_clear(coder)
    assert not is_clear(home)
    assert int(done.exit_code) == 6


def test_a_clear_that_did_not_hold_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(home, cooling("a"))
    monkeypatch.setattr(
        "hermes_state.clearing.cooldowns._problem",
        lambda *arguments: UnknownTarget(str(home), "credential", "a"),
    )
    done = clear(home)
    assert [failed.error for failed in done.errors] == [done.files[0].problem]
    assert not done.verified


# --- breakers --------------------------------------------------------------------------------------------------------


def breaker(home: Path, provider: str = "nous") -> Path:
    return put(home / "rate_limits" / f"{provider}.json", ACTIVE)


def test_the_breaker_goes_too_when_asked_for(home: Path) -> None:
    has(home, cooling("n"), provider="nous")
    file = breaker(home)
    done = clear(home, provider="nous", breaker=True)
    assert not file.exists()
    assert is_clear(home, "nous")
    assert done.still == ()


def test_a_provider_may_be_spelled_in_capitals(home: Path) -> None:
    has(home, cooling("n"), provider="nous")
    file = breaker(home)
    assert clear(home, provider="Nous", breaker=True).verified
    assert not file.exists()


def test_otherwise_the_breaker_is_named_with_the_command_that_clears_it(home: Path) -> None:
    has(home, cooling("n"), provider="nous")
    file = breaker(home)
    done = clear(home, provider="nous")
    assert file.exists()
    assert blocks(done) == ["breaker"]
    assert then(done) == [f"hermes-state --home {home} clear-breaker nous"]


def test_a_dry_run_leaves_the_breaker_and_does_not_name_it_as_in_the_way(home: Path) -> None:
    has(home, cooling("n"), provider="nous")
    breaker(home)
    before = snapshot(home)
    done = clear(home, provider="nous", breaker=True, dry_run=True)
    assert snapshot(home) == before
    assert done.breakers is not None
    assert [one.provider for one in done.breakers.cleared] == ["nous"]
    assert done.still == ()


def test_a_breaker_of_a_provider_without_credentials_can_go(home: Path) -> None:
    file = breaker(home)
    assert int(clear(home, provider="nous", breaker=True).exit_code) == 0
    assert not file.exists()
    with pytest.raises(UnknownTarget):
        clear(home, provider="nous", breaker=True)


def test_most_providers_have_no_breaker_which_is_nothing_to_complain_about(home: Path) -> None:
    has(home, cooling("a"))
    done = clear(home, breaker=True)
    assert done.breakers is not None
    assert (done.breakers.cleared, done.errors) == ((), ())


def test_a_breaker_that_cannot_be_cleared_does_not_keep_the_cooldowns(home: Path) -> None:
    has(home, cooling("n"), provider="nous")
    (home / "rate_limits" / "nous.json").mkdir(parents=True)
    done = clear(home, provider="nous", breaker=True)
    assert is_clear(home, "nous")
    assert int(done.exit_code) == 5


def test_a_corrupt_auth_json_does_not_keep_the_breaker(home: Path) -> None:
    put(home / "auth.json", b"{")
    file = breaker(home)
    done = clear(home, provider="nous", breaker=True)
    assert not file.exists()
    assert int(done.exit_code) == 4


def test_a_folder_of_breakers_that_cannot_be_listed_is_told(home: Path) -> None:
    (home / "rate_limits").write_text("")
    assert int(clear(home, provider="nous", breaker=True).exit_code) == 3


def test_an_end_that_is_wished_for_leaves_the_breaker(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(home, cooling("n"), provider="nous")
    file = breaker(home)
    monkeypatch.setattr("hermes_state.clearing.provider.wished", lambda: 15)
    assert clear(home, provider="nous", breaker=True).breakers is None
    assert file.exists()


def test_a_breaker_without_credentials_is_rehearsed_too(home: Path) -> None:
    file = breaker(home)
    assert clear(home, provider="nous", breaker=True, dry_run=True).still == ()
    assert file.exists()


# --- what is in the way after that -----------------------------------------------------------------------------------


@pytest.mark.parametrize("dry_run", [False, True])
def test_while_one_credential_can_be_used_nothing_is_in_the_way(dry_run: bool, home: Path) -> None:
    has(home, cooling("a"), cooling("b"), DEAD)
    assert clear(home, credential="a", dry_run=dry_run).still == ()


@pytest.mark.parametrize("dry_run", [False, True])
def test_dead_rows_are_named_with_the_command_that_clears_them(dry_run: bool, home: Path) -> None:
    has(home, DEAD)
    done = clear(home, dry_run=dry_run)
    assert [what.partition(":")[0] for what in blocks(done)] == ["d is dead"]
    assert then(done) == [login(home), f"hermes-state --home {home} clear-cooldown openrouter d --dead"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_clear_that_leaves_all_that_it_meant_as_dead_is_refused(dry_run: bool, home: Path) -> None:
    has(home, DEAD, row("a"), cooling("b"))
    for credential in ("d", None):
        done = clear(home, credential=credential, dry_run=dry_run)
        assert done.exit_code == (5 if credential else 0)
    (refused,) = clear(home, credential="d", dry_run=dry_run).errors
    assert "openrouter d is dead" in refused.error.message and "--dead" in refused.error.hint
    assert clear(home, credential="d", dead=True, dry_run=dry_run).exit_code == 0
    assert clear(home, credential="a", dry_run=dry_run).exit_code == 0
    has(home, DEAD, row("a"))
    assert clear(home, dry_run=dry_run).exit_code == 5
    breaker(home)
    has(home, DEAD, provider="nous")
    assert clear(home, provider="nous", breaker=True, dry_run=dry_run).exit_code == 0  # the breaker was cleared


def test_a_row_that_is_no_object_is_left_without_a_refusal(home: Path) -> None:
    has(home, DEAD, "oops")
    assert clear(home).exit_code == 0


@pytest.mark.parametrize("dry_run", [False, True])
def test_as_long_as_agents_fail_on_a_row_no_dead_one_is_offered(dry_run: bool, home: Path) -> None:
    has(home, DEAD, "oops")
    assert then(clear(home, dry_run=dry_run)) == []


def test_where_there_is_no_auth_json_that_is_said(home: Path) -> None:
    with pytest.raises(UnknownTarget) as raised:
        clear(home)
    assert raised.value.message == f"provider 'openrouter': {home / 'auth.json'} is not there"
    assert raised.value.hint == "hermes-state inspect says whether there is a copy to restore"
    work = profile(home, "work")
    (work / "auth.json").unlink(missing_ok=True)
    with pytest.raises(UnknownTarget, match=r"auth\.json, .*auth\.json are not there"):
        clear(home, work, provider="nous")


@pytest.mark.parametrize("dry_run", [False, True])
def test_several_dead_rows_are_one_command_with_its_flag(dry_run: bool, home: Path) -> None:
    has(home, DEAD, DEAD | {"id": "e"})
    assert then(clear(home, dry_run=dry_run)) == [
        login(home),
        f"hermes-state --home {home} clear-cooldown openrouter --dead",
    ]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_row_without_an_id_is_called_by_its_number(dry_run: bool, home: Path) -> None:
    has(home, DEAD | {"id": None})
    assert then(clear(home, dry_run=dry_run)) == [
        login(home),
        f"hermes-state --home {home} clear-cooldown openrouter 1 --dead",
    ]


@pytest.mark.parametrize("dry_run", [False, True])
def test_behind_a_breaker_only_what_would_still_be_in_the_way_is_named(dry_run: bool, home: Path) -> None:
    breaker(home)
    has(home, cooling("a"), cooling("b"), provider="nous")
    assert blocks(clear(home, provider="nous", credential="a", dry_run=dry_run)) == ["breaker"]
    has(home, DEAD, provider="nous")
    done = clear(home, provider="nous", breaker=True, dry_run=dry_run)
    assert [what.partition(":")[0] for what in blocks(done)] == ["d is dead"]


def test_behind_a_breaker_dead_rows_are_named_too(home: Path) -> None:
    breaker(home)
    has(home, DEAD, provider="nous")
    assert then(clear(home, provider="nous")) == [
        f"hermes-state --home {home} clear-breaker nous",
        login(home, "nous"),
        f"hermes-state --home {home} clear-cooldown nous d --dead",
    ]


def test_a_file_without_the_credential_that_is_meant_was_seen_to_for_nobody(home: Path) -> None:
    has(home, cooling("a"))
    profile(home, "borrowing")
    own = profile(home, "own", cooling("b"))
    done = every(home, credential="b")
    assert [file.home.path for file in done.files] == [str(own)]
    assert done.shared == ()
    os.link(home / "auth.json", home / "another name")
    refused = every(home, credential="a")
    assert ([failed.home for failed in refused.errors], refused.shared) == ([str(home)], ())


def test_a_provider_of_which_only_a_breaker_is_known_is_told_of_it(home: Path) -> None:
    breaker(home)
    done = clear(home, provider="nous")
    assert (done.files, done.exit_code, blocks(done)) == ((), 0, ["breaker"])
    assert then(done) == [f"hermes-state --home {home} clear-breaker nous"]
    with pytest.raises(UnknownTarget):
        clear(home, provider="nous", credential="a")
    with pytest.raises(UnknownTarget):
        clear(home, provider="openrouter")


def test_a_link_that_leads_to_nothing_is_the_error_where_no_credentials_are_known(home: Path) -> None:
    (home / "auth.json").symlink_to("gone.json")
    with pytest.raises(FileNotOk, match=r"gone\.json, which does not exist"):
        clear(home)
    work = profile(home, "work", row("w"))
    with pytest.raises(UnknownTarget, match="no provider 'nous'"):
        clear(home, work, provider="nous")


@pytest.mark.parametrize("dry_run", [False, True])
def test_what_has_just_failed_is_not_offered_again(dry_run: bool, home: Path) -> None:
    breaker(home)
    file = has(home, cooling("n"), provider="nous")
    os.link(file, home / "another name")
    done = clear(home, provider="nous", dry_run=dry_run)
    assert [type(failed.error) for failed in done.errors] == [Refused]
    assert blocks(done) == ["cooldown of n (429)", "breaker"]
    assert then(done) == [f"hermes-state --home {home} clear-breaker nous"]


def test_what_has_failed_for_a_file_is_not_offered_for_another_home_that_has_it(home: Path) -> None:
    file = has(home, cooling("a"))
    profile(home, "borrowing")
    (profile(home, "linked") / "auth.json").symlink_to(file)
    os.link(file, home / "another name")
    done = every(home)
    assert [Path(still.home.path).name for still in done.still] == [".hermes", "borrowing", "linked"]
    assert then(done) == []


def test_a_breaker_that_could_not_be_cleared_is_not_offered_again(home: Path) -> None:
    (home / "rate_limits" / "nous.json").mkdir(parents=True)
    has(home, cooling("n"), provider="nous")
    done = clear(home, provider="nous", breaker=True)
    assert [type(failed.error) for failed in done.errors] == [Refused]
    assert then(done) == []


@pytest.mark.parametrize("rows", [[DEAD], [DEAD, DEAD | {"id": "e"}], [cooling("a"), cooling("b")]])
def test_a_pool_with_a_name_that_cannot_be_shown_is_in_no_command(rows: list[Any], home: Path) -> None:
    breaker(home)
    has(home, *rows, provider="sk-or-v1-test-0123456789abcdef")
    done = clear(home, provider="sk-or-v1-test-0123456789abcdef", model="opus")
    assert blocks(done)
    assert then(done) == []


def test_an_old_mark_that_agents_still_see_is_in_the_way(home: Path) -> None:
    breaker(home)
    has(home, cooling("a"), DEAD, provider="nous", section={"a": record(row("a"), cleared_at=NOW)})
    done = clear(home, provider="nous", credential="d")
    assert any("of a" in what for what in blocks(done))


def test_what_is_in_the_way_is_looked_for_on_disk_after_the_clear(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(home, cooling("a"), row("b"))

    def beside_an_agent(home: Home, **how: Any) -> CooldownsCleared:
        done = clear_cooldowns(home, **how)
        has(Path(home.path), cooling("a"), cooling("b"))
        return done

    monkeypatch.setattr("hermes_state.clearing.provider.clear_cooldowns", beside_an_agent)
    assert blocks(clear(home)) == ["cooldown of a (429)", "cooldown of b (429)"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_after_one_model_was_cleared_the_cooldown_of_the_whole_is_in_the_way(dry_run: bool, home: Path) -> None:
    has(home, cooling("a", model_cooldowns={"opus": NOW + HOUR}))
    done = clear(home, model="opus", dry_run=dry_run)
    assert blocks(done) == ["cooldown of a (429)"]
    assert then(done) == [f"hermes-state --home {home} clear-cooldown openrouter a"]


@pytest.mark.parametrize("dry_run", [False, True])
def test_of_several_rows_in_the_way_the_pool_is_named(dry_run: bool, home: Path) -> None:
    rows = [row(None), cooling("b", model_cooldowns={"opus": NOW + HOUR}), cooling("c"), DEAD, DEAD | {"id": "e"}]
    has(home, *rows[1:])
    done = clear(home, model="opus", dry_run=dry_run)
    assert then(done) == [
        f"hermes-state --home {home} clear-cooldown openrouter",
        login(home),
        f"hermes-state --home {home} clear-cooldown openrouter --dead",
    ]


def test_a_cooldown_of_another_model_is_in_the_way(home: Path) -> None:
    agent(home, "0.22.2")
    has(home, row("a", model_cooldowns={"": NOW + HOUR, "opus": NOW + HOUR}))
    done = clear(home, model="opus")
    assert [file.after.usable for file in done.files] == [1]  # for other models it can be used
    assert done.still == ()


def test_the_moved_cooldown_of_another_credential_is_in_the_way(home: Path) -> None:
    moved = record(row("a"), last_status="exhausted", last_status_at=NOW, last_error_reset_at=NOW + HOUR)
    has(home, row("a"), DEAD, section={"a": moved})
    done = clear(home, credential="d", dead=False)
    assert then(done) == [
        f"hermes-state --home {home} clear-cooldown openrouter a",
        login(home),
        f"hermes-state --home {home} clear-cooldown openrouter d --dead",
    ]


def test_a_profiles_dead_row_that_hides_a_healthy_one_of_the_root_is_told(home: Path) -> None:
    has(home, row("a"))
    coder = profile(home, "coder", DEAD)
    assert any("hide 1 usable in the root store" in what for what in blocks(clear(coder)))


def test_the_end_of_a_cooldown_follows_the_agent_of_the_home(home: Path) -> None:
    """From 0.20 on the only credential of a pool cools down for a minute where no reset time is known."""
    has(home, row("a", last_status="exhausted", last_status_at=NOW, last_error_code=429))
    assert clear(home, dry_run=True).files[0].cleared[0].was.remaining_seconds == HOUR - 5
    agent(home, "0.22.2")
    assert clear(home, dry_run=True).files[0].cleared[0].was.remaining_seconds == 55.0


# --- who could undo it -----------------------------------------------------------------------------------------------


def test_who_could_undo_it_is_asked_for_all_homes_that_have_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def undo_risk(homes: list[Any], *, marks: bool, models: bool) -> Any:
        asked.append(([each.path for each in homes], marks, models))
        return asked

    monkeypatch.setattr("hermes_state.clearing.provider.undo_risk", undo_risk)
    has(home, cooling("a"), row("b", model_cooldowns={"opus": NOW + HOUR}))
    coder = profile(home, "coder")
    clear(coder, credential="a")
    clear(coder, model="opus")
    clear(coder)
    assert asked == [([str(coder), str(home)], True, False), ([str(coder), str(home)], False, True), ([], False, False)]


def test_as_json_no_value_is_left_out(home: Path) -> None:
    has(home, cooling("a"), DEAD)
    (home / "rate_limits").mkdir()
    said = as_json(clear(home))
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert said["undo_risk"]["level"] in [level.value for level in Level]
    assert (said["matched"], said["nothing_to_clear"], len(said["cleared"]), len(said["left"])) == (2, 0, 1, 1)
