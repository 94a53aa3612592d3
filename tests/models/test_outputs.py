"""What scripts may rely on: the published schemas of the outputs promise it, and the program says nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args

import pytest

from hermes_state import cooldown, errors, findings, liveness, outcomes
from hermes_state.clearing import undo
from hermes_state.cli.commands import migrate, recover, restore
from hermes_state.models.outputs import clearing as cleared
from hermes_state.models.outputs import inspection as inspected
from hermes_state.models.outputs import migration as migrated
from hermes_state.models.outputs import part, restoring
from hermes_state.models.schema import OUTPUTS, schema_text
from hermes_state.stores import breaker

HOME = "path home_rule profile managed agent gateway providers files credentials breakers sessions config findings"
FILE = "kind path link_target shared_with outcome mode uid gid size mtime_at sha256 pending section"
CREDENTIAL = (
    "pool id label source auth_type priority status agent_sees held until_at until_rule remaining_seconds error_code "
    "reason message model_cooldowns store"
)
#: Of every command: where (steps into the output, [] for each of a list) -> the keys that are promised there.
INSPECTED = {
    "": "format format_version homes summary errors",
    "homes[]": HOME,
    "homes[].agent": "version found_by",
    "homes[].gateway": "state pid",
    "homes[].providers[]": "provider usable of next_at blocked_by",
    "homes[].providers[].blocked_by[]": "what path until_at clear_with",
    "homes[].files[]": FILE,
    "homes[].files[].section": "schema records tombstones",
    "homes[].credentials[]": CREDENTIAL,
    "homes[].breakers[]": "provider path state reset_at remaining_seconds",
    "homes[].sessions": "count role invalid",
    "homes[].config": "version unknown_keys",
    "homes[].findings[]": "id severity kind pointer message hint",
    "summary": "errors warnings pending",
}
PROMISED: dict[str, dict[str, str]] = {
    "inspect": INSPECTED,
    "check": INSPECTED,
    "migrate": {
        "": "format format_version dry_run homes errors",
        "homes[]": "path profile changed backup files warnings",
        "homes[].files[]": "kind path changed steps changes left binding_moved",
        "homes[].files[].steps[]": "id title direction",
        "homes[].files[].changes[]": "op path from",
        "homes[].files[].left[]": "pool id reason",
        "homes[].files[].binding_moved[]": "pool id remaining_seconds",
        "homes[].warnings[]": "message pool id",
    },
    "recover": {"mended[]": "path", "swept[]": "path"},
    "clear-breaker": {"cleared[]": "provider home path was", "cleared[].was": "state remaining_seconds"},
    "clear-cooldown": {
        "": "matched cleared verified still_blocked_by undo_risk",
        "cleared[]": "pool id label store was",
    },
    **{
        name: {"": "format format_version errors", "errors[]": "code kind home path pointer message hint"}
        for name in ("backups", "restore", "selftest", "version", "error")
    },
}
#: Where a key is there only sometimes, by the schema's name and the object's.
SOMETIMES = {("migrate", "MigratedFile"): {"diff"}, ("restore", "RestoredFile"): {"diff"}}


def parts(name: str) -> dict[str, dict[str, Any]]:
    """The objects in the schema ``name``: the output itself, and those inside it."""
    schema = json.loads(schema_text(name))
    return {name: schema, **schema.get("$defs", {})}


def properties(name: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for title, schema in parts(name).items():
        yield from ((title, key, field) for key, field in schema["properties"].items())


def keys_at(name: str, place: str) -> set[str]:
    """The keys of the object at ``place``, of every form that it has."""
    found = parts(name)
    at = [found[name]]
    for step in filter(None, place.replace("[]", ".[]").split(".")):
        at = [inner for each in at for inner in objects(each["items"] if step == "[]" else each["properties"][step])]
        at = [found[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in at]
    return {key for each in at for key in each["properties"]}


def objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """``schema``, or the members of the union that it is, null aside."""
    return [member for member in schema.get("anyOf", [schema]) if member.get("type") != "null"]


def every_class(base: type) -> Iterator[type]:
    inner: type
    for inner in base.__subclasses__():
        yield inner
        yield from every_class(inner)


def test_every_output_is_looked_at() -> None:
    assert set(PROMISED) == set(OUTPUTS)


@pytest.mark.parametrize(("name", "place"), [(name, place) for name in PROMISED for place in PROMISED[name]])
def test_the_promised_keys_are_there(name: str, place: str) -> None:
    assert set(PROMISED[name][place].split()) <= keys_at(name, place)


@pytest.mark.parametrize("name", OUTPUTS)
def test_no_other_keys_are_there_and_none_is_missing(name: str) -> None:
    for title, schema in parts(name).items():
        assert schema["additionalProperties"] is False, title
        assert set(schema["properties"]) - set(schema["required"]) == SOMETIMES.get((name, title), set()), title


@pytest.mark.parametrize("name", OUTPUTS)
def test_times_are_numbers_and_their_names_and_texts_tell_the_unit(name: str) -> None:
    def is_number(schema: dict[str, Any]) -> bool:
        kinds = [schema, *schema.get("anyOf", [])]
        return any("number" in (kind.get("type"), *kind.get("type", ())) for kind in kinds)

    for title, key, field in properties(name):
        assert is_number(field) == key.endswith(("_at", "_seconds")), (title, key)
        if key.endswith("_at"):
            assert "epoch seconds" in field["description"], (title, key)
        if key.endswith("_seconds"):
            assert "econds" in field["description"], (title, key)


@pytest.mark.parametrize("name", OUTPUTS)
def test_null_is_explained_wherever_it_may_stand(name: str) -> None:
    for title, key, field in properties(name):
        if "null" in str([member.get("type") for member in (field, *field.get("anyOf", []))]):
            assert "null" in field["description"], (title, key)


@pytest.mark.parametrize(
    ("published", "said"),
    [
        (part.Outcome, outcomes.Outcome),
        (part.Kind, outcomes.KINDS),
        (part.Status, cooldown.Status),
        (part.AgentSees, cooldown.AgentSees),
        (part.Running, liveness.State),
        (part.BreakerState, breaker.State),
        (inspected.Severity, findings.Severity),
        (migrated.Left.model_fields["reason"].annotation, migrate.REASONS),
        (cleared.UndoRisk.model_fields["level"].annotation, undo.Level),
        (cleared.Witness.model_fields["does"].annotation, undo.Does),
        (restoring.Row.model_fields["what"].annotation, restore.ROWS),
        (restoring.LeftRecord.model_fields["reason"].annotation, recover.LEFT),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_words_of_a_fixed_set_are_those_that_the_program_has(published: Any, said: Any) -> None:
    assert set(get_args(published)) == {str(word.value) if isinstance(word, StrEnum) else word for word in said}


def test_every_error_has_its_code_there() -> None:
    """Besides those of the classes there are two that no exception of ours stands behind."""
    codes = {each.code for each in (errors.StateError, *every_class(errors.StateError)) if hasattr(each, "code")}
    assert set(get_args(part.Failure.model_fields["code"].annotation)) == codes | {"internal", "usage"}


def test_every_finding_has_its_id_and_kind_there() -> None:
    of = inspected.Finding.model_fields
    [pattern] = [each.pattern for each in of["id"].metadata if hasattr(each, "pattern")]
    kinds = {word for member in get_args(of["kind"].annotation) for word in get_args(member) or [member]}
    assert kinds == {kind for _, kind, _ in findings.CATALOGUE.values()}

    assert [id for id in findings.CATALOGUE if not re.search(pattern, id)] == []


def test_no_command_imports_these_types() -> None:
    """Building them takes longer than most commands run."""
    package = Path(part.__file__).parents[2]
    allowed = {package / "models" / "schema.py", *(package / "models" / "outputs").iterdir()}
    told = re.compile(r"models\.(outputs|schema)\b|models import (outputs|schema)")
    assert [path.name for path in package.rglob("*.py") if path not in allowed and told.search(path.read_text())] == []
