"""What ground tests need of the machine; a test that cannot have it says why and is skipped."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.ground.places import acl
from tests.users import NOBODY, somebody


@pytest.fixture
def root_only() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")


@pytest.fixture
def other_file_system(tmp_path: Path) -> Iterator[Path]:
    """A directory on another file system than ``tmp_path``."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at /dev/shm")
    place = Path(tempfile.mkdtemp(dir=shared))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def open_place() -> Iterator[Path]:
    """A directory that every user can reach (not so ``tmp_path``); it belongs to whom ``as_nobody`` becomes."""
    place = Path(os.path.realpath(tempfile.mkdtemp()))
    if os.geteuid() == 0:
        os.chown(place, NOBODY, NOBODY)
    place.chmod(0o755)
    yield place
    place.chmod(0o755)
    shutil.rmtree(place)


@pytest.fixture
def as_nobody() -> Callable[[], AbstractContextManager[None]]:
    """For a ``with`` block, be a user without privileges."""
    return somebody


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    return found


@pytest.fixture
def with_attributes(tmp_path: Path) -> None:
    """Needs a file system that keeps ``user.*`` attributes and ACLs."""
    probe = tmp_path / "probe"
    probe.touch()
    try:
        os.setxattr(probe, "user.probe", b"x")
        os.setxattr(probe, "system.posix_acl_access", acl(0o6, 1234, 0o4))
    except (OSError, AttributeError) as error:
        pytest.skip(f"no attributes or ACLs here: {error}")
    finally:
        probe.unlink()
