"""What around the files of a home decides what its agents do: who manages it, a pause, and copies of its secrets."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from errno import ELOOP
from typing import NamedTuple

from hermes_state.backup import FOLDER
from hermes_state.cooldown import Rule
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.commands import agent_command, quoted
from hermes_state.inspection.report import Block
from hermes_state.look import peek
from hermes_state.redaction import shown

#: While a file of this name is there, agents since 0.20 begin nothing new (``agent/estop.py``).
ESTOP = "ESTOP"
#: Where agents since 0.17 look for settings that win over those of the home, unless HERMES_MANAGED_DIR names another
#: directory that exists (``hermes_cli/managed_scope.py``).
SCOPE = "/etc/hermes"
_SECRETS = ("auth.json", ".env")


def managed(home: Home) -> Iterator[Finding]:
    """What comes from outside of the home and wins over it."""
    if home.managed:
        message = f"{home.managed} owns it: agents refuse commands that change config.yaml, and a rebuild replaces it"
        yield finding("HS-HOME-010", home.path, "", message, f"change the settings where {home.managed} has them from")
    scope = os.environ.get("HERMES_MANAGED_DIR", "").strip() or SCOPE
    pinned = [name for name in ("config.yaml", ".env") if os.path.isfile(os.path.join(scope, name))]
    if pinned:
        message = f"what {' and '.join(pinned)} in {scope} set wins over this home for agents since 0.17"
        yield finding(
            "HS-HOME-011", scope, "", message, "change such a setting there: a change in the home does nothing"
        )


class Pause(NamedTuple):
    block: Block
    finding: Finding


def pause(home: Home, rule: Rule | None) -> Pause | None:
    """That new work of the home is on hold, if it is, for agents of ``rule``; a pause of the root holds profiles too.

    What is paused are turns of gateways, cron jobs and the kanban board; the command line is not. Whatever is there
    counts, also when it cannot be looked at.
    """
    if rule is not None and rule < Rule.V20:
        return None
    places = (os.path.join(home.path, ESTOP), os.path.join(home.root, ESTOP))
    path = next(filter(_is_there, places), None)
    if path is None:
        return None
    reason = _reason(path)
    held = "no new turn of a gateway, no cron job and no kanban task begins; the command line still works"
    resume = agent_command(home, "resume")
    said = f" ({reason})" if reason else ""
    since = "" if rule is not None else ", for agents since 0.20"
    message = f"new work is paused{said}{since}: {held}"
    block = Block(f"a pause{said}{since}: {held}", path, None, resume)
    older = "" if rule is not None else "; older agents know neither the pause nor the command"
    return Pause(block, finding("HS-HOME-012", path, "", message, f"{quoted(resume)} lifts it{older}"))


def copies(home: Home) -> Iterator[Finding]:
    """How many copies of the home's secrets lie in it, and where: our backups, and what agents leave."""
    backups = os.path.join(home.path, "backups")
    counts = {
        os.path.join(*FOLDER): _holding(os.path.join(home.path, *FOLDER)),
        "auth.json.corrupt": len([name for name in _names(home.path) if name.startswith("auth.json.corrupt")]),
        "state-snapshots": _holding(os.path.join(home.path, "state-snapshots")),
        "archives in backups": len([name for name in _names(backups) if name.endswith(".zip")]),
    }
    found = {place: count for place, count in counts.items() if count}
    if found:
        total = sum(found.values())
        listed = ", ".join(f"{place} ({count})" for place, count in found.items())
        message = f"{total} {'copies hold' if total > 1 else 'copy holds'} its secrets as they were: {listed}"
        hint = "they are as secret as the files themselves; delete by hand what is not wanted any more"
        yield finding("HS-HOME-009", home.path, "", message, hint)


def _holding(folder: str) -> int:
    """How many of the directories in ``folder`` hold a file with secrets."""
    return sum(any(os.path.lexists(os.path.join(folder, name, file)) for file in _SECRETS) for name in _names(folder))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _is_there(path: str) -> bool:
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        return error.errno != ELOOP
    return True


def _reason(path: str) -> str:
    """What was given as the reason for a pause; nothing for a file that is empty or holds something else."""
    try:
        body = json.loads(peek(path).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return ""
    reason = body.get("reason") if isinstance(body, dict) else None
    return shown(reason) if isinstance(reason, str) else ""
