"""``check``: the findings of ``inspect`` for scripts. Silent when nothing counts, and the exit code is the answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

GOOD = b'{"version": 1, "providers": {}, "credential_pool": {}}'
#: A finding of each severity: an expired breaker (info), a file that others can read (warning), a corrupt file (error).
INFO, WARNING, ERROR = "HS-BREAK-010", "HS-HOME-002", "HS-CONF-003"


def auth(home: Path, data: bytes = GOOD, mode: int = 0o600) -> Path:
    path = home / "auth.json"
    path.write_bytes(data)
    path.chmod(mode)
    return path


def with_info(home: Path) -> None:
    (home / "rate_limits").mkdir()
    breaker = {"reset_at": 1600000000.0, "recorded_at": 1599999000.0, "reset_seconds": 1000.0}
    (home / "rate_limits" / "nous.json").write_text(json.dumps(breaker))


def with_warning(home: Path) -> None:
    auth(home, mode=0o644)


def with_error(home: Path) -> None:
    (home / "config.yaml").write_text("a: [\n")


MAKERS = {INFO: with_info, WARNING: with_warning, ERROR: with_error}


@pytest.mark.parametrize("arguments", [(), ("--fail-on", "info"), ("auth",), ("--all-profiles",)], ids=" ".join)
def test_it_is_silent_and_ends_with_0_when_nothing_counts(home: Path, hermes_state, arguments) -> None:
    auth(home)
    answer = hermes_state("check", "--home", home, *arguments)
    assert (answer.code, answer.out, answer.err) == (0, "", "")


@pytest.mark.parametrize(
    ("fail_on", "counted"),
    [
        (("--fail-on", "info"), [ERROR, WARNING, INFO]),
        (("--fail-on", "warning"), [ERROR, WARNING]),
        ((), [ERROR, WARNING]),
        (("--fail-on", "error"), [ERROR]),
    ],
    ids=["info", "warning", "the default", "error"],
)
def test_what_counts_is_of_that_severity_or_worse(home: Path, hermes_state, fail_on, counted) -> None:
    for make in MAKERS.values():
        make(home)
    answer = hermes_state("check", "--home", home, *fail_on)
    assert answer.code == 1
    assert [line.split("\t")[1] for line in answer.out.splitlines()] == counted
    assert answer.err == ""


@pytest.mark.parametrize(
    ("finding", "fail_on", "code"),
    [
        (INFO, "info", 1),
        (INFO, "warning", 0),
        (WARNING, "warning", 1),
        (WARNING, "error", 0),
        (ERROR, "error", 1),
    ],
)
def test_less_than_what_counts_is_not_printed_and_is_no_failure(
    home: Path, hermes_state, finding, fail_on, code
) -> None:
    MAKERS[finding](home)
    answer = hermes_state("check", "--home", home, "--fail-on", fail_on)
    assert answer.code == code
    assert (finding in answer.out) == bool(code)


def test_a_finding_is_one_line_of_five_fields(home: Path, hermes_state) -> None:
    path = auth(home, b'{"providers": {}, "credential_pool": {"p": [{"label": "a\\nb\\tc"}]}}')
    answer = hermes_state("check", "--home", home)
    [line] = answer.out.splitlines()
    severity, identity, where, pointer, message = line.split("\t")
    assert (severity, identity, where, pointer) == ("warning", "HS-AUTH-031", str(path), "/credential_pool/p/0")
    assert message


def test_the_whole_file_is_a_hyphen_in_place_of_a_pointer(home: Path, hermes_state) -> None:
    with_warning(home)
    assert hermes_state("check", "--home", home).out.split("\t")[3] == "-"


def test_only_the_kinds_that_were_named_are_looked_at(home: Path, hermes_state) -> None:
    with_error(home)
    assert hermes_state("check", "auth", "--home", home).code == 0
    assert hermes_state("check", "config", "--home", home).code == 1


def test_all_profiles_are_looked_at_and_each_line_says_where(home: Path, hermes_state) -> None:
    auth(home)
    for name in ("ada", "bob"):
        (home / "profiles" / name).mkdir(parents=True)
        with_error(home / "profiles" / name)
    assert hermes_state("check", "--home", home).code == 0
    answer = hermes_state("check", "--home", home, "--all-profiles")
    assert answer.code == 1
    assert [line.split("\t")[2] for line in answer.out.splitlines()] == [
        str(home / "profiles" / name / "config.yaml") for name in ("ada", "bob")
    ]


def test_what_cannot_be_looked_at_is_worse_than_a_finding(home: Path, hermes_state) -> None:
    with_error(home)
    (home / "auth.json").mkdir()
    answer = hermes_state("check", "--home", home)
    assert answer.code == 3
    assert ERROR in answer.out
    assert "auth.json" in answer.err


def test_json_has_the_keys_of_inspect_with_every_finding(home: Path, hermes_state) -> None:
    for make in MAKERS.values():
        make(home)
    answer = hermes_state("check", "--json", "--home", home, "--fail-on", "error")
    inspected = hermes_state("inspect", "--json", "--home", home).json
    assert answer.code == 1
    assert (answer.json["format"], answer.json["format_version"]) == ("hermes-state/check", 1)
    assert answer.json["fail_on"] == "error"
    assert set(answer.json) == set(inspected) | {"fail_on"}
    assert answer.json["homes"][0].keys() == inspected["homes"][0].keys()
    assert [found["id"] for found in answer.json["homes"][0]["findings"]] == [ERROR, WARNING, INFO]
    assert answer.json["summary"] == inspected["summary"]


def test_json_of_what_cannot_be_looked_at_is_beside_the_rest(home: Path, hermes_state) -> None:
    with_error(home)
    (home / "auth.json").mkdir()
    answer = hermes_state("check", "--json", "--home", home)
    assert answer.code == 3
    assert [error["kind"] for error in answer.json["errors"]] == ["auth"]
    assert ERROR in [found["id"] for found in answer.json["homes"][0]["findings"]]


def test_another_severity_is_a_usage_error_that_lists_them(home: Path, hermes_state) -> None:
    answer = hermes_state("check", "--fail-on", "fatal", "--home", home)
    assert answer.code == 2
    assert "info, warning, error" in answer.err


def test_no_name_from_a_file_reaches_the_terminal_as_a_control_sequence(home: Path, hermes_state) -> None:
    auth(home, b'{"providers": {}, "credential_pool": {"p\\u001b[1m\\u202e": [{"label": "\\u001b]0;t\\u0007"}]}}')
    answer = hermes_state("check", "--home", home)
    assert answer.code == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(answer.out)


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_home_whose_name_cannot_be_printed_is_no_defect(tmp_path: Path, encoding: str) -> None:
    home = os.fsencode(tmp_path) + b"/h\xc3\xb6me-\xff"
    os.mkdir(home)
    with open(home + b"/config.yaml", "wb") as file:
        file.write(b"a: [\n")
    done = subprocess.run(
        [sys.executable, "-m", "hermes_state", "check", "--home", home],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": encoding},
    )
    assert (done.returncode, done.stderr) == (1, b"")
    assert done.stdout.startswith(b"error\tHS-CONF-003\t")


def test_what_it_imports_is_what_looking_needs(home: Path) -> None:
    auth(home)
    code = (
        "import sys; from hermes_state.cli.app import run; code = run(['check', '--home', sys.argv[1]]);"
        "print(code, *{'rich', 'ruamel', 'filelock', 'pydantic'} & {name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(home)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.split() == ["0"]
