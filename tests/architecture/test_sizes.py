"""A module is read in one sitting: up to 270 lines; longer ones, never over 400, say why here."""

from __future__ import annotations

from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "hermes_state"
USUAL, MOST = 270, 400

#: module -> why it is better long than divided
LONG = {
    "cli/app.py": "one command after the other, each a list of its options, which reads like the help",
    "disk.py": "the interface and its one real form, which are read side by side",
    "errors.py": "one tree of small classes, which is compared as one table",
    "rehearsal.py": "the same verbs once more, in memory",
}


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_is_no_longer_than_it_may_be(path: Path) -> None:
    assert lines(path) <= (MOST if str(path.relative_to(PACKAGE)) in LONG else USUAL)


@pytest.mark.parametrize("name", sorted(LONG))
def test_a_reason_for_length_is_not_kept_after_the_length(name: str) -> None:
    assert lines(PACKAGE / name) > USUAL
