"""Findings as rows of a screen: what is wrong, where, and the first thing to do about it."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator

from rich.text import Text

from hermes_state.cli.text.render import Row, clipped, counted, listed, mark, shortened, verbatim, words
from hermes_state.findings import Finding, Severity
from hermes_state.home import Home
from hermes_state.inspection.commands import command
from hermes_state.inspection.report import HomeReport
from hermes_state.redaction import harmless

#: From the worst on.
SEVERITIES = ("error", "warning", "info")
#: How many kinds are shown, of each kind how many that need different things, and how many columns a row has beside
#: the id and the message.
_MOST, _WAYS, _BESIDE = 8, 6, 7
#: Steps of a pointer that name nothing of the user's.
_POOL = "credential_pool"  # a message calls its rows by id
_ENVELOPE = ("", _POOL, "credential_pool_runtime", "pools")
_FIRST_COMMAND = re.compile(r"[^`]*(`[^`]*`)[^`;]*")


def finding_rows(home: HomeReport, width: int, may_cut: bool) -> Iterator[Row]:
    """The worst first: errors and warnings with what to do, those that need different things one by one; of mere
    information one of each kind. The rest is counted.

    ``width`` is that of the screen (columns). With ``may_cut``, as on a terminal, information has one line each, and
    where all of it stands is said below.
    """
    alike: dict[str, list[Finding]] = defaultdict(list)
    for finding in sorted(home.findings, key=lambda each: SEVERITIES.index(each.severity.value)):
        alike[finding.id].append(finding)
    kinds = list(alike.values())
    room = width - _BESIDE - max((len(found[0].id) for found in kinds[:_MOST]), default=0)
    rows: list[tuple[list[Text | str], list[Text]]] = []
    is_whole = True
    for found in kinds[:_MOST]:
        if found[0].severity is not Severity.INFO:
            rows += _to_mend(home, found)
            continue
        message, more = verbatim(_told(home, found[0])), _more(found)
        hint = _remedy(found[0].hint, room)
        said = shortened(message, room - len(more)) if may_cut else message
        is_whole = is_whole and said is message and not more
        rows.append((_cells(found[0], said + Text(more)), [verbatim(hint, "dim")] if hint else []))
    if len(kinds) > _MOST:
        hidden = [len(found) for found in kinds[_MOST:]]
        told = f"... and {sum(hidden)} more of {counted(len(hidden), 'other kind')} (--json has all)"
        rows[-1][1].append(words(told, "dim"))
    if not is_whole:
        rows[-1][1].extend(_check(home, "all of it:", " --fail-on info"))
    yield from ((cells, listed(below)) for cells, below in rows)


def _to_mend(home: HomeReport, found: list[Finding]) -> Iterator[tuple[list[Text | str], list[Text]]]:
    """Errors or warnings of one kind: one row for each thing to do about them."""
    ways: dict[str, list[Finding]] = defaultdict(list)
    for finding in found:
        ways[_remedy(finding.hint, None)].append(finding)
    shown = list(ways.items())[:_WAYS]
    for number, (hint, same) in enumerate(shown, 1):
        below = [verbatim(hint, "dim")] if hint else []
        if number == _WAYS < len(ways):
            hidden = sum(map(len, [*ways.values()][number:]))
            below.extend(_check(home, f"... and {hidden} more:"))
        yield _cells(same[0], verbatim(_told(home, same[0])) + Text(_more(same))), below


def _cells(finding: Finding, message: Text) -> list[Text | str]:
    return [mark(finding.severity.value), finding.id, message]


def _more(found: list[Finding]) -> str:
    return f" (and {len(found) - 1} more)" if len(found) > 1 else ""


def _check(home: HomeReport, lead: str, more: str = "") -> list[Text]:
    """Where all findings stand, one on a line; nothing for a home whose path cannot be typed."""
    where = Home(home.path, home.home_rule, home.profile, home.path, home.managed)
    typed = command(where, f"check{more}")
    return [verbatim(f"{lead} `{typed}`", "dim")] if harmless(typed) == typed else []


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
