"""Where no lock can be made, no flag is advised: what is said has to be done first, and then the flag works."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hermes_state.clearing.cooldowns import clear_cooldowns
from hermes_state.clearing.targets import Target
from hermes_state.clock import now
from hermes_state.errors import NotReplaceable, Refused
from hermes_state.home import Home
from hermes_state.links import resolve
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.obstacle import APPENDED, is_append_only, is_closed, obstacle
from hermes_state.stores.permits import Permits
from tests.users import NOBODY, somebody

SAMPLE = (Path(__file__).parent.parent / "samples" / "auth" / "0.19.0" / "pool_exhausted_429.json").read_bytes()

Act = Callable[[Path, Permits], object]


def at(path: Path) -> Home:
    return Home(str(path), "--home", "default", str(path), None)


def migrate(home: Path, permits: Permits) -> object:
    return migrate_auth(at(home), Options(permits=permits), now())


def clear(home: Path, permits: Permits) -> object:
    return clear_cooldowns(at(home), Target("openrouter"), dry_run=False, permits=permits, clock=now)


@pytest.fixture(params=[migrate, clear], ids=["migrate", "clear-cooldown"])
def act(request: pytest.FixtureRequest, tmp_path: Path) -> Act:
    """One that ran before: what it imports need not be readable for everybody."""
    run: Act = request.param
    warm = tmp_path / "warm"
    warm.mkdir()
    (warm / "auth.json").write_bytes(SAMPLE)
    run(warm, Permits())
    return run


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that every user can reach, unlike ``tmp_path``, with an auth.json of user 1234, who has another place for
    recovery copies."""
    top = Path(os.path.realpath(tempfile.mkdtemp()))
    top.chmod(0o755)
    home, state = top / "a home", top / "state"
    home.mkdir(mode=0o755)
    state.mkdir(mode=0o700)
    (home / "auth.json").write_bytes(SAMPLE)
    (home / "auth.json").chmod(0o600)
    if os.geteuid() == 0:
        os.chown(home / "auth.json", NOBODY, NOBODY)
        os.chown(state, NOBODY, NOBODY)
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    yield home
    home.chmod(0o755)
    shutil.rmtree(top)


def follow(hint: str) -> None:
    """Do what a hint says after its colon; root needs no sudo for it."""
    command = re.sub(r"\bsudo ", "", hint.partition(": ")[2])
    subprocess.run(command, shell=True, check=True)


def refused(act: Act, home: Path, permits: Permits) -> Refused:
    before = sorted(home.rglob("*"))
    with somebody(), pytest.raises(Refused) as caught:
        act(home, permits)
    assert sorted(home.rglob("*")) == before
    assert (home / "auth.json").read_bytes() == SAMPLE
    return caught.value


@pytest.mark.tiers
def test_in_anothers_directory_the_commands_for_an_administrator_open_the_way(place: Path, act: Act) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    place.chmod(0o755)
    for permits in (Permits(), Permits(in_place=True)):
        error = refused(act, place, permits)
        assert not isinstance(error, NotReplaceable)
        assert (error.exit_code, error.flag) == (5, "")
        assert f"its lock, {place}/auth.lock, is not there and cannot be made" in error.message
        assert "--in-place" not in error.hint
    follow(error.hint)
    assert os.stat(place / "auth.lock").st_uid == NOBODY
    assert isinstance(refused(act, place, Permits()), NotReplaceable)
    with somebody():
        act(place, Permits(in_place=True))
    assert (place / "auth.json").read_bytes() != SAMPLE


def test_in_ones_own_directory_a_mode_is_all_it_takes(place: Path, act: Act) -> None:
    if os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)
    place.chmod(0o555)
    error = refused(act, place, Permits(in_place=True))
    assert error.hint == f"make it writable: chmod u+wx '{place}'"
    follow(error.hint)
    with somebody():
        act(place, Permits())
    assert (place / "auth.json").read_bytes() != SAMPLE


def test_without_a_place_for_the_backup_a_lock_is_not_enough(place: Path) -> None:
    (place / "auth.lock").touch(mode=0o600)
    if os.geteuid() == 0:
        os.chown(place / "auth.lock", NOBODY, NOBODY)
    place.chmod(0o555)
    error = refused(migrate, place, Permits(in_place=True))
    assert f"the folder for its backup, {place}/backups/hermes-state, is not there" in error.message


def test_a_directory_that_may_be_written_in_or_is_not_there_is_not_closed(place: Path) -> None:
    with somebody():
        assert not is_closed(str(place / "none"))
        assert not is_closed(os.environ["XDG_STATE_HOME"])


@contextlib.contextmanager
def with_attribute(home: Path, letter: str) -> Iterator[Path]:
    """A home whose directory has the attribute ``letter``."""
    home.mkdir()
    (home / "auth.json").write_bytes(SAMPLE)
    chattr = shutil.which("chattr")
    if chattr is None or subprocess.run([chattr, f"+{letter}", home], capture_output=True, check=False).returncode:
        pytest.skip("attributes need root, chattr and a file system that knows them")
    try:
        yield home
    finally:
        subprocess.run([chattr, f"-{letter}", home], check=True)


@pytest.fixture
def append_only(tmp_path: Path) -> Iterator[Path]:
    with with_attribute(tmp_path / "grows", "a") as home:
        yield home


@pytest.fixture
def immutable(tmp_path: Path) -> Iterator[Path]:
    with with_attribute(tmp_path / "stays", "i") as home:
        yield home


@pytest.mark.tiers
def test_what_root_may_not_write_is_immutable(immutable: Path, act: Act) -> None:
    with pytest.raises(Refused) as caught:
        act(immutable, Permits(in_place=True))
    assert caught.value.hint == f"make it writable: chattr -i {immutable}"
    follow(caught.value.hint)
    act(immutable, Permits())
    assert (immutable / "auth.json").read_bytes() != SAMPLE


@pytest.mark.tiers
def test_where_nothing_can_be_removed_no_temporary_file_is_made(append_only: Path, act: Act) -> None:
    assert is_append_only(str(append_only)) and not is_append_only(str(append_only.parent))
    assert obstacle(resolve(str(append_only / "auth.json"))) == APPENDED
    before = sorted(append_only.rglob("*"))
    with pytest.raises(NotReplaceable):
        act(append_only, Permits())
    assert sorted(append_only.rglob("*")) == before
    act(append_only, Permits(in_place=True))
    assert not list(append_only.rglob("*.tmp"))
    assert (append_only / "auth.json").read_bytes() != SAMPLE
