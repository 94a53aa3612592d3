"""What around the files decides: managers and scopes, copies of secrets, stores that nobody can write to, sharing."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.inspection.homes import at, auth, found, link, look, put, row
from tests.inspection.makers import GOOD


def test_copies_are_counted_by_place(home: Path) -> None:
    for name in ("20260101T000000Z-0000", "20260102T000000Z-0000"):
        put(home / "backups" / "hermes-state" / name / "auth.json", b"{")
    put(home / "backups" / "hermes-state" / "20260103T000000Z-0000" / "config.yaml", b"")
    put(home / "state-snapshots" / "1" / ".env", b"")
    put(home / "auth.json.corrupt", b"{")
    put(home / "auth.json.corrupt.1", b"{")
    put(home / "backups" / "pre-update-1.zip", b"")
    put(home / "backups" / "notes.txt", b"")
    (hit,) = found(home, "HS-HOME-009")
    assert hit.message == (
        "6 copies hold its secrets as they were: backups/hermes-state (2), auth.json.corrupt (2), state-snapshots (1),"
        " archives in backups (1)"
    )


def test_copies_are_not_looked_for_where_other_kinds_are_asked_for(home: Path) -> None:
    put(home / "auth.json.corrupt", b"{")
    assert [each.id for each in look(home, ["config"]).findings] == []


def test_a_managed_home_names_its_manager(home: Path) -> None:
    (hit,) = found(at(home, managed="Homebrew"), "HS-HOME-010")
    assert hit.message.startswith("Homebrew owns it") and "Homebrew" in hit.hint


def test_a_scope_names_what_it_pins(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    put(tmp_path / "scope" / ".env", "A=1\n")
    put(tmp_path / "scope" / "config.yaml", "model: a\n")
    monkeypatch.setenv("HERMES_MANAGED_DIR", str(tmp_path / "scope"))
    (hit,) = found(home, "HS-HOME-011")
    assert hit.path == str(tmp_path / "scope")
    assert hit.message.startswith(f"what config.yaml and .env in {tmp_path}/scope set wins")


def test_a_scope_that_is_named_and_not_there_is_none(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HERMES_MANAGED_DIR", str(home / "gone"))
    assert found(home, "HS-HOME-011") == []


# --- links into a store -----------------------------------------------------------------------------------------------


def read_only(*folders: Path) -> object:
    """``os.statvfs`` of a machine on which these are mounted read-only."""

    def statvfs(path: str) -> SimpleNamespace:
        is_below = any(Path(path).is_relative_to(folder) for folder in folders)
        return SimpleNamespace(f_flag=os.ST_RDONLY if is_below else 0)

    return statvfs


def test_a_link_onto_a_read_only_file_system_is_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(home / "auth.json", put(tmp_path / "image" / "auth.json", GOOD))
    monkeypatch.setattr(os, "statvfs", read_only(tmp_path / "image"))
    (hit,) = found(home, "HS-HOME-007")
    assert "mounted read-only" in hit.message
    assert hit.hint == f"`install -m 600 {tmp_path}/image/auth.json {home}/auth.json` puts a copy in place of the link"


def test_where_all_is_read_only_no_link_is_to_blame(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link(home / "auth.json", put(tmp_path / "image" / "auth.json", GOOD))
    monkeypatch.setattr(os, "statvfs", read_only(tmp_path))
    assert found(home, "HS-HOME-007") == []


def test_a_wide_file_in_a_store_is_not_to_be_changed_there_but_copied(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A chmod would follow the link, and fail."""
    monkeypatch.setattr("hermes_state.inspection.home.STORES", (f"{tmp_path}/store/",))
    target = put(tmp_path / "store" / "auth.json", auth(), 0o444)
    link(home / "auth.json", target)
    link(home / ".env", put(tmp_path / "store" / "env", "A=b", 0o444))
    hits = {hit.path: hit.hint for hit in found(home, "HS-HOME-002")}
    assert set(hits) == {str(home / "auth.json"), str(home / ".env")}
    assert "chmod" not in "".join(hits.values())
    assert hits[str(home / "auth.json")] == (
        f"in a store that is never written to no mode can be changed: `install -m 600 {target} {home}/auth.json`"
        " puts a copy of your own in place of the link, and the store keeps what it has"
    )
    (command,) = re.findall("`(.*)`", hits[str(home / ".env")])
    subprocess.run(command, shell=True, check=True)
    assert [hit.path for hit in found(home, "HS-HOME-002")] == [str(home / "auth.json")]
    assert ((home / ".env").is_symlink(), (home / ".env").read_text()) == (False, "A=b")


def test_a_wide_settings_file_of_a_package_manager_is_changed_where_it_comes_from(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("hermes_state.inspection.home.STORES", (f"{tmp_path}/store/",))
    secret = "model: {api_key: sk-or-v1-test-d41d8cd98f00b204e9800998ecf8427e}"
    link(home / "config.yaml", put(tmp_path / "store" / "config.yaml", secret, 0o444))
    (hit,) = found(at(home, managed="NixOS"), "HS-HOME-002")
    assert hit.hint.endswith("take the secrets out where the package manager has the file from")


def test_a_wide_file_on_a_sealed_file_system_gets_no_chmod(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "shared").mkdir()
    put(home / "shared" / "nous_auth.json", {}, 0o644)
    monkeypatch.setattr("hermes_state.inspection.home._is_read_only", lambda folder: folder.endswith("shared"))
    (hit,) = found(home, "HS-HOME-002")
    assert hit.hint == "in a file system that is mounted read-only no mode can be changed"


def test_a_managed_config_lies_in_the_store_on_purpose(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hermes_state.inspection.home.STORES", (f"{tmp_path}/store/",))
    link(home / "config.yaml", put(tmp_path / "store" / "config.yaml", "model: a\n"))
    assert len(found(home, "HS-HOME-013")) == 1
    assert found(at(home, managed="NixOS"), "HS-HOME-013") == []


# --- one file, several homes ------------------------------------------------------------------------------------------


def test_homes_that_share_a_file_are_told_with_what_agents_do_to_it(home: Path) -> None:
    put(home / "auth.json", GOOD)
    for name in ("a", "b", "c", "d", "e"):
        link(home / "profiles" / name / "auth.json", home / "auth.json")
    (hit,) = found(home / "profiles" / "e", "HS-HOME-008")
    assert hit.message.startswith(
        f"it is also the file of {home}, {home}/profiles/a, {home}/profiles/b and 2 more: each"
    )
    assert "each locks beside its own link" in hit.message


def test_a_profile_that_is_a_link_to_its_root_shares_the_lock_too(home: Path) -> None:
    put(home / "auth.json", auth({"nous": [row()]}))
    link(home / "profiles" / "coder", home)
    seen = look(home)
    assert seen.files[0].shared_with == (f"{home}/profiles/coder",)
    assert [each.id for each in seen.findings] == []


def test_gateways_that_share_their_index_are_told(home: Path) -> None:
    put(home / "sessions" / "sessions.json", {})
    link(home / "profiles" / "coder" / "sessions" / "sessions.json", home / "sessions" / "sessions.json")
    (hit,) = found(home, "HS-HOME-008")
    assert "rewrites it whole" in hit.message
