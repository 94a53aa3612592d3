"""Where a path leads."""

from __future__ import annotations

import errno
import os

import pytest

from hermes_state.errors import LinkLoop, NotRegularFile
from hermes_state.links import MAX_LINKS, Location, resolve


def test_plain_file_leads_to_itself(tmp_path):
    (tmp_path / "f").touch()
    assert resolve(str(tmp_path / "f")) == Location(str(tmp_path), "f")
    assert resolve(str(tmp_path / "f")).path == str(tmp_path / "f")


def test_file_that_is_not_there_yet_leads_to_its_place(tmp_path):
    assert resolve(str(tmp_path / "new")) == Location(str(tmp_path), "new")


def test_relative_path_starts_at_the_current_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert resolve("f") == Location(str(tmp_path), "f")
    assert resolve("./sub/../f/").path == str(tmp_path / "f") if (tmp_path / "sub").mkdir() is None else False


def test_links_are_followed_one_by_one_and_remembered_as_they_are_written(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "sub").symlink_to("real")
    (tmp_path / "real" / "third").symlink_to(tmp_path / "real" / "file")
    (tmp_path / "second").symlink_to("sub/../sub/third")
    (tmp_path / "first").symlink_to("second")
    found = resolve(str(tmp_path / "first"))
    assert found == Location(
        str(tmp_path / "real"), "file", ("second", "sub/../sub/third", str(tmp_path / "real" / "file"))
    )


def test_linked_directory_is_no_link_of_the_file(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "sub").symlink_to("real")
    assert resolve(str(tmp_path / "sub" / "f")) == Location(str(tmp_path / "real"), "f")


@pytest.mark.parametrize("text", ["a", "./a", "b", "loop/x"])
def test_links_that_never_end_are_refused(tmp_path, text):
    (tmp_path / "a").symlink_to(text)
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(LinkLoop) as caught:
        resolve(str(tmp_path / "a"))
    assert caught.value.path == str(tmp_path / "a")
    assert isinstance(caught.value, OSError)
    assert caught.value.errno == errno.ELOOP


@pytest.mark.parametrize(("links", "fits"), [(MAX_LINKS, True), (MAX_LINKS + 1, False)])
def test_chain_is_followed_as_far_as_the_kernel_would(tmp_path, links, fits):
    (tmp_path / "0").touch()
    for number in range(links):
        (tmp_path / str(number + 1)).symlink_to(str(number))
    if fits:
        assert resolve(str(tmp_path / str(links))).name == "0"
    else:
        with pytest.raises(LinkLoop):
            resolve(str(tmp_path / str(links)))


def test_missing_directory_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        resolve(str(tmp_path / "none" / "f"))
    assert "link" not in str(caught.value)


def test_link_into_a_missing_directory_says_where_it_leads(tmp_path):
    (tmp_path / "auth.json").symlink_to("dotfiles/auth.json")
    with pytest.raises(FileNotFoundError) as caught:
        resolve(str(tmp_path / "auth.json"))
    assert caught.value.filename == str(tmp_path / "auth.json")
    assert f"its link leads to {tmp_path}/dotfiles/auth.json, into a directory that does not exist" in str(caught.value)


def test_path_through_a_file_is_not_a_directory(tmp_path):
    (tmp_path / "f").touch()
    with pytest.raises(NotADirectoryError):
        resolve(str(tmp_path / "f" / "x"))


def test_directory_that_may_not_be_entered_is_an_error_of_its_own(open_place, as_nobody):
    (open_place / "closed").mkdir(mode=0o700)
    (open_place / "closed").chmod(0)
    with as_nobody(), pytest.raises(PermissionError):
        resolve(str(open_place / "closed" / "f"))
    (open_place / "closed").chmod(0o700)


def test_root_of_the_file_system_is_no_file_to_write(tmp_path):
    from hermes_state.atomic import replace
    from hermes_state.disk import RealDisk

    for path in ("/", str(tmp_path) + "/.", str(tmp_path) + "/.."):
        with pytest.raises((NotRegularFile, OSError)):
            replace(RealDisk(), resolve(path), b"")
    assert os.listdir(tmp_path) == []
