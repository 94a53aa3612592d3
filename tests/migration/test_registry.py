from __future__ import annotations

from pathlib import Path

import pytest

from hermes_state.migration.registry import BrokenRegistry, steps

GOOD = """
from hermes_state.migration import Result
TITLE = "a title"
TOUCHES = ("/x",)
def pending(document): return False
def up(document, context): return Result(document)
def down(document, context): return Result(document)
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_steps_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    write(tmp_path, auth_0002_b=GOOD, auth_0001_a=GOOD, config_0001_c=GOOD)
    assert [step.id for step in steps("auth", tmp_path)] == ["auth_0001_a", "auth_0002_b"]
    assert [step.id for step in steps("config", tmp_path)] == ["config_0001_c"]


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"auth_0001_a": GOOD, "auth_0003_b": GOOD}, "without gaps"),
        ({"auth_0001_a": GOOD, "auth_0001_b": GOOD}, "without gaps"),
        ({"auth_0002_a": GOOD}, "without gaps"),
        ({"auth_1_a": GOOD}, "is not named"),
        ({"auth_0001_a": GOOD + 'IRREVERSIBLE = "why"\n'}, "either down"),
        ({"auth_0001_a": GOOD.replace("def down", "def other")}, "either down"),
        ({"auth_0001_a": GOOD.replace("TITLE", "OTHER")}, "does not define TITLE"),
        ({"auth_0001_a": GOOD.replace('("/x",)', "()")}, "does not define TOUCHES"),
        ({"auth_0001_a": GOOD.replace("def pending", "def other")}, "does not define pending"),
    ],
)
def test_a_broken_set_of_steps_is_an_error_before_anything_runs(
    tmp_path: Path, files: dict[str, str], complaint: str
) -> None:
    with pytest.raises(BrokenRegistry, match=complaint):
        steps("auth", write(tmp_path, **files))


def test_the_shipped_steps_are_complete() -> None:
    assert [step.number for step in steps("auth")] == [1, 2]
    assert steps("auth")[0].irreversible
    assert steps("auth")[1].down is not None
