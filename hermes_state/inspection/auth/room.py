"""What is said of the auth.json of one home, and of the root's where the home falls back to that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from hermes_state.cooldown import Rule
from hermes_state.errors import StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection import files
from hermes_state.inspection.auth import benched, rows, section, sources, times
from hermes_state.inspection.auth.environment import Environment
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.auth.remedies import uncovering
from hermes_state.inspection.auth.store import AuthPools
from hermes_state.inspection.commands import command, quoted
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import FileFacts
from hermes_state.migration.plan import Plan, plan
from hermes_state.migration.registry import steps
from hermes_state.migration.step import Context
from hermes_state.models.issue import IssueKind
from hermes_state.outcomes import Outcome
from hermes_state.runtime import SECTION
from hermes_state.stores.auth import FILE
from hermes_state.stores.reading import Reading

#: Findings that say all that there is to say about their place: the models need not repeat it in their words.
_FINAL = frozenset({"HS-AUTH-006", "HS-AUTH-027", "HS-AUTH-028", "HS-AUTH-033"})
#: Where there can be copies of it: only then it is worth a look into them.
_COPIES = ("backups", "auth.json.corrupt", "state-snapshots")
#: Issues that are outcomes, and reported as such.
_OUTCOMES = frozenset({IssueKind.TOO_NEW, IssueKind.EMPTY_STORE})


class AuthLook(NamedTuple):
    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]


def look(home: Home, found: AuthPools, neighbourhood: Neighbourhood, now: float, rule: Rule | None) -> AuthLook:
    """What is to be said of the auth.json of ``home``, in which was ``found``, at ``now`` (epoch seconds)."""
    reading = found.reading
    planned = _planned(reading, now)
    pending = tuple(one.step.id for one in planned.applied) if planned is not None else ()
    findings = [
        *_findings(home, reading, found.own, planned, now, rule),
        *_beside(home, reading, found.own, found.root, found.root_reading, found.shadowed),
    ]
    issues = _issues(reading, {each.pointer for each in findings if each.id in _FINAL})
    shared = neighbourhood.shared_with(home, FILE, lambda each: os.path.join(each.path, FILE))
    return AuthLook(
        files=[files.facts(reading, shared, pending, section.facts(reading))],
        findings=[*findings, *issues],
        unseen=files.unseen(reading, found.root_reading),
    )


def _findings(
    home: Home, reading: Reading, own: list[Pool], planned: Plan | None, now: float, rule: Rule | None
) -> Iterator[Finding]:
    """What is to be said of the file by itself."""
    fault, path = reading.fault, reading.path
    if fault is not None and fault.outcome is Outcome.INVALID and fault.pointer == f"/{SECTION}":
        yield finding("HS-AUTH-028", path, fault.pointer, fault.message, fault.hint)
    else:
        yield from files.outcome(home, reading, "HS-AUTH", _agents_do(reading))
    yield from _lost(home, reading)
    for one in planned.applied if planned is not None else ():
        does = section.pending(planned) if f"/{SECTION}" in one.step.touches and planned else one.step.title
        yield finding("HS-AUTH-010", path, "", f"pending: {does}", f"{quoted(command(home, 'migrate'))} does it")
    mended, environment = section.mended(planned), Environment(home.path)
    yield from files.oddities(reading, "HS-AUTH", "take it for corrupt and begin with an empty one")
    for pool in own:
        yield from rows.findings(home, path, pool)
        yield from section.disagreements(home, path, pool, mended)
        yield from benched.findings(home, path, pool, environment, now, rule)
        yield from times.findings(home, path, pool, now)
    yield from sources.findings(home, path, reading.document, own)
    found = section.usable_section(reading)
    if found is not None:
        yield from section.without_pool(home, path, found, {pool.key for pool in own}, now, mended)


def _lost(home: Home, reading: Reading) -> Iterator[Finding]:
    """That the file is gone while copies of it are there: a home that never had one has none."""
    kept = (os.path.join(home.path, place) for place in _COPIES)
    if reading.outcome is Outcome.ABSENT and any(map(os.path.exists, kept)):
        hint = files.bringing_back(home, FILE)
        if hint:
            message = "it is not there, though there are copies of it: agents have no credentials from this home"
            yield finding("HS-AUTH-045", reading.path, "", message, hint)


def _agents_do(reading: Reading) -> str:
    """What agents do with an auth.json that is not ok; every release the same (``_load_auth_store``), but for one that
    cannot be read."""
    erased = "take it for empty and write over it with their next save"
    if reading.outcome in (Outcome.EMPTY, Outcome.CORRUPT):
        return f"agents copy it to auth.json.corrupt (over an older copy), {erased}"
    if reading.outcome is Outcome.UNREADABLE:
        return f"agents up to 0.19 {erased}, later ones stop"
    if reading.outcome is not Outcome.INVALID or reading.fault is None:
        return ""
    if reading.fault.pointer == "":
        return "they write over it with their next save, and keep no copy"
    return "agents read no credentials there, and write over it with their next save of such, without a copy"


def _beside(
    home: Home, reading: Reading, own: list[Pool], root_home: Home, root: Reading | None, shadowed: dict[str, Pool]
) -> Iterator[Finding]:
    """What is to be said of a profile's file beside that of the root."""
    for pool in own:
        hidden = shadowed.get(pool.key)
        if hidden is not None and hidden.usable and not pool.usable:
            message = f"{pool.key}: its own rows, none of them usable, hide {hidden.usable} usable in the root store"
            remove = uncovering(home, pool, hidden)
            copy = f"{quoted(remove)} removes the copy and uncovers them" if remove else ""
            hint = copy or "clear its own rows, or remove them from the profile if they are not needed"
            yield finding("HS-AUTH-035", reading.path, rows.place(pool), message, hint)
    if root is not None and root.fault is not None and root.outcome is not Outcome.ABSENT:
        message = f"the root store that this profile falls back to is not ok: {root.fault.message}"
        hint = files.remedy(root_home, root)
        yield finding("HS-AUTH-036", root.path, root.fault.pointer, message, hint)


def _issues(reading: Reading, said: set[str]) -> Iterator[Finding]:
    """What the models see in a document, whatever its outcome; ``said`` are the pointers that need no more words."""
    if reading.document is None:
        return
    from hermes_state.models.auth import check

    for issue in check(reading.document):
        if issue.pointer in said or issue.kind_of in _OUTCOMES:
            continue
        if issue.kind_of == IssueKind.FOREIGN:
            yield finding("HS-AUTH-028", reading.path, issue.pointer, f"{SECTION} {issue.message}")
        else:
            what = issue.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~") or "the file"
            message = f"{what} {issue.message}"
            yield finding("HS-AUTH-015", reading.path, issue.pointer, message, "mend or remove the value by hand")


def _planned(reading: Reading, now: float) -> Plan | None:
    """What ``migrate`` would make of the file: its steps decide what is pending. None where it refuses the file."""
    if reading.outcome is not Outcome.OK:
        return None
    return plan(reading.path, reading.document, steps("auth"), Context(now))
