"""Clearing cooldowns in one file: what goes, what stays, what is counted, and what is left behind for agents."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given

from hermes_state.clearing.cooldowns import CooldownsCleared, clear_cooldowns, plan
from hermes_state.clearing.targets import Owner, Target
from hermes_state.cooldown import NoTime, Status, marked_at
from hermes_state.errors import FileNotOk, ForeignSection, LockTimeout, NotVerified, Refused, Superseded, UnknownTarget
from hermes_state.home import Home
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.outcomes import Outcome
from hermes_state.runtime import SECTION, overlay
from hermes_state.runtime.record import GROUP_FIELDS, fingerprint, inline_fields, stays, told
from hermes_state.stores.permits import Permits
from tests.ground.doubles import RecordingDisk, WatchedDisk
from tests.ground.places import snapshot
from tests.inspection.homes import HOUR, NOW, at, auth, cooling, look, mark, put, record, row
from tests.runtime import pools

OLD = cooling("7e472f")
CLEARED_AT = NOW + 5


def clear(
    home: Path,
    credential: str | None = None,
    *,
    model: str | None = None,
    dead: bool = False,
    dry_run: bool = False,
    now: float = CLEARED_AT,
    permits: Permits | None = None,
    **more: Any,
) -> CooldownsCleared:
    return clear_cooldowns(
        at(home),
        Target("openrouter", credential, model, dead),
        dry_run=dry_run,
        permits=permits or Permits(),
        clock=more.pop("clock", lambda: now),
        **more,
    )


def has(home: Path, *rows: Any, section: Any = None, **more: Any) -> Path:
    """Gives ``home`` an auth.json with the pool ``openrouter``; ``section`` are its records."""
    return put(home / "auth.json", auth({"openrouter": list(rows)}, section and {"openrouter": section}, **more))


def rows(home: Path) -> list[Any]:
    return json.loads((home / "auth.json").read_bytes())["credential_pool"]["openrouter"]


def records(home: Path) -> Any:
    return json.loads((home / "auth.json").read_bytes()).get(SECTION, {"pools": {}})["pools"].get("openrouter", {})


def marked(ago: float, id: str = "7e472f") -> dict[str, Any]:
    """A row that was marked ``ago`` seconds before NOW."""
    return row(id, **mark(ago=ago))


def ids(result: CooldownsCleared) -> list[Any]:
    return [one.was.id for one in result.cleared]


def nulls(old: dict[str, Any], **more: Any) -> dict[str, Any]:
    """``old`` without its failure."""
    return {**old, **dict.fromkeys(key for key in GROUP_FIELDS if key in old), **more}


def tombstone(old: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"source": "manual", "token": fingerprint(old), "cleared_at": CLEARED_AT, **more}


# --- what a clear leaves ---------------------------------------------------------------------------------------------


def test_an_inline_mark_goes_and_leaves_a_stamp_and_a_tombstone(home: Path) -> None:
    has(home, OLD, row("b", label="spare"))
    result = clear(home)
    assert rows(home) == [nulls(OLD, status_cleared_at=CLEARED_AT), row("b", label="spare")]
    assert records(home) == {"7e472f": tombstone(OLD)}
    assert (result.matched, ids(result), result.idle, result.verified) == (2, ["7e472f"], 1, True)
    [one] = result.cleared
    assert (result.notes, result.problem) == ((), None)
    assert (one.number, one.note, one.was.status, one.was.error_code) == (1, "", Status.COOLING, 429)
    assert one.was.remaining_seconds == HOUR - 5


def test_a_moved_mark_goes_from_the_section(home: Path) -> None:
    has(home, row(), section={"7e472f": record(row(), **mark())})
    result = clear(home)
    assert rows(home) == [row(status_cleared_at=CLEARED_AT)]
    assert records(home) == {"7e472f": tombstone(row())}
    assert [one.was.held for one in result.cleared] == ["runtime"]


def test_marks_on_both_sides_go(home: Path) -> None:
    has(home, marked(30), section={"7e472f": record(OLD, **mark(9000))})
    assert [one.was.held for one in clear(home).cleared] == ["both"]
    assert look(home).credentials[0].status is Status.OK


@pytest.mark.parametrize("migrated", [False, True])
def test_a_clear_is_whole_the_first_time_and_has_nothing_to_do_the_second(migrated: bool, home: Path) -> None:
    has(home, OLD, cooling("b"))
    if migrated:
        migrate_auth(at(home), Options(), NOW)
    assert ids(clear(home)) == ["7e472f", "b"]
    assert not any(told(each, GROUP_FIELDS) for each in rows(home))
    before = snapshot(home)
    again = clear(home, now=CLEARED_AT + 60)
    assert (again.matched, again.cleared, again.idle, again.verified) == (2, (), 2, True)
    assert snapshot(home) == before | {str(home / "auth.lock"): snapshot(home)[str(home / "auth.lock")]}


def test_a_mark_that_a_running_agent_wrote_back_is_cleared_and_counted_again(home: Path) -> None:
    has(home, OLD)
    clear(home)
    has(home, OLD, section=records(home))
    again = clear(home, now=CLEARED_AT + 60)
    assert [(one.was.status, one.was.agent_sees.value) for one in again.cleared] == [(Status.OK, "blocked")]
    assert not told(rows(home)[0], GROUP_FIELDS)


def test_the_next_migration_takes_away_what_was_written_back(home: Path) -> None:
    has(home, OLD)
    clear(home)
    has(home, OLD, section=records(home))
    assert look(home).credentials[0].status is Status.OK
    migrate_auth(at(home), Options(), CLEARED_AT + 60)
    assert not told(rows(home)[0])
    assert records(home) == {"7e472f": tombstone(OLD)}


def test_a_mark_that_was_made_after_the_clear_counts(home: Path) -> None:
    has(home, OLD)
    clear(home, now=NOW - 30)
    has(home, marked(20), section=records(home))
    assert look(home).credentials[0].status is Status.COOLING


@pytest.mark.parametrize(
    ("old", "status"),
    [
        (cooling(seconds=-10.0), Status.ELAPSED),
        (row(last_error_reset_at=NOW + HOUR), Status.OK),  # the Codex resolver reads it without a status
        (row(last_error_message="x", failure_reason="billing"), Status.OK),
        (row(model_cooldowns={"opus": NOW + HOUR}), Status.OK),
        (row(last_status="ok", model_cooldowns={"opus": NOW - HOUR}), Status.OK),
    ],
)
def test_what_is_left_of_a_failure_is_something_to_clear(old: Any, status: Status, home: Path) -> None:
    has(home, old)
    assert [one.was.status for one in clear(home).cleared] == [status]
    assert inline_fields(rows(home)[0]) == []


@pytest.mark.parametrize(
    "healthy", [row(), row(last_status="ok"), row(status_cleared_at=NOW - 5), row(request_count=9)]
)
def test_a_healthy_row_has_nothing_to_clear_and_nothing_is_written(healthy: Any, home: Path) -> None:
    file = has(home, healthy)
    before = file.stat()
    result = clear(home)
    assert (result.matched, result.cleared, result.verified) == (1, (), True)
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_only_what_is_meant_changes(home: Path) -> None:
    document = auth(
        {"openrouter": [OLD, cooling("b")], "nous": [cooling("n")]},
        {"openrouter": {"b": record(row("b"), **mark())}, "gone": {"x": {"moved_at": 1}}},
        mine={"kept": [1, 2.5]},
    )
    put(home / "auth.json", document)
    clear(home, "7e472f")
    made = json.loads((home / "auth.json").read_bytes())
    document["credential_pool"]["openrouter"][0] = nulls(OLD, status_cleared_at=CLEARED_AT)
    document[SECTION]["pools"]["openrouter"]["7e472f"] = tombstone(OLD)
    assert made == document
    assert list(made) == list(document)


# --- records that are not plain --------------------------------------------------------------------------------------


def test_a_record_of_another_secret_is_nothing_to_clear(home: Path) -> None:
    superseded = record(row(access_token="sk-or-v1-test-before"), **mark())
    has(home, row(), section={"7e472f": superseded})
    assert clear(home).cleared == ()
    assert records(home) == {"7e472f": superseded}


def test_a_tombstone_takes_the_place_of_a_record_of_another_secret(home: Path) -> None:
    has(home, OLD, section={"7e472f": record(row(access_token="sk-or-v1-test-before"), model_cooldowns={"opus": 5})})
    assert ids(clear(home)) == ["7e472f"]
    assert records(home) == {"7e472f": tombstone(OLD)}


NO_TOMBSTONE = [
    ([cooling(None)], "it has no id"),
    ([{key: value for key, value in OLD.items() if key != "id"}], "it has no id"),
    ([cooling("")], "it has no id"),
    ([cooling(7)], "its id is not a text"),
    ([cooling("a"), cooling("a")], "another row has the same id"),
]


@pytest.mark.parametrize(("some", "why"), NO_TOMBSTONE)
def test_a_row_that_cannot_be_told_apart_is_cleared_inline_and_this_is_said(some: Any, why: str, home: Path) -> None:
    has(home, *some)
    result = clear(home)
    assert {one.note for one in result.cleared} == {f"{why}: a running agent that writes its mark back blocks it again"}
    assert rows(home) == [nulls(old, status_cleared_at=CLEARED_AT) for old in some]
    assert SECTION not in json.loads((home / "auth.json").read_bytes())
    assert result.verified


def test_a_record_that_is_no_object_stays_and_this_is_said(home: Path) -> None:
    has(home, OLD, section={"7e472f": "what is this"})
    [one] = clear(home).cleared
    assert one.note.startswith("its record in the section is not an object: ")
    assert records(home) == {"7e472f": "what is this"}
    assert not told(rows(home)[0], GROUP_FIELDS)


def test_a_pool_of_the_section_that_is_no_object_stays_and_this_is_said(home: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [OLD]}, {"openrouter": ["what is this"]}))
    [one] = clear(home).cleared
    assert one.note.startswith("this pool's part of the section is not an object: ")
    assert records(home) == ["what is this"]


def test_a_mark_from_the_future_is_cleared_and_this_is_said(home: Path) -> None:
    has(home, marked(-900.0))
    [one] = clear(home).cleared
    assert one.note.startswith("its mark is from the future")
    assert look(home).credentials[0].status is Status.OK


def test_a_mark_of_this_very_moment_is_not_from_the_future(home: Path) -> None:
    has(home, marked(-5.0))
    assert [one.note for one in clear(home).cleared] == [""]


def test_a_row_that_is_no_object_is_left(home: Path) -> None:
    has(home, "what is this", OLD)
    result = clear(home)
    assert [(left.number, left.reason) for left in result.left] == [(1, "not_an_object")]
    assert (result.matched, ids(result), result.idle) == (2, ["7e472f"], 0)
    assert rows(home)[0] == "what is this"


# --- dead ------------------------------------------------------------------------------------------------------------

DEAD = row("d", last_status="dead", last_status_at=NOW - 60, last_error_code=401, last_error_reason="token_revoked")


def test_a_dead_row_is_left_counted_and_named(home: Path) -> None:
    has(home, OLD, DEAD)
    result = clear(home)
    assert (result.matched, ids(result)) == (2, ["7e472f"])
    assert [(left.id, left.label, left.number, left.reason) for left in result.left] == [("d", "key d", 2, "dead")]
    assert rows(home)[1] == DEAD


def test_a_dead_row_is_cleared_when_asked_for(home: Path) -> None:
    has(home, OLD, DEAD)
    result = clear(home, "d", dead=True)
    assert [(one.was.id, one.was.status) for one in result.cleared] == [("d", Status.DEAD)]
    assert rows(home) == [OLD, nulls(DEAD, status_cleared_at=CLEARED_AT)]


def test_a_dead_mark_that_was_written_back_after_a_clear_is_no_verdict(home: Path) -> None:
    has(home, DEAD)
    clear(home, dead=True)
    has(home, DEAD, section=records(home))
    assert ids(clear(home, now=CLEARED_AT + 60)) == ["d"]
    assert not told(rows(home)[0], GROUP_FIELDS)


# --- one model -------------------------------------------------------------------------------------------------------

MODELS = {"opus": NOW + HOUR, "haiku": NOW + 9000}


def test_of_one_model_only_its_cooldown_goes_and_nothing_is_stamped(home: Path) -> None:
    both, other = cooling(model_cooldowns=MODELS), row("b", model_cooldowns={"haiku": NOW + 5})
    has(home, both, other)
    result = clear(home, model="opus")
    assert rows(home) == [cooling(model_cooldowns={"haiku": NOW + 9000}), other]
    assert records(home) == {
        "7e472f": {"source": "manual", "token": fingerprint(both), "cleared_models": {"opus": NOW + HOUR}}
    }
    assert (result.matched, ids(result), result.idle, result.verified) == (2, ["7e472f"], 1, True)
    assert result.cleared[0].was.model_cooldowns == MODELS


def test_a_moved_cooldown_of_one_model_goes(home: Path) -> None:
    has(home, row(), section={"7e472f": record(row(), **mark(), model_cooldowns=MODELS)})
    assert ids(clear(home, model="opus")) == ["7e472f"]
    [credential] = look(home).credentials
    assert credential.model_cooldowns == {"haiku": NOW + 9000}
    assert credential.status is Status.COOLING


def test_the_cooldown_of_one_model_of_a_dead_row_can_go(home: Path) -> None:
    has(home, DEAD | {"model_cooldowns": MODELS})
    assert ids(clear(home, model="opus")) == ["d"]
    assert rows(home)[0] == DEAD | {"model_cooldowns": {"haiku": NOW + 9000}}


def test_a_model_that_is_not_cooling_is_nothing_to_clear(home: Path) -> None:
    has(home, cooling(model_cooldowns=MODELS))
    before = (home / "auth.json").read_bytes()
    assert clear(home, model="sonnet").cleared == ()
    assert (home / "auth.json").read_bytes() == before


def test_an_end_that_is_no_number_can_be_cleared(home: Path) -> None:
    has(home, row(model_cooldowns={"opus": "soon"}), section={"7e472f": record(row(access_token="x"), moved_at=1)})
    assert clear(home, model="opus").verified
    assert rows(home) == [row()]
    assert records(home) == {}


def test_a_cleared_model_that_a_running_agent_writes_back_stays_cleared(home: Path) -> None:
    has(home, row(model_cooldowns=MODELS))
    clear(home, model="opus")
    has(home, row(model_cooldowns=MODELS), section=records(home))
    assert look(home).credentials[0].model_cooldowns == {"haiku": NOW + 9000}


# --- whose file ------------------------------------------------------------------------------------------------------


def profile(home: Path, name: str = "coder") -> Path:
    path = home / "profiles" / name
    path.mkdir(parents=True)
    return path


def test_a_profile_that_has_own_rows_has_those_cleared(home: Path) -> None:
    has(home, OLD)
    coder = profile(home)
    has(coder, cooling("p"))
    result = clear(coder)
    assert (result.owner.store, result.path, ids(result)) == ("own", str(coder / "auth.json"), ["p"])
    assert result.also_of == ()
    assert rows(home) == [OLD]


@pytest.mark.parametrize("own", [None, {}, {"openrouter": []}, {"nous": [row("n")]}])
def test_a_profile_that_borrows_has_the_roots_rows_cleared(own: Any, home: Path) -> None:
    has(home, OLD)
    coder, other, shadowing = profile(home), profile(home, "other"), profile(home, "shadowing")
    has(shadowing, row("s"))
    put(profile(home, "broken") / "auth.json", b"{")
    if own is not None:
        put(coder / "auth.json", auth(own))
    before = snapshot(coder)
    result = clear(coder)
    assert (result.owner.store, result.path) == ("root", str(home / "auth.json"))
    assert [one.was.store for one in result.cleared] == ["root"]
    assert [each.path for each in result.also_of] == [str(home), str(other)]
    assert not told(rows(home)[0], GROUP_FIELDS)
    assert snapshot(coder) == before


def test_the_roots_own_rows_are_those_of_the_profiles_that_borrow(home: Path) -> None:
    has(home, OLD)
    coder = profile(home)
    assert [each.path for each in clear(home).also_of] == [str(coder)]


def test_profiles_that_link_to_one_file_have_it_changed_under_both_locks(home: Path) -> None:
    one, two = profile(home, "one"), profile(home, "two")
    real = has(home.parent / "dotfiles", OLD)
    for each in (one, two):
        (each / "auth.json").symlink_to(real)
    disk = RecordingDisk()
    result = clear(one, disk=disk)
    assert [each.path for each in result.also_of] == [str(two)]
    assert [path for verb, path in disk.calls if verb == "lock"] == [str(one / "auth.lock"), str(two / "auth.lock")]
    assert not told(rows(two)[0], GROUP_FIELDS)
    assert (one / "auth.json").is_symlink()
    assert (two / "auth.json").is_symlink()


def test_another_name_of_the_file_is_another_file_after_the_clear(home: Path) -> None:
    file = has(home, OLD)
    os.link(file, profile(home) / "auth.json")
    assert clear(home, permits=Permits(break_hard_link=True)).also_of == ()
    assert rows(home / "profiles" / "coder") == [OLD]


# --- what is refused -------------------------------------------------------------------------------------------------


def broken(home: Path, how: str) -> Path:
    file = has(home, OLD)
    if how == "unreadable":
        file.unlink()
        file.mkdir()
        return file
    content = file.read_bytes()
    plain = auth({"openrouter": [OLD]})
    contents = {
        "empty": b"",
        "corrupt": content[:-5],
        "not an object": b"[]",
        "pool not a list": json.dumps(auth({"openrouter": {}})).encode(),
        "too new": json.dumps(plain | {SECTION: {"schema": 9, "pools": {}}}).encode(),
        "a key twice": content.replace(b'"id": "7e472f"', b'"last_status": null, "id": "7e472f"'),
    }
    return put(file, contents[how])


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("borrowed", [False, True])
@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ("unreadable", Outcome.UNREADABLE),
        ("empty", Outcome.EMPTY),
        ("corrupt", Outcome.CORRUPT),
        ("not an object", Outcome.INVALID),
        ("pool not a list", Outcome.INVALID),
        ("too new", Outcome.TOO_NEW),
        ("a key twice", Outcome.INVALID),
    ],
)
def test_a_file_that_is_not_ok_is_left_untouched(
    how: str, outcome: Outcome, borrowed: bool, dry_run: bool, home: Path
) -> None:
    asked = profile(home) if borrowed else home
    file = broken(home, how)
    before = file.read_bytes() if file.is_file() else b""
    with pytest.raises(FileNotOk) as raised:
        clear(asked, dry_run=dry_run)
    assert raised.value.fault.outcome is outcome
    assert raised.value.path == str(file)
    assert (file.read_bytes() if file.is_file() else b"") == before


def test_a_profile_whose_own_file_is_not_ok_does_not_have_the_roots_cleared(home: Path) -> None:
    """What an agent makes of such a file depends on its version: up to 0.19 it borrows, from 0.20 on it fails."""
    has(home, OLD)
    with pytest.raises(FileNotOk):
        broken(profile(home), "corrupt")
        clear(home / "profiles" / "coder")
    assert rows(home) == [OLD]


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_section_that_is_not_ours_is_refused_and_left_byte_for_byte(dry_run: bool, home: Path) -> None:
    file = put(home / "auth.json", auth({"openrouter": [OLD]}) | {SECTION: {"by": "somebody else"}})
    before = file.read_bytes()
    with pytest.raises(ForeignSection):
        clear(home, dry_run=dry_run)
    assert file.read_bytes() == before


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_hard_link_is_refused_without_its_flag_in_a_dry_run_too(dry_run: bool, home: Path) -> None:
    file = has(home, OLD)
    os.link(file, home / "other")
    with pytest.raises(Refused, match="hard links"):
        clear(home, dry_run=dry_run)
    assert ids(clear(home, dry_run=dry_run, permits=Permits(break_hard_link=True))) == ["7e472f"]


def test_a_lock_that_is_held_longer_than_the_timeout_ends_the_clear(home: Path) -> None:
    file = has(home, OLD)
    before = file.read_bytes()
    with FileLock(home / "auth.lock"), pytest.raises(LockTimeout):
        clear(home, seconds=0.05)
    assert file.read_bytes() == before


@pytest.mark.parametrize("pool", ["nouse", "photon", "OPEN ROUTER"])
def test_an_unknown_provider_is_refused_with_those_that_are_known(pool: str, home: Path) -> None:
    document = auth({"openrouter": [OLD], "photon": [{"issued_at": 1}], "nous": []})
    put(home / "auth.json", document)
    put(profile(home) / "auth.json", auth({"gemini": [row("g")]}))
    for asked, known in ((home, ("openrouter",)), (home / "profiles" / "coder", ("gemini", "openrouter"))):
        with pytest.raises(UnknownTarget) as raised:
            clear_cooldowns(at(asked), Target(pool), dry_run=False, permits=Permits(), clock=lambda: NOW)
        assert raised.value.known == known


def test_without_an_auth_json_every_provider_is_unknown(home: Path) -> None:
    with pytest.raises(UnknownTarget):
        clear(home)
    assert list(home.iterdir()) == []


def test_for_a_credential_that_is_unknown_no_lock_file_is_made(home: Path) -> None:
    has(home, OLD)
    with pytest.raises(UnknownTarget):
        clear(home, "no such credential")
    assert [path.name for path in home.iterdir()] == ["auth.json"]


def test_a_provider_may_be_spelled_in_capitals(home: Path) -> None:
    has(home, OLD)
    result = clear_cooldowns(at(home), Target(" OpenRouter"), dry_run=True, permits=Permits(), clock=lambda: NOW)
    assert ids(result) == ["7e472f"]


# --- a dry run -------------------------------------------------------------------------------------------------------


def test_a_dry_run_creates_and_changes_nothing_and_says_what_the_run_would(home: Path) -> None:
    has(home, OLD, DEAD, cooling("b"))
    before = snapshot(home)
    told_before = clear(home, dry_run=True)
    assert snapshot(home) == before
    done = clear(home)
    assert (told_before.matched, told_before.cleared, told_before.left) == (done.matched, done.cleared, done.left)
    assert (told_before.verified, done.verified) == (False, True)


def test_it_is_known_what_the_verdict_says_no_more_after_the_clear(home: Path) -> None:
    has(home, OLD, DEAD, cooling("b"))
    blocks = {block.what for block in look(home).providers[0].blocked_by}
    one = clear(home, "b", dry_run=True)
    assert (set(one.lifted), one.after.usable) == ({"cooldown of b (429)"}, 1)
    whole = clear(home, dry_run=True)
    assert (set(whole.lifted), whole.after.usable) == ({"cooldown of b (429)", "cooldown of 7e472f (429)"}, 2)
    assert whole.lifted < blocks


# --- beside others ---------------------------------------------------------------------------------------------------


def test_the_time_of_the_clear_is_taken_under_the_lock(home: Path) -> None:
    """A mark that an agent makes while we wait for it is then earlier than the clear."""
    has(home, row())
    locked: list[str] = []

    def agent(verb: str, arguments: tuple[Any, ...]) -> None:
        if verb == "lock":  # the agent has it, marks, and lets go
            has(home, marked(-1.0))
            locked.append(verb)

    def clock() -> float:
        assert locked
        return CLEARED_AT

    assert ids(clear(home, disk=WatchedDisk(agent), clock=clock)) == ["7e472f"]
    has(home, marked(-1.0), section=records(home))
    assert look(home).credentials[0].status is Status.OK


@pytest.mark.parametrize("left", [{}, {"openrouter": []}, {"openrouter": [row("b")]}])
def test_a_credential_that_is_gone_when_the_lock_is_taken_is_unknown(left: Any, home: Path) -> None:
    has(home, OLD)

    def agent(verb: str, arguments: tuple[Any, ...]) -> None:
        if verb == "lock":
            put(home / "auth.json", auth(left))

    with pytest.raises(UnknownTarget):
        clear(home, "7e472f", disk=WatchedDisk(agent))
    assert json.loads((home / "auth.json").read_bytes()) == auth(left)


class _AfterTheClear(WatchedDisk):
    """Does what an agent does as soon as it gets the lock."""

    def __init__(self, agent: Callable[[], object]) -> None:
        def watch(verb: str, arguments: tuple[Any, ...]) -> None:
            if verb == "unlock":
                agent()

        super().__init__(watch)


def test_a_credential_that_is_marked_again_at_once_is_not_verified(home: Path) -> None:
    has(home, OLD, cooling("b"))
    result = clear(home, disk=_AfterTheClear(lambda: has(home, marked(-6.0), row("b"))))
    assert not result.verified
    assert isinstance(result.problem, Superseded)
    assert "marked openrouter 7e472f again" in result.problem.message
    assert ids(result) == ["7e472f", "b"]


def test_an_old_mark_that_is_written_back_at_once_is_not_verified(home: Path) -> None:
    has(home, OLD)
    result = clear(home, disk=_AfterTheClear(lambda: has(home, OLD, section=records(home))))
    assert isinstance(result.problem, Superseded)


def test_a_mark_of_another_credential_is_no_fault_of_the_clear(home: Path) -> None:
    has(home, OLD, row("b"))
    result = clear(home, disk=_AfterTheClear(lambda: has(home, row(), marked(-6.0, "b"))))
    assert (result.verified, result.problem) == (True, None)


@pytest.mark.parametrize("left", [{}, {"openrouter": []}, {"openrouter": [row("b")]}])
def test_a_credential_that_is_removed_at_once_blocks_nobody(left: Any, home: Path) -> None:
    has(home, OLD, row("b"))
    gone = _AfterTheClear(lambda: put(home / "auth.json", auth(left)))
    assert clear(home, "7e472f", disk=gone).verified


def test_a_file_that_is_broken_at_once_is_not_verified(home: Path) -> None:
    has(home, OLD)
    result = clear(home, disk=_AfterTheClear(lambda: put(home / "auth.json", b"{")))
    assert isinstance(result.problem, NotVerified)
    assert not result.verified


# --- bytes -----------------------------------------------------------------------------------------------------------


def test_all_other_bytes_of_a_file_with_a_mark_crlf_and_raw_text_stay(home: Path) -> None:
    spare = row("b", label="Schlüssel ☃", base_url="https://x", expires_at_ms=1e3)
    document = auth({"openrouter": [OLD, spare]}, note="größer")
    text = json.dumps(document, indent=4, ensure_ascii=False).replace("\n", "\r\n").replace("1000.0", "1.000e3")
    put(home / "auth.json", b"\xef\xbb\xbf" + text.replace("https://", "https:\\/\\/").encode())
    result = clear(home)
    assert [note.partition(":")[0] for note in result.notes] == ["the byte order mark goes"]
    after = (home / "auth.json").read_bytes().decode()
    for key in ("last_status", "last_status_at", "last_error_code", "last_error_reset_at"):
        text = text.replace(f'"{key}": {json.dumps(OLD[key])}', f'"{key}": null')
    text = text.replace("https://", "https:\\/\\/")
    first, then, rest = text.partition('"last_error_reset_at": null')
    assert after.startswith(first + then)
    assert rest.removesuffix("\r\n}") in after
    assert "\n" not in after.replace("\r\n", "")


def test_a_byte_order_mark_stays_where_nothing_is_written(home: Path) -> None:
    before = b"\xef\xbb\xbf" + json.dumps(auth({"openrouter": [row()]})).encode()
    file = put(home / "auth.json", before)
    assert clear(home).notes == ()
    assert file.read_bytes() == before


# --- laws ------------------------------------------------------------------------------------------------------------


LATER = pools.NOW + 10_000
EVERYTHING = Target(pools.POOL, dead=True)


def planned(rows: list[Any], records: dict[str, Any], now: float, target: Target = EVERYTHING) -> Any:
    owner = Owner(Home("/h", "--home", "default", "/h", None), "own", pools.POOL, rows)
    return plan(pools.document(*rows, records=records), owner, target, now, None)


@given(pools.states(pools.pools.filter(bool)))
def test_after_a_clear_of_everything_there_is_nothing_to_clear(state: Any) -> None:
    once = planned(state[0], state[1], LATER)
    assert once.matched == len(state[0])
    made = once.document
    again = planned(
        made["credential_pool"][pools.POOL],
        made.get(SECTION, {"pools": {}})["pools"].get(pools.POOL, {}),
        LATER + 1,
        EVERYTHING,
    )
    assert again.cleared == ()


@given(pools.states(pools.pools.filter(bool)))
def test_whatever_agents_write_back_after_a_clear_stays_cleared(state: Any) -> None:
    rows, records = state
    made = planned(rows, records, LATER, EVERYTHING).document
    tombs = made[SECTION]["pools"][pools.POOL]
    for old, truth, reason in zip(
        rows, overlay(pools.POOL, rows, tombs, LATER + 1).rows, stays(pools.POOL, rows), strict=True
    ):
        if reason not in ("", "dead") or not isinstance(records.get(old["id"], {}), dict) or not inline_fields(old):
            continue
        marked = marked_at(old)
        if isinstance(marked, NoTime) or marked <= LATER:
            assert not told(truth, GROUP_FIELDS) or truth["last_status"] == "ok"


@given(pools.states(pools.pools.filter(bool)))
def test_a_clear_touches_nothing_but_runtime_state(state: Any) -> None:
    made = planned(state[0], state[1], LATER).document["credential_pool"][pools.POOL]
    kept = {*GROUP_FIELDS, "model_cooldowns", "status_cleared_at"}
    for old, new in zip(state[0], made, strict=True):
        if isinstance(old, dict):
            assert [(key, repr(old[key])) for key in old if key not in kept] == [
                (key, repr(new[key])) for key in new if key not in kept
            ]
        else:
            assert new is old


@pytest.mark.parametrize("why", ["read-only", "other names"])
def test_a_clear_that_is_refused_makes_no_lock_file(home: Path, why: str) -> None:
    path = has(home, OLD)
    if why == "read-only":
        path.chmod(0o400)
    else:
        os.link(path, home / "another name")
    before = snapshot(home)
    with pytest.raises(Refused):
        clear(home)
    assert snapshot(home) == before
