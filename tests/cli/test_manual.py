"""The manual page says what the help says, and man can show it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hermes_state.cli import manual
from hermes_state.cli.command import examples_of
from hermes_state.cli.exits import EXITS, WORST

PAGE = Path(__file__).resolve().parents[2] / "docs" / "hermes-state.1"
PACKAGE = PAGE.parents[1] / "hermes_state"
COMMANDS = re.findall(r"^\.SS (\S+)$", PAGE.read_text("utf-8").replace("\\-", "-"), re.M)


def plain(roff: str) -> str:
    """The text as somebody would read it, on one line."""
    without = re.sub(r"^\.[A-Z]+ ?", "", roff, flags=re.M)
    return " ".join(re.sub(r"\\&", "", without).replace("\\-", "-").replace("\\(aq", "'").replace("\\(ti", "~").split())


def test_the_page_in_docs_is_the_one_that_the_texts_make() -> None:
    assert PAGE.read_text("utf-8") == manual.page(), "run: python -m hermes_state.cli.manual > docs/hermes-state.1"


def test_every_command_is_in_it_with_all_that_its_help_says(hermes_state) -> None:
    page = plain(PAGE.read_text("utf-8"))
    listed = re.findall(
        r"^  ([a-z-]+)  ", hermes_state("--help").out.partition("Commands:")[2].partition("\n\n")[0], re.M
    )
    assert listed == COMMANDS
    for name in listed:
        help = hermes_state(name, "--help").out.partition("\n\n")[2].partition("Options of every command:")[0]
        described = re.sub(r"^(Arguments|Options):$", "", help, flags=re.M)
        for paragraph in described.split("\n\n"):
            # Terms and their explanations stand in columns in the help, and below each other in the page.
            for words in re.split(r"\n(?=  \S)|  +", paragraph) if "  -" in paragraph else [paragraph]:
                assert "".join(words.split()) in "".join(page.split()), (name, words)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_in_it(name: str) -> None:
    page = PAGE.read_text("utf-8").replace("\\-", "-").replace("\\(ti", "~")
    for _, typed in examples_of(name):
        assert f".EX\n{typed}\n.EE" in page


def test_the_exit_codes_are_in_it() -> None:
    page = plain(PAGE.read_text("utf-8").partition(".SH EXIT STATUS")[2])
    for exit in EXITS:
        assert f"{exit.numbers} {exit.meaning}" in page
    assert WORST in page


def test_the_variables_that_the_program_reads_are_in_it() -> None:
    """All but those that supervisors of a gateway set, and the user sets none of."""
    modules = [path for path in PACKAGE.rglob("*.py") if path != Path(manual.__file__)]
    read = {name for path in modules for name in re.findall(r'"((?:HERMES|XDG)_[A-Z0-9_]+)"', path.read_text("utf-8"))}
    of_supervisors = {name for name in read if "SUPERVIS" in name}
    page = plain(PAGE.read_text("utf-8").partition(".SH ENVIRONMENT")[2].partition(".SH FILES")[0])
    assert set(re.findall(r"\b(?:HERMES|XDG)_[A-Z0-9_]+", page)) == read - of_supervisors


def test_a_line_that_roff_would_take_for_a_request_is_text() -> None:
    assert manual._text(".hermes-state.lock") == "\\&.hermes\\-state.lock"
    assert manual._text("C:\\x") == "C:\\ex"


@pytest.mark.parametrize("command", [["groff", "-man", "-ww", "-Tutf8"], ["man", "--warnings", "-l"]])
def test_the_tools_that_show_it_have_nothing_to_say_against_it(command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    done = subprocess.run([*command, PAGE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "clear-cooldown" in re.sub(r"\x1b\[[0-9;]*m|.\x08", "", done.stdout).replace("\u2010", "-")


def test_a_linter_misses_nothing_but_the_date() -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("no mandoc")
    done = subprocess.run(["mandoc", "-Tlint", PAGE], capture_output=True, text=True, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if "missing date" not in line] == []
