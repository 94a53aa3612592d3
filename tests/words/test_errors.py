from __future__ import annotations

import itertools
import pickle

import pytest

from hermes_state import errors
from hermes_state.errors import SEVEREST_FIRST, ExitCode, StateError, worst
from hermes_state.outcomes import Fault, Outcome

FAULT = Fault(Outcome.CORRUPT, "not JSON here", "", 3, 7, hint="look for a backup")
EXAMPLES = [
    errors.UnknownProfile("~ada/.hermes", "work", ("coder", "mail")),
    errors.UnknownTarget("~ada/.hermes", "provider", "nuos", ("nous",)),
    errors.NoSuchHome("/nowhere"),
    errors.FileNotOk("~ada/.hermes/auth.json", FAULT),
    errors.Refused("/a", "it has 2 names", "--break-hard-link"),
    errors.NotRegularFile("/a", "it is a FIFO"),
    errors.LinkLoop("/a", "its links lead in a circle"),
    errors.NotReplaceable("/a", "it is mounted by itself"),
    errors.ForeignSection("/a", "it is not ours", advice="move it"),
    errors.Undeclared("/a", "the migration would change /x"),
    errors.LockTimeout("/a.lock", 1.5, "pid 7: hermes gateway run"),
    errors.WriteFailed("/a", 28, "writing the new content"),
    errors.Stopped("/a", "SIGTERM"),
    errors.Superseded("/a", "a writer that takes no lock replaced it"),
    errors.NotVerified("/a", "it reads back differently"),
]


def test_every_class_has_an_example_here() -> None:
    classes = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, StateError)}
    assert classes - {StateError} == {type(example) for example in EXAMPLES}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_says_what_and_where_and_crosses_a_process_boundary(error: StateError) -> None:
    assert error.path in str(error)
    assert isinstance(error.hint, str)
    assert ExitCode(error.exit_code) not in (ExitCode.OK, ExitCode.FINDINGS, ExitCode.INTERNAL)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (again.message, again.hint, again.exit_code) == (error.message, error.hint, error.exit_code)
    assert again.__reduce__() == error.__reduce__()


@pytest.mark.parametrize("outcome", [Outcome.EMPTY, Outcome.CORRUPT, Outcome.TOO_LARGE, Outcome.INVALID])
def test_a_file_that_is_lost_without_other_advice_has_the_next_command_to_type(outcome: Outcome) -> None:
    assert errors.FileNotOk("/a", Fault(outcome, "why")).hint.endswith("look for a copy: hermes-state backups")
    assert errors.FileNotOk("/a", Fault(outcome, "why", hint="this first")).hint == "this first"


@pytest.mark.parametrize("outcome", [Outcome.ABSENT, Outcome.UNREADABLE, Outcome.TOO_NEW])
def test_a_file_that_is_not_lost_is_not_to_be_brought_back(outcome: Outcome) -> None:
    assert errors.FileNotOk("/a", Fault(outcome, "why")).hint == ""


def test_codes_of_errors_are_names_that_scripts_can_tell_apart() -> None:
    codes = [type(example).code for example in EXAMPLES]
    assert len(set(codes)) == len(codes)


def test_a_missing_or_unknown_fact_is_a_mistake_of_the_caller() -> None:
    for facts, named in (((), {}), (("/a",), {}), (("/a", "why", "--f", "do", "more"), {}), (("/a", "why"), {"x": 1})):
        with pytest.raises(TypeError, match="Refused takes path, reason, flag, advice"):
            errors.Refused(*facts, **named)  # type: ignore[arg-type]


def test_the_drop_ins_errors_can_be_caught_as_what_os_replace_raises() -> None:
    for kind in (errors.WriteFailed, errors.NotRegularFile, errors.LinkLoop):
        assert issubclass(kind, OSError)


def test_what_a_failed_write_left_decides_the_words() -> None:
    def said(content: str) -> str:
        return str(errors.WriteFailed("/a", 5, "writing", content))

    assert "as it was" in said("old")
    assert "is in place" in said("new")
    assert "recover" in errors.WriteFailed("/a", 5, "writing", "torn").hint


def test_the_worst_of_several_codes_wins() -> None:
    assert worst([]) == 0
    for better, worse in itertools.pairwise(reversed(SEVEREST_FIRST)):
        assert worst([better, worse, better]) == worse


def test_of_very_many_profiles_a_hint_names_some() -> None:
    names = tuple(f"p{number}" for number in range(100))
    hint = errors.UnknownProfile("/h", "nope", names).hint
    assert hint.startswith("known profiles: default, p0, ") and hint.endswith(", p18 and 81 more")
    assert errors.UnknownProfile("/h", "nope", names[:19]).hint.endswith(", p18")
