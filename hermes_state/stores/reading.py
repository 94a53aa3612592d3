"""What reading one state file gave: its outcome, where it really lies, its bytes, and its document if there is one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import Any, NamedTuple

from hermes_state.backup import Original
from hermes_state.codec.fault import BadText
from hermes_state.disk import Disk, opened
from hermes_state.errors import FileNotOk, LinkLoop, NotRegularFile
from hermes_state.links import Location, resolve
from hermes_state.outcomes import Fault, Outcome

JSON_LIMIT = 512 * 1024 * 1024
YAML_LIMIT = 16 * 1024 * 1024


class Reading(NamedTuple):
    """``path`` is the file as named; ``where`` the real one (None when its links could not be followed).

    ``text`` and ``document`` are None unless the content could be parsed: an ``invalid`` or ``too_new`` file has both.
    """

    kind: str
    path: str
    outcome: Outcome
    fault: Fault | None = None
    where: Location | None = None
    stat: os.stat_result | None = None
    data: bytes = b""
    text: Any = None
    document: Any = None

    def require_ok(self) -> None:
        """Raise FileNotOk unless the outcome is ``ok``."""
        if self.fault is not None:
            raise FileNotOk(self.path, self.fault)

    def original(self) -> Original:
        """The file as a backup keeps it. Only for a file that was read."""
        assert self.where is not None and self.stat is not None
        looks = self.stat
        return Original(
            self.kind,
            self.path,
            self.where.links,
            self.where.path,
            stat.S_IMODE(looks.st_mode),
            looks.st_uid,
            looks.st_gid,
            self.data,
        )


def read(
    disk: Disk,
    kind: str,
    path: str,
    limit: int,
    parse: Callable[[bytes], Any],
    envelope: Callable[[Any], Fault | None],
    known: Reading | None = None,
) -> Reading:
    """Read the file at ``path``, at most ``limit`` bytes of it. Never raises for what the file is or holds.

    ``parse`` gives a text with a ``value`` or raises BadText; ``envelope`` says what is wrong with the shape that every
    edit relies on. ``known`` is an earlier reading: the same bytes give the same document, the very same object.
    """
    try:
        where = resolve(path)
    except FileNotFoundError:
        return Reading(kind, path, Outcome.ABSENT, Fault(Outcome.ABSENT, "there is no such directory"))
    except OSError as error:
        return _unreadable(kind, path, None, error)
    try:
        with opened(disk, where.directory) as at:
            looks = disk.stat(at, where.name)
            if stat.S_ISREG(looks.st_mode) and looks.st_size > limit:  # known without reading half a gigabyte
                return Reading(kind, path, Outcome.TOO_LARGE, _too_large(limit), where, looks)
            data = disk.read(at, where.name, limit)
    except FileNotFoundError:
        fault = Fault(Outcome.ABSENT, "there is no such file")
        if where.links:
            message = f"the link leads to {where.path}, which does not exist"
            fault = Fault(Outcome.ABSENT, message, hint="bring back what it leads to, or remove the link")
        return Reading(kind, path, Outcome.ABSENT, fault, where)
    except OSError as error:
        return _unreadable(kind, path, where, error)
    if known is not None and known.outcome is Outcome.OK and known.data == data:
        return known._replace(where=where, stat=looks)
    return judge(kind, path, data, limit, parse, envelope)._replace(where=where, stat=looks)


def judge(
    kind: str,
    path: str,
    data: bytes,
    limit: int,
    parse: Callable[[bytes], Any],
    envelope: Callable[[Any], Fault | None],
) -> Reading:
    """What ``data`` is read as, wherever it comes from; ``path`` is what it is called. The rest is as ``read`` says."""
    if len(data) > limit:
        return Reading(kind, path, Outcome.TOO_LARGE, _too_large(limit))
    try:
        text = parse(data)
    except BadText as error:
        return Reading(kind, path, error.fault.outcome, error.fault, data=data)
    wrong = envelope(text.value)
    outcome = wrong.outcome if wrong else Outcome.OK
    return Reading(kind, path, outcome, wrong, data=data, text=text, document=text.value)


def _too_large(limit: int) -> Fault:
    return Fault(Outcome.TOO_LARGE, f"it has more than {limit >> 20} MiB")


def _unreadable(kind: str, path: str, where: Location | None, error: OSError) -> Reading:
    if isinstance(error, NotRegularFile | LinkLoop):
        message, number = error.reason, None
    else:
        message, number = os.strerror(error.errno or 0), error.errno
    fault = Fault(Outcome.UNREADABLE, message, errno=number)
    return Reading(kind, path, Outcome.UNREADABLE, fault, where)
