"""Whatever the files hold: no traceback, no lost byte, no secret; and every check of that can fail."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hermes_state.clearing.breakers import clear_breakers
from hermes_state.inspection import inspect
from hermes_state.inspection.sessions import room as sessions
from hermes_state.migration.run import migrate_auth
from hermes_state.outcomes import Outcome
from tests.fuzz import campaign as judging
from tests.fuzz.campaign import ENOUGH, Tally, campaign, expected, one, spread, table
from tests.fuzz.fuzzer import CANARY, FILES, SECRET, Input, Made, made_home, mutated, samples

BOUNDED = 4_000


def test_a_bounded_campaign_finds_no_violation() -> None:
    tally = campaign(BOUNDED, seed=1)
    assert tally.violations == []
    assert tally.inputs >= BOUNDED
    assert tally.rare(1) == []
    assert tally.acts["migrations done"] > 100
    assert tally.acts["breakers cleared"] > 100


@pytest.mark.slow
def test_a_full_campaign_hits_everything_often_and_finds_no_violation() -> None:
    tally = spread(200_000, seed=1, jobs=os.cpu_count() or 1)
    print(table(tally, 0.0))
    assert tally.violations == []
    assert tally.rare(ENOUGH) == []


def test_two_of_five_inputs_and_more_are_mutations_of_real_samples() -> None:
    ways = [each.way for number in range(500) for each in made_home(1, number).inputs]
    assert ways.count("mutation") >= 0.4 * len(ways)


def test_a_home_can_be_made_again_from_seed_and_number() -> None:
    assert made_home(7, 11) == made_home(7, 11) != made_home(8, 11)


def test_samples_of_logins_hold_the_canary_and_no_other_token() -> None:
    texts = [data.decode() for data in samples("auth")]
    assert sum(CANARY in text for text in texts) >= len(texts) - 4
    assert not any("sk-or-v1-test-aaaa" in text for text in texts)


# --- every check fires ------------------------------------------------------------------------------------------------


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(tmp_path)


def judged(base: str, monkeypatch: pytest.MonkeyPatch, *inputs: Input) -> list[str]:
    """The violations that a home with ``inputs`` gives; other kinds are absent."""
    given = {each.kind: each for each in inputs}
    made = tuple(given.get(kind, Input(kind, "place", name, place="absent")) for kind, name in FILES.items())
    monkeypatch.setattr(judging, "made_home", lambda seed, number: Made(made))
    tally = Tally()
    one(base, 1, 1, tally)
    return tally.violations


def auth_with_label(label: str) -> Input:
    text = '{"credential_pool": {"nous": [{"id": "a", "label": "%s", "source": "manual", "access_token": "x"}]}}'
    return Input("auth", "grammar", FILES["auth"], (text % label).encode())


def test_a_secret_that_comes_out_is_noticed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(base, monkeypatch, auth_with_label(SECRET)) == []
    monkeypatch.setattr("hermes_state.inspection.auth.pools.shown", lambda text: text)
    (violation,) = judged(base, monkeypatch, auth_with_label(SECRET))
    assert "a secret came out" in violation


def test_an_exception_is_noticed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*arguments: Any) -> Any:
        raise RecursionError("too deep")

    monkeypatch.setattr(sessions, "look", failing)
    (violation,) = judged(base, monkeypatch)
    assert "RecursionError" in violation


def test_a_change_by_an_inspection_is_noticed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def writing(homes: Any, **more: Any) -> Any:
        os.utime(homes[0].path)
        Path(homes[0].path, "stray").write_bytes(b"")
        return inspect(homes, **more)

    monkeypatch.setattr(judging, "inspect", writing)
    (violation,) = judged(base, monkeypatch)
    assert "an inspection changed something" in violation


def test_a_wrong_outcome_is_noticed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    absent = Input("sessions", "place", FILES["sessions"], place="absent")
    monkeypatch.setattr(judging, "expected", lambda each: expected(each if each.kind != "sessions" else absent))
    (violation,) = judged(base, monkeypatch, Input("sessions", "grammar", FILES["sessions"], b"{"))
    assert "corrupt" in violation


def test_a_slow_home_is_noticed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "PATIENCE", -1.0)
    (violation,) = judged(base, monkeypatch)
    assert "took" in violation


def test_a_breaker_that_went_without_a_word_is_noticed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(*arguments: Any, **more: Any) -> Any:
        return clear_breakers(*arguments, **more)._replace(cleared=())

    monkeypatch.setattr(judging, "clear_breakers", silent)
    monkeypatch.setattr(judging, "Random", lambda number: _Fixed(0.9))
    breaker = Input("breaker", "grammar", FILES["breaker"], b'{"reset_at": 1800000060.0}')
    (violation,) = judged(base, monkeypatch, breaker)
    assert "is gone" in violation


def test_a_migration_that_reports_other_bytes_is_noticed(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "migrate_auth", lambda *given: replace(migrate_auth(*given), after=b"{}"))
    monkeypatch.setattr(judging, "Random", lambda number: _Fixed(0.9))
    marked = auth_with_label("x").data.replace(
        b'"id"', b'"last_status": "exhausted", "last_status_at": 1799999940.0, "last_error_code": 429, "id"'
    )
    (violation,) = judged(base, monkeypatch, Input("auth", "grammar", FILES["auth"], marked))
    assert "does not hold what was reported" in violation


class _Fixed:
    """Chance that always says the same."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


@pytest.mark.parametrize(
    ("data", "outcomes"),
    [
        (b"", {Outcome.EMPTY}),
        (b"{", {Outcome.CORRUPT}),
        (b"[" * 201 + b"]" * 201, {Outcome.CORRUPT}),
        (b"9" * 4301, {Outcome.CORRUPT}),
        (b"[]", {Outcome.INVALID}),
        (b'{"providers": {}}', {Outcome.OK}),
    ],
)
def test_the_oracle_knows_outcomes_without_the_code_under_test(data: bytes, outcomes: set[Outcome]) -> None:
    assert expected(Input("auth", "grammar", FILES["auth"], data)) == outcomes


def test_mutations_change_their_samples() -> None:
    rng = Random(3)
    assert len({mutated(rng, "auth") for _ in range(300)} - set(samples("auth"))) > 250
