"""``hermes-state schema`` prints what is published, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer import Context
from typer.main import get_command

from hermes_state.cli import app
from hermes_state.cli.commands import schema
from hermes_state.models.schema import KINDS, OUTPUTS, file_name
from hermes_state.shipped import shipped


@pytest.mark.parametrize("name", [*KINDS, *OUTPUTS])
def test_a_kind_and_a_command_have_one(name: str, hermes_state) -> None:
    text = (shipped("schemas") / file_name(name)).read_text("utf-8")
    for options in ((), ("--json",)):
        answer = hermes_state("schema", name, *options)
        assert (answer.code, answer.out, answer.err) == (0, text, "")


def test_every_command_has_one_but_the_one_that_prints_them() -> None:
    program: Any = get_command(app.app)
    commands = set(program.list_commands(Context(program)))
    assert commands - {"schema"} == set(OUTPUTS) - {"version", "error"}


def test_all_that_is_published_is_named_to_whoever_asks_for_another(hermes_state) -> None:
    answer = hermes_state("schema", "nonsense")
    assert answer.code == 2
    assert all(name in answer.err for name in (*KINDS, *OUTPUTS))


@pytest.mark.parametrize("name", ["../auth", "auth.v1", "output-inspect", "", "*"])
def test_a_name_is_compared_and_never_made_part_of_a_path(name: str, hermes_state) -> None:
    assert hermes_state("schema", name).code == 2


def test_the_newest_version_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hermes_state) -> None:
    for kind in KINDS:
        for number in (1, 2, 10):
            (tmp_path / f"{kind}.v{number}.json").write_text(f"{kind} {number}")
    monkeypatch.setattr(schema, "shipped", lambda folder: tmp_path)
    assert hermes_state("schema", "auth").out == "auth 10"
