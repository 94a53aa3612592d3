"""A file that really is mounted by itself, as container set-ups do: what commands and library calls make of it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.tiers

SAMPLE = Path(__file__).parent.parent / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json"


@pytest.fixture
def outside(home: Path, tmp_path: Path) -> Path:
    """The file that is mounted over ``auth.json``."""
    path = tmp_path / "outside.json"
    path.write_bytes(SAMPLE.read_bytes())
    path.chmod(0o600)
    (home / "auth.json").write_text("")
    return path


def command(home: Path, outside: Path, *arguments: str) -> str:
    return f"""
    mount("--bind", {str(outside)!r}, {str(home / "auth.json")!r})
    from hermes_state.cli.app import run
    code = run(["--home", {str(home)!r}, "--json", *{arguments!r}])
    raise SystemExit(0 if code in (0, 5) else 1)
    """


def test_migrate_refuses_it_and_names_the_flag(home: Path, outside: Path, with_mounts: Callable[[str], str]) -> None:
    before = outside.read_bytes()
    for dry_run in ([], ["--dry-run"]):
        answer = json.loads(with_mounts(command(home, outside, "migrate", *dry_run)))
        (error,) = answer["errors"]
        assert error["code"] == "not_replaceable"
        assert "mounted by itself" in error["message"] and "--in-place" in error["hint"]
        assert outside.read_bytes() == before
        assert not (home / "backups").exists()


def test_migrate_writes_in_place_when_told_to_and_says_so(
    home: Path, outside: Path, with_mounts: Callable[[str], str]
) -> None:
    before, inode = outside.read_bytes(), outside.stat().st_ino
    rehearsed = json.loads(with_mounts(command(home, outside, "migrate", "--in-place", "--dry-run")))
    assert (outside.read_bytes(), rehearsed["homes"][0]["files"][0]["atomic"]) == (before, False)
    answer = json.loads(with_mounts(command(home, outside, "migrate", "--in-place")))
    (file,) = answer["homes"][0]["files"]
    assert (file["changed"], file["atomic"], answer["errors"]) == (True, False, [])
    assert any("in place, not atomically" in warning["message"] for warning in answer["homes"][0]["warnings"])
    assert "credential_pool_runtime" in json.loads(outside.read_bytes())
    assert outside.stat().st_ino == inode
    assert (Path(answer["homes"][0]["backup"]) / "auth.json").read_bytes() == before
    assert [path.name for path in (home / "backups" / "hermes-state").iterdir() if path.suffix] == []


def test_nothing_allows_it_beside_a_live_gateway(home: Path, outside: Path, with_mounts: Callable[[str], str]) -> None:
    before = outside.read_bytes()
    record = {"pid": os.getpid(), "kind": "hermes-gateway", "gateway_state": "running"}
    record["start_time"] = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    (home / "gateway_state.json").write_text(json.dumps(record))
    answer = json.loads(with_mounts(command(home, outside, "migrate", "--in-place", "--while-running")))
    (error,) = answer["errors"]
    assert "gateway" in error["message"] and "--while-running neither" in error["hint"]
    assert outside.read_bytes() == before


def test_a_restore_in_place_brings_the_bytes_back(home: Path, outside: Path, with_mounts: Callable[[str], str]) -> None:
    before = outside.read_bytes()
    answer = json.loads(with_mounts(command(home, outside, "migrate", "--in-place")))
    stamp = Path(answer["homes"][0]["backup"]).name
    refused = json.loads(with_mounts(command(home, outside, "restore", stamp)))
    assert refused["errors"][0]["code"] == "not_replaceable"
    assert outside.read_bytes() != before
    done = json.loads(with_mounts(command(home, outside, "restore", stamp, "--in-place")))
    assert (done["errors"], done["files"][0]["atomic"]) == ([], False)
    assert outside.read_bytes() == before


@pytest.mark.parametrize("has_record_place", [True, False])
def test_library_calls_succeed_where_the_agents_helper_does(
    home: Path, outside: Path, with_mounts: Callable[[str], str], tmp_path: Path, has_record_place: bool
) -> None:
    if not has_record_place:
        (tmp_path / ".local").write_text("in the way")
    target = str(home / "auth.json")
    staged = home / "staged.tmp"
    staged.write_bytes(b'{"staged": 1}')
    staged.chmod(0o640)
    said = with_mounts(f"""
    mount("--bind", {str(outside)!r}, {target!r})
    import os
    from hermes_state import AuthStore, atomic_json_write, atomic_replace, atomic_write_text
    from hermes_state.home import Home
    print(atomic_json_write({target!r}, {{"a": 1}}).atomic, open({target!r}).read())
    print(atomic_write_text({target!r}, "a longer text than before it").atomic, open({target!r}).read())
    print(atomic_replace({str(staged)!r}, {target!r}) == {target!r}, os.path.exists({str(staged)!r}))
    """)
    assert said.splitlines() == [
        "False {",
        '  "a": 1',
        "}",
        "False a longer text than before it",
        "True False",
    ]
    assert (outside.read_bytes(), outside.stat().st_mode & 0o777) == (b'{"staged": 1}', 0o640)
    assert sorted(path.name for path in home.iterdir()) == ["auth.json"]


def test_a_store_of_the_library_writes_in_place_without_a_flag(
    home: Path, outside: Path, with_mounts: Callable[[str], str]
) -> None:
    said = with_mounts(f"""
    mount("--bind", {str(outside)!r}, {str(home / "auth.json")!r})
    from hermes_state import AuthStore
    from hermes_state.home import Home
    home = Home({str(home)!r}, "--home", "default", {str(home)!r}, None)
    print(AuthStore(home).update(lambda document: {{**document, "mine": 1}}).replaced.atomic)
    """)
    assert said == "False\n"
    assert json.loads(outside.read_bytes())["mine"] == 1


def test_a_mount_that_the_system_does_not_list_is_met_when_it_is_tried(
    home: Path, outside: Path, with_mounts: Callable[[str], str]
) -> None:
    before = outside.read_bytes()
    program = f"""
    mount("--bind", {str(outside)!r}, {str(home / "auth.json")!r})
    from hermes_state.stores import store
    store.obstacle = lambda where: ""
    from hermes_state.cli.app import run
    raise SystemExit(0 if run(["--home", {str(home)!r}, "--json", "migrate", *FLAGS]) in (0, 5) else 1)
    """
    refused = json.loads(with_mounts(program.replace("FLAGS", "[]")))
    assert refused["errors"][0]["code"] == "not_replaceable"
    assert outside.read_bytes() == before
    done = json.loads(with_mounts(program.replace("FLAGS", "['--in-place']")))
    assert done["homes"][0]["files"][0]["atomic"] is False
    assert outside.read_bytes() != before


def test_a_read_only_bind_mount_is_refused_beforehand_and_no_flag_allows_it(
    home: Path, outside: Path, with_mounts: Callable[[str], str]
) -> None:
    before = outside.read_bytes()
    for words in (["migrate"], ["migrate", "--in-place"], ["migrate", "--in-place", "--dry-run"]):
        said = with_mounts(f"""
        mount("--bind", {str(outside)!r}, {str(home / "auth.json")!r})
        mount("-o", "remount,ro,bind", {str(home / "auth.json")!r})
        from hermes_state.cli.app import run
        raise SystemExit(0 if run(["--home", {str(home)!r}, "--json", *{words!r}]) == 5 else 1)
        """)
        (error,) = json.loads(said)["errors"]
        assert (error["code"], "may not be written" in error["message"]) == ("refused", True)
        assert error["hint"] == "mount it writable, or change what is mounted there"
    assert outside.read_bytes() == before
    assert not (home / "backups").exists()


def test_a_library_call_on_a_read_only_bind_mount_leaves_nothing_to_recover(
    home: Path, outside: Path, with_mounts: Callable[[str], str]
) -> None:
    before = outside.read_bytes()
    said = with_mounts(f"""
    mount("--bind", {str(outside)!r}, {str(home / "auth.json")!r})
    mount("-o", "remount,ro,bind", {str(home / "auth.json")!r})
    from hermes_state import AuthStore
    from hermes_state.errors import WriteFailed
    from hermes_state.home import Home
    home = Home({str(home)!r}, "--home", "default", {str(home)!r}, None)
    try:
        AuthStore(home).update(lambda document: {{**document, "mine": 1}})
    except WriteFailed as error:
        print(error.content)
    """)
    assert said == "old\n"
    assert outside.read_bytes() == before
    assert [path.name for path in (home / "backups" / "hermes-state").iterdir()] == []


def test_a_killed_write_is_mended_by_recover(home: Path, outside: Path, with_mounts: Callable[[str], str]) -> None:
    before = outside.read_bytes()
    target = str(home / "auth.json")
    with_mounts(f"""
    mount("--bind", {str(outside)!r}, {target!r})
    import os
    from hermes_state import inplace
    from hermes_state.disk import RealDisk
    from hermes_state.links import resolve

    class Dying(RealDisk):
        def write(self, file, data, offset=0):
            if file.name == "auth.json":
                super().write(file, data[:40], 0)
                os._exit(0)
            super().write(file, data, offset)

    old = open({target!r}, "rb").read()
    new = b"[" + old[1:-1] + b"]"
    inplace.overwrite(Dying(), resolve({target!r}), old, new, {str(home)!r}, {time.time()}, lambda at: True)
    """)
    assert outside.read_bytes() != before
    answer = json.loads(with_mounts(command(home, outside, "recover")))
    assert [one["path"] for one in answer["mended"]] == [target]
    assert outside.read_bytes() == before
    again = json.loads(with_mounts(command(home, outside, "recover")))
    assert (again["mended"], again["swept"]) == ([], [])
