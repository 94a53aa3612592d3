"""The verdict per provider: usable or not, when again, what is in the way and what clears it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from hermes_state.inspection.report import Block, Provider
from tests.ground.doubles import FailingDisk
from tests.inspection.homes import NOW, SECRET, agent, at, auth, cooling, link, look, mark, put, record, row


def providers(home: Path, pools: Any, section: Any = None) -> dict[str, Provider]:
    put(home / "auth.json", auth(pools, section))
    return {each.provider: each for each in look(home).providers}


def only(home: Path, *rows: Any, section: Any = None) -> Provider:
    return providers(home, {"openrouter": list(rows)}, None if section is None else {"openrouter": section})[
        "openrouter"
    ]


def breaker(home: Path, reset_at: float, provider: str = "nous") -> str:
    return str(put(home / "rate_limits" / f"{provider}.json", {"reset_at": reset_at}))


def test_every_pool_gets_a_verdict_in_the_order_of_the_file(home: Path) -> None:
    found = providers(home, {"b": [row()], "custom:My.Host/v1": [cooling()], "a": []})
    assert [(each.provider, each.usable, each.of) for each in found.values()] == [
        ("b", 1, 1),
        ("custom:My.Host/v1", 0, 1),
        ("a", 0, 0),
    ]


def test_a_provider_that_is_not_blocked_has_no_next_time(home: Path) -> None:
    assert only(home, row("a"), row("b")) == Provider("openrouter", 2, 2, None, ())


def test_a_cooldown_blocks_its_credential_only_and_the_next_end_is_told(home: Path) -> None:
    found = only(home, cooling("a", 900.0), row("b"), cooling("c", 600.0), cooling("d", -1.0))
    path, clear = str(home / "auth.json"), f"hermes-state --home {home} clear-cooldown openrouter"
    assert (found.usable, found.of, found.next_at) == (2, 4, NOW + 600.0)
    assert found.blocked_by == (
        Block("cooldown of a (429)", path, NOW + 900.0, f"{clear} a"),
        Block("cooldown of c (429)", path, NOW + 600.0, f"{clear} c"),
    )


def test_a_dead_credential_does_not_come_back_by_itself(home: Path) -> None:
    found = only(home, row(last_status="dead", last_status_at=NOW))
    assert (found.usable, found.next_at) == (0, None)
    assert [block.what for block in found.blocked_by] == [f"7e472f is dead: add a valid key: `{login(home)}`"]
    assert found.blocked_by[0].said == "7e472f is dead: add a valid key"
    assert found.blocked_by[0].commands == [
        login(home),
        f"hermes-state --home {home} clear-cooldown openrouter 7e472f --dead",
    ]


def login(home: Path) -> str:
    """The command of agents that makes a new credential."""
    return f"HERMES_HOME={home} hermes -p default auth add openrouter"


@pytest.mark.parametrize(
    ("fields", "how"),
    [
        ({"auth_type": "oauth"}, "log in again: `HERMES_HOME={home} hermes -p default auth add openrouter`"),
        ({"source": "env:OPENROUTER_API_KEY"}, "put a valid key for OPENROUTER_API_KEY into {home}/.env"),
        ({"source": "claude_code"}, "log in again with Claude Code"),
    ],
)
def test_of_a_dead_credential_it_is_said_how_it_gets_another_secret(home: Path, fields: Any, how: str) -> None:
    found = only(home, row(last_status="dead", last_status_at=NOW, **fields))
    assert [block.what for block in found.blocked_by] == [f"7e472f is dead: {how.format(home=home)}"]


@pytest.mark.parametrize(
    ("version", "usable"), [(None, 0), ("0.13.0", 1), ("0.15.2", 1), ("0.16.0", 0), ("0.19.0", 0), ("0.22.2", 0)]
)
def test_a_dead_credential_blocks_as_far_as_the_homes_agent_knows_of_dead(
    home: Path, version: str | None, usable: int
) -> None:
    if version is not None:
        agent(home, version)
    found = only(home, row(last_status="dead", last_status_at=NOW))
    assert (found.usable, len(found.blocked_by)) == (usable, 1 - usable)


@pytest.mark.parametrize("version", [None, "0.13.0", "0.19.0", "0.22.2"])
def test_a_credential_without_a_secret_is_of_no_use_to_any_agent(home: Path, version: str | None) -> None:
    """Agents up to 0.15 select it all the same, and then ask with an empty key."""
    if version is not None:
        agent(home, version)
    found = only(home, cooling("a", access_token=""), row("b"))
    assert (found.usable, found.of, found.next_at) == (1, 2, None)
    assert [(block.what, block.until_at, block.clear_with) for block in found.blocked_by] == [
        (f"a has no secret: add a valid key: `{login(home)}`", None, None)
    ]


def test_a_cooldown_without_an_end_gives_no_next_time(home: Path) -> None:
    found = only(home, cooling(last_error_reset_at=float("inf")))
    assert (found.usable, found.next_at, found.blocked_by[0].until_at) == (0, None, None)


def test_a_cooldown_in_the_section_blocks_though_a_stock_agent_would_try(home: Path) -> None:
    found = only(home, row(), section={"7e472f": record(row(), **cooling("x", 300.0))})
    assert (found.usable, found.next_at) == (0, NOW + 300.0)
    assert [block.what for block in found.blocked_by] == [
        "cooldown of 7e472f (429), unseen by stock agents, which use it all the same"
    ]


def test_a_model_cooldown_in_the_section_only_is_told_as_unseen(home: Path) -> None:
    inline = row(model_cooldowns={"seen": NOW + 60.0})
    found = only(home, inline, section={"7e472f": record(inline, model_cooldowns={"hidden": NOW + 60.0})})
    assert [block.what for block in found.blocked_by if block.what.startswith("cooldown of")] == [
        "cooldown of 7e472f for hidden, unseen by stock agents, which use it all the same",
        "cooldown of 7e472f for seen",
    ]


def test_behind_a_cooldown_that_agents_see_nothing_is_unseen(home: Path) -> None:
    models = record(row(), model_cooldowns={"claude-x": NOW + 60.0})
    found = only(home, cooling(), section={"7e472f": models})
    assert not any("unseen" in block.what for block in found.blocked_by)


def test_what_a_running_agent_wrote_back_blocks_until_its_end(home: Path) -> None:
    found = only(home, cooling(seconds=300.0), section={"7e472f": record(row(), cleared_at=NOW - 10.0)})
    assert (found.usable, found.next_at) == (0, NOW + 300.0)
    (block,) = found.blocked_by
    assert (block.what, block.until_at) == ("outdated mark of 7e472f, which agents still see", NOW + 300.0)
    assert block.clear_with == f"hermes-state --home {home} migrate"


def test_an_older_inline_mark_blocks_too_though_a_later_one_has_ended(home: Path) -> None:
    inline, later = cooling(seconds=900.0, last_status_at=NOW - 600.0), {**mark(-5.0, ago=60.0)}
    found = only(home, inline, section={"7e472f": record(row(), **later)})
    assert (found.usable, found.next_at) == (0, NOW + 900.0)
    assert found.blocked_by[0].what == "outdated mark of 7e472f, which agents still see"


def test_a_model_cooldown_leaves_the_credential_usable_and_is_told(home: Path) -> None:
    agent(home, "0.22.2")
    found = only(home, row(model_cooldowns={"claude-x": NOW + 60.0, "claude-old": NOW - 60.0}))
    assert (found.usable, found.next_at) == (1, None)
    assert [(block.what, block.until_at) for block in found.blocked_by] == [
        ("cooldowns that leave no credential for claude-x", NOW + 60.0),
        ("cooldown of 7e472f for claude-x", NOW + 60.0),
    ]


def test_a_model_is_left_without_a_credential_only_where_every_usable_one_cools_down_for_it(home: Path) -> None:
    first = row("a", model_cooldowns={"x": NOW + 60.0, "y": NOW + 60.0})
    second = row("b", model_cooldowns={"y": NOW + 30.0})
    found = only(home, first, second, cooling("c"), row("d", last_status="dead"))
    assert found.usable == 2
    assert found.blocked_by[0] == Block(
        "cooldowns that leave no credential for y",
        str(home / "auth.json"),
        NOW + 30.0,
        f"hermes-state --home {home} clear-cooldown openrouter --model y",
    )
    assert not any("no credential for x" in block.what for block in found.blocked_by)


def test_a_row_that_agents_fail_on_takes_its_whole_pool_along_and_no_other(home: Path) -> None:
    found = providers(home, {"openrouter": [row("a"), "oops", cooling("b")], "nous": [row()]})
    assert (found["openrouter"].usable, found["openrouter"].of, found["openrouter"].next_at) == (0, 2, None)
    assert found["nous"].usable == 1


def test_as_long_as_agents_fail_on_a_row_no_command_for_another_one_is_offered(home: Path) -> None:
    dead = row("d", last_status="dead", last_status_at=NOW)
    rows = [row("a"), "oops", cooling("b"), dead, row("m", model_cooldowns={"x": NOW + 60.0})]
    found = providers(home, {"openrouter": rows})["openrouter"]
    assert [(block.what, block.commands) for block in found.blocked_by] == [
        ("row 2, on which agents fail: mend or remove it by hand first", []),
        ("cooldown of b (429)", []),
        ("d is dead: add a valid key", []),
        ("cooldown of m for x", []),
    ]


def test_a_pool_under_a_name_that_no_agent_looks_up_is_of_no_use(home: Path) -> None:
    found = providers(home, {"OpenRouter": [row()]})["OpenRouter"]
    assert (found.usable, found.of) == (0, 1)
    assert [block.what for block in found.blocked_by] == ["a name that no agent looks up"]


def test_a_model_cooldown_means_nothing_to_agents_before_0_22(home: Path) -> None:
    agent(home, "0.19.0")
    assert only(home, row(model_cooldowns={"claude-x": NOW + 60.0})) == Provider("openrouter", 1, 1, None, ())


# --- nous: two switches ----------------------------------------------------------------------------------------------


def test_a_breaker_blocks_a_healthy_pool_and_says_what_clears_it(home: Path) -> None:
    path = breaker(home, NOW + 500.0)
    found = providers(home, {"nous": [row()], "openrouter": [row()]})
    assert (found["nous"].usable, found["nous"].of, found["nous"].next_at) == (0, 1, NOW + 500.0)
    command = f"hermes-state --home {home} clear-breaker nous"
    assert found["nous"].blocked_by == (Block("breaker", path, NOW + 500.0, command),)
    assert found["openrouter"].usable == 1


@pytest.mark.parametrize(("pool", "switch"), [(300.0, 500.0), (500.0, 300.0)])
def test_with_both_switches_off_the_later_end_counts(home: Path, pool: float, switch: float) -> None:
    breaker(home, NOW + switch)
    found = providers(home, {"nous": [cooling("a", pool), cooling("b", 900.0)]})["nous"]
    assert (found.usable, found.next_at) == (0, NOW + 500.0)
    assert [block.what for block in found.blocked_by] == ["cooldown of a (429)", "cooldown of b (429)", "breaker"]


def test_behind_a_breaker_a_dead_pool_stays_dead(home: Path) -> None:
    breaker(home, NOW + 500.0)
    assert providers(home, {"nous": [row(last_status="dead")]})["nous"].next_at is None


def test_a_breaker_that_never_ends_gives_no_next_time(home: Path) -> None:
    put(home / "rate_limits" / "nous.json", '{"reset_at": Infinity}')
    assert providers(home, {"nous": [row()]})["nous"].next_at is None


def test_a_breaker_without_a_pool_is_a_provider_of_its_own(home: Path) -> None:
    breaker(home, NOW + 500.0)
    breaker(home, NOW + 100.0, "nous-anonymous")
    found = providers(home, {"openrouter": [row()]})
    assert {name: (each.usable, each.of, each.next_at) for name, each in found.items()} == {
        "openrouter": (1, 1, None),
        "nous": (0, 0, NOW + 500.0),
        "nous-anonymous": (0, 0, NOW + 100.0),
    }


@pytest.mark.parametrize("reset_at", [NOW, NOW - 1.0, 0, -5])
def test_a_breaker_that_is_over_blocks_nothing(home: Path, reset_at: float) -> None:
    breaker(home, reset_at)
    assert providers(home, {"nous": [row()]})["nous"] == Provider("nous", 1, 1, None, ())


def test_a_breaker_in_milliseconds_blocks_for_good(home: Path) -> None:
    breaker(home, (NOW + 60.0) * 1000)
    assert providers(home, {"nous": [row()]})["nous"].usable == 0


def denied(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for another user than the owner of a breaker with mode 0600."""
    monkeypatch.setattr("hermes_state.stores.breaker.RealDisk", lambda: FailingDisk("read", errno.EACCES))


def test_a_breaker_that_cannot_be_read_may_block_and_is_named_with_what_removes_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent may be a user that can read it: nobody knows whether it waits."""
    path = breaker(home, NOW + 500.0)
    put(home / "auth.json", auth({"nous": [row()], "openrouter": [row()]}))
    denied(monkeypatch)
    seen = look(home)
    nous, other = seen.providers
    what = "breaker that could not be looked into (Permission denied): an agent that can may be held up by it"
    assert nous == Provider(
        "nous", 1, 1, None, (Block(what, path, None, f"hermes-state --home {home} clear-breaker nous"),)
    )
    assert other.blocked_by == ()
    assert [each.state for each in seen.breakers] == ["unreadable"]
    (told,) = [each for each in seen.findings if each.id == "HS-BREAK-001"]
    assert "an agent that may not read it either asks the provider" in told.message
    assert "one that may can be held up" in told.message


def test_a_breaker_that_cannot_be_read_makes_a_provider_without_a_pool_known(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker(home, NOW + 500.0)
    denied(monkeypatch)
    (found,) = providers(home, {}).values()
    assert (found.provider, found.usable, found.of, len(found.blocked_by)) == ("nous", 0, 0, 1)


def test_a_breaker_that_is_too_large_may_block_too(home: Path) -> None:
    put(home / "rate_limits" / "nous.json", b" " * (2 << 20))
    (block,) = providers(home, {"nous": [row()]})["nous"].blocked_by
    assert block.what.startswith("breaker that could not be looked into (it has more than 1 MiB)")


def test_a_directory_in_place_of_a_breaker_holds_up_no_agent(home: Path) -> None:
    (home / "rate_limits" / "nous.json").mkdir(parents=True)
    assert providers(home, {"nous": [row()]})["nous"] == Provider("nous", 1, 1, None, ())
    assert [each.state for each in look(home).breakers] == ["unreadable"]


def test_a_link_to_nothing_is_no_breaker(home: Path) -> None:
    link(home / "rate_limits" / "nous.json", home / "nowhere.json")
    assert providers(home, {"nous": [row()]})["nous"] == Provider("nous", 1, 1, None, ())
    assert [each.state for each in look(home).breakers] == ["absent"]


def test_a_foreign_file_blocks_nothing(home: Path) -> None:
    breaker(home, NOW + 500.0, "openrouter")
    found = providers(home, {"openrouter": [row()]})
    assert (list(found), found["openrouter"].usable) == (["openrouter"], 1)


@pytest.mark.parametrize(("rule", "option"), [("default", ""), ("HERMES_HOME", ""), ("profiles/", "--home '/a b' ")])
def test_a_command_names_the_home_only_where_it_has_to(rule: str, option: str) -> None:
    from hermes_state.inspection.commands import command

    assert command(at(Path("/a b"), rule=rule), "migrate") == f"hermes-state {option}migrate"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([cooling("a")], "openrouter a"),
        ([cooling(5)], "openrouter 5"),
        ([cooling("two words")], "openrouter 'two words'"),
        ([row("x"), cooling(None)], "openrouter 2"),
        ([row("x"), cooling("x")], "openrouter 2"),
        ([cooling("sk-or-v1-test-0000aaaa")], "openrouter 1"),
        ([cooling("-a")], "openrouter 1"),
        ([cooling(" a")], "openrouter 1"),
        ([cooling(""), row("1")], None),
        ([cooling(""), row("x", label="1")], None),
    ],
)
def test_a_cooldown_says_what_clears_it(home: Path, rows: list[Any], words: str | None) -> None:
    expected = None if words is None else f"hermes-state --home {home} clear-cooldown {words}"
    assert [block.clear_with for block in only(home, *rows).blocked_by] == [expected]


def test_what_clears_the_cooldown_of_a_model_names_the_model(home: Path) -> None:
    found = only(home, row("a", model_cooldowns={"claude x/1": NOW + 60.0}))
    assert [block.clear_with for block in found.blocked_by] == [
        f"hermes-state --home {home} clear-cooldown openrouter {id}--model 'claude x/1'" for id in ("", "a ")
    ]


def test_nothing_is_told_to_clear_a_pool_whose_name_cannot_be_shown(home: Path) -> None:
    (found,) = providers(home, {"custom:sk-or-v1-test-0000aaaa": [cooling()]}).values()
    assert [block.clear_with for block in found.blocked_by] == [None]


def test_what_clears_borrowed_rows_names_the_home_that_has_them(home: Path) -> None:
    put(home / "auth.json", auth({"nous": [cooling("a")]}))
    coder = home / "profiles" / "coder"
    coder.mkdir(parents=True)
    assert look(coder).providers[0].blocked_by[0].clear_with == f"hermes-state --home {home} clear-cooldown nous a"


# --- beyond pool and breaker ------------------------------------------------------------------------------------------

LOST = {"last_auth_error": {"relogin_required": True, "reason": "refresh_token_reused"}}


def agents(home: Path, words: str) -> str:
    """What is typed for the agent of a root home that was named."""
    return f"HERMES_HOME={home} hermes -p default {words}"


def told(home: Path, **content: Any) -> dict[str, Provider]:
    put(home / "auth.json", {**auth(), **content})
    return {each.provider: each for each in look(home).providers}


def test_a_suppressed_source_blocks_a_provider_that_has_nothing_else(home: Path) -> None:
    (found,) = told(home, suppressed_sources={"openrouter": ["env:OPENROUTER_API_KEY"]}).values()
    path = str(home / "auth.json")
    what = "env:OPENROUTER_API_KEY suppressed: agents take up no credential from there"
    clear = agents(home, "auth add openrouter")
    assert found == Provider("openrouter", 0, 0, None, (Block(what, path, None, clear),))


@pytest.mark.parametrize(("rows", "blocks"), [([row()], 0), ([cooling()], 2), ([], 1)])
def test_a_suppressed_source_is_told_where_no_credential_is_usable(home: Path, rows: list[Any], blocks: int) -> None:
    pools = {"openrouter": rows}
    found = told(home, credential_pool=pools, suppressed_sources={"openrouter": {"env:OPENROUTER_API_KEY": {}}})
    assert len(found["openrouter"].blocked_by) == blocks


@pytest.mark.parametrize("odd", [[], "openrouter", {"openrouter": "env:X"}, {"openrouter": [5, None]}, {"x": 1}])
def test_what_suppresses_nothing_blocks_nothing(home: Path, odd: Any) -> None:
    assert told(home, suppressed_sources=odd) == {}


def test_names_of_suppressed_sources_are_harmless(home: Path) -> None:
    (found,) = told(home, suppressed_sources={"nous": [f"env:\x1b[2J{SECRET}"]}).values()
    assert SECRET not in found.blocked_by[0].what
    assert found.blocked_by[0].what.isprintable()


def test_agents_leave_sources_of_custom_pools_suppressed_so_that_no_command_is_named(home: Path) -> None:
    (found,) = told(home, suppressed_sources={"custom:mine": ["config:Mine"]}).values()
    assert found.blocked_by[0].clear_with is None


def test_a_profile_that_borrows_usable_rows_is_not_blocked_by_its_own_suppression(home: Path) -> None:
    coder = home / "profiles" / "coder"
    put(home / "auth.json", auth({"openrouter": [row()]}))
    put(coder / "auth.json", auth(suppressed_sources={"openrouter": ["env:OPENROUTER_API_KEY"]}))
    (found,) = look(coder).providers
    assert (found.usable, found.blocked_by) == (1, ())


def test_a_login_that_has_ended_blocks_its_provider(home: Path) -> None:
    (found,) = told(home, providers={"nous": LOST}).values()
    (block,) = found.blocked_by
    assert (found.provider, found.usable, found.of) == ("nous", 0, 0)
    assert block.what == "a login that has ended (refresh_token_reused): log in again"
    assert block.clear_with == agents(home, "auth add nous")


@pytest.mark.parametrize(
    "state",
    [
        {**LOST, "access_token": "at-test"},
        {**LOST, "tokens": {"refresh_token": "rt-test"}},
        {"last_auth_error": {"relogin_required": False}},
        {"last_auth_error": "x"},
        {},
        [],
    ],
    ids=str,
)
def test_a_login_that_can_be_refreshed_does_not(home: Path, state: Any) -> None:
    assert told(home, providers={"nous": state}) == {}


def test_a_dead_credential_is_cleared_with_the_flag_for_that(home: Path) -> None:
    found = only(home, row(last_status="dead", last_status_at=NOW))
    clear = f"hermes-state --home {home} clear-cooldown openrouter 7e472f --dead"
    assert [block.clear_with for block in found.blocked_by] == [clear]


@pytest.mark.parametrize(
    ("rows", "named"),
    [([cooling("a")], True), ([cooling("b")], False), ([cooling("a"), cooling("c")], False), ([cooling(None)], False)],
)
def test_what_a_profile_hides_is_uncovered_by_removing_a_copy_and_nothing_else(
    home: Path, rows: list[Any], named: bool
) -> None:
    put(home / "auth.json", auth({"nous": [row("a")]}))
    coder = home / "profiles" / "coder"
    put(coder / "auth.json", auth({"nous": rows}))
    blocks = {block.what: block.clear_with for block in look(coder).providers[0].blocked_by}
    clear = f"HERMES_HOME={coder} hermes auth remove nous a" if named else None
    assert blocks["own rows, which hide 1 usable in the root store"] == clear


# --- a pause ----------------------------------------------------------------------------------------------------------

HELD = "no new turn of a gateway, no cron job and no kanban task begins; the command line still works"


def test_a_pause_is_told_of_every_provider_and_takes_no_credential_away(home: Path) -> None:
    put(home / "ESTOP", "")
    found = providers(home, {"openrouter": [row()], "nous": [row(), cooling("b")]})
    for each in found.values():
        assert (each.usable, each.blocked_by[-1]) == (
            1,
            Block(f"a pause, for agents since 0.20: {HELD}", str(home / "ESTOP"), None, agents(home, "resume")),
        )


@pytest.mark.parametrize(("version", "held"), [(None, True), ("0.19.0", False), ("0.20.1", True), ("0.22.2", True)])
def test_agents_know_a_pause_since_0_20(home: Path, version: str | None, held: bool) -> None:
    put(home / "ESTOP", "")
    if version is not None:
        agent(home, version)
    blocks = only(home, row()).blocked_by
    assert bool(blocks) is held
    assert ["since 0.20" in block.what for block in blocks] == ([version is None] if held else [])
    hints = [each.hint for each in look(home).findings if each.id == "HS-HOME-012"]
    assert ["older agents know neither" in hint for hint in hints] == ([version is None] if held else [])


def test_a_pause_of_the_root_holds_its_profiles_too(home: Path) -> None:
    coder = home / "profiles" / "coder"
    put(home / "ESTOP", {"reason": "moving house", "engaged_at": "2027-01-15T07:00:00+00:00"})
    put(coder / "auth.json", auth({"nous": [row()]}))
    (block,) = look(coder).providers[0].blocked_by
    assert block == Block(
        f"a pause (moving house), for agents since 0.20: {HELD}",
        str(home / "ESTOP"),
        None,
        f"HERMES_HOME={coder} hermes resume",
    )


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"reason": 5}', b"\xff", b"[" * 5000])
def test_whatever_the_file_of_a_pause_holds_it_counts(home: Path, content: bytes) -> None:
    put(home / "ESTOP", content)
    assert only(home, row()).blocked_by[0].what == f"a pause, for agents since 0.20: {HELD}"


def test_a_directory_pauses_as_well_and_a_link_to_nothing_does_not(home: Path) -> None:
    (home / "ESTOP").symlink_to("gone")
    assert only(home, row()).blocked_by == ()
    (home / "gone").mkdir()
    assert len(only(home, row()).blocked_by) == 1


def test_what_was_written_as_the_reason_is_harmless(home: Path) -> None:
    put(home / "ESTOP", {"reason": f"key {SECRET}\x1b[2J"})
    (block,) = only(home, row()).blocked_by
    assert SECRET not in block.what and "\x1b" not in block.what
