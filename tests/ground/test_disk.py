"""The real disk: verbs that never follow a link and never wait."""

from __future__ import annotations

import errno
import os
import socket
import stat

import pytest

from hermes_state.disk import Directory, Disk, RealDisk, opened
from hermes_state.errors import NotRegularFile
from hermes_state.rehearsal import DryDisk
from tests.ground.doubles import VERBS


@pytest.fixture
def disk():
    return RealDisk()


def test_every_disk_has_every_verb():
    used: list[Disk] = [RealDisk(), DryDisk()]  # for the type checker: both are disks
    for each in used:
        assert {verb for verb in VERBS if not callable(getattr(each, verb, None))} == set()


def descriptors():
    return set(os.listdir("/proc/self/fd"))


def test_directory_is_opened_by_its_path_and_closed(disk, tmp_path):
    before = descriptors()
    with opened(disk, str(tmp_path)) as at:
        assert at.path == str(tmp_path)
        assert os.fstat(at.fd).st_ino == tmp_path.stat().st_ino
        assert not os.get_inheritable(at.fd)
    assert descriptors() == before


@pytest.mark.parametrize("path", ["link", "link/sub", "file", "none", "real/none"])
def test_directory_behind_a_link_is_not_opened_and_no_descriptor_stays(disk, tmp_path, path):
    (tmp_path / "real" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "file").touch()
    before = descriptors()
    with pytest.raises(OSError) as caught:
        disk.open_directory(str(tmp_path / path))
    assert caught.value.errno in (errno.ENOTDIR, errno.ELOOP, errno.ENOENT)
    assert descriptors() == before


def test_descriptor_is_given_back_when_no_more_can_be_opened(disk, tmp_path, monkeypatch):
    real = os.open

    def no_more(path, *rest, **named):
        if path == ".":
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", no_more)
    before = descriptors()
    with pytest.raises(OSError) as caught:
        disk.open_directory(str(tmp_path))
    assert caught.value.errno == errno.EMFILE
    assert descriptors() == before


def test_directory_that_may_only_be_walked_can_be_worked_in_but_not_listed(disk, open_place, as_nobody):
    (open_place / "f").write_bytes(b"x")
    (open_place / "f").chmod(0o644)
    open_place.chmod(0o311)
    with as_nobody(), opened(disk, str(open_place)) as at:
        assert disk.read(at, "f", 10) == b"x"
        with pytest.raises(PermissionError) as caught:
            disk.names(at)
        assert caught.value.errno == errno.EACCES
        with pytest.raises(OSError) as unsynced:
            disk.sync_directory(at)
        assert unsynced.value.errno == errno.EBADF


def test_names_are_sorted(disk, tmp_path):
    for name in ("b", "a", ".c"):
        (tmp_path / name).touch()
    with opened(disk, str(tmp_path)) as at:
        assert disk.names(at) == [".c", "a", "b"]


def test_content_is_read_up_to_one_byte_more_than_the_limit(disk, tmp_path):
    (tmp_path / "f").write_bytes(bytes(3 << 20))
    with opened(disk, str(tmp_path)) as at:
        assert len(disk.read(at, "f", 10)) == 11
        assert len(disk.read(at, "f", 2 << 20)) == (2 << 20) + 1
        assert len(disk.read(at, "f", 3 << 20)) == 3 << 20
        assert len(disk.read(at, "f", 1 << 40)) == 3 << 20


def make_odd(tmp_path, kind, monkeypatch):
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    if kind == "a FIFO":
        os.mkfifo("odd")
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("odd")
    elif kind == "a directory":
        os.mkdir("odd")
    elif kind == "a link":
        os.symlink("/dev/null", "odd")
    else:
        return Directory(os.open("/dev", os.O_RDONLY | os.O_DIRECTORY), "/dev"), "null"
    return Directory(os.open(".", os.O_RDONLY | os.O_DIRECTORY), str(tmp_path)), "odd"


@pytest.mark.parametrize("kind", ["a FIFO", "a socket", "a directory", "a link", "a device"])
@pytest.mark.parametrize("verb", ["read", "xattrs", "open_for_update", "sync_entry", "lock"])
def test_what_is_no_regular_file_is_refused_without_waiting(disk, tmp_path, monkeypatch, kind, verb):
    at, name = make_odd(tmp_path, kind, monkeypatch)
    more = {"read": (10,), "lock": (0.0,)}.get(verb, ())
    with pytest.raises(NotRegularFile) as caught:
        getattr(disk, verb)(at, name, *more)
    assert caught.value.message == f"{at.path}/{name}: it is {kind}, not a regular file"
    assert caught.value.errno == errno.EINVAL
    os.close(at.fd)


def test_link_swapped_in_after_the_look_is_not_followed(disk, tmp_path, monkeypatch):
    (tmp_path / "secret").write_bytes(b"elsewhere")
    (tmp_path / "f").write_bytes(b"here")
    real = RealDisk.stat

    def swapping(self, at, name):
        found = real(self, at, name)
        (tmp_path / "f").unlink()
        (tmp_path / "f").symlink_to("secret")
        return found

    monkeypatch.setattr(RealDisk, "stat", swapping)
    with opened(disk, str(tmp_path)) as at, pytest.raises(OSError) as caught:
        disk.read(at, "f", 100)
    assert caught.value.errno == errno.ELOOP


def test_fifo_swapped_in_after_the_look_is_not_waited_for(disk, tmp_path, monkeypatch):
    (tmp_path / "f").write_bytes(b"here")
    real = RealDisk.stat

    def swapping(self, at, name):
        found = real(self, at, name)
        (tmp_path / "f").unlink()
        os.mkfifo(tmp_path / "f")
        return found

    monkeypatch.setattr(RealDisk, "stat", swapping)
    before = descriptors()
    with opened(disk, str(tmp_path)) as at, pytest.raises(NotRegularFile):
        disk.read(at, "f", 100)
    assert descriptors() == before


def test_new_file_is_private_and_nobody_elses(disk, tmp_path):
    (tmp_path / "link").symlink_to("target")
    with opened(disk, str(tmp_path)) as at:
        file = disk.create(at, "f")
        assert stat.S_IMODE(disk.stat(at, "f").st_mode) == 0o600
        disk.close(file)
        for name in ("f", "link"):
            with pytest.raises(FileExistsError):
                disk.create(at, name)


def test_all_bytes_are_written_however_few_a_call_takes(disk, tmp_path, monkeypatch):
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:3], offset))
    with opened(disk, str(tmp_path)) as at:
        file = disk.create(at, "f")
        disk.write(file, b"0123456789")
        disk.write(file, b"ab", 4)
        disk.truncate(file, 8)
        disk.close(file)
    assert (tmp_path / "f").read_bytes() == b"0123ab67"


def test_attributes_of_the_user_are_read_and_no_others(disk, tmp_path):
    (tmp_path / "f").touch()
    os.setxattr(tmp_path / "f", "user.note", b"mine")
    if os.geteuid() == 0:
        os.setxattr(tmp_path / "f", "trusted.other", b"not mine")
    with opened(disk, str(tmp_path)) as at:
        assert disk.xattrs(at, "f") == {"user.note": b"mine"}


@pytest.mark.parametrize(("number", "raised"), [(errno.ENOTSUP, False), (errno.EIO, True)])
def test_file_system_without_attributes_has_none_but_an_error_is_an_error(disk, tmp_path, monkeypatch, number, raised):
    def fail(fd):
        raise OSError(number, os.strerror(number))

    (tmp_path / "f").touch()
    monkeypatch.setattr(os, "listxattr", fail)
    with opened(disk, str(tmp_path)) as at:
        if raised:
            with pytest.raises(OSError):
                disk.xattrs(at, "f")
        else:
            assert disk.xattrs(at, "f") == {}


def test_new_directory_is_private_and_given_to_whom_it_should_be(disk, tmp_path, root_only):
    with opened(disk, str(tmp_path)) as at:
        disk.make_directory(at, "d", 1234, 4321)
        found = disk.stat(at, "d")
        assert (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) == (0o700, 1234, 4321)
        disk.remove_directory(at, "d")
        assert disk.names(at) == []
