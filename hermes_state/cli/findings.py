"""Findings as rows of a screen: what is wrong, where, and the first thing to do about it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator

from hermes_state.cli.render import Row, clipped, counted, listed, mark, shortened, verbatim, words
from hermes_state.findings import Finding
from hermes_state.inspection.report import HomeReport

#: From the worst on.
SEVERITIES = ("error", "warning", "info")
#: How many kinds are shown, and how many columns a row has beside the id and the message.
_MOST, _BESIDE = 8, 7
#: Steps of a pointer that name nothing of the user's.
_POOL = "credential_pool"  # a message calls its rows by id
_ENVELOPE = ("", _POOL, "credential_pool_runtime", "pools")
_FIRST_COMMAND = re.compile(r"[^`]*(`[^`]*`)[^`;]*")


def finding_rows(home: HomeReport, width: int) -> Iterator[Row]:
    """One of each kind, the worst first, errors and warnings with what to do; the rest is counted.
    ``width`` is that of the screen (columns)."""
    alike: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(home.findings, key=lambda each: SEVERITIES.index(each.severity.value)):
        alike[finding.id].append(finding)
    shown = list(alike.values())[:_MOST]
    room = width - _BESIDE - max((len(found[0].id) for found in shown), default=0)
    for number, found in enumerate(shown, 1):
        first, is_info = found[0], found[0].severity.value == "info"
        message, more = verbatim(_told(home, first)), f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        below = [verbatim(hint, "dim") for hint in (_remedy(first.hint, room if is_info else None),) if hint]
        if is_info:
            message = shortened(message, room - len(more))
        message.append(more)
        if number == _MOST < len(alike):
            hidden = [len(others) for others in alike.values()][number:]
            below.append(
                words(f"... and {sum(hidden)} more of {counted(len(hidden), 'other kind')} (--json has all)", "dim")
            )
        yield [mark(first.severity.value), first.id, message], listed(below)


def _told(home: HomeReport, finding: Finding) -> str:
    """The message, after the place where it does not name that itself."""
    steps = finding.pointer.split("/")
    names = [name for name in steps if name not in _ENVELOPE and not (name.isdecimal() and steps[1] == _POOL)]
    if (names and all(_names(finding.message, name) for name in names)) or finding.path in finding.message:
        return clipped(finding.message)
    place = near(finding.path, home) if finding.path != home.path else ""
    return clipped(": ".join(filter(None, (f"{place} {finding.pointer}".strip(), finding.message))))


def _names(message: str, name: str) -> bool:
    """Whether ``name`` stands in a message by itself, and not as a part of another word."""
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", message) is not None


def _remedy(hint: str, most: int | None) -> str:
    """A hint up to its first command, and what that does; with ``most`` only so many characters, or a command."""
    found = _FIRST_COMMAND.match(hint)
    if most is None:
        return found[0].strip() if found else hint
    if found:
        return found[1] if found.start(1) == 0 else ""
    return hint if len(hint) <= most else ""


def near(path: str, home: HomeReport) -> str:
    """``path`` as seen from the home, if it is below it."""
    near = os.path.relpath(path, home.path)
    return path if near.startswith(os.pardir) else near
