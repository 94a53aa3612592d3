"""Rows without a secret: what real agents did is in secretless.json (record_secretless.py says how)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hermes_state.inspection.auth.secretless import has_no_secret
from tests.inspection.homes import agent, auth, look, put
from tests.inspection.record_secretless import CASES

RECORDED: dict[str, dict[str, bool]] = json.loads((Path(__file__).parent / "secretless.json").read_text())
#: Secrets that are somewhere else, or were: of these the file does not tell whether there is one.
ELSEWHERE = {name for name in CASES if name.startswith("a borrowed")}
#: A login that has a refresh token is not without a secret, though no agent gets a token by it for this provider.
REFRESHABLE = "a login with a refresh token only"


def test_every_case_was_recorded() -> None:
    assert RECORDED.keys() == CASES.keys()


@pytest.mark.parametrize("name", sorted(CASES.keys() - ELSEWHERE - {REFRESHABLE}))
def test_a_row_has_no_secret_where_the_latest_agent_passes_over_it(name: str) -> None:
    assert has_no_secret("openrouter", CASES[name][0]) is not RECORDED[name]["0.22.2"]


@pytest.mark.parametrize("name", sorted([*ELSEWHERE, REFRESHABLE]))
def test_a_secret_that_may_be_somewhere_else_is_not_missed(name: str) -> None:
    assert not has_no_secret("openrouter", CASES[name][0])


@pytest.mark.parametrize("version", ["0.13.0", "0.15.2", "0.19.0", "0.22.2"])
@pytest.mark.parametrize("name", ["a key", "no key", "an empty key", "a fingerprint for a key"])
def test_what_the_agent_sees_is_what_it_did(name: str, version: str, home: Path) -> None:
    agent(home, version)
    put(home / "auth.json", auth({"openrouter": [CASES[name][0]]}))
    assert (look(home).credentials[0].agent_sees == "usable") is RECORDED[name][version]


def test_no_agent_before_0_19_cares() -> None:
    selected = {name: answers for name, answers in RECORDED.items() if name not in ELSEWHERE}
    assert all(answers["0.13.0"] and answers["0.15.2"] for answers in selected.values())


def test_an_agent_key_is_a_secret_for_nous_only() -> None:
    row = {"id": "a", "source": "manual", "agent_key": "sk-test-0000aaaa"}
    assert (has_no_secret("nous", row), has_no_secret("openrouter", row)) == (False, True)
