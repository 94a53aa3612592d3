"""Every command's ``--json``, in each way in which it can end, fits the schema that is published for it."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from examples.demo import copy_demo_home
from hermes_state.cli import app, output
from hermes_state.models.schema import OUTPUTS
from hermes_state.runtime.record import MOVED_FIELDS
from tests import outputs

#: A home of the demo, and three profiles: one that works, one whose auth.json is corrupt, one without any file.
PROFILES: dict[str, bytes | None] = {
    "ada": b'{"providers": {}, "credential_pool": {"openrouter": '
    b'[{"id": 7, "last_status": "dead"}, null, {"last_status": "exhausted", "last_status_at": 1}]}}',
    "bob": b"{",
    "eve": None,
}


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    (tmp_path / "demo").mkdir()
    made = copy_demo_home(tmp_path / "demo", time.time())
    for name, data in PROFILES.items():
        (made / "profiles" / name).mkdir(mode=0o700, parents=True)
        if data is not None:
            (made / "profiles" / name / "auth.json").write_bytes(data)
    return made


@pytest.fixture
def misfits(_outputs_fit_their_schemas: list[str]) -> list[str]:
    return _outputs_fit_their_schemas


def breaker_directory(home: Path) -> None:
    (home / "rate_limits" / "nous.json").unlink()
    (home / "rate_limits" / "nous.json").mkdir()


def bare_breakers(home: Path) -> None:
    for name, text in (
        ("nous-anonymous", "{}"),
        ("other", '{"reset_at": 1}'),
        ("nous", '{"reset_at": 99999999999999}'),
    ):
        (home / "rate_limits" / f"{name}.json").write_text(text)


def corrupt(home: Path) -> None:
    (home / "auth.json").write_text("{")


def hard_linked(home: Path) -> None:
    os.link((home / "auth.json").resolve(), home / "other")


def foreign(home: Path) -> None:
    (home / "auth.json").write_text('{"providers": {}, "credential_pool_runtime": []}')


def later(home: Path) -> None:
    (home / "auth.json").write_text('{"providers": {}, "credential_pool_runtime": {"schema": 9, "pools": {}}}')


def without_end(home: Path) -> None:
    """Marks that no time ends, odd ids, and what else nobody expects."""
    rows = [
        {"id": True, "label": 5, "priority": 1.5, "last_status": "exhausted", "last_error_reset_at": 1e300},
        {"id": "a", "last_status": "exhausted", "last_status_at": 9e15, "last_error_code": "429", "source": []},
        {"id": 3, "model_cooldowns": {"m": 1e308}, "access_token": "sk-or-v1-test-7"},
        {"id": ["x"], "last_status": "exhausted", "last_status_at": time.time(), "model_cooldowns": {"m": 1}},
        "row",
    ]
    (home / "auth.json").write_text(json.dumps({"providers": {}, "credential_pool": {"openrouter": rows}}))


def another_without_end(home: Path) -> None:
    """A copy of the agent's with odd rows, and other odd rows now."""
    without_end(home)
    shutil.copyfile(home / "auth.json", home / "auth.json.corrupt")
    (home / "auth.json").write_text('{"providers": {}, "credential_pool": {"openrouter": [{"id": 4}, {"id": []}]}}')


def stray(home: Path) -> None:
    left = home / ".auth.json.hermes-state.99999999.0a1b2c3d.tmp"
    left.write_text("{}")
    os.utime(left, (1, 1))


def interrupted(home: Path) -> None:
    """A record of an in-place write that says nothing, and one that is foreign to us."""
    for number, text in enumerate(("nonsense", "{}")):
        record = home / "backups" / "hermes-state" / f"20260102T030405Z-000{number}.in-place"
        record.mkdir(parents=True)
        (record / "manifest.json").write_text(text)


def backed_up(home: Path) -> None:
    assert app.run(["migrate", "--home", str(home)]) == 0


@contextmanager
def locked(home: Path) -> Iterator[None]:
    with open(home / "auth.lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


#: How it ends -> (format of the answer, its exit code, what happened before, arguments).
ENDS: dict[str, list[tuple[str, int, Callable[[Path], Any], tuple[str, ...]]]] = {
    "done": [
        ("inspect", 0, lambda home: None, ("inspect",)),
        ("inspect", 0, backed_up, ("inspect",)),
        ("inspect", 0, bare_breakers, ("inspect",)),
        ("inspect", 0, without_end, ("inspect",)),
        ("inspect", 0, corrupt, ("inspect",)),
        ("inspect", 0, foreign, ("inspect",)),
        ("inspect", 0, later, ("inspect",)),
        ("inspect", 0, lambda home: None, ("inspect", "config", "sessions")),
        ("check", 1, lambda home: None, ("check", "--fail-on", "info")),
        ("migrate", 0, lambda home: None, ("migrate", "--diff")),
        ("migrate", 0, without_end, ("migrate", "--diff")),
        ("migrate", 0, stray, ("migrate",)),
        ("migrate", 0, lambda home: None, ("migrate", "auth", "config")),
        ("migrate", 0, backed_up, ("migrate", "--to", "base", "--diff")),
        ("clear-breaker", 0, lambda home: None, ("clear-breaker", "nous")),
        ("clear-breaker", 0, bare_breakers, ("clear-breaker", "--all")),
        ("clear-cooldown", 0, lambda home: None, ("clear-cooldown", "openrouter")),
        ("clear-cooldown", 0, lambda home: None, ("clear-cooldown", "nous", "--breaker", "--dead")),
        ("clear-cooldown", 0, without_end, ("clear-cooldown", "openrouter")),
        ("clear-cooldown", 0, without_end, ("clear-cooldown", "openrouter", "--model", "m")),
        ("backups", 0, backed_up, ("backups",)),
        ("backups", 0, interrupted, ("backups",)),
        ("restore", 0, backed_up, ("restore", "2", "auth.json", "--diff")),
        ("restore", 0, another_without_end, ("restore", "auth.json.corrupt", "--diff")),
        ("recover", 0, stray, ("recover",)),
        ("version", 0, lambda home: None, ("--version",)),
    ],
    "rehearsed": [
        ("migrate", 0, lambda home: None, ("migrate", "--dry-run", "--diff")),
        ("migrate", 1, lambda home: None, ("migrate", "--check")),
        ("clear-breaker", 0, lambda home: None, ("clear-breaker", "nous", "--dry-run")),
        ("clear-cooldown", 0, lambda home: None, ("clear-cooldown", "openrouter", "--dry-run")),
        ("restore", 0, backed_up, ("restore", "2", "--dry-run", "--diff")),
    ],
    "refused": [
        ("migrate", 5, hard_linked, ("migrate",)),
        ("migrate", 5, later, ("migrate",)),
        ("clear-breaker", 5, breaker_directory, ("clear-breaker", "nous")),
        ("clear-cooldown", 5, hard_linked, ("clear-cooldown", "openrouter")),
        ("clear-cooldown", 5, foreign, ("clear-cooldown", "openrouter")),
        ("migrate", 4, corrupt, ("migrate",)),
        ("recover", 7, interrupted, ("recover",)),
    ],
    "done in part": [
        ("inspect", 0, lambda home: None, ("--all-profiles", "inspect")),
        ("check", 1, lambda home: None, ("--all-profiles", "check")),
        ("migrate", 4, lambda home: None, ("--all-profiles", "migrate", "--diff")),
        ("clear-breaker", 5, breaker_directory, ("--all-profiles", "clear-breaker", "nous")),
        ("clear-cooldown", 4, lambda home: None, ("--all-profiles", "clear-cooldown", "openrouter")),
        ("backups", 0, backed_up, ("--all-profiles", "backups")),
        ("recover", 7, interrupted, ("--all-profiles", "recover")),
    ],
    "misused": [
        ("error", 2, lambda home: None, ("inspect", "nonsense")),
        ("error", 2, lambda home: None, ("check", "--fail-on", "nonsense")),
        ("error", 2, lambda home: None, ("migrate", "--to", "nonsense")),
        ("error", 2, lambda home: None, ("clear-breaker",)),
        ("error", 2, lambda home: None, ("clear-breaker", "nonsense")),
        ("error", 2, lambda home: None, ("clear-cooldown",)),
        ("error", 2, lambda home: None, ("clear-cooldown", "openrouter", "nonsense")),
        ("error", 2, lambda home: None, ("restore", "nonsense")),
        ("error", 2, lambda home: None, ("backups", "nonsense")),
        ("error", 2, lambda home: None, ("recover", "--nonsense")),
        ("error", 2, lambda home: None, ("selftest", "--in", "/nonsense")),
        ("error", 2, lambda home: None, ("schema", "nonsense")),
        ("error", 2, lambda home: None, ("-p", "nonsense", "inspect")),
        ("error", 3, lambda home: home.rename(home.parent / "gone"), ("inspect",)),
    ],
}
CASES = [(end, *case) for end, cases in ENDS.items() for case in cases]


@pytest.mark.parametrize(
    ("end", "format", "code", "before", "arguments"), CASES, ids=[f"{case[0]}: {' '.join(case[4])}" for case in CASES]
)
def test_what_a_command_prints_fits_its_schema(
    demo: Path, hermes_state, end: str, format: str, code: int, before: Callable[[Path], Any], arguments: Any
) -> None:
    before(demo)
    known = outputs.fitting[f"hermes-state/{format}"]
    answer = hermes_state("--home", demo, *arguments, "--json")
    assert (answer.code, answer.json["format"]) == (code, f"hermes-state/{format}"), answer.err
    assert outputs.fitting[answer.json["format"]] == known + 1
    assert bool(answer.json["errors"]) == (end in ("refused", "misused") or (end == "done in part" and code > 1))


def test_every_command_is_tried_in_every_way_that_it_knows() -> None:
    tried = {end: {case[0] for case in cases} for end, cases in ENDS.items()}
    assert tried["done"] | tried["misused"] == set(OUTPUTS) - {"selftest"}  # which the test below runs
    assert tried["rehearsed"] == {"migrate", "clear-breaker", "clear-cooldown", "restore"}
    assert tried["done in part"] == tried["done"] - {"restore", "version"}


def test_a_selftest_prints_what_its_schema_says(tmp_path: Path, hermes_state, monkeypatch) -> None:
    from hermes_state.selftest.run import Totals, Violation

    found = [
        Totals("one", operations=3, crash_points=4, states=5),
        Totals("two", skipped="not here"),
        Totals("three", violations=[Violation("three", 1, ("nothing_lost",))]),
    ]
    monkeypatch.setattr("hermes_state.cli.commands.selftest.enumerate_all", lambda place: iter(found))
    answer = hermes_state("selftest", "--in", tmp_path, "--json")
    assert (answer.code, answer.json["format"]) == (7, "hermes-state/selftest")


def test_a_lock_that_is_held_is_told_as_the_schema_says(demo: Path, hermes_state) -> None:
    with locked(demo):
        answer = hermes_state("--home", demo, "clear-cooldown", "openrouter", "--lock-timeout", "0.05", "--json")
    assert (answer.code, [error["code"] for error in answer.json["errors"]]) == (6, ["lock_timeout"])


def test_a_defect_is_told_as_the_schema_says(demo: Path, hermes_state, monkeypatch) -> None:
    def fails(*arguments: object, **named: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("hermes_state.inspection.inspect", fails)
    answer = hermes_state("--home", demo, "inspect", "--json")
    assert (answer.code, [error["code"] for error in answer.json["errors"]]) == (70, ["internal"])


ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([time.time(), time.time() + 999, 10**400, "exhausted", "dead", "ok", "2027-01-15T08:01:00", "m"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["m", "n"]), inner, max_size=2),
    max_leaves=4,
)
ROWS = st.dictionaries(st.sampled_from([*MOVED_FIELDS, "id", "label", "source", "access_token"]), ODD, max_size=5)
RECORDS = st.dictionaries(st.sampled_from([*MOVED_FIELDS, "cleared_at", "moved_at", "token"]), ODD, max_size=5)
POOLS = st.fixed_dictionaries({"openrouter": st.lists(ROWS | ODD, max_size=4)})
SECTIONS = st.fixed_dictionaries(
    {
        "schema": st.just(1),
        "pools": st.dictionaries(
            st.sampled_from(["openrouter", "gone"]), st.dictionaries(st.text(max_size=3), RECORDS | ODD), max_size=2
        ),
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    pools=POOLS,
    section=st.none() | SECTIONS,
    others=POOLS,
    arguments=st.sampled_from(
        [
            ("migrate", "--diff"),
            ("migrate", "--to", "base", "--diff"),
            ("clear-cooldown", "openrouter", "--dead", "--breaker"),
            ("clear-cooldown", "openrouter", "--model", "m"),
            ("restore", "auth.json.corrupt", "--diff"),
            ("backups",),
            ("check",),
        ]
    ),
)
def test_whatever_stands_in_the_files_the_output_fits(pools: Any, section: Any, others: Any, arguments: Any) -> None:
    """A defect would be an output too: so none of them may be one."""
    section = {} if section is None else {"credential_pool_runtime": section}
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        Path(folder, "auth.json").write_text(json.dumps({"providers": {}, "credential_pool": pools} | section))
        Path(folder, "auth.json.corrupt").write_text(json.dumps({"providers": {}, "credential_pool": others}))
        code = app.run(["--home", folder, *arguments, "--json"])
    assert (code != 70, outputs.faults(out.getvalue())) == (True, []), out.getvalue()


def test_no_command_prints_its_object_in_another_way() -> None:
    """Or the suite would not see it."""
    folder = Path(output.__file__).parent
    printing = [path.name for path in folder.glob("*.py") if re.search(r"json\.dumps?\b", path.read_text("utf-8"))]
    assert printing == ["output.py"]


# --- the watch over the suite -----------------------------------------------------------------------------------------

FITTING = {"format": "hermes-state/backups", "format_version": 1, "homes": [], "errors": []}
MISFITTING: dict[str, dict[str, Any]] = {
    "an unknown key": {**FITTING, "new": 1},
    "a key that is missing": {"format": "hermes-state/backups", "format_version": 1, "homes": []},
    "null in place of a list": {**FITTING, "homes": None},
    "another version": {**FITTING, "format_version": 2},
    "a format without a schema": {**FITTING, "format": "hermes-state/nonsense"},
    "no number of its own kind": {**FITTING, "format_version": 1.0},
}


@pytest.mark.parametrize("whole", MISFITTING.values(), ids=MISFITTING)
def test_an_output_that_does_not_fit_fails_the_test_that_printed_it(whole: dict[str, Any], misfits: list[str]) -> None:
    output.print_object(whole)
    assert len(misfits) == 1
    misfits.clear()


def test_an_output_that_fits_fails_nothing(misfits: list[str]) -> None:
    known = outputs.fitting["hermes-state/backups"]
    output.print_object(FITTING)
    assert (misfits, outputs.fitting["hermes-state/backups"]) == ([], known + 1)


@pytest.mark.parametrize("text", [True, False], ids=["text", "bytes"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    ("whole", "faults"), [(FITTING, 0), (MISFITTING["an unknown key"], 1)], ids=["fits", "does not"]
)
def test_what_a_program_prints_is_looked_at_too(
    whole: dict[str, Any], faults: int, indent: int | None, text: bool, misfits: list[str]
) -> None:
    command = [sys.executable, "-S", "-c", "import sys; print(sys.argv[1])", json.dumps(whole, indent=indent)]
    subprocess.run(command, check=True, capture_output=True, text=text)
    assert len(misfits) == faults
    misfits.clear()


def test_half_an_output_is_a_fault_unless_its_program_was_killed(misfits: list[str]) -> None:
    half = json.dumps(FITTING)[:-3]
    for end, faults in (("sys.exit(3)", 1), ("os.kill(os.getpid(), 9)", 0)):
        program = f"import os, sys; print(sys.argv[1], flush=True); {end}"
        subprocess.run([sys.executable, "-S", "-c", program, half], check=False, capture_output=True)
        assert len(misfits) == faults
        misfits.clear()


def test_nothing_but_the_output_may_be_on_stdout(misfits: list[str]) -> None:
    program = "import sys; print(sys.argv[1]); print('more', file=getattr(sys, sys.argv[2]))"
    for stream, errors, faults in (
        ("stdout", subprocess.PIPE, 1),
        ("stderr", subprocess.PIPE, 0),
        ("stderr", subprocess.STDOUT, 0),
    ):
        command = [sys.executable, "-S", "-c", program, json.dumps(FITTING), stream]
        subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=errors)
        assert len(misfits) == faults
        misfits.clear()


def test_what_other_programs_print_is_none_of_our_business(misfits: list[str]) -> None:
    for text in ("", '{"format": "other/thing"}', 'x {"format": "hermes-state/inspect"}'):
        subprocess.run(
            [sys.executable, "-S", "-c", "import sys; print(sys.argv[1])", text], check=True, capture_output=True
        )
    assert misfits == []


def test_no_number_that_json_lacks_gets_through() -> None:
    assert outputs.faults('{"format": "hermes-state/backups", "format_version": NaN}') != []
