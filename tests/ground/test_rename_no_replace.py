from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from hermes_state.disk import Disk, RealDisk, opened
from hermes_state.rehearsal import DryDisk


@pytest.fixture(params=["hard links", "no hard links"])
def disk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> RealDisk:
    """The real disk, also as it is where the file system has no hard links."""
    if request.param == "no hard links":

        def refuse(*names: Any, **where: Any) -> None:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

        monkeypatch.setattr(os, "link", refuse)
    return RealDisk()


def rename(disk: Disk, top: Path, name: str, new: str) -> None:
    with opened(disk, str(top)) as at:
        disk.rename_no_replace(at, name, at, new)


def test_a_file_gets_the_name_when_it_is_free(disk: RealDisk, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("content")
    inode = (tmp_path / "old").stat().st_ino
    rename(disk, tmp_path, "old", "new")
    assert os.listdir(tmp_path) == ["new"]
    assert ((tmp_path / "new").read_text(), (tmp_path / "new").stat().st_ino) == ("content", inode)


def test_a_link_is_renamed_itself(disk: RealDisk, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    rename(disk, tmp_path, "link", "new")
    assert (os.listdir(tmp_path), os.readlink(tmp_path / "new")) == (["new"], "nowhere")


@pytest.mark.parametrize("taken", ["file", "link", "directory"])
def test_nothing_is_replaced(taken: str, disk: RealDisk, tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    new = tmp_path / "new"
    if taken == "link":
        new.symlink_to("nowhere")
    elif taken == "directory":
        new.mkdir()
    else:
        new.touch()
    with pytest.raises(FileExistsError):
        rename(disk, tmp_path, "old", "new")
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]
    assert (tmp_path / "old").read_text() == "old"


def test_what_is_not_there_cannot_be_renamed(disk: RealDisk, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        rename(disk, tmp_path, "old", "new")


def test_other_errors_of_the_link_are_not_hidden(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*names: Any, **where: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "old").touch()
    monkeypatch.setattr(os, "link", fail)
    with pytest.raises(OSError, match="Input/output"):
        rename(RealDisk(), tmp_path, "old", "new")
    assert os.listdir(tmp_path) == ["old"]


def test_the_rehearsal_answers_the_same_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("content")
    (tmp_path / "taken").touch()
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at:
        with pytest.raises(FileExistsError):
            disk.rename_no_replace(at, "old", at, "taken")
        with pytest.raises(FileNotFoundError):
            disk.rename_no_replace(at, "missing", at, "new")
        disk.rename_no_replace(at, "old", at, "new")
        assert (disk.names(at), disk.read(at, "new", 99)) == (["new", "taken"], b"content")
    assert sorted(os.listdir(tmp_path)) == ["old", "taken"]
