"""The script and the sample on the page about ``--json``; its commands are run with those of the other pages."""

from __future__ import annotations

import json
import re
import shlex
import sys

from hermes_state.models.schema import model
from tests.docs.homes import breaker, put, stuck
from tests.docs.machine import Machine
from tests.docs.pages import PROJECT

PAGE = (PROJECT / "docs" / "json.md").read_text("utf-8")


def fence(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def test_the_script_says_what_is_out() -> None:
    with Machine() as machine:
        stuck(machine)
        breaker(machine.hermes, 7200.0, 60.0)
        put(machine.hermes / "profiles" / "coder" / "auth.json", "{")
        (machine.hermes / "profiles" / "writer" / "auth.json").mkdir(parents=True)
        said = machine.run(f"{shlex.quote(sys.executable)} -S - <<'END'\n{fence('python')}\nEND").splitlines()
    assert [line for line in said if line.startswith("default: openrouter is out until 1795")]
    assert [line for line in said if line.startswith("default: nous is out until 1795")]
    assert [line for line in said if line.startswith("not looked at: ") and line.endswith("writer/auth.json")]


def test_the_sample_has_the_keys_of_an_output() -> None:
    assert list(json.loads(fence("json"))) == ["format", "format_version", "homes", "summary", "errors"]
    assert set(json.loads(fence("json"))) == set(model("inspect").model_fields)
