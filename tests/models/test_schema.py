from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from jsonschema.validators import extend
from pydantic import BaseModel, ValidationError

from hermes_state.models import auth, breaker, sessions
from hermes_state.models.issue import Issue, IssueKind, pointer
from hermes_state.models.schema import KINDS, OUTPUTS, file_name, main, schema_text
from hermes_state.models.views.auth import AuthFile
from hermes_state.models.views.breaker import BreakerFile
from hermes_state.models.views.sessions import SessionsFile
from hermes_state.shipped import shipped

SAMPLES = Path(__file__).parents[1] / "samples"
CHECKS: dict[str, Callable[[object], list[Issue]]] = {
    "auth": auth.check,
    "sessions": sessions.check,
    "breaker": breaker.check,
}
VIEWS: dict[str, type[BaseModel]] = {"auth": AuthFile, "sessions": SessionsFile, "breaker": BreakerFile}
BY_AGENTS = [
    *(("auth", path) for path in sorted(SAMPLES.glob("auth/*/*.json")) if path.name != "shared_nous_auth.json"),
    *(("sessions", path) for path in sorted(SAMPLES.glob("sessions/*/sessions.json"))),
    *(
        ("breaker", path)
        for path in sorted(SAMPLES.glob("rate_limits/*.json"))
        if not path.name.startswith(("restart_loop", "dead_targets", "pairing_rate_limits"))
    ),
]

#: One document of each kind that has something in every field worth breaking.
FULL: dict[str, dict[str, Any]] = {
    "auth": {
        "version": 1,
        "providers": {"openai-codex": {"tokens": {"access_token": "rt-test"}, "tls": {}, "expires_in": 5}},
        "active_provider": None,
        "suppressed_sources": {"openrouter": ["env:X"]},
        "systems": {},
        "credential_pool": {
            "openrouter": [
                {
                    "id": "7e472f",
                    "priority": 0,
                    "last_status": "exhausted",
                    "last_status_at": 1760000000.25,
                    "last_error_code": 429,
                    "status_cleared_at": None,
                    "model_cooldowns": {"m": 1760003600.5},
                    "request_count": 3,
                    "agent_key_reused": False,
                }
            ]
        },
        "credential_pool_runtime": {
            "schema": 1,
            "pools": {
                "openrouter": {
                    "7e472f": {
                        "token": "sha256:0123456789abcdef",
                        "moved_at": 1760000100.5,
                        "cleared_models": {"m": 1.5},
                        "after": {"failure_reason": ""},
                    }
                }
            },
        },
    },
    "sessions": {
        "_README": "note",
        "agent:main:slack:group:C1": {
            "session_key": "agent:main:slack:group:C1",
            "session_id": "20260115_093000_fa4e0000",
            "created_at": "2026-01-15T09:30:00.123456",
            "updated_at": "2026-01-15T09:35:00",
            "chat_type": "group",
            "metadata": {},
            "input_tokens": 3,
            "estimated_cost_usd": 0.5,
            "suspended": False,
            "last_resume_marked_at": None,
            "model_override": {"model": "m"},
            "prompt_pin": {"version": 1, "context_key": "k", "context_prompt": "", "redact_pii": True},
            "origin": {"platform": "slack", "chat_id": "C1", "thread_id": None, "auto_thread_created": True},
        },
    },
    "breaker": {"reset_at": 1768469700.25, "recorded_at": 1768469400, "reset_seconds": 300.25},
}
ODD = [None, True, -1, 1.5, "", "..", "2026-01-15T09:30:00Z", [], [1], {}, {"x": 1}]

SCHEMAS = (*KINDS, *OUTPUTS)

#: For JSON Schema 1.0 is an integer. The readers of the state files are written in Python, where it is none.
Independent = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)


def validator(kind: str) -> Any:
    return Independent(json.loads((shipped("schemas") / f"{kind}.v1.json").read_text("utf-8")))


def places_in(value: Any, *steps: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place inside ``value``: the steps to it, and what is there."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield (*steps, step), inner
        yield from places_in(inner, *steps, step)


def replaced(document: Any, steps: tuple[Any, ...], odd: object) -> Any:
    """A copy of ``document`` with ``odd`` at the place that ``steps`` lead to."""
    holder = copied = copy.deepcopy([document])
    for step in (0, *steps)[:-1]:
        holder = holder[step]
    holder[(0, *steps)[-1]] = copy.deepcopy(odd)
    return copied[0]


def is_read(kind: str, document: Any) -> bool:
    try:
        VIEWS[kind].model_validate(document)
    except ValidationError:
        return False
    return True


def is_clean(kind: str, document: Any) -> bool:
    """That two places disagree is more than a type or a schema can say."""
    return all(issue.kind_of == IssueKind.MISMATCH for issue in CHECKS[kind](document))


NAMES = sorted({"x", "_x"} | {steps[-1] for kind in FULL for steps, _ in places_in(FULL[kind]) if steps[-1] != 0})
#: Values that the rules of the checks and the patterns of the schemas judge alike.
odd_values = st.recursive(
    st.sampled_from([*ODD, 0, 1.0, 2, 10**30, "a/b", "C:x", "2026-01-15T09:30:00", "sha256:0123456789abcdef"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=4,
)


@st.composite
def altered(draw: st.DrawFn, kind: str) -> Any:
    """A document of an agent, or ``FULL``, with up to three values replaced, taken out or put in."""
    paths = [path for of, path in BY_AGENTS if of == kind and not path.name.startswith("infinite")]
    document = draw(st.sampled_from([FULL[kind], *(json.loads(path.read_bytes()) for path in paths)]))
    for _ in range(draw(st.integers(1, 3))):
        places = [((), document), *places_in(document)]
        steps, found = draw(st.sampled_from(places))
        if isinstance(found, dict) and draw(st.booleans()):
            odd: Any = {**found, draw(st.sampled_from(NAMES)): draw(odd_values)}
        elif isinstance(found, dict) and found and draw(st.booleans()):
            gone = draw(st.sampled_from(sorted(found)))
            odd = {key: value for key, value in found.items() if key != gone}
        else:
            odd = draw(odd_values)
        document = replaced(document, steps, odd)
    return document


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_published_schema_is_what_the_models_say(name: str) -> None:
    """A kind's schema is frozen once it is released; an output's may still gain keys."""
    published = shipped("schemas") / file_name(name)
    assert published.read_text("utf-8") == schema_text(name), "run: python -m hermes_state.models.schema"


def test_every_published_schema_belongs_to_a_kind_or_an_output() -> None:
    assert {path.name for path in shipped("schemas").iterdir()} == {file_name(name) for name in SCHEMAS}


def test_the_schemas_of_outputs_are_told_from_those_of_files() -> None:
    assert not set(KINDS) & set(OUTPUTS)
    assert (file_name("auth"), file_name("inspect")) == ("auth.v1.json", "output-inspect.v1.json")


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_published_schema_is_a_valid_schema_with_a_name_of_its_own(name: str) -> None:
    schema = json.loads(schema_text(name))
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:hermes-state:schema:{'output:' if name in OUTPUTS else ''}{name}:v1"
    assert schema["title"] and schema["description"]


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_field_is_described(kind: str) -> None:
    schema = json.loads(schema_text(kind))
    models = {kind: schema} | schema.get("$defs", {})
    fields = {
        f"{model}.{name}": field for model in models for name, field in models[model].get("properties", {}).items()
    }
    assert [name for name, field in fields.items() if not field.get("description")] == []


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        schema_text("nothing")


@pytest.mark.parametrize(("kind", "path"), BY_AGENTS, ids=lambda part: getattr(part, "name", part))
def test_what_real_agents_write_fits_the_published_schema_except_sections_made_by_hand(kind: str, path: Path) -> None:
    found = {pointer(*error.absolute_path) for error in validator(kind).iter_errors(json.loads(path.read_bytes()))}
    by_hand = path.name.startswith(("move_2", "move_3"))
    assert found == ({"/credential_pool_runtime"} if by_hand else set())


@pytest.mark.parametrize("kind", FULL)
def test_the_view_the_check_and_the_published_schema_refuse_the_same_documents(kind: str) -> None:
    """Each value in turn is replaced by each odd one."""
    independent = validator(kind)
    assert independent.is_valid(FULL[kind]) and is_clean(kind, FULL[kind]) and is_read(kind, FULL[kind])
    refused = 0
    for steps, _ in places_in(FULL[kind]):
        for odd in ODD:
            document = replaced(FULL[kind], steps, odd)
            valid = independent.is_valid(document)
            assert valid == is_clean(kind, document) == is_read(kind, document), (steps, odd)
            refused += not valid
    assert refused > len(ODD)


@pytest.mark.parametrize("kind", FULL)
@given(st.data())
def test_they_refuse_the_same_documents_after_any_changes(kind: str, data: st.DataObject) -> None:
    document = data.draw(altered(kind))
    assert validator(kind).is_valid(document) == is_clean(kind, document) == is_read(kind, document)


def test_without_a_name_all_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hermes_state.models.schema.shipped", lambda folder: tmp_path)
    (tmp_path / file_name("auth")).write_text("old")
    main([])
    assert {path.name: path.read_text("utf-8") for path in tmp_path.iterdir()} == {
        file_name(name): schema_text(name) for name in SCHEMAS
    }


def test_the_module_prints_a_schema_and_refuses_other_words() -> None:
    def run(kind: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hermes_state.models.schema", kind]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=shipped("schemas").parent)

    assert [run(name).stdout for name in ("breaker", "inspect")] == [schema_text("breaker"), schema_text("inspect")]
    assert (run("nothing").returncode, "usage:" in run("nothing").stderr) == (1, True)
