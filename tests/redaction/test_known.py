"""Secrets that were read are masked wherever they stand, even those that look like words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hermes_state.cli import app
from hermes_state.redaction import fingerprint, known, meet, redact
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.config import ConfigStore
from tests.inspection.homes import at, auth, cooling, put

PLAIN = "local-llm-key-for-me"


def test_a_secret_that_was_met_is_masked_and_its_like_is_not() -> None:
    assert redact(f"bad key {PLAIN}") == f"bad key {PLAIN}"
    meet({"rows": [{"access_token": PLAIN}]})
    assert redact(f"{PLAIN}: bad key {PLAIN}.") == "{0}: bad key {0}.".format(f"[secret {fingerprint(PLAIN)}]")
    assert redact(f"{PLAIN}s and local-llm-key") == f"{PLAIN}s and local-llm-key"


@pytest.mark.parametrize(
    "document",
    [
        {"access_token": "ollama"},  # words of that length are everywhere
        {"label": PLAIN, "id": PLAIN},
        {"token": "sha256:0123456789abcdef"},
        {"access_token": None, "api_key": 123456789012, 5: PLAIN},
        [PLAIN],
        PLAIN,
        None,
    ],
)
def test_what_is_no_secret_is_not_taken_for_one(document: Any) -> None:
    meet(document)
    for text in ("ask ollama", PLAIN, "token sha256:0123456789abcdef"):
        assert redact(text) == text


def test_a_text_that_was_shown_before_the_secret_was_met_is_not_remembered_as_harmless() -> None:
    assert PLAIN in redact(PLAIN)
    meet({"api_key": PLAIN})
    assert PLAIN not in redact(PLAIN)


def test_no_document_is_forgotten_among_many() -> None:
    meet({"api_key": PLAIN})
    for number in range(1000):
        meet({"api_key": f"another-plain-{number}"})
    assert PLAIN not in redact(PLAIN)


def test_no_secret_is_kept_only_what_tells_it_again() -> None:
    meet({"api_key": PLAIN})
    redact(PLAIN)
    assert PLAIN not in repr(vars(known))


def test_stores_tell_what_they_read(home: Path) -> None:
    put(home / "auth.json", auth({"custom:x": [cooling(access_token=PLAIN)]}))
    put(home / "config.yaml", "model:\n  api_key: another-plain-secret\n")
    AuthStore(at(home)).read()
    ConfigStore(at(home)).read()
    assert "plain" not in redact("another-plain-secret") and PLAIN not in redact(PLAIN)


@pytest.mark.parametrize(
    "words", ["inspect", "inspect --json", "migrate --dry-run --diff", "clear-cooldown custom:x --json"]
)
def test_no_command_repeats_a_key_that_a_provider_repeated(
    words: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = cooling(access_token=PLAIN, label=PLAIN, last_error_message=f"bad key {PLAIN} given")
    put(home / "auth.json", auth({"custom:x": [row]}))
    assert app.run(["--home", str(home), *words.split()]) == 0
    printed = capsys.readouterr()
    assert PLAIN not in printed.out + printed.err
    assert "secret" in printed.out
