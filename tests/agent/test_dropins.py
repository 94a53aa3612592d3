from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from hermes_state import atomic_yaml_write
from hermes_state.codec.yaml import parse

TEXTS = [
    "off",
    "yes",
    "n",
    "012",
    "1e3",
    "null",
    "~",
    "2024-01-02",
    "12:30:45",
    "",
    " x ",
    "a: b",
    "# c",
    "é ☃",
    "a\nb",
    "'q'",
    '"q"',
]
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.sampled_from(TEXTS)
    | st.text("abc :#\n-'\"é", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*TEXTS, "k", "m"]), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["a", "b", *TEXTS]), values, max_size=4))
def test_both_families_of_readers_get_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, data: Any
) -> None:
    path = tmp_path_factory.mktemp("yaml") / "config.yaml"
    atomic_yaml_write(path, data)
    assert parse(path.read_bytes()).value == data
    assert YAML(typ="safe", pure=True).load(path.read_text()) == data


def test_keys_keep_their_order_unless_asked_and_the_extra_text_follows(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    atomic_yaml_write(path, {"b": [1, {"x": "off"}], "a": None}, extra_content="# the end\n")
    assert path.read_text() == 'b:\n  - 1\n  - x: "off"\na: null\n# the end\n'
    atomic_yaml_write(path, {"b": 1, "a": 2}, sort_keys=True)
    assert path.read_text() == "a: 2\nb: 1\n"


def test_a_link_stays_and_a_new_file_is_for_its_owner(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").symlink_to("real.yaml")
    atomic_yaml_write(tmp_path / "config.yaml", {"a": 1})
    assert os.readlink(tmp_path / "config.yaml") == "real.yaml"
    assert stat.S_IMODE((tmp_path / "real.yaml").stat().st_mode) == 0o600
    atomic_yaml_write(tmp_path / "other.yaml", {"a": 1}, create_mode=0o644)
    assert stat.S_IMODE((tmp_path / "other.yaml").stat().st_mode) == 0o644


def test_a_value_that_yaml_cannot_hold_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("a: 1\n")
    with pytest.raises(Exception, match="cannot represent"):
        atomic_yaml_write(path, {"a": object()})
    assert path.read_text() == "a: 1\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["config.yaml"]
