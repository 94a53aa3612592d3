"""The report: the keys that scripts rely on, numbers that JSON has, and no secret in any of it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hermes_state.errors import UnknownTarget
from hermes_state.inspection import as_json
from hermes_state.outcomes import KINDS
from tests.inspection.homes import NOW, SECRET, agent, at, auth, cooling, link, look, mark, put, record, report, row

SAMPLES = Path(__file__).parents[1] / "samples"

#: What design section 10 promises, and ``path`` of findings beside it.
PROMISED = {
    "": "format format_version homes summary errors",
    "homes[]": "path home_rule profile managed agent gateway providers files credentials breakers sessions config"
    " findings",
    "homes[].agent": "version found_by",
    "homes[].gateway": "state pid",
    "homes[].providers[]": "provider usable of next_at blocked_by",
    "homes[].providers[].blocked_by[]": "what path until_at clear_with",
    "homes[].files[]": "kind path link_target shared_with outcome mode uid gid size mtime_at sha256 pending section",
    "homes[].files[].section": "schema records tombstones",
    "homes[].credentials[]": "pool id label source auth_type priority status agent_sees held marked_at until_at"
    " until_rule remaining_seconds error_code reason message model_cooldowns store",
    "homes[].credentials[].model_cooldowns": "claude-x",
    "homes[].breakers[]": "provider path state recorded_at reset_at remaining_seconds",
    "homes[].sessions": "count role invalid",
    "homes[].config": "version unknown_keys",
    "homes[].findings[]": "id severity kind path pointer message hint",
    "summary": "errors warnings pending",
    "errors[]": "code kind home path pointer message hint",
}


@pytest.fixture
def full(home: Path) -> Path:
    """A home with something in every part of the report, and infinities wherever a time can be one."""
    endless = cooling("a", last_error_reset_at=float("inf"), model_cooldowns={"claude-x": float("inf")})
    moved = {"7e472f": record(row(), **mark()), "gone": {"cleared_at": NOW}}
    put(home / "auth.json", auth({"openrouter": [endless, row()]}, {"openrouter": moved}), 0o644)
    put(home / "sessions" / "sessions.json", {"_README": "x", "agent:main:x": {"session_id": 5}})
    put(home / "config.yaml", "_config_version: 33\nmodle: a\n")
    put(home / "rate_limits" / "nous.json", '{"reset_at": Infinity}')
    (home / "rate_limits" / "nous-anonymous.json").mkdir()
    return home


def keys(value: Any, at: str = "") -> dict[str, set[str]]:
    """The keys of all objects in ``value`` by place."""
    seen: dict[str, set[str]] = {}
    if isinstance(value, dict):
        seen[at] = set(value)
        for key, item in value.items():
            for place, names in keys(item, f"{at}.{key}".lstrip(".")).items():
                seen[place] = seen.get(place, set()) | names
    elif isinstance(value, list):
        for item in value:
            for place, names in keys(item, f"{at}[]").items():
                seen[place] = seen.get(place, set()) | names
    return seen


def test_the_json_view_has_the_promised_keys_and_no_others(full: Path) -> None:
    assert keys(as_json(report(full))) == {place: set(names.split()) for place, names in PROMISED.items()}


def test_the_json_view_is_json(full: Path) -> None:
    text = json.dumps(as_json(report(full)), allow_nan=False)
    (found,) = json.loads(text)["homes"]
    (endless, _) = found["credentials"]
    assert (endless["until_at"], endless["remaining_seconds"], endless["model_cooldowns"]) == (
        None,
        None,
        {"claude-x": None},
    )
    assert endless["until_rule"].endswith("for ever")
    assert (found["breakers"][-1]["reset_at"], found["breakers"][-1]["remaining_seconds"]) == (None, None)


def test_the_head_and_the_summary(full: Path) -> None:
    made = as_json(report(full))
    assert (made["format"], made["format_version"]) == ("hermes-state/inspect", 1)
    severities = [each["severity"] for each in made["homes"][0]["findings"]]
    counts = {"errors": severities.count("error"), "warnings": severities.count("warning"), "pending": 1}
    assert made["summary"] == counts
    assert counts["errors"] and counts["warnings"]


def test_the_facts_of_a_file(home: Path) -> None:
    data = json.dumps(auth({"openrouter": [row()]})).encode()
    put(home / "real.json", data, 0o640)
    os.utime(home / "real.json", (NOW, NOW - 0.5))
    link(home / "auth.json", "real.json")
    file = look(home).files[0]
    assert (file.kind, file.path, file.link_target) == ("auth", str(home / "auth.json"), str(home / "real.json"))
    assert (file.outcome, file.mode, file.uid, file.gid) == ("ok", "0640", os.geteuid(), os.getegid())
    assert (file.size, file.mtime_at, file.section) == (len(data), NOW - 0.5, None)
    assert file.sha256 == hashlib.sha256(data).hexdigest()


def test_files_that_are_not_there_are_told_as_absent(home: Path) -> None:
    files = look(home).files
    assert [(file.kind, file.outcome) for file in files] == [
        (kind, "absent") for kind in ("auth", "sessions", "config")
    ]
    assert all(file[5:11] == (None,) * 6 for file in files)


def test_a_section_is_told_with_its_records_and_its_tombstones(home: Path) -> None:
    records = {"a": record(row("a"), **mark()), "b": {"cleared_at": NOW}, "c": {"cleared_models": {}}, "d": 5}
    put(home / "auth.json", auth({"openrouter": []}, {"openrouter": records, "odd": 5}))
    assert look(home).files[0].section == (1, 1, 2)


def test_only_the_kinds_asked_for_are_told(full: Path) -> None:
    for kind in KINDS:
        seen = look(full, [kind])
        assert {file.kind for file in seen.files} == {kind}
        assert {found.kind for found in seen.findings} <= {kind, "home"}
        assert (bool(seen.credentials), bool(seen.breakers)) == (kind == "auth", kind == "breaker")
        assert (seen.sessions is not None, seen.config is not None) == (kind == "sessions", kind == "config")


def test_the_verdict_knows_the_breakers_even_when_only_auth_is_asked_for(full: Path) -> None:
    assert [each.provider for each in look(full, ["auth"]).providers] == ["openrouter", "nous", "nous-anonymous"][:2]
    assert look(full, ["breaker"]).providers == ()


def test_an_unknown_kind_is_refused(home: Path) -> None:
    with pytest.raises(UnknownTarget, match="no kind 'auht'"):
        report(home, kinds=["auht"])


def test_what_could_not_be_looked_at_is_an_error_and_hides_nothing(home: Path) -> None:
    for name in ("auth.json", "sessions/sessions.json", "config.yaml"):
        (home / name).mkdir(parents=True)
    put(home / "rate_limits" / "nous.json", {"reset_at": NOW + 60.0})
    seen = report(home)
    assert [(each.home, each.kind, each.error.code) for each in seen.errors] == [
        (str(home), kind, "file_not_ok") for kind in ("auth", "sessions", "config")
    ]
    assert seen.homes[0].breakers[0].state == "active"


def test_bad_content_is_a_finding_and_no_error(home: Path) -> None:
    put(home / "auth.json", b"{")
    put(home / "config.yaml", b"\xff")
    assert report(home).errors == ()


def test_the_home_is_told_as_it_was_chosen(home: Path) -> None:
    seen = look(at(home, managed="NixOS", rule="HERMES_HOME"))
    assert (seen.path, seen.home_rule, seen.profile, seen.managed) == (str(home), "HERMES_HOME", "default", "NixOS")


def test_the_agent_is_told_with_what_says_so(home: Path) -> None:
    assert look(home).agent == (None, None)
    agent(home, "0.19.0")
    assert look(home).agent == ("0.19.0", "hermes-agent/pyproject.toml")


@pytest.mark.parametrize(
    "sample", sorted(SAMPLES.glob("auth/*/*.json")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_no_secret_of_a_file_comes_out(sample: Path, home: Path) -> None:
    """Every string of a file that is long enough to be a secret, names apart, is looked for in the report."""
    put(home / "auth.json", sample.read_bytes())
    shown = json.dumps(as_json(report(home)))
    for secret in secrets(json.loads(sample.read_text("utf-8"))):
        assert secret not in shown


def secrets(value: Any) -> list[str]:
    from hermes_state.redaction import is_secret_key

    if isinstance(value, dict):
        own = [item for key, item in value.items() if isinstance(item, str) and len(item) > 8 and is_secret_key(key)]
        return own + [each for item in value.values() for each in secrets(item)]
    return [each for item in value for each in secrets(item)] if isinstance(value, list) else []


def test_a_secret_planted_everywhere_does_not_come_out(home: Path) -> None:
    odd: dict[str, Any] = {
        key: SECRET for key in ("label", "last_error_message", "last_error_reason", "last_status", "last_status_at")
    }
    odd |= {key: [SECRET] for key in ("priority", "source", "access_token", "auth_type", "id", "last_error_code")}
    put(
        home / "auth.json",
        auth({"openrouter": [odd, SECRET, row()]}, {"openrouter": {"7e472f": SECRET}}, version=SECRET),
    )
    put(
        home / "sessions" / "sessions.json",
        {"k": {"session_key": SECRET, "session_id": f"../{SECRET}", "created_at": SECRET}},
    )
    put(home / "config.yaml", f"model: [{SECRET}\nagent: {SECRET}\n")
    put(home / "rate_limits" / "nous.json", json.dumps({"reset_at": SECRET}))
    assert SECRET not in json.dumps(as_json(report(home)))


def test_a_secret_in_names_does_not_come_out_either(home: Path) -> None:
    models: dict[str, Any] = {"model_cooldowns": {SECRET: NOW + 60.0}}
    rows = [cooling(SECRET, source=SECRET, auth_type=SECRET, **models), row(SECRET), row("b", **models, **{SECRET: 5})]
    pools = {f"custom:{SECRET}": rows, SECRET: rows, f"nous {SECRET}": ["oops"], "Nous" + SECRET: {}}
    section = {SECRET: {SECRET: {**record(row("b")), **mark()}, "x": 5}, f"{SECRET}-gone": {SECRET: mark()}}
    content = auth(pools, section, suppressed_sources={SECRET: 5}, providers={SECRET: {"label": 5}})
    text = json.dumps(content).replace('"version": 1', f'"{SECRET}": {{"{SECRET}": 1, "{SECRET}": 2}}, "version": 1')
    put(home / "auth.json", text)
    put(home / "sessions" / "sessions.json", {SECRET: {"session_id": 5, SECRET: 5}})
    put(home / "config.yaml", f"{SECRET}: 1\n{SECRET}: 2\nproviders:\n  {SECRET}: 5\n")
    put(home / "rate_limits" / f"{SECRET}.json", {"reset_at": NOW + 60.0}, 0o644)
    os.link(home / "rate_limits" / f"{SECRET}.json", home / "rate_limits" / f"{SECRET}-2.json")
    made = json.dumps(as_json(report(home)))
    assert made.count("[secret sha256:") > 50
    assert SECRET not in made


#: Names as agents and people give them, which have to stay as they are.
NAMES = """
    openrouter nous openai-codex xai-oauth qwen-oauth minimax-oauth custom:my/pool.v1 custom:my-local-llm custom:Ollama
    manual manual:device_code env:OPENROUTER_API_KEY env:ANTHROPIC_API_KEY env:ANTHROPIC_TOKEN config:my-server gh_cli
    model_config claude_code qwen-cli device_code loopback_pkce api_key oauth 7e472f 5a11e7 0123ab
    claude-opus-4-5 anthropic/claude-opus-4.5:beta claude-3-5-sonnet-20241022 gpt-4o-mini-2024-07-18 Hermes-4-405B
    meta-llama/Llama-3.3-70B-Instruct-Turbo-Free accounts/fireworks/models/llama-v3p1-405b-instruct o3-mini
"""


@pytest.mark.parametrize("name", NAMES.split())
def test_ordinary_names_stay_as_they_are(name: str, home: Path) -> None:
    found = cooling(name, source=name, auth_type=name, model_cooldowns={name: NOW + 60.0})
    put(home / "auth.json", auth({name.lower(): [found]}))
    put(home / "config.yaml", f"{json.dumps(name)}: 1\n")
    seen = look(home)
    (one,) = seen.credentials
    assert (one.pool, one.id, one.source, one.auth_type) == (name.lower(), name, name, name)
    assert list(one.model_cooldowns) == [name]
    assert seen.providers[0].provider == name.lower()
    assert f"cooldown of {name} for {name}" in [block.what for block in seen.providers[0].blocked_by]
    assert seen.config is not None and seen.config.unknown_keys in ((name,), ())


def test_pointers_lead_to_their_places_still(home: Path) -> None:
    put(home / "auth.json", auth({"custom:my/pool~v1": [row(label=5)]}))
    (found,) = look(home).findings
    assert found.pointer == "/credential_pool/custom:my~1pool~0v1/0/label"


def test_the_path_of_a_home_stays_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "123e4567-e89b-12d3-a456-426614174000"
    put(home / "auth.json", b"")
    put(home / "rate_limits" / "mine.json", b"")
    seen = look(home)
    paths = [file.path for file in seen.files] + [each.path for each in seen.findings]
    assert {os.path.dirname(path) for path in paths} <= {str(home), f"{home}/sessions", f"{home}/rate_limits"}


# --- sessions and config ---------------------------------------------------------------------------------------------


def test_sessions_are_counted_without_notes(home: Path) -> None:
    good = json.loads((SAMPLES / "sessions" / "0.19.0" / "sessions.json").read_text("utf-8"))
    entries = [key for key in good if not key.startswith("_")]
    broken = {**good, "agent:main:x": None, "agent:main:y": {**good[entries[0]], "updated_at": "soon", "suspended": 5}}
    mismatch = {**broken, "agent:main:z": good[entries[0]]}
    put(home / "sessions" / "sessions.json", mismatch)
    found = look(home).sessions
    assert found is not None
    assert (found.count, found.invalid) == (len(entries) + 3, 2)


@pytest.mark.parametrize(
    ("version", "role"),
    [("0.13.0", "primary"), ("0.18.0", "primary"), ("0.18.2", "mirror"), ("0.22.2.post1", "mirror")],
)
def test_the_role_of_the_index_follows_the_agent(home: Path, version: str, role: str) -> None:
    agent(home, version)
    put(home / "sessions" / "sessions.json", {})
    found = look(home).sessions
    assert found is not None and found.role == role


@pytest.mark.parametrize(("table", "role"), [("gateway_routing", "mirror"), ("sessions", "primary")])
def test_of_an_unknown_agent_the_database_tells_the_role(home: Path, table: str, role: str) -> None:
    put(home / "sessions" / "sessions.json", {})
    with sqlite3.connect(home / "state.db") as database:
        database.execute(f"CREATE TABLE {table} (scope TEXT)")
    database.close()
    before = sorted(os.listdir(home))
    found = look(home).sessions
    assert found is not None and found.role == role
    assert sorted(os.listdir(home)) == before


@pytest.mark.parametrize("content", [b"", b"not a database, and longer than its header would be" * 10])
def test_a_database_that_is_none_tells_nothing(home: Path, content: bytes) -> None:
    put(home / "sessions" / "sessions.json", {})
    put(home / "state.db", content)
    found = look(home).sessions
    assert found is not None and found.role == "primary"


@pytest.mark.parametrize(
    ("text", "version"), [("_config_version: 33", 33), ("_config_version: '32'", 32), ("model: a", None)]
)
def test_the_version_of_the_config_is_told(home: Path, text: str, version: int | None) -> None:
    put(home / "config.yaml", f"{text}\nmodle: x\n")
    assert look(home).config == (version, ("modle",))
