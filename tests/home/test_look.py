from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_state import look


def test_peeking_leaves_the_access_time_of_ones_own_file(tmp_path: Path) -> None:
    path = tmp_path / "record"
    path.write_bytes(b"{}")
    os.utime(path, (1_000_000, 2_000_000))  # an access time this old is renewed by any ordinary read
    assert look.peek(str(path)) == b"{}"
    assert path.stat().st_atime == 1_000_000


def test_peeking_works_where_the_access_time_may_not_be_spared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "record"
    path.write_bytes(b"{}")
    opened: list[int] = []
    real = os.open

    def refusing(name: str, flags: int) -> int:
        opened.append(flags)
        if len(opened) == 1:
            raise PermissionError
        return real(name, flags)

    monkeypatch.setattr(os, "open", refusing)
    assert look.peek(str(path)) == b"{}"
    assert len(opened) == 2


def test_peeking_stops_after_a_mebibyte(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"x" * (look.PEEK_LIMIT + 10))
    assert look.peek(str(path)) == b"x" * look.PEEK_LIMIT


@pytest.mark.parametrize("kind", ["fifo", "directory", "device"])
def test_only_regular_files_are_peeked_at(kind: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "directory").mkdir()
    place = {"device": "/dev/zero"}.get(kind, str(tmp_path / kind))
    with pytest.raises(OSError, match="not a regular file"):
        look.peek(place)


def test_two_names_of_one_place_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("real")
    assert look.same_place(f"{tmp_path}/link", f"{tmp_path}/./real")
    assert not look.same_place(f"{tmp_path}/link", f"{tmp_path}/other")


@pytest.mark.parametrize("text", ["a\0b", "\ud83d", "x" * 5000])
def test_what_no_path_can_be_is_the_same_as_nothing(text: str, tmp_path: Path) -> None:
    assert not look.same_place(text, str(tmp_path))
    assert not look.same_place(str(tmp_path), text)
