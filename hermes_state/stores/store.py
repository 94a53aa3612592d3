"""One state file that can be read without a lock and changed under one.

``with store.locked() as held: held.document; held.replace(new)`` is the only write path; ``update`` is those lines with
the start over that a writer without a lock makes necessary. Nothing takes a document that was read earlier.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from hermes_state import clock, inplace, interruption, locks
from hermes_state.atomic import replace
from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.disk import Directory, Disk, RealDisk, opened
from hermes_state.edit import Edit, apply
from hermes_state.errors import FileNotOk, NotReplaceable, NotVerified, Superseded
from hermes_state.home import Home
from hermes_state.links import Location, resolve
from hermes_state.obstacle import obstacle
from hermes_state.outcomes import Fault, Outcome
from hermes_state.replacement import Changed, Replaced
from hermes_state.stores import groundwork
from hermes_state.stores.permits import Permits
from hermes_state.stores.reading import Reading, judge, read

#: How often a change starts over when a writer that takes no lock gets in between.
ATTEMPTS = 5

Change = Callable[[Any], Any]
Guard = Callable[[Reading], None]


class Written(NamedTuple):
    """What ``replace`` did. ``replaced`` is None when the bytes would have been equal: then nothing was written."""

    before: Reading
    after: bytes
    replaced: Replaced | None


class Store:
    """The base of all stores: a subclass says where the file is, how it is spelled and what its envelope is."""

    kind = ""
    limit = 0
    home: Home

    def __init__(self, path: str, disk: Disk | None = None) -> None:
        self.path = path
        self.disk: Disk = disk if disk is not None else RealDisk()
        self._known: Reading | None = None

    def parse(self, data: bytes) -> Any:
        """The text with its ``value``. Raises BadText."""
        raise NotImplementedError

    def envelope(self, document: Any) -> Fault | None:
        """What is wrong with the shape that every edit relies on, if anything."""
        raise NotImplementedError

    def edits(self, text: Any, document: Any) -> Sequence[Edit]:
        """The edits that make ``document`` of ``text``."""
        raise NotImplementedError

    def check(self, document: Any) -> Sequence[Any]:
        """The faults that the model of this kind sees in a document."""
        raise NotImplementedError

    def lock_paths(self) -> list[str]:
        """The locks to hold for a write, in their order."""
        raise NotImplementedError

    def homes(self) -> list[Home]:
        """The homes whose file this is: several where links of theirs lead to the same real file."""
        return [self.home]

    def judge(self, path: str, data: bytes) -> Reading:
        """What ``data``, which is called ``path``, would be read as if it were the file."""
        return judge(self.kind, path, data, self.limit, self.parse, self.envelope)

    def read(self) -> Reading:
        """Read the file without a lock; never raises for what the file is or holds."""
        self._known = read(self.disk, self.kind, self.path, self.limit, self.parse, self.envelope, self._known)
        return self._known

    def foresee(self, reading: Reading, permits: Permits, *, backs_up: bool = False) -> None:
        """Raise what a command's change of what was read would be refused for, as far as that can be known without a
        lock: so that no lock file is made for nothing. ``backs_up`` is whether the change makes a backup first. Raises
        Refused."""
        assert reading.where is not None
        groundwork.require(self.path, reading.stat, self.lock_paths(), self.home.path if backs_up else None)
        permits.require(reading, self.homes(), obstacle(reading.where))

    @contextmanager
    def locked(self, seconds: float = locks.DEFAULT_SECONDS) -> Iterator[Held]:
        """Hold the file's locks (at most ``seconds`` of waiting) and what was read under them. Raises LockTimeout."""
        with locks.held(self.disk, self.lock_paths(), seconds):
            yield Held(self)

    def edited(self, reading: Reading, document: Any) -> Sequence[Edit]:
        """The edits that make what was read ``document``. Raises FileNotOk where a key stands twice in their place."""
        try:
            return self.edits(reading.text, document)
        except BadText as error:
            raise FileNotOk(self.path, error.fault) from None

    def update(
        self,
        change: Change,
        *,
        guard: Guard | None = None,
        permits: Permits | None = None,
        seconds: float = locks.DEFAULT_SECONDS,
    ) -> Written:
        """Read, ``change`` the document, write, all under the lock; started over when a writer without a lock
        interferes.

        ``change`` gets the document and returns the new one (the same object: nothing to do); it may be called again.
        ``permits`` is what a command may do; None allows a library call whatever can be done, in place if need be.
        ``guard`` is called with what was read after the new content is ready and before it is written: to make a
        backup, or to refuse by raising. Raises FileNotOk, Refused, LockTimeout, Superseded, WriteFailed, NotVerified.
        """
        with self.locked(seconds) as held:
            for _ in range(ATTEMPTS):
                try:
                    return held.replace(change(held.document), guard=guard, permits=permits)
                except Changed:
                    held.refresh()
        raise Superseded(self.path, f"a writer that takes no lock changed it {ATTEMPTS} times while we tried to write")


class Held:
    """A file under its locks."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reading = store.read()

    def refresh(self) -> None:
        """Read again what another writer left. Raises Superseded when the file is another one now: the locks held are
        not those of that one."""
        where = self.reading.where
        if where is not None and not self._leads_to(where):
            raise Superseded(self._store.path, f"it led to {where.path} when it was read, and leads elsewhere now")
        self.reading = self._store.read()

    def _leads_to(self, where: Location) -> bool:
        try:
            return resolve(self._store.path).path == where.path
        except OSError:
            return False

    @property
    def document(self) -> Any:
        """The document. Raises FileNotOk for a file that is not ok."""
        self.reading.require_ok()
        return self.reading.document

    def replace(self, document: Any, *, guard: Guard | None = None, permits: Permits | None = None) -> Written:
        """Make ``document`` the content; equal bytes are not written. Raises as ``update`` says, and Changed."""
        self.reading.require_ok()
        return self._write(self._spelled(document), guard, permits)

    def put(
        self, data: bytes, *, mode: int | None = None, guard: Guard | None = None, permits: Permits | None = None
    ) -> Written:
        """Make ``data``, a whole file that was verified elsewhere, the content, whatever is there now: for restoring
        only. ``mode`` (bits) is for a file that is not there.

        Raises FileNotOk when ``data`` itself is not ok, and as ``replace`` does.
        """
        self._store.judge(self._store.path, data).require_ok()
        if self.reading.outcome is Outcome.TOO_LARGE:
            self.reading = self.reading._replace(data=self._whole())
        return self._write(data, guard, permits, mode if self.reading.outcome is Outcome.ABSENT else None)

    def _whole(self) -> bytes:
        """All of a file that was too large to be looked into."""
        where, disk = self.reading.where, self._store.disk
        assert where is not None
        with opened(disk, where.directory) as at:
            return disk.read(at, where.name, 1 << 62)

    def _write(self, data: bytes, guard: Guard | None, permits: Permits | None, mode: int | None = None) -> Written:
        store, before = self._store, self.reading
        where = before.where
        if where is None or before.outcome is Outcome.UNREADABLE:
            before.require_ok()
            raise NotVerified(store.path, "it leads nowhere")
        if before.outcome is not Outcome.ABSENT and data == before.data:
            return Written(before, data, None)
        found = obstacle(where)
        if permits is not None:
            permits.require(before, store.homes(), found)
        interruption.check()
        if guard is not None:
            guard(before)
        interruption.check()  # the last place where nothing has happened to the file
        done = self._in_place(where, data) if found else self._replaced(where, data, permits, mode)
        if not self._leads_to(where):
            raise Superseded(store.path, f"{where.path} was written, but it leads elsewhere now")
        try:
            with opened(store.disk, where.directory) as at:
                again = store.disk.read(at, where.name, len(data))
        except OSError as error:
            raise NotVerified(
                store.path, f"it was written, but cannot be read back: {os.strerror(error.errno or 0)}"
            ) from error
        if again != data:
            raise Superseded(store.path, "a writer that takes no lock replaced what we wrote, right after we did")
        return Written(before, data, done)

    def _replaced(self, where: Location, data: bytes, permits: Permits | None, mode: int | None) -> Replaced:
        try:
            return replace(self._store.disk, where, data, mode=mode, unchanged=self._is_unchanged)
        except NotReplaceable as error:  # not every system lists what is mounted by itself
            if permits is not None:
                permits.require(self.reading, self._store.homes(), error.reason)
        return self._in_place(where, data)

    def _in_place(self, where: Location, data: bytes) -> Replaced:
        store, home = self._store, self._store.home.path
        return inplace.overwrite(store.disk, where, self.reading.data, data, home, clock.now(), self._is_unchanged)

    def _is_unchanged(self, at: Directory) -> bool:
        """Whether the file still holds what was read. What is between this look and the rename cannot be seen."""
        before = self.reading
        assert before.where is not None
        if not self._leads_to(before.where):
            return False
        try:
            return self._store.disk.read(at, before.where.name, len(before.data)) == before.data
        except FileNotFoundError:
            return before.outcome is Outcome.ABSENT
        except OSError:
            return False

    def _spelled(self, document: Any) -> bytes:
        """The bytes of ``document``, proven: they parse to it, its envelope holds, and the model sees no new fault."""
        store, before = self._store, self.reading
        edits = store.edited(before, document)
        if not edits:
            return before.data
        data: bytes = before.text.encode(apply(before.text.text, edits))
        again = store.parse(data)
        if not same(again.value, document):
            raise NotVerified(store.path, "the text that we were about to write does not say what it should")
        wrong = store.envelope(again.value)
        if wrong is not None:
            raise NotVerified(store.path, f"the change would leave the file {wrong.outcome}: {wrong.message}")
        found = store.check(again.value)
        if found:
            # Counted, not compared by place: a fault that was there may move with the value that has it.
            known = store.check(before.document)
            if len(found) > len(known):
                fresh = next((issue for issue in found if issue not in known), found[-1])
                raise NotVerified(store.path, f"the change would add a fault: {fresh}")
        return data
