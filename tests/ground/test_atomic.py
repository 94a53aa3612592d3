"""Replacing a file: each row of the design's table, each failure at each step, and what callers of the agent expect."""

from __future__ import annotations

import errno
import inspect
import json
import math
import os
import shutil
import socket
import stat
import subprocess
import sys
import textwrap

import pytest

import hermes_state
from hermes_state.atomic import (
    Changed,
    Replaced,
    atomic_json_write,
    atomic_replace,
    atomic_write_bytes,
    atomic_write_text,
    replace,
)
from hermes_state.disk import RealDisk
from hermes_state.errors import LinkLoop, NotRegularFile, Refused, StateError, WriteFailed
from hermes_state.links import Location, resolve
from tests.ground.doubles import FailingDisk, RecordingDisk, WatchedDisk
from tests.ground.places import acl, snapshot

OLD, NEW = b'{"old": 1}\n', b'{"new": 2}\n'


def put(path, data=NEW, **more):
    return replace(RealDisk(), resolve(str(path)), data, **more)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "auth.json"
    path.write_bytes(OLD)
    path.chmod(0o600)
    return path


# --- links ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["real/auth.json", "{top}/real/auth.json", "second"])
def test_link_is_kept_and_its_target_replaced(tmp_path, text):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "auth.json").write_bytes(OLD)
    (tmp_path / "second").symlink_to("./real/../real/auth.json")
    link = tmp_path / "auth.json"
    link.symlink_to(text.format(top=tmp_path))
    inode = os.stat(link).st_ino
    assert put(link) == Replaced(str(tmp_path / "real" / "auth.json"))
    assert os.readlink(link) == text.format(top=tmp_path)
    assert link.read_bytes() == NEW
    assert os.stat(link).st_ino != inode
    assert os.listdir(tmp_path / "real") == ["auth.json"]


def test_link_to_another_file_system_is_replaced_there_and_never_written_into(tmp_path, other_file_system):
    real = other_file_system / "auth.json"
    real.write_bytes(OLD)
    (tmp_path / "auth.json").symlink_to(real)
    with open(real, "rb") as reader:
        assert put(tmp_path / "auth.json").path == str(real)
        assert reader.read() == OLD  # the old file is whole, for whoever has it open
    assert real.read_bytes() == NEW
    assert os.listdir(other_file_system) == ["auth.json"]


def test_link_to_nothing_gets_its_target(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "auth.json").symlink_to("real/auth.json")
    assert put(tmp_path / "auth.json") == Replaced(str(tmp_path / "real" / "auth.json"), created=True)
    assert (tmp_path / "auth.json").is_symlink()
    assert (tmp_path / "real" / "auth.json").read_bytes() == NEW


def test_link_into_a_missing_directory_creates_nothing(tmp_path):
    (tmp_path / "auth.json").symlink_to("none/auth.json")
    before = snapshot(tmp_path)
    for write in (atomic_write_bytes, put):
        with pytest.raises(FileNotFoundError, match="into a directory that does not exist"):
            write(tmp_path / "auth.json", NEW)
    assert snapshot(tmp_path) == before


def test_link_loop_is_refused_and_left(tmp_path):
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "new").write_bytes(NEW)
    before = snapshot(tmp_path)
    with pytest.raises(LinkLoop):
        atomic_write_bytes(tmp_path / "a", NEW)
    with pytest.raises(LinkLoop):
        atomic_replace(tmp_path / "new", tmp_path / "a")
    assert snapshot(tmp_path) == before


# --- what is no file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["FIFO", "socket", "directory", "device"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    if kind == "FIFO":
        os.mkfifo("odd")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind("odd")
    elif kind == "directory":
        os.mkdir("odd")
    else:
        os.symlink("/dev/null", "odd")
    (tmp_path / "new").write_bytes(NEW)
    before = snapshot(tmp_path)
    for act in (lambda: put("odd"), lambda: atomic_write_bytes("odd", NEW), lambda: atomic_replace("new", "odd")):
        with pytest.raises(NotRegularFile) as caught:
            act()
        assert isinstance(caught.value, OSError)
    assert snapshot(tmp_path) == before
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


# --- looks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o2664, 0o400, 0o000])
def test_mode_of_an_existing_file_is_kept(target, mode):
    target.chmod(mode)
    done = put(target)
    assert mode_of(target) == mode
    assert done.was_read_only is not bool(mode & 0o200)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
def test_new_file_is_private_whatever_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        put(tmp_path / "new")
        put(tmp_path / "shared", mode=0o664)
    finally:
        os.umask(before)
    assert (mode_of(tmp_path / "new"), mode_of(tmp_path / "shared")) == (0o600, 0o664)


def test_mode_that_is_asked_for_wins(target):
    target.chmod(0o644)
    put(target, mode=0o600)
    assert mode_of(target) == 0o600


def test_owner_and_group_of_an_existing_file_are_kept(target, root_only):
    os.chown(target, 1234, 4321)
    assert put(target).not_kept == ()
    assert (target.stat().st_uid, target.stat().st_gid) == (1234, 4321)


def test_attributes_and_acl_of_an_existing_file_are_kept(target, with_attributes):
    os.setxattr(target, "user.note", b"mine")
    os.setxattr(target, "system.posix_acl_access", acl(0o6, 1234, 0o4))
    mode = mode_of(target)
    assert put(target).not_kept == ()
    assert target.read_bytes() == NEW
    assert os.getxattr(target, "user.note") == b"mine"
    assert os.getxattr(target, "system.posix_acl_access") == acl(0o6, 1234, 0o4)
    assert mode_of(target) == mode


def test_mode_that_is_asked_for_closes_an_acl(target, with_attributes):
    os.setxattr(target, "system.posix_acl_access", acl(0o6, 1234, 0o6))
    put(target, mode=0o600)
    assert mode_of(target) == 0o600  # with an ACL the group bits are what it can give at most


def test_acl_of_the_directory_opens_no_file_that_had_none(target, with_attributes):
    target.chmod(0o640)
    os.setxattr(target.parent, "system.posix_acl_default", acl(0o7, 1234, 0o7))
    put(target)
    assert mode_of(target) == 0o640
    assert "system.posix_acl_access" not in os.listxattr(target)


def test_hard_link_is_broken_and_reported(target):
    os.link(target, target.parent / "other")
    done = put(target)
    assert done.broke_hard_link
    assert (target.parent / "other").read_bytes() == OLD
    assert not put(target).broke_hard_link


def test_owner_that_cannot_be_kept_is_reported_and_the_group_shut_out(open_place, as_nobody, root_only):
    target = open_place / "auth.json"
    target.write_bytes(OLD)
    os.chown(target, 4321, 4321)
    target.chmod(0o775)
    with as_nobody():
        done = put(target)
    assert done.not_kept == ("group", "owner")
    assert (target.stat().st_uid, target.stat().st_gid, mode_of(target)) == (1234, 1234, 0o705)


def test_file_that_may_be_replaced_but_not_read_is_replaced(open_place, as_nobody, root_only):
    target = open_place / "auth.json"
    target.write_bytes(OLD)
    target.chmod(0o600)  # root's
    with as_nobody():
        assert put(target).not_kept == ("group", "owner", "attributes")
    assert target.read_bytes() == NEW


def test_what_root_makes_belongs_to_the_owner_of_its_directory(tmp_path, root_only):
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, 1234, 4321)
    done = atomic_write_bytes(home / "sub" / "deep" / "new", NEW)
    assert done.created
    for made in ("sub", "sub/deep", "sub/deep/new"):
        found = (home / made).stat()
        assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode) & 0o077) == (1234, 4321, 0)


def test_what_others_make_is_their_own(open_place, as_nobody, root_only):
    os.chown(open_place, 0, 0)
    open_place.chmod(0o777)
    with as_nobody():
        atomic_write_bytes(open_place / "sub" / "new", NEW)
    assert [((open_place / made).stat().st_uid, (open_place / made).stat().st_gid) for made in ("sub", "sub/new")] == [
        (1234, 1234)
    ] * 2


# --- the order of things ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exists", [True, False])
def test_content_and_looks_are_synced_before_the_rename_and_the_real_directory_after(tmp_path, exists):
    real = tmp_path / "dotfiles"
    real.mkdir()
    (tmp_path / "auth.json").symlink_to("dotfiles/auth.json")
    if exists:
        (real / "auth.json").write_bytes(OLD)
        if os.geteuid() == 0:
            os.chown(real / "auth.json", 1234, 4321)
    disk = RecordingDisk()
    replace(disk, resolve(str(tmp_path / "auth.json")), NEW)
    verbs = [verb for verb, _ in disk.changes()]
    looks = ["set_owner"] * (verbs.count("set_owner")) + ["drop_acl"] * exists + ["set_mode"]
    expected = ["create", "write", *looks, "sync", "close", "rename", "sync_directory"]
    assert verbs == ["open_directory", *expected, "close_directory"]
    if os.geteuid() == 0:
        assert "set_owner" in verbs
    # The directory that the rename happened in, not the link's (the agent synced that one up to 0.19).
    paths = dict(disk.changes())
    assert paths["sync_directory"] == paths["open_directory"] == str(real)
    assert os.path.dirname(paths["rename"]) == os.path.dirname(paths["create"]) == str(real)


def test_drop_in_syncs_the_file_that_it_was_given_and_the_real_directory(tmp_path, monkeypatch):
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "auth.json").symlink_to("dotfiles/auth.json")
    (tmp_path / "staged.tmp").write_bytes(NEW)
    disk = RecordingDisk()
    monkeypatch.setattr("hermes_state.atomic.RealDisk", lambda: disk)
    atomic_replace(tmp_path / "staged.tmp", tmp_path / "auth.json")
    acts = [call for call in disk.changes() if call[0] not in ("open_directory", "close_directory")]
    assert acts == [
        ("sync_entry", str(tmp_path / "staged.tmp")),
        ("rename", str(tmp_path / "staged.tmp")),
        ("sync_directory", str(tmp_path / "dotfiles")),
    ]


# --- failures ---------------------------------------------------------------------------------------------------------

NUMBERS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS, errno.EMFILE, errno.EDQUOT, errno.EBUSY, errno.EXDEV)
#: What a failure of is told and outlived: the old file's looks are kept where they can be.
TOLERATED = {("set_owner", errno.EACCES), ("xattrs", errno.EACCES)} | {
    ("set_xattr", number) for number in NUMBERS if number not in (errno.ENOSPC, errno.EIO, errno.EDQUOT)
}


#: What a failure of a verb is said to be a failure of.
DOING = {
    "open_directory": "opening its directory",
    "create": "creating a temporary file beside it",
    "write": "writing the new content",
    "drop_acl": "keeping its mode and owner",
    "set_mode": "keeping its mode and owner",
    "xattrs": "keeping its mode and owner",
    "set_xattr": "keeping its mode and owner",
    "sync": "syncing the new content",
    "close": "syncing the new content",
    "rename": "renaming the new content into place",
}


def still_old(disk):
    return lambda at: disk.read(at, "auth.json", 99) == OLD


def calls_of_a_replacement(top, owned):
    disk = RecordingDisk()
    replace(disk, resolve(str(prepared(top, owned))), NEW, unchanged=still_old(disk))
    verbs = [verb for verb, _ in disk.calls]
    return [(verb, verbs[: place + 1].count(verb)) for place, verb in enumerate(verbs)]


def prepared(top, owned):
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir()
    target = top / "auth.json"
    target.write_bytes(OLD)
    target.chmod(0o640)
    os.setxattr(target, "user.note", b"mine")
    if owned:
        os.chown(target, 1234, 4321)
    return target


def test_failure_of_any_call_leaves_the_old_content_and_no_trace(tmp_path, with_attributes):
    top = tmp_path / "home"
    owned = os.geteuid() == 0
    calls = calls_of_a_replacement(top, owned)
    assert {verb for verb, _ in calls} >= {"open_directory", "stat", "create", "write", "sync", "close", "rename"}
    seen = 0
    for verb, nth in calls:
        for number in NUMBERS:
            target = prepared(top, owned)
            before = snapshot(top)
            disk = FailingDisk(verb, number, nth)
            try:
                done = replace(disk, resolve(str(target)), NEW, unchanged=still_old(disk))
            except StateError as error:
                case = f"{verb} {nth} {errno.errorcode[number]}: {error}"
                assert error.exit_code == (5 if isinstance(error, Refused) else 7), case
                assert isinstance(error, Refused) is (verb == "rename" and number in (errno.EBUSY, errno.EXDEV)), case
                if verb == "sync_directory":
                    assert isinstance(error, WriteFailed) and error.content == "new", case
                    assert target.read_bytes() == NEW, case
                else:
                    if isinstance(error, WriteFailed):
                        assert (error.content, error.errno, error.path) == ("old", number, str(target)), case
                        assert error.doing == DOING.get(verb, error.doing), case
                    after = snapshot(top)
                    del before[str(top)], after[str(top)]  # the directory's time may have changed
                    assert after == before, case
            else:
                assert (verb, number) in TOLERATED or verb == "close_directory", (
                    f"{verb} {nth} {errno.errorcode[number]}"
                )
                assert bool(done.not_kept) is (verb != "close_directory")
                assert target.read_bytes() == NEW
            assert [name for name in os.listdir(top) if name != "auth.json"] == []
            put(target, b"again")
            assert target.read_bytes() == b"again"
            seen += 1
    assert seen == len(calls) * len(NUMBERS)


def test_interruption_at_any_call_leaves_one_whole_file_and_no_trace(tmp_path, with_attributes):
    top = tmp_path / "home"
    for verb, nth in calls_of_a_replacement(top, False):
        target = prepared(top, False)
        count = 0

        def interrupt(called, arguments, verb=verb, nth=nth):
            nonlocal count
            count += called == verb
            if called == verb and count == nth:
                raise KeyboardInterrupt

        disk = WatchedDisk(interrupt)
        with pytest.raises(KeyboardInterrupt):
            replace(disk, resolve(str(target)), NEW, unchanged=still_old(disk))
        assert target.read_bytes() == (NEW if verb in ("sync_directory", "close_directory") else OLD)
        assert os.listdir(top) == ["auth.json"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS])
def test_directory_that_cannot_be_synced_is_reported(target, number):
    done = replace(FailingDisk("sync_directory", number), resolve(str(target)), NEW)
    assert done == Replaced(str(target), durable=False)
    assert target.read_bytes() == NEW


def test_directory_that_may_only_be_walked_is_reported(open_place, as_nobody):
    (open_place / "auth.json").write_bytes(OLD)
    if os.geteuid() == 0:
        os.chown(open_place / "auth.json", 1234, 1234)
    open_place.chmod(0o333)
    with as_nobody():
        assert not put(open_place / "auth.json").durable
    open_place.chmod(0o755)
    assert os.listdir(open_place) == ["auth.json"]
    assert (open_place / "auth.json").read_bytes() == NEW


def test_directory_whose_sync_fails_is_an_error_that_says_the_new_content_is_there(target):
    with pytest.raises(WriteFailed) as caught:
        replace(FailingDisk("sync_directory", errno.EIO), resolve(str(target)), NEW)
    assert (caught.value.content, caught.value.errno) == ("new", errno.EIO)
    assert "a power cut could still undo" in str(caught.value)
    assert target.read_bytes() == NEW


def test_file_that_is_mounted_by_itself_is_refused(target):
    for number in (errno.EBUSY, errno.EXDEV):
        with pytest.raises(Refused, match="mounted by itself") as caught:
            replace(FailingDisk("rename", number), resolve(str(target)), NEW)
        assert isinstance(caught.value.__cause__, OSError)
    assert (os.listdir(target.parent), target.read_bytes()) == (["auth.json"], OLD)


@pytest.mark.tiers
def test_file_that_really_is_mounted_by_itself_is_not_replaced(target, tmp_path):
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or shutil.which("mount") is None:
        pytest.skip("needs root, unshare and mount")
    (tmp_path / "outside").write_bytes(OLD)
    script = f"""
        import subprocess
        from hermes_state.atomic import replace
        from hermes_state.disk import RealDisk
        from hermes_state.errors import NotReplaceable
        from hermes_state.links import resolve
        if subprocess.run(["mount", "--bind", {str(tmp_path / "outside")!r}, {str(target)!r}]).returncode:
            raise SystemExit(3)
        try:
            replace(RealDisk(), resolve({str(target)!r}), b"new")
        except NotReplaceable as error:
            print(error)
    """
    done = subprocess.run(
        [unshare, "--mount", sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    if done.returncode == 3 or "unshare" in done.stderr:
        pytest.skip(f"may not mount here: {done.stderr}")
    assert "mounted by itself" in done.stdout, done.stderr
    assert sorted(os.listdir(tmp_path)) == ["auth.json", "outside"]
    assert (tmp_path / "outside").read_bytes() == OLD


@pytest.mark.tiers
def test_full_file_system_leaves_the_old_content(other_file_system):
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None or shutil.which("mount") is None:
        pytest.skip("needs root, unshare and mount")
    script = f"""
        import os, subprocess
        from hermes_state.atomic import atomic_write_bytes
        from hermes_state.errors import WriteFailed
        top = {str(other_file_system)!r}
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", top]).returncode:
            raise SystemExit(3)
        atomic_write_bytes(top + "/auth.json", b"old")
        try:
            atomic_write_bytes(top + "/auth.json", bytes(1 << 20))
        except WriteFailed as error:
            print(error.errno, os.listdir(top), open(top + "/auth.json").read())
    """
    done = subprocess.run(
        [unshare, "--mount", sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
    )
    if done.returncode == 3 or "unshare" in done.stderr:
        pytest.skip(f"may not mount here: {done.stderr}")
    assert done.stdout == f"{errno.ENOSPC} ['auth.json'] old\n", done.stderr


def test_directory_that_may_not_be_written_in_leaves_the_old_content(open_place, as_nobody):
    (open_place / "auth.json").write_bytes(OLD)
    open_place.chmod(0o555)
    with as_nobody(), pytest.raises(WriteFailed) as caught:
        put(open_place / "auth.json")
    assert (caught.value.errno, caught.value.content) == (errno.EACCES, "old")
    assert (open_place / "auth.json").read_bytes() == OLD


# --- somebody else's hand ---------------------------------------------------------------------------------------------


def test_changed_file_is_not_written(target):
    before = snapshot(target)
    with pytest.raises(Changed):
        put(target, unchanged=lambda at: False)
    assert snapshot(target) == before
    assert os.listdir(target.parent) == ["auth.json"]


def test_change_is_looked_for_right_before_the_rename(target):
    disk = RecordingDisk()
    asked: list[int] = []

    def unchanged(at):
        asked.append(len(disk.calls))
        return True

    replace(disk, resolve(str(target)), NEW, unchanged=unchanged)
    assert [verb for verb, _ in disk.calls[asked[0] :]] == ["rename", "sync_directory", "close_directory"]
    assert disk.calls[asked[0] - 1][0] == "close"


def test_error_of_the_look_leaves_no_trace(target):
    def unchanged(at):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        put(target, unchanged=unchanged)
    assert (os.listdir(target.parent), target.read_bytes()) == (["auth.json"], OLD)


@pytest.mark.parametrize("verb", ["stat", "create", "write", "rename"])
def test_link_swapped_in_leads_nowhere_else(target, tmp_path, verb):
    (tmp_path / "outside").mkdir()
    outside = tmp_path / "outside" / "secret"
    outside.write_bytes(b"elsewhere")
    where = resolve(str(target))
    swapped = False

    def swap(called, arguments):
        nonlocal swapped
        if called == verb and not swapped:
            swapped = True
            target.unlink()
            target.symlink_to(outside)

    disk = WatchedDisk(swap)
    if verb != "rename":
        with pytest.raises(NotRegularFile):
            replace(disk, where, NEW)
        assert target.is_symlink()
    else:
        replace(disk, where, NEW)  # a rename replaces the link itself
        assert not target.is_symlink()
        assert target.read_bytes() == NEW
    assert swapped
    assert outside.read_bytes() == b"elsewhere"
    assert os.listdir(outside.parent) == ["secret"]


@pytest.mark.parametrize("when", ["before it is opened", "while it is open"])
def test_directory_swapped_for_a_link_leads_nowhere_else(tmp_path, when):
    home, outside = tmp_path / "home", tmp_path / "outside"
    home.mkdir()
    outside.mkdir()
    for place in (home, outside):
        (place / "auth.json").write_bytes(OLD)
    where = resolve(str(home / "auth.json"))

    def swap(called=None, arguments=None):
        if called in (None, "create"):
            home.rename(tmp_path / "moved")
            home.symlink_to(outside)

    if when == "before it is opened":
        swap()
        with pytest.raises(WriteFailed):
            replace(RealDisk(), where, NEW)
    else:
        replace(WatchedDisk(swap), where, NEW)
        assert (tmp_path / "moved" / "auth.json").read_bytes() == NEW
    assert (outside / "auth.json").read_bytes() == OLD
    assert os.listdir(outside) == os.listdir(tmp_path / "moved") == ["auth.json"]


def test_file_removed_meanwhile_is_made_anew(target):
    def remove(called, arguments):
        if called == "write":
            target.unlink()

    replace(WatchedDisk(remove), resolve(str(target)), NEW)
    assert target.read_bytes() == NEW


def test_two_replacements_at_once_use_two_temporary_files(target):
    names = []

    def watch(verb, arguments):
        if verb == "create":
            names.append(arguments[1])
            if len(names) == 1:
                replace(WatchedDisk(watch), resolve(str(target)), b"between")

    replace(WatchedDisk(watch), resolve(str(target)), NEW)
    assert len(set(names)) == 2
    assert all(name.startswith(f".auth.json.hermes-state.{os.getpid()}.") for name in names)
    assert target.read_bytes() == NEW


# --- the drop-ins -----------------------------------------------------------------------------------------------------

#: What each agent's helper takes: names, kinds, defaults, as ``inspect.signature`` shows them in the agents.
AGENTS = {
    "0.13.0": {"atomic_json_write": "(path, data, *, indent=2, **dump_kwargs)"},
    "0.15.2": {"atomic_json_write": "(path, data, *, indent=2, **dump_kwargs)"},
    "0.19.0": {"atomic_json_write": "(path, data, *, indent=2, mode=None, **dump_kwargs)"},
    "0.22.2": {
        "atomic_json_write": "(path, data, *, indent=2, mode=None, ensure_ascii=False, fsync_dir=False, **dump_kwargs)"
    },
}


@pytest.mark.parametrize("version", AGENTS)
def test_what_callers_of_the_agents_helpers_pass_is_accepted(version):
    for name, text in ({"atomic_replace": "(tmp_path, target)"} | AGENTS[version]).items():
        scope: dict = {}
        exec(f"def theirs{text}: ...", scope)
        ours = inspect.signature(getattr(hermes_state, name)).parameters
        for parameter in inspect.signature(scope["theirs"]).parameters.values():
            mine = ours[parameter.name]
            assert mine.kind == parameter.kind
            if parameter.name != "fsync_dir":  # ours always syncs
                assert mine.default == parameter.default
        for extra in set(ours) - set(inspect.signature(scope["theirs"]).parameters):
            assert ours[extra].default is not inspect.Parameter.empty


def test_temporary_file_takes_the_targets_place_with_its_own_mode(target, tmp_path):
    target.chmod(0o644)
    staged = tmp_path / "staged.tmp"
    staged.write_bytes(NEW)
    staged.chmod(0o640)
    assert atomic_replace(str(staged), target) == str(target)
    assert (target.read_bytes(), mode_of(target)) == (NEW, 0o640)
    assert os.listdir(tmp_path) == ["auth.json"]


def test_temporary_file_goes_behind_the_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "auth.json").symlink_to("real/auth.json")
    (tmp_path / "staged.tmp").write_bytes(NEW)
    assert atomic_replace(tmp_path / "staged.tmp", tmp_path / "auth.json") == str(tmp_path / "real" / "auth.json")
    assert (tmp_path / "auth.json").is_symlink()
    assert (tmp_path / "real" / "auth.json").read_bytes() == NEW


def test_relative_paths_start_at_the_current_directory(target, monkeypatch):
    monkeypatch.chdir(target.parent)
    (target.parent / "staged.tmp").write_bytes(NEW)
    assert atomic_replace("staged.tmp", "auth.json") == str(target)
    atomic_write_bytes("auth.json", b"more")
    assert target.read_bytes() == b"more"


def test_temporary_file_of_another_file_system_is_staged_again_and_renamed(target, other_file_system):
    staged = other_file_system / "staged.tmp"
    staged.write_bytes(NEW)
    staged.chmod(0o640)
    with open(target, "rb") as reader:
        assert atomic_replace(staged, target) == str(target)
        assert reader.read() == OLD  # never written into
    assert (target.read_bytes(), mode_of(target)) == (NEW, 0o640)
    assert os.listdir(other_file_system) == []
    assert os.listdir(target.parent) == ["auth.json"]


def test_temporary_file_that_cannot_be_removed_does_not_make_a_success_a_failure(
    target, other_file_system, monkeypatch
):
    staged = other_file_system / "staged.tmp"
    staged.write_bytes(NEW)
    monkeypatch.setattr("hermes_state.atomic.RealDisk", lambda: FailingDisk("unlink", errno.EACCES))
    assert atomic_replace(staged, target) == str(target)
    assert (target.read_bytes(), staged.read_bytes()) == (NEW, NEW)


@pytest.mark.parametrize("verb", ["sync_entry", "rename", "create", "write"])
def test_temporary_file_survives_a_failure(target, other_file_system, monkeypatch, verb):
    staged = (other_file_system if verb in ("create", "write") else target.parent) / "staged.tmp"
    staged.write_bytes(NEW)
    monkeypatch.setattr("hermes_state.atomic.RealDisk", lambda: FailingDisk(verb, errno.EIO))
    with pytest.raises(OSError) as caught:
        atomic_replace(staged, target)
    assert caught.value.errno == errno.EIO
    assert (target.read_bytes(), staged.read_bytes()) == (OLD, NEW)
    assert {*os.listdir(target.parent), *os.listdir(staged.parent)} == {"auth.json", "staged.tmp"}


def test_rename_that_fails_is_not_tried_in_another_way(target, monkeypatch):
    staged = target.parent / "staged.tmp"
    staged.write_bytes(NEW)
    disk = FailingDisk("rename", errno.EIO, nth=1)
    monkeypatch.setattr("hermes_state.atomic.RealDisk", lambda: disk)
    with pytest.raises(OSError) as caught:
        atomic_replace(staged, target)
    assert (caught.value.errno, disk.seen) == (errno.EIO, 1)


def test_missing_temporary_file_is_not_found(target):
    with pytest.raises(FileNotFoundError):
        atomic_replace(target.parent / "none", target)
    assert target.read_bytes() == OLD


def test_temporary_file_that_may_not_be_read_is_renamed_all_the_same(open_place, as_nobody):
    staged, target = open_place / "staged.tmp", open_place / "auth.json"
    staged.write_bytes(NEW)
    staged.chmod(0o000)
    with as_nobody():
        atomic_replace(staged, target)
    assert mode_of(target) == 0


def test_missing_directories_are_made_and_private(tmp_path):
    done = atomic_write_text(tmp_path / "a" / "b" / "f", "ü\r\n", encoding="latin-1")
    assert done.created
    assert (tmp_path / "a" / "b" / "f").read_bytes() == b"\xfc\r\n"
    assert [mode_of(tmp_path / made) for made in ("a", "a/b", "a/b/f")] == [0o700, 0o700, 0o600]


def test_directories_that_are_made_are_synced_into_those_above(tmp_path, monkeypatch):
    disk = RecordingDisk()
    monkeypatch.setattr("hermes_state.atomic.RealDisk", lambda: disk)
    atomic_write_bytes(tmp_path / "a" / "b" / "f", NEW)
    acts = [call for call in disk.changes() if call[0] in ("make_directory", "sync_directory", "rename")]
    assert [(verb, os.path.relpath(path, tmp_path)) for verb, path in acts if verb != "rename"] == [
        ("make_directory", "a"),
        ("sync_directory", "."),
        ("make_directory", "a/b"),
        ("sync_directory", "a"),
        ("sync_directory", "a/b"),
    ]


def test_json_is_written_as_the_agent_writes_it(tmp_path):
    atomic_json_write(tmp_path / "f", {"b": "ü", "a": [1.5, None, math.nan]})
    assert (tmp_path / "f").read_bytes() == '{\n  "b": "ü",\n  "a": [\n    1.5,\n    null,\n    NaN\n  ]\n}'.encode()
    atomic_json_write(
        tmp_path / "f", {"b": {1}, "a": "ü"}, indent=None, ensure_ascii=True, default=list, sort_keys=True
    )
    assert (tmp_path / "f").read_bytes() == b'{"a": "\\u00fc", "b": [1]}'


def test_half_a_surrogate_pair_is_escaped_where_it_cannot_be_written(tmp_path):
    atomic_json_write(tmp_path / "f", {"name": "\udcff", "ü": 1})
    assert json.loads((tmp_path / "f").read_bytes()) == {"name": "\udcff", "ü": 1}
    assert (tmp_path / "f").read_bytes().isascii()


def test_value_that_json_has_not_changes_nothing(target):
    before = snapshot(target.parent)
    with pytest.raises(TypeError):
        atomic_json_write(target, {"a": {1}})
    with pytest.raises(TypeError):
        atomic_json_write(target.parent / "none" / "f", {"a": {1}})
    assert snapshot(target.parent) == before


def test_location_need_not_come_from_resolve(tmp_path):
    assert replace(RealDisk(), Location(str(tmp_path), "f"), NEW).created
