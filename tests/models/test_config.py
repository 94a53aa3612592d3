"""What the check of a config.yaml says, and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hermes_state.codec.fault import BadText
from hermes_state.codec.yaml import parse
from hermes_state.models.config import check, unknown_keys, version
from hermes_state.models.issue import Issue, IssueKind
from hermes_state.models.views.config import ConfigFile

SAMPLES = Path(__file__).parents[1] / "samples" / "config"
DEFAULTS = sorted((SAMPLES / "defaults").glob("*.json"))

#: What YAML can say: keys and values that JSON does not know included.
yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.dates() | st.binary(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.none() | st.booleans() | st.integers() | st.dates(), inner, max_size=3
        )
    ),
    max_leaves=8,
)


def said(text: str) -> list[tuple[str, str]]:
    return [(issue.pointer, issue.message) for issue in check(parse(text.encode()).value)]


def sample(name: str) -> Any:
    return parse((SAMPLES / f"{name}.before.yaml").read_bytes()).value


# --- what is fine ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DEFAULTS, ids=lambda path: path.stem)
def test_the_defaults_of_the_agents_are_fine_and_known(path: Path) -> None:
    defaults = json.loads(path.read_bytes())
    assert (check(defaults), unknown_keys(defaults)) == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# c\n",
        "curator:\n  # all commented out\nmemory: ~\nproviders: {a: ~}\n",
        "model: a/b\n",
        "model: {default: a/b, provider: auto, context_length: 200000}\n",
        "providers: {2070: {api: 'https://h/v1', api_key: sk-or-v1-test-1}, on1: {url: x, enabled: 'yes'}}\n",
        "fallback_model: {provider: a, model: b}\n",
        "fallback_model: [{provider: a, model: b}]\n",
        "platform_toolsets: {cli: [web], telegram: \"['web']\"}\n",
        "agent: {max_turns: unlimited, verify_on_stop: auto, system_prompt: [a, b], disabled_toolsets: web}\n",
        "personalities: {a: text, b: [x], c: {tone: warm, anything: 1}}\n",
        "display: {tool_progress: off, background_process_notifications: off, anything: 1}\n",
        "discord: {allowed_channels: 123456789012345678}\nslack: {allowed_channels: [C1, 5]}\n",
        "context_file_read_timeout: 5\nmcp_discovery_timeout: 1.5\n",
        "_config_version: 50\nunknown: [1]\n",
    ],
)
def test_what_agents_understand_is_no_issue(text: str) -> None:
    assert said(text) == []


# --- what is not -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pointer", "message"),
    [
        ("agent: fast\n", "/agent", "is a string, not an object"),
        ("plugins: {enabled: web}\n", "/plugins/enabled", "is a string, not a list"),
        ("terminal: {timeout: '60'}\n", "/terminal/timeout", "is a string, not a whole number"),
        ("terminal: {timeout: yes}\n", "/terminal/timeout", "is true or false, not a whole number"),
        ("memory: {memory_enabled: 'false'}\n", "/memory/memory_enabled", "is a string, not true or false"),
        ("model: [a]\n", "/model", "is a list, not a string or an object"),
        ("model: {default: {model: a}}\n", "/model/default", "is an object, not a string"),
        ("compression: {threshold: '0.5'}\n", "/compression/threshold", "is a string, not a number"),
        ("fallback_providers: [a]\n", "/fallback_providers/0", "is a string, not an object"),
        ("fallback_model: [{model: 5}]\n", "/fallback_model/0/model", "is a whole number, not a string"),
        ("toolsets: [a, 5]\n", "/toolsets/1", "is a whole number, not a string"),
        ("providers: {2070: {api: 5}}\n", "/providers/2070/api", "is a whole number, not a string"),
        ("providers: {a/b~c: 5}\n", "/providers/a~1b~0c", "is a whole number, not an object"),
        ("auxiliary: {vision: {timeout: soon}}\n", "/auxiliary/vision/timeout", "is a string, not a number"),
        ("mcp_servers: {a: {args: x}}\n", "/mcp_servers/a/args", "is a string, not a list"),
        ("timezone: 2024-01-02\n", "/timezone", "is something that JSON does not know, not a string"),
        (
            "approvals: {mode: off}\n",
            "/approvals/mode",
            "is true or false, not a string; on, off, yes and no are words only in quotes",
        ),
        ("on: x\n", "/True", "is a key that YAML reads as true: as text it needs quotes"),
        ("a: [{~: x}]\n", "/a/0/None", "is a key that YAML reads as null: as text it needs quotes"),
    ],
)
def test_a_setting_of_the_wrong_type_is_said_where_it_is(text: str, pointer: str, message: str) -> None:
    assert said(text) == [(pointer, message)]


@pytest.mark.parametrize("value", [None, [], "text", 5])
def test_a_root_that_is_no_mapping_shuts_the_file(value: object) -> None:
    assert [(issue.pointer, issue.kind_of) for issue in check(value)] == [("", IssueKind.ENVELOPE)]


def test_every_wrong_setting_is_said() -> None:
    found = {pointer for pointer, _ in said((SAMPLES / "22/everything-of-wrong-type.before.yaml").read_text("utf-8"))}
    assert found == {"/auxiliary", "/memory", "/skills", "/curator", "/delegation", "/model_catalog"}


def test_no_issue_shows_a_value() -> None:
    text = "api_base: [sk-or-v1-test-1]\nproviders: {a: sk-or-v1-test-2, b: {api_key: {sk-or-v1-test-3: x}}}\n"
    assert len(said(text)) == 3
    assert "sk-or" not in str(said(text))


@given(yaml_values, st.sampled_from(sorted(ConfigFile.model_fields)))
def test_nothing_that_yaml_can_say_makes_it_raise(value: Any, section: str) -> None:
    for document in (value, {section: value}, {section: {"a": value}}, {section: [value]}):
        assert all(isinstance(issue, Issue) for issue in check(document))
        assert all(isinstance(key, str) for key in unknown_keys(document))
        assert version(document) >= 0


# --- unknown keys ----------------------------------------------------------------------------------------------------


def test_unknown_roots_are_listed_in_the_order_of_the_file() -> None:
    value = parse(b"zz: 1\nmodel: x\n_mine: 2\nAgent: {}\n2070: 3\non: 4\n~: 5\n2024-01-02: 6\n").value
    assert unknown_keys(value) == ["zz", "Agent", "2070", "true", "null", '"2024-01-02"']


@pytest.mark.parametrize("value", [None, [], "text"])
def test_what_is_no_mapping_has_no_unknown_keys(value: object) -> None:
    assert unknown_keys(value) == []


@pytest.mark.parametrize(
    "root",
    ["custom_providers", "mcp_servers", "session_reset", "max_turns", "base_url", "feishu", "x_search", "platforms"],
)
def test_roots_without_a_default_are_known(root: str) -> None:
    assert unknown_keys({root: None}) == []


# --- version ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stamp", "meant"),
    [
        ("32", 32),
        ("'32'", 32),
        ("32.9", 32),
        ("' 3_2 '", 32),
        ("'32.0'", 0),
        ("latest", 0),
        ("yes", 0),
        ("~", 0),
        ("-5", 0),
        ("[32]", 0),
        (".inf", 0),
        (".nan", 0),
        ("2024-01-02", 0),
        ("999", 999),
    ],
)
def test_the_version_is_what_the_agents_make_of_it(stamp: str, meant: int) -> None:
    assert version(parse(f"_config_version: {stamp}\n".encode()).value) == meant


@pytest.mark.parametrize("value", [{}, {"config_version": 3}, None, [], "text"])
def test_without_a_stamp_the_version_is_zero(value: object) -> None:
    assert version(value) == 0


@pytest.mark.parametrize(
    ("name", "meant"), [("version-bool", 0), ("version-float", 32), ("version-future", 999), ("version-string", 32)]
)
def test_the_version_of_a_sample_is_what_the_agents_make_of_it(name: str, meant: int) -> None:
    assert version(sample(f"none/{name}")) == meant


# --- the view --------------------------------------------------------------------------------------------------------


def test_the_view_reads_what_the_check_finds_no_fault_with() -> None:
    for path in sorted(SAMPLES.rglob("*.before.yaml")):
        try:
            value = parse(path.read_bytes()).value
        except BadText:
            continue
        if not isinstance(value, dict) or check(value) or not all(isinstance(key, str) for key in value):
            continue
        view = ConfigFile.model_validate(value)
        assert view.config_version == value.get("_config_version")
        assert set(view.model_extra or {}) == set(unknown_keys(value)) | {
            key for key in value if key.startswith("_") and key != "_config_version"
        }


def test_checking_does_not_import_pydantic() -> None:
    program = (
        "import sys; from hermes_state.models.config import check, unknown_keys, version;"
        "check({'a': 1}); unknown_keys({}); print('pydantic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
