"""Which homes have the same auth.json, asked once for a run over many homes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_state.home import all_homes
from hermes_state.stores.auth import AuthStore, Sharing
from tests.inspection.homes import at, auth, link, put


@pytest.fixture
def homes(home: Path) -> list[Path]:
    """A root and three profiles: one links to the root's file, one to that link, one has a file of its own."""
    paths = [home, *(home / "profiles" / name for name in ("linked", "own", "twice"))]
    put(home / "auth.json", auth())
    link(paths[1] / "auth.json", "../../auth.json")
    put(paths[2] / "auth.json", auth())
    link(paths[3] / "auth.json", "../linked/auth.json")
    return paths


def test_all_locks_of_a_shared_file_are_known_profiles_first(homes: list[Path]) -> None:
    root, linked, own, twice = homes
    for sharing in (None, Sharing()):
        locks = [AuthStore(at(path), sharing=sharing).lock_paths() for path in homes]
        group = [str(path / "auth.lock") for path in (linked, twice, root)]
        assert locks == [group, group, [str(own / "auth.lock")], group]


def test_a_link_that_leads_elsewhere_by_now_is_noticed(homes: list[Path]) -> None:
    root, linked, own, _ = homes
    sharing = Sharing()
    assert len(sharing.of(at(root))) == 3
    (linked / "auth.json").unlink()
    link(linked / "auth.json", own / "auth.json")
    assert {home.path for home in sharing.of(at(root))} == {str(root)}
    assert {home.path for home in sharing.of(at(linked))} == {str(linked), str(own)}


def test_a_home_that_is_no_profile_is_among_its_own(homes: list[Path], tmp_path: Path) -> None:
    root = homes[0]
    inside = root / "aside"
    link(inside / "auth.json", root / "auth.json")
    home = at(root)._replace(path=str(inside), profile="custom")
    assert Sharing().of(home)[0].path == str(inside)
    assert len(Sharing().of(home)) == 4


def test_the_links_of_a_root_are_followed_once(homes: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for each of many homes follows the links of each about twice, not of all of them each time."""
    for number in range(40):
        put(homes[0] / "profiles" / f"p{number:02}" / "auth.json", auth())
    followed = 0
    realpath = os.path.realpath

    def counted(path: str) -> str:
        nonlocal followed
        followed += path.endswith("auth.json")
        return realpath(path)

    monkeypatch.setattr(os.path, "realpath", counted)
    sharing = Sharing()
    every = all_homes(at(homes[0]), {})
    for home in every:
        AuthStore(home, sharing=sharing).lock_paths()
    assert followed <= 3 * len(every)
