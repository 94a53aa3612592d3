"""What is special about config.yaml: edits that keep every comment, refusals, and managed installs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hermes_state.errors import FileNotOk, Refused
from hermes_state.home import Home
from hermes_state.outcomes import Outcome
from hermes_state.stores.config import ConfigStore

CONTENT = """\
# head
model: anthropic/claude   # mine
agent:
  max_turns: 60
  names: [a, b]   # list

display: {compact: true}
"""


@pytest.fixture
def file(home: Path) -> Path:
    path = home / "config.yaml"
    path.write_text(CONTENT)
    return path


def store(home: Path, managed: str | None = None) -> ConfigStore:
    return ConfigStore(Home(str(home), "test", "default", str(home), managed))


def changed(**agent: Any) -> Callable[[Any], Any]:
    return lambda document: {**document, "agent": {**document["agent"], **agent}}


def test_several_settings_change_in_one_write(home: Path, file: Path) -> None:
    def change(document: Any) -> Any:
        return {**document, "model": "openai/gpt", "display": {"compact": False}, "timezone": "UTC"}

    store(home).update(change)
    wanted = CONTENT.replace("anthropic/claude", "openai/gpt").replace("compact: true", "compact: false")
    assert file.read_text() == wanted + "timezone: UTC\n"


def test_a_key_that_is_new_and_one_that_goes_meet_in_one_section(home: Path, file: Path) -> None:
    def change(document: Any) -> Any:
        return {**document, "agent": {"names": document["agent"]["names"], "verify_on_stop": True}}

    store(home).update(change)
    assert file.read_text() == CONTENT.replace("  max_turns: 60\n", "").replace(
        "# list\n", "# list\n  verify_on_stop: true\n"
    )


def test_an_item_of_a_list_changes_in_its_place(home: Path, file: Path) -> None:
    store(home).update(changed(names=["a", "c"]))
    assert file.read_text() == CONTENT.replace("[a, b]", "[a, c]")


def test_a_setting_in_a_file_of_comments_only_keeps_them(home: Path, file: Path) -> None:
    file.write_text("# nothing yet\n")
    store(home).update(lambda document: {"model": "a/b"})
    assert file.read_text() == "# nothing yet\nmodel: a/b\n"


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"], date(2026, 1, 1)], ids=["shorter", "longer", "a date"])
def test_a_list_that_would_have_to_be_written_anew_is_refused(home: Path, file: Path, names: Any) -> None:
    with pytest.raises(Refused, match=r"agent\.names would have to be written anew"):
        store(home).update(changed(names=names))
    assert file.read_text() == CONTENT


def test_a_section_in_the_place_of_a_value_is_not_guessed_at(home: Path, file: Path) -> None:
    with pytest.raises(FileNotOk):
        store(home).update(lambda document: {**document, "model": {"name": "a/b"}})
    assert file.read_text() == CONTENT


def test_a_repeated_key_is_refused_with_its_line(home: Path, file: Path) -> None:
    file.write_text("model: a\nmodel: b\n")
    with pytest.raises(FileNotOk) as caught:
        store(home).update(lambda document: {"model": "c"})
    assert (caught.value.fault.outcome, caught.value.fault.line) == (Outcome.INVALID, 2)


@pytest.mark.parametrize(
    ("manager", "hint"), [("NixOS", "nixos-rebuild"), ("Homebrew", "brew upgrade"), ("Guix", "Guix")]
)
def test_a_managed_install_is_refused_before_a_lock_is_made(home: Path, file: Path, manager: str, hint: str) -> None:
    with pytest.raises(Refused, match=f"managed by {manager}") as caught:
        store(home, manager).update(changed(max_turns=90))
    assert hint in caught.value.hint
    assert (file.read_text(), list(home.iterdir())) == (CONTENT, [file])


def test_a_managed_config_can_be_read(home: Path, file: Path) -> None:
    assert store(home, "NixOS").read().document["model"] == "anthropic/claude"
