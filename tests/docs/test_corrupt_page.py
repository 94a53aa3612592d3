"""What the page about a corrupt auth.json tells the user to type moves the file, also where that is a link."""

from __future__ import annotations

import re

import pytest

from tests.docs.homes import corrupt_and_alone
from tests.docs.machine import Machine
from tests.docs.pages import PROJECT

PAGE = (PROJECT / "docs" / "corrupt-auth.md").read_text("utf-8")
[MOVE] = re.findall(r"^\$ (mv .*)$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("linked", [False, True])
def test_the_corrupt_file_itself_is_moved_out_of_the_way(linked: bool) -> None:
    with Machine() as machine:
        corrupt_and_alone(machine)
        file = machine.hermes / "auth.json"
        content = file.read_bytes()
        if linked:
            (machine.user / "dotfiles").mkdir()
            file = file.rename(machine.user / "dotfiles" / "auth.json")
            (machine.hermes / "auth.json").symlink_to("../dotfiles/auth.json")
        assert machine.run(MOVE) == ""
        moved = machine.user / "auth.json.broken"
        assert not file.exists()
        assert not moved.is_symlink()
        assert moved.read_bytes() == content
        found = machine.run("hermes-state check auth")
        assert re.findall(r"\bHS-\w+-\d+\b", found) == (["HS-HOME-001"] if linked else [])
