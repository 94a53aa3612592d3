"""What every store keeps to, whatever its file holds: auth.json, sessions.json and config.yaml pass the same tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hermes_state.disk import Disk
from hermes_state.errors import FileNotOk, LockTimeout, NotVerified, Refused, Superseded
from hermes_state.home import Home
from hermes_state.outcomes import Outcome
from hermes_state.rehearsal import DryDisk
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.config import ConfigStore
from hermes_state.stores.reading import Reading
from hermes_state.stores.sessions import SessionsStore
from hermes_state.stores.store import ATTEMPTS, Store
from tests.ground.doubles import RecordingDisk
from tests.ground.places import snapshot

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Kind:
    """One kind of store: a file as an unusual but legal writer left it, and what one change must make of its bytes."""

    store: type[AuthStore] | type[SessionsStore] | type[ConfigStore]
    file: str
    content: bytes
    change: Change
    changed: bytes
    corrupt: bytes
    invalid: bytes
    #: What only the model objects to; and a change that would bring in such a thing.
    spoil: Change
    #: The outcome for a file of no bytes.
    empty: Outcome = Outcome.EMPTY


def _with_label(document: Any) -> Any:
    rows = document["credential_pool"]["openrouter"]
    return {**document, "credential_pool": {"openrouter": [{**rows[0], "label": "new"}, *rows[1:]]}}


def _with_spoilt_row(document: Any) -> Any:
    rows = document["credential_pool"]["openrouter"]
    return {**document, "credential_pool": {"openrouter": [{**rows[0], "label": 5}]}}


_ENTRY = "agent:main:telegram:dm:11"
_AUTH = (
    b'{\r\n\t"zz_unknown" : [1.50, 1E3, "caf\xc3\xa9 \\u00e9"],\r\n\t"providers": {},  "credential_pool": {'
    b'"openrouter": [ {"id":"7e472f","label":"old", "access_token": "sk-or-v1-test-1", "odd_field": null} ]}\r\n}\n\n'
)
_SESSIONS = (
    b'{"_README": "notes",\n "agent:main:telegram:dm:11": {"session_key": "agent:main:telegram:dm:11",'
    b' "session_id":"20260101_120000_0123abcd",\n  "created_at": "2026-01-01T12:00:00", "updated_at":'
    b' "2026-01-01T12:00:00.5", "estimated_cost_usd": 0.10, "later_field": {"a": [ ]}, "suspended" : false}}'
)
_CONFIG = (
    b"# mine\r\nmodel:   'anthropic/claude'   # the good one\r\n\r\nzz_unknown: {a: [1, 2]}\r\nagent:\r\n"
    b"    max_turns: 60   # enough\r\n    # the end"
)

KINDS = {
    "auth": Kind(
        AuthStore,
        "auth.json",
        _AUTH,
        _with_label,
        _AUTH.replace(b'"label":"old"', b'"label":"new"'),
        b'{"providers": {}, "credential_pool": {"openrou',
        b'{"providers": {}, "credential_pool": {"openrouter": {}}}',
        _with_spoilt_row,
    ),
    "sessions": Kind(
        SessionsStore,
        "sessions/sessions.json",
        _SESSIONS,
        lambda document: {**document, _ENTRY: {**document[_ENTRY], "suspended": True}},
        _SESSIONS.replace(b'"suspended" : false', b'"suspended" : true'),
        b"\0" * 64,
        b'["agent:main:telegram:dm:11"]',
        lambda document: {**document, _ENTRY: {**document[_ENTRY], "created_at": "yesterday"}},
    ),
    "config": Kind(
        ConfigStore,
        "config.yaml",
        _CONFIG,
        lambda document: {**document, "agent": {**document["agent"], "max_turns": 90}},
        _CONFIG.replace(b"max_turns: 60", b"max_turns: 90"),
        b"model: [a\nagent: b\n",
        b"- model\n- agent\n",
        lambda document: {**document, "agent": {**document["agent"], "max_turns": True}},
        Outcome.OK,
    ),
}


def untouched(path: Path) -> tuple[bytes, int, int]:
    """What a write would change: content, time of change and inode."""
    return path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino


@pytest.fixture(params=list(KINDS.values()), ids=list(KINDS))
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def file(kind: Kind, home: Path) -> Path:
    """The file of the kind, with its content, and an old time of change so that a new one would show."""
    path = home / kind.file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(kind.content)
    path.chmod(0o640)
    os.utime(path, (1_000_000, 1_000_000))
    return path


def store_of(kind: Kind, home: Path, disk: Disk | None = None) -> Store:
    return kind.store(Home(str(home), "test", "default", str(home), None), disk)


@pytest.fixture
def store(kind: Kind, home: Path) -> Store:
    return store_of(kind, home)


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_good_file_gives_its_document_its_looks_and_its_bytes(kind: Kind, store: Store, file: Path) -> None:
    reading = store.read()
    assert (reading.outcome, reading.fault, reading.data) == (Outcome.OK, None, kind.content)
    assert reading.document["zz_unknown" if kind.store is not SessionsStore else "_README"]
    assert reading.stat is not None and reading.stat.st_mode & 0o777 == 0o640


def test_a_missing_file_is_absent(store: Store) -> None:
    reading = store.read()
    assert (reading.outcome, reading.document) == (Outcome.ABSENT, None)


def test_a_link_to_nothing_is_absent_and_its_links_are_told(kind: Kind, store: Store, file: Path) -> None:
    file.unlink()
    file.symlink_to("gone.json")
    reading = store.read()
    assert reading.outcome is Outcome.ABSENT
    assert reading.where is not None and reading.where.links == ("gone.json",)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo], ids=["directory", "fifo"])
def test_what_is_no_regular_file_is_unreadable(store: Store, file: Path, make: Callable[[Path], None]) -> None:
    file.unlink()
    make(file)
    assert store.read().outcome is Outcome.UNREADABLE


def test_a_file_without_a_byte_is_not_an_absent_one(kind: Kind, store: Store, file: Path) -> None:
    file.write_bytes(b"")
    assert store.read().outcome is kind.empty


def test_text_that_is_not_of_its_format_is_corrupt_and_the_place_is_told(kind: Kind, store: Store, file: Path) -> None:
    file.write_bytes(kind.corrupt)
    reading = store.read()
    assert reading.outcome is Outcome.CORRUPT
    assert reading.fault is not None and reading.fault.line is not None


def test_a_file_over_the_limit_is_too_large(kind: Kind, store: Store, file: Path) -> None:
    store.limit = len(kind.content) - 1
    assert store.read().outcome is Outcome.TOO_LARGE


def test_a_wrong_envelope_is_invalid_and_the_document_is_still_there_to_look_at(
    kind: Kind, store: Store, file: Path
) -> None:
    file.write_bytes(kind.invalid)
    reading = store.read()
    assert (reading.outcome, bool(reading.document)) == (Outcome.INVALID, True)


def test_reading_leaves_no_trace(kind: Kind, home: Path, file: Path) -> None:
    before = snapshot(home)
    store_of(kind, home).read()
    assert snapshot(home) == before


# --- writing ---------------------------------------------------------------------------------------------------------


def test_a_change_touches_the_changed_bytes_only_and_unknown_keys_survive(kind: Kind, store: Store, file: Path) -> None:
    written = store.update(kind.change)
    assert file.read_bytes() == kind.changed == written.after
    assert written.before.data == kind.content
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_change_through_a_link_keeps_the_link(kind: Kind, store: Store, file: Path, tmp_path: Path) -> None:
    real = file.rename(tmp_path / "real")
    file.symlink_to(real)
    store.update(kind.change)
    assert (os.readlink(file), real.read_bytes()) == (str(real), kind.changed)


@pytest.mark.parametrize("copy", [lambda document: document, dict], ids=["same", "equal"])
def test_nothing_to_change_writes_nothing(kind: Kind, store: Store, file: Path, copy: Change) -> None:
    before = untouched(file)
    assert store.update(copy).replaced is None
    assert untouched(file) == before


def test_a_change_is_made_under_the_locks_of_the_store(kind: Kind, home: Path, store: Store, file: Path) -> None:
    def change(document: Any) -> Any:
        with pytest.raises(LockTimeout), store_of(kind, home).locked(0.05):
            pass
        return kind.change(document)

    store.update(change)
    assert file.read_bytes() == kind.changed


def test_an_absent_file_is_not_made(kind: Kind, home: Path, store: Store) -> None:
    with pytest.raises(FileNotOk) as caught:
        store.update(kind.change)
    assert caught.value.fault.outcome is Outcome.ABSENT
    assert not (home / kind.file).exists()


@pytest.mark.parametrize("bad", ["corrupt", "invalid"])
def test_a_file_that_is_not_ok_is_never_written_over(kind: Kind, store: Store, file: Path, bad: str) -> None:
    file.write_bytes(getattr(kind, bad))
    before = untouched(file)
    with pytest.raises(FileNotOk):
        store.update(lambda document: {})
    assert untouched(file) == before


def test_a_change_that_would_bring_in_a_fault_is_not_written(kind: Kind, store: Store, file: Path) -> None:
    with pytest.raises(NotVerified):
        store.update(kind.spoil)
    assert file.read_bytes() == kind.content


def test_a_change_that_would_spoil_the_envelope_is_not_written(kind: Kind, store: Store, file: Path) -> None:
    with pytest.raises((NotVerified, Refused)):
        store.update(lambda document: [])
    assert file.read_bytes() == kind.content


def test_a_guard_that_objects_leaves_everything_as_it_is(kind: Kind, store: Store, file: Path) -> None:
    class Objection(Exception):
        pass

    seen: list[bytes] = []

    def guard(reading: Reading) -> None:
        seen.append(reading.data)
        raise Objection

    before = untouched(file)
    with pytest.raises(Objection):
        store.update(kind.change, guard=guard)
    assert (seen, untouched(file)) == ([kind.content], before)
    assert [path for path in file.parent.iterdir() if path.name.endswith(".tmp")] == []


def test_a_guard_is_not_asked_when_there_is_nothing_to_write(store: Store, file: Path) -> None:
    def guard(reading: Reading) -> None:
        raise AssertionError("nothing is about to be written")

    store.update(lambda document: document, guard=guard)


def test_a_writer_without_a_lock_makes_the_change_start_over_on_what_it_left(
    kind: Kind, store: Store, file: Path
) -> None:
    theirs = kind.content.replace(b"zz_unknown", b"zz_written").replace(b"notes", b"words")
    calls: list[Any] = []

    def change(document: Any) -> Any:
        calls.append(document)
        if len(calls) == 1:
            file.write_bytes(theirs)
        return kind.change(document)

    store.update(change)
    assert len(calls) == 2
    assert file.read_bytes() == kind.changed.replace(b"zz_unknown", b"zz_written").replace(b"notes", b"words")


def test_a_writer_that_never_stops_wins_after_a_bounded_number_of_tries(kind: Kind, store: Store, file: Path) -> None:
    theirs: list[bytes] = []

    def change(document: Any) -> Any:
        theirs.append(kind.content + b" " * len(theirs) + (b"\n" if kind.store is not ConfigStore else b""))
        file.write_bytes(theirs[-1])
        return kind.change(document)

    file.write_bytes(kind.content + b" ")
    with pytest.raises(Superseded):
        store.update(change)
    assert len(theirs) == ATTEMPTS
    assert file.read_bytes() == theirs[-1]


def test_a_writer_right_after_the_rename_is_reported_and_not_called_success(kind: Kind, home: Path, file: Path) -> None:
    class Overwritten(RecordingDisk):
        """Somebody writes as soon as the new content is in place."""

        def sync_directory(self, at: Any) -> None:
            file.write_bytes(kind.content + b"\n")

    with pytest.raises(Superseded):
        store_of(kind, home, Overwritten()).update(kind.change)
    assert file.read_bytes() == kind.content + b"\n"


@pytest.mark.parametrize("when", ["before the rename", "after it"])
def test_a_file_that_leads_elsewhere_meanwhile_is_superseded_though_its_bytes_are_the_same(
    kind: Kind, home: Path, file: Path, tmp_path: Path, when: str
) -> None:
    """Somebody moves the file into their dotfiles: the locks that we hold are not those of where it is now."""
    dotfile = tmp_path / "dotfile"

    class Moving(RecordingDisk):
        def sync(self, file_: Any) -> None:
            super().sync(file_)
            if when == "before the rename":
                self._move()

        def sync_directory(self, at: Any) -> None:
            super().sync_directory(at)
            if when == "after it":
                self._move()

        def _move(self) -> None:
            file.rename(dotfile)
            file.symlink_to(dotfile)

    with pytest.raises(Superseded, match="elsewhere"):
        store_of(kind, home, Moving()).update(kind.change)
    assert file.is_symlink()
    assert dotfile.read_bytes() == (kind.content if when == "before the rename" else kind.changed)
    assert not [path for path in file.parent.iterdir() if path.name.endswith(".tmp")]


def test_a_link_that_leads_elsewhere_meanwhile_is_superseded_and_nothing_is_written(
    kind: Kind, home: Path, file: Path, tmp_path: Path
) -> None:
    """What was read, and would be written, has not changed by a byte: only that it is not the file any more."""
    then, now = tmp_path / "then", tmp_path / "now"
    file.rename(then)
    now.write_bytes(kind.content)
    file.symlink_to(then)

    def change(document: Any) -> Any:
        file.unlink()
        file.symlink_to(now)
        return kind.change(document)

    with pytest.raises(Superseded, match="elsewhere"):
        store_of(kind, home).update(change)
    assert (then.read_bytes(), now.read_bytes()) == (kind.content, kind.content)


def test_a_rehearsal_goes_all_the_way_and_writes_nothing(kind: Kind, home: Path, file: Path) -> None:
    before = snapshot(home)
    written = store_of(kind, home, DryDisk()).update(kind.change)
    assert written.after == kind.changed
    assert written.replaced is not None
    assert snapshot(home) == before
