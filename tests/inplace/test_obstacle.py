"""What keeps a file from being replaced is known before anything is tried."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hermes_state.links import resolve
from hermes_state.obstacle import CLOSED, MOUNTED, SEALED, obstacle
from tests.users import NOBODY, somebody


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user can reach, unlike ``tmp_path``."""
    made = Path(os.path.realpath(tempfile.mkdtemp()))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


def file(folder: Path, mode: int = 0o666) -> Path:
    path = folder / "auth.json"
    path.write_text("{}")
    path.chmod(mode)
    return path


def test_a_usual_file_has_none(tmp_path: Path) -> None:
    assert obstacle(resolve(str(file(tmp_path)))) == ""


def test_a_file_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert obstacle(resolve(str(tmp_path / "auth.json"))) == ""


def test_a_directory_in_its_place_has_none(tmp_path: Path) -> None:
    assert obstacle(resolve(str(tmp_path))) == ""


def test_a_directory_that_may_not_be_written_in_is_one(place: Path) -> None:
    path = file(place)
    place.chmod(0o555)
    with somebody():
        assert obstacle(resolve(str(path))) == CLOSED


def test_it_is_none_where_the_file_may_not_be_written_either(place: Path) -> None:
    path = file(place, 0o444)
    place.chmod(0o555)
    with somebody():
        assert obstacle(resolve(str(path))) == ""


def test_a_sticky_directory_keeps_others_from_replacing(place: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs a file of another user: only root can give files away")
    path = file(place)
    place.chmod(0o1777)
    with somebody():
        assert obstacle(resolve(str(path))) == CLOSED
    os.chown(path, NOBODY, NOBODY)
    with somebody():
        assert obstacle(resolve(str(path))) == ""


@pytest.mark.parametrize("name", ["auth.json", "with blank", "tab\there", "back\\slash", "ümlaut"])
def test_a_mount_is_found_whatever_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("{}")
    listed = os.fsencode(path)
    for letter in b"\\\t\n ":
        listed = listed.replace(bytes([letter]), b"\\%03o" % letter)
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"22 1 0:21 / / rw - overlay none rw\n25 22 0:5 /x " + listed + b" rw - ext4 /dev/x rw\n")
    assert obstacle(resolve(str(path)), str(mounts)) == MOUNTED
    mounts.write_bytes(b"25 22 0:5 /x " + listed + b"x rw - ext4 /dev/x rw\nshort\n")
    assert obstacle(resolve(str(path)), str(mounts)) == ""


def test_a_mount_that_may_not_be_written_can_be_changed_in_no_way(place: Path) -> None:
    path = file(place, 0o444)
    mounts = place / "mounts"
    mounts.write_text(f"25 22 0:5 /x {path} ro - ext4 /dev/x rw\n")
    with somebody():
        assert obstacle(resolve(str(path)), str(mounts)) == SEALED


def test_without_a_list_of_mounts_nothing_is_said(tmp_path: Path) -> None:
    assert obstacle(resolve(str(file(tmp_path))), str(tmp_path / "none")) == ""
