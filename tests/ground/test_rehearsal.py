"""The dry disk answers as the real one would, and nothing happens."""

from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_state import backup, locks
from hermes_state.atomic import Changed, replace
from hermes_state.disk import Disk, RealDisk, opened
from hermes_state.errors import WriteFailed
from hermes_state.links import resolve
from hermes_state.rehearsal import DryDisk
from tests.ground.places import acl, snapshot


def content(disk: Disk, path: Path | str) -> bytes:
    where = resolve(str(path))
    with opened(disk, where.directory) as at:
        return disk.read(at, where.name, 1 << 20)


def test_replaced_content_is_read_back_and_the_real_file_is_as_it_was(tmp_path):
    (tmp_path / "auth.json").write_bytes(b"old")
    before = snapshot(tmp_path)
    disk = DryDisk()
    done = replace(disk, resolve(str(tmp_path / "auth.json")), b"new")
    assert (done.path, done.created, done.durable) == (str(tmp_path / "auth.json"), False, True)
    assert content(disk, tmp_path / "auth.json") == b"new"
    assert replace(disk, resolve(str(tmp_path / "auth.json")), b"newer") == done
    assert content(disk, tmp_path / "auth.json") == b"newer"
    assert snapshot(tmp_path) == before


def test_replacement_keeps_the_looks_of_the_file(tmp_path):
    target = tmp_path / "auth.json"
    target.write_bytes(b"old")
    target.chmod(0o640)
    os.setxattr(target, "user.note", b"mine")
    disk = DryDisk()
    replace(disk, resolve(str(target)), b"new")
    with opened(disk, str(tmp_path)) as at:
        looks = disk.stat(at, "auth.json")
        assert (stat.S_IMODE(looks.st_mode), looks.st_size) == (0o640, 3)
        assert disk.xattrs(at, "auth.json") == {"user.note": b"mine"}
        assert disk.names(at) == ["auth.json"]


def test_new_file_exists_only_in_the_rehearsal(tmp_path):
    disk = DryDisk()
    assert replace(disk, resolve(str(tmp_path / "new.json")), b"new").created
    assert content(disk, tmp_path / "new.json") == b"new"
    assert os.listdir(tmp_path) == []


def test_file_behind_a_link_is_replaced_behind_the_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "auth.json").write_bytes(b"old")
    (tmp_path / "auth.json").symlink_to("real/auth.json")
    disk = DryDisk()
    replace(disk, resolve(str(tmp_path / "auth.json")), b"new")
    with opened(disk, str(tmp_path)) as at:
        assert stat.S_ISLNK(disk.stat(at, "auth.json").st_mode)
    assert content(disk, tmp_path / "auth.json") == b"new"
    assert (tmp_path / "auth.json").read_bytes() == b"old"


def test_write_in_place_changes_a_copy(tmp_path):
    (tmp_path / "f").write_bytes(b"0123456789")
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at:
        file = disk.open_for_update(at, "f")
        disk.write(file, b"ab", 2)
        disk.truncate(file, 5)
        disk.sync(file)
        disk.close(file)
        assert disk.read(at, "f", 100) == b"01ab4"
        assert disk.read(at, "f", 2) == b"01a"  # one more than the limit, as the real one
    assert (tmp_path / "f").read_bytes() == b"0123456789"


def test_what_lies_behind_the_end_is_zeros(tmp_path):
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at:
        file = disk.create(at, "f")
        disk.write(file, b"ab", 3)
        disk.write(file, b"", 9)
        assert disk.read(at, "f", 100) == b"\0\0\0ab"
        disk.truncate(file, 7)
        assert disk.read(at, "f", 100) == b"\0\0\0ab\0\0"
        disk.write(file, b"cd", 7)
        disk.truncate(file, 8)
        assert disk.read(at, "f", 100) == b"\0\0\0ab\0\0c"
        disk.close(file)


@pytest.mark.parametrize(
    "owner", [(-1, -1), (1234, -1), (-1, 1234), (1234, 1234), (0, -1), (-1, 0), (1234, 0), (0, 1234)]
)
def test_who_is_not_root_gives_away_as_little_as_on_the_real_disk(open_place, as_nobody, root_only, owner):
    answers: list[tuple[object, object]] = []
    with as_nobody():
        for name, disk in (("dry", DryDisk()), ("real", RealDisk())):
            with opened(disk, str(open_place)) as at:
                file = disk.create(at, name)
                try:
                    disk.set_owner(file, *owner)
                    answers.append((disk.stat(at, name).st_uid, disk.stat(at, name).st_gid))
                except OSError as error:
                    answers.append((type(error), error.errno))
                disk.close(file)
    assert answers[0] == answers[1]


def test_changed_file_is_noticed_and_leaves_no_temporary_file(tmp_path):
    (tmp_path / "auth.json").write_bytes(b"old")
    disk = DryDisk()
    with pytest.raises(Changed):
        replace(disk, resolve(str(tmp_path / "auth.json")), b"new", unchanged=lambda at: False)
    with opened(disk, str(tmp_path)) as at:
        assert disk.names(at) == ["auth.json"]
        assert disk.read(at, "auth.json", 10) == b"old"


def test_backup_is_verified_in_directories_that_do_not_exist(tmp_path):
    original = backup.Original("auth", str(tmp_path / "auth.json"), (), str(tmp_path / "auth.json"), 0o600, 0, 0, b"{}")
    before = snapshot(tmp_path)
    disk = DryDisk()
    path = backup.save(disk, str(tmp_path), [original], reason="test", now=1.0, facts={})
    with opened(disk, path) as at:
        assert disk.names(at) == ["auth.json", "manifest.json"]
        assert stat.S_IMODE(disk.stat(at, ".").st_mode) == 0o700
        assert stat.S_IMODE(disk.stat(at, "manifest.json").st_mode) == 0o600
    assert snapshot(tmp_path) == before


def test_no_lock_file_is_made(tmp_path):
    with locks.held(DryDisk(), [str(tmp_path / "auth.lock")]):
        assert os.listdir(tmp_path) == []


def test_entry_taken_away_can_be_looked_at_put_back_and_deleted(tmp_path):
    (tmp_path / "nous.json").symlink_to("elsewhere")
    (tmp_path / "elsewhere").write_bytes(b"{}")
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at:
        for name in ("nous.json", "elsewhere"):
            disk.rename(at, name, at, ".taken")
            with pytest.raises(FileNotFoundError):
                disk.stat(at, name)
            looks = disk.stat(at, ".taken")
            assert looks.st_ino == os.lstat(tmp_path / name).st_ino
            disk.rename(at, ".taken", at, name)
            assert disk.stat(at, name) == looks
        assert disk.read(at, "elsewhere", 10) == b"{}"
        disk.unlink(at, "elsewhere")
        assert disk.names(at) == ["nous.json"]
    assert sorted(os.listdir(tmp_path)) == ["elsewhere", "nous.json"]


def test_directory_taken_away_is_gone_with_all_that_is_below_it(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    disk = DryDisk()
    with opened(disk, str(tmp_path / "a")) as at:
        disk.remove_directory(at, "b")
    with opened(disk, str(tmp_path)) as at:
        disk.remove_directory(at, "a")
        disk.make_directory(at, "a")
    with opened(disk, str(tmp_path / "a")) as at:
        assert disk.names(at) == []
    with pytest.raises(FileNotFoundError):
        disk.open_directory(str(tmp_path / "a" / "b"))


def test_path_through_a_made_file_is_no_directory(tmp_path):
    disk = DryDisk()
    replace(disk, resolve(str(tmp_path / "f")), b"")
    with pytest.raises(NotADirectoryError):
        disk.open_directory(str(tmp_path / "f"))


def test_renaming_a_directory_is_refused_in_words_of_the_system(tmp_path):
    (tmp_path / "a").mkdir()
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at, pytest.raises(OSError) as caught:
        disk.rename(at, "a", at, "b")
    assert caught.value.errno == errno.ENOTSUP


def test_rename_to_another_file_system_fails_as_it_would(tmp_path, other_file_system):
    (tmp_path / "f").write_bytes(b"")
    disk = DryDisk()
    with (
        opened(disk, str(tmp_path)) as at,
        opened(disk, str(other_file_system)) as to,
        pytest.raises(OSError) as caught,
    ):
        disk.rename(at, "f", to, "f")
    assert caught.value.errno == errno.EXDEV


def test_directory_that_may_not_be_written_in_is_refused_beforehand(open_place, as_nobody):
    (open_place / "auth.json").write_bytes(b"old")
    open_place.chmod(0o555)
    with as_nobody(), pytest.raises(WriteFailed) as caught:
        replace(DryDisk(), resolve(str(open_place / "auth.json")), b"new")
    assert caught.value.errno == errno.EACCES


def test_owner_that_could_not_be_kept_is_named(open_place, as_nobody, root_only):
    (open_place / "auth.json").write_bytes(b"old")
    os.chown(open_place / "auth.json", 4321, 4321)
    with as_nobody():
        dry = replace(DryDisk(), resolve(str(open_place / "auth.json")), b"new")
        real = replace(RealDisk(), resolve(str(open_place / "auth.json")), b"new")
    assert dry == real
    assert dry.not_kept == ("group", "owner")


def test_file_that_may_not_be_written_in_cannot_be_opened_for_it(open_place, as_nobody):
    (open_place / "f").write_bytes(b"")
    (open_place / "f").chmod(0o444)
    disk = DryDisk()
    with as_nobody(), opened(disk, str(open_place)) as at, pytest.raises(PermissionError):
        disk.open_for_update(at, "f")


def test_new_file_in_a_setgid_directory_gets_its_group(tmp_path, root_only):
    os.chown(tmp_path, 0, 4321)
    tmp_path.chmod(0o2755)
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at:
        disk.close(disk.create(at, "f"))
        assert disk.stat(at, "f").st_gid == 4321


def test_what_is_given_away_belongs_to_whom_it_was_given(tmp_path, root_only):
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at:
        disk.make_directory(at, "d", 1234, 4321)
        file = disk.create(at, "f")
        disk.set_owner(file, 1234, -1)
        assert (disk.stat(at, "f").st_uid, disk.stat(at, "f").st_gid) == (1234, os.getegid())
        disk.set_owner(file, -1, 4321)
        disk.close(file)
        for name in ("d", "f"):
            assert (disk.stat(at, name).st_uid, disk.stat(at, name).st_gid) == (1234, 4321)


def test_acl_is_dropped(tmp_path):
    disk = DryDisk()
    with opened(disk, str(tmp_path)) as at:
        file = disk.create(at, "f")
        disk.set_xattr(file, "user.note", b"mine")
        disk.set_xattr(file, "system.posix_acl_access", acl(6, 1234, 4))
        disk.drop_acl(file)
        disk.drop_acl(file)
        disk.close(file)
        assert disk.xattrs(at, "f") == {"user.note": b"mine"}


def test_directory_is_the_same_however_its_path_is_written(tmp_path):
    disk = DryDisk()
    with opened(disk, f"{tmp_path}//") as at:
        disk.close(disk.create(at, "f"))
    with opened(disk, str(tmp_path)) as at:
        assert disk.names(at) == ["f"]


def test_nothing_stays_open(tmp_path):
    before = set(os.listdir("/proc/self/fd"))
    disk = DryDisk()
    replace(disk, resolve(str(tmp_path / "f")), b"new")
    with opened(disk, str(tmp_path)) as at:
        file = disk.open_for_update(at, "f")
        disk.close(file)
        with pytest.raises(KeyError):
            disk.write(file, b"x")
    assert set(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    "act",
    [
        ("create", "closed", "y", b""),
        ("make_directory", "closed", "y"),
        ("unlink", "closed", "file"),
        ("remove_directory", "closed", "empty"),
        ("rename", "closed", "file", "open", "y"),
        ("rename", "open", "file", "closed", "y"),
        ("rename_no_replace", "open", "file", "closed", "y"),
    ],
    ids=lambda act: " ".join(map(str, act)),
)
def test_directory_that_may_not_be_written_in_is_left_by_every_verb(open_place, as_nobody, act):
    with as_nobody():
        for name in ("open", "closed"):
            (open_place / name).mkdir()
            (open_place / name / "file").touch()
            (open_place / name / "empty").mkdir()
        (open_place / "closed").chmod(0o555)
        assert answer(DryDisk(), open_place, act) == answer(RealDisk(), open_place, act) == (PermissionError, "EACCES")
        (open_place / "closed").chmod(0o755)


# --- any sequence of verbs: what the real disk answers ----------------------------------------------------------------

NAMES = ("file", "link", "folder", "x", "y")
PLACES = ("", "folder", "x")
ACTS = st.one_of(
    st.tuples(
        st.sampled_from(("create", "update")), st.sampled_from(PLACES), st.sampled_from(NAMES), st.binary(max_size=4)
    ),
    st.tuples(
        st.sampled_from(
            ("stat", "read", "unlink", "make_directory", "remove_directory", "sync_entry", "xattrs", "names")
        ),
        st.sampled_from(PLACES),
        st.sampled_from(NAMES),
    ),
    st.tuples(
        st.sampled_from(("rename", "rename_no_replace")),
        st.sampled_from(PLACES),
        st.sampled_from(NAMES),
        st.sampled_from(PLACES),
        st.sampled_from(NAMES),
    ),
)


def plant(top: Path) -> None:
    (top / "folder").mkdir()
    (top / "folder" / "x").write_bytes(b"below")
    (top / "file").write_bytes(b"content")
    (top / "file").chmod(0o640)
    (top / "link").symlink_to("file")


def answer(disk: Disk, top: Path, act: tuple[Any, ...]) -> object:
    verb, place, *rest = act
    try:
        with opened(disk, str(top / place)) as at:
            return perform(disk, at, top, verb, rest)
    except OSError as error:
        if verb.startswith("rename") and error.errno in (errno.EISDIR, errno.ENOTEMPTY):
            return "onto a directory"  # Linux says the one or the other
        return type(error), errno.errorcode[error.errno or 0]


def perform(disk: Disk, at: Any, top: Path, verb: str, rest: list[Any]) -> object:
    if verb == "names":
        return disk.names(at)
    name = rest[0]
    if verb == "stat":
        looks = disk.stat(at, name)
        return looks.st_mode, looks.st_uid, looks.st_gid, None if stat.S_ISDIR(looks.st_mode) else looks.st_size
    if verb == "read":
        return disk.read(at, name, 3)
    if verb.startswith("rename"):
        if stat.S_ISDIR(disk.stat(at, name).st_mode):
            return "not done"
        with opened(disk, str(top / rest[1])) as to:
            getattr(disk, verb)(at, name, to, rest[2])
            return "done"
    if verb in ("create", "update"):
        file = disk.create(at, name) if verb == "create" else disk.open_for_update(at, name)
        disk.write(file, rest[1], 2)
        disk.truncate(file, 5)
        disk.set_mode(file, 0o604)
        disk.set_xattr(file, "user.note", rest[1])
        disk.set_owner(file, -1, os.getegid())
        disk.sync(file)
        disk.close(file)
        return "done"
    return getattr(disk, verb)(at, name)


SEQUENCES = [
    [("remove_directory", "", "file")],
    [("remove_directory", "", "link")],
    [("remove_directory", "", "y")],
    [("remove_directory", "", "folder")],
    [("unlink", "folder", "x"), ("remove_directory", "", "folder"), ("make_directory", "", "folder")],
    [("unlink", "folder", "x"), ("create", "folder", "y", b"z"), ("remove_directory", "", "folder")],
    [("make_directory", "", "x"), ("create", "x", "y", b"z"), ("remove_directory", "", "x")],
    [("make_directory", "", "x"), ("make_directory", "x", "y"), ("remove_directory", "", "x")],
    [("make_directory", "", "x"), ("remove_directory", "", "x"), ("create", "x", "y", b"")],
    [("make_directory", "", "file")],
    [("make_directory", "", "x"), ("make_directory", "", "x")],
    [("make_directory", "", "x"), ("update", "", "x", b"z")],
    [("make_directory", "", "x"), ("unlink", "", "x"), ("read", "", "x"), ("xattrs", "", "x"), ("sync_entry", "", "x")],
    [("make_directory", "", "x"), ("create", "", "x", b"")],
    [("unlink", "", "folder")],
    [("unlink", "", "link"), ("create", "", "link", b"z"), ("unlink", "", "link"), ("unlink", "", "link")],
    [("update", "", "folder", b"")],
    [("update", "", "link", b"")],
    [("update", "", "file", b"zz"), ("update", "", "file", b"y"), ("unlink", "", "file")],
    [("rename", "", "file", "", "folder")],
    [("rename", "", "file", "folder", "x"), ("rename", "folder", "x", "", "file")],
    [("make_directory", "", "x"), ("rename", "", "file", "", "x")],
    [
        ("make_directory", "", "x"),
        ("rename", "", "link", "x", "y"),
        ("unlink", "x", "y"),
        ("remove_directory", "", "x"),
    ],
    [("rename", "", "file", "", "file")],
    [("rename", "", "y", "", "file")],
    [("rename", "", "file", "x", "file")],
    [("create", "", "x", b"z"), ("rename", "", "x", "", "y"), ("create", "", "x", b"a"), ("rename", "", "x", "", "y")],
    [("rename_no_replace", "", "file", "", "link")],
    [("rename_no_replace", "", "file", "", "y"), ("rename_no_replace", "", "y", "", "file")],
    [("create", "", "y", b"z"), ("rename_no_replace", "", "file", "", "y")],
    [("rename", "", "file", "", "x"), ("names", "x")],
    [("create", "", "x", b""), ("names", "x")],
]


@pytest.mark.parametrize("acts", SEQUENCES, ids=lambda acts: ", ".join(" ".join(map(str, act)) for act in acts))
def test_sequence_of_verbs_gets_the_answers_of_the_real_disk(tmp_path_factory, acts):
    compare(tmp_path_factory, acts)


@settings(max_examples=100, deadline=None)
@given(st.lists(ACTS, max_size=14))
def test_any_sequence_of_verbs_gets_the_answers_of_the_real_disk(tmp_path_factory, acts):
    compare(tmp_path_factory, acts)


def compare(tmp_path_factory, acts):
    real_top, dry_top = tmp_path_factory.mktemp("real"), tmp_path_factory.mktemp("dry")
    plant(real_top)
    plant(dry_top)
    before = snapshot(dry_top)
    real, dry = RealDisk(), DryDisk()
    every_place = [("names", place) for place in PLACES]
    every_entry = [(verb, place, name) for verb in ("stat", "read", "xattrs") for place in PLACES for name in NAMES]
    for act in [*acts, *every_place, *every_entry]:
        assert answer(dry, dry_top, act) == answer(real, real_top, act), act
    assert snapshot(dry_top) == before


# --- the proof from outside -------------------------------------------------------------------------------------------

REHEARSAL = """
    import sys
    from hermes_state import backup, locks
    from hermes_state.atomic import replace
    from hermes_state.disk import opened
    from hermes_state.links import resolve
    from hermes_state.rehearsal import DryDisk

    home = sys.argv[1]
    WATCH
    disk = DryDisk()
    with locks.held(disk, [home + "/auth.lock"]):
        original = backup.Original("auth", home + "/auth.json", (), home + "/auth.json", 0o600, 0, 0, b"{}")
        backup.save(disk, home, [original], reason="test", now=1.0, facts={})
        replace(disk, resolve(home + "/auth.json"), b"new")
        with opened(disk, home) as at:
            disk.rename(at, "nous.json", at, "taken")
            disk.unlink(at, "taken")
            file = disk.open_for_update(at, "config.yaml")
            disk.write(file, b"x")
            disk.close(file)
            assert disk.names(at) == ["auth.json", "backups", "config.yaml"]
"""
WATCH = """
    CHANGING = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.link", "os.symlink",
                "os.truncate", "os.utime", "os.setxattr", "os.removexattr", "os.lockf", "fcntl.flock", "fcntl.lockf"}

    def watch(event, arguments):
        if event in CHANGING or (event == "open" and arguments[2] & OPEN_TO_CHANGE):
            print(event, arguments, file=sys.stderr)
            os._exit(9)

    import os
    OPEN_TO_CHANGE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    sys.addaudithook(watch)
"""


@pytest.fixture
def home(tmp_path):
    for name in ("auth.json", "nous.json", "config.yaml"):
        (tmp_path / name).write_bytes(b"{}")
    return tmp_path


def python(script: str, home: Path, *before: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [*before, sys.executable, "-c", textwrap.dedent(script), str(home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)


def test_a_watching_interpreter_sees_no_change_of_any_file(home):
    before = snapshot(home)
    done = python(REHEARSAL.replace("WATCH", WATCH.strip()), home)
    assert done.returncode == 0, done.stderr
    assert snapshot(home) == before


def test_the_watch_would_see_a_change(home):
    script = REHEARSAL.replace("WATCH", WATCH.strip()).replace(
        "DryDisk()", "__import__('hermes_state.disk').disk.RealDisk()"
    )
    assert python(script, home).returncode == 9


@pytest.mark.tiers
def test_no_system_call_below_the_home_changes_anything(home, strace, tmp_path_factory):
    trace = tmp_path_factory.mktemp("trace") / "trace"
    done = python(REHEARSAL.replace("WATCH", "pass"), home, strace, "-f", "-y", "-o", str(trace))
    assert done.returncode == 0, done.stderr
    calls = [line for line in trace.read_text().splitlines() if str(home) in line and "execve(" not in line]
    assert any("openat(" in line for line in calls), "the trace shows no look at the home"
    changing = re.compile(
        r"O_CREAT|O_WRONLY|O_RDWR|O_TRUNC|\b(rename|unlink|link|symlink|mkdir|rmdir|p?write|fsync|flock|"
        r"f?truncate|[fl]?chmod|[fl]?chown|utimens|[fl]?setxattr|mknod)(at2?|v|64)*\("
    )
    assert [line for line in calls if changing.search(line)] == []
