"""What the pages show is what the commands print: each is run again, in a home made for it, and compared.

A page that differs is brought up to date by ``.venv/bin/python tests/docs/regenerate.py``.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.docs import machine, pages
from tests.docs.homes import SCENES
from tests.docs.machine import NIGHT, PAUSE, SHOWN, Lacking, Machine
from tests.docs.pages import PROJECT, Part, parts, regenerate, regenerated

REGENERATE = "python tests/docs/regenerate.py"
PARTS = [
    pytest.param(path, index, id=f"{path.stem}-{index}-{part.scene}", marks=SCENES[part.scene].marks)
    for path in pages.pages()
    for index, part in enumerate(parts(path.read_text("utf-8")))
    if part.scene
]


@pytest.mark.parametrize(("path", "index"), PARTS)
def test_a_page_shows_what_its_commands_print(path: Path, index: int) -> None:
    part = parts(path.read_text("utf-8"))[index]
    try:
        now = regenerated(part)
    except Lacking as lack:
        pytest.skip(str(lack))
    if now != part.text:
        old, new = part.text.splitlines(), now.splitlines()
        diff = difflib.unified_diff(old, new, "the page", "what is printed now", lineterm="")
        pytest.fail("\n".join([f"{path.name}: see {REGENERATE}", *diff]), pytrace=False)


def test_no_command_of_a_page_stands_outside_of_a_scene() -> None:
    for path in pages.pages():
        made = parts(path.read_text("utf-8"))
        assert "".join(part.text for part in made) == path.read_text("utf-8")
        assert [part.text for part in made if part.scene is None and "```console" in part.text] == [], path.name


def test_every_scene_is_on_a_page() -> None:
    shown = {part.scene for path in pages.pages() for part in parts(path.read_text("utf-8"))}
    assert shown - {None} == set(SCENES)


PAGE = """# A page

<!-- home: stuck -->
```console
$ echo one; echo two
{said}
$ pwd
```

```sh
false, and not run
```
"""


def test_what_commands_print_is_written_into_the_page() -> None:
    now, lacking = regenerate(PAGE.format(said="something else"))
    assert now == PAGE.format(said="one\ntwo").replace("$ pwd\n", f"$ pwd\n{SHOWN}\n")
    assert lacking == []
    assert regenerate(now) == (now, [])


def test_what_cannot_be_run_here_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HERMES_STATE_AGENTS", raising=False)
    page = "<!-- home: stuck-agent -->\n```console\n$ hermes auth list\nas it was\n```\n"
    assert regenerate(page) == (page, ["stuck-agent: agent 0.19.0 is not installed (make agents)"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```console\n$ true\n```\n", "before the first"),
        ("<!-- home: stuck -->\n```console\n```\n", "without a command"),
        ("<!-- home: stuck -->\n```console\nprinted by nobody\n```\n", "no command printed this"),
        ("<!-- home: no-such -->\n", "no scene 'no-such'"),
    ],
)
def test_a_page_that_is_not_laid_out_so_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        regenerate(text)


@pytest.mark.parametrize("line", ["no-such-command", "hermes-state --no-such-option", "echo 'unexpected error: Oh'"])
def test_no_page_can_show_a_defect(line: str) -> None:
    with pytest.raises(AssertionError, match="would show a defect"):
        regenerated(Part("stuck", f"<!-- home: stuck -->\n```console\n$ {line}\n```\n"))


def test_the_clock_of_a_machine_stands_and_moves_on_between_commands() -> None:
    ask = "hermes-state schema auth >/dev/null; echo $HERMES_DOCS_NOW"
    with Machine() as here:
        assert [float(here.run(ask)), float(here.run(ask))] == [NIGHT, NIGHT + PAUSE]


def test_a_machine_leaves_nothing_behind_and_is_the_users_alone() -> None:
    with Machine() as here:
        user = here.user
        assert len(str(user)) == len(SHOWN)
        assert (user.stat().st_mode & 0o777, here.hermes.stat().st_mode & 0o777) == (0o700, 0o700)
    assert not user.exists()


def test_no_page_names_a_place_of_the_machine_that_made_it() -> None:
    strange = [str(PROJECT), str(Path(machine.__file__).parent), "/tmp/"]
    for path in pages.pages():
        assert not [place for place in strange if place in path.read_text("utf-8")], path.name
