"""Looking at the auth.json of one home, and at the root's where the home falls back to that."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from hermes_state.cooldown import Rule
from hermes_state.errors import StateError
from hermes_state.findings import Finding, finding
from hermes_state.home import Home, root_store
from hermes_state.inspection import files
from hermes_state.inspection.auth import benched, rows, section, sources, times
from hermes_state.inspection.auth.environment import Environment
from hermes_state.inspection.auth.origin import uncovering
from hermes_state.inspection.auth.pools import Pool, judge
from hermes_state.inspection.commands import command, quoted
from hermes_state.inspection.neighbourhood import Neighbourhood
from hermes_state.inspection.report import Block, FileFacts
from hermes_state.migration.plan import Plan, plan
from hermes_state.migration.registry import steps
from hermes_state.migration.step import Context
from hermes_state.models.issue import IssueKind
from hermes_state.outcomes import Outcome
from hermes_state.runtime import SECTION
from hermes_state.runtime.record import PHOTON_POOLS
from hermes_state.stores.auth import FILE
from hermes_state.stores.reading import Reading

#: Findings that say all that there is to say about their place: the models need not repeat it in their words.
_FINAL = frozenset({"HS-AUTH-006", "HS-AUTH-027", "HS-AUTH-028", "HS-AUTH-033"})
#: Issues that are outcomes, and reported as such.
_OUTCOMES = frozenset({IssueKind.TOO_NEW, IssueKind.EMPTY_STORE})


class AuthLook(NamedTuple):
    """``own`` are the pools of the file; ``borrowed`` those that the agent takes from the file of the home ``root``
    instead; ``shadowed`` those of the root that own rows hide, by key. ``barred`` is what keeps agents from credentials
    beyond their rows, by provider."""

    files: list[FileFacts]
    findings: list[Finding]
    unseen: list[StateError]
    own: list[Pool]
    borrowed: list[Pool]
    shadowed: dict[str, Pool]
    barred: dict[str, list[Block]]
    root: Home


class AuthRoom:
    """Looks at one home after the other; a root store that several profiles fall back to is judged once."""

    def __init__(self, neighbourhood: Neighbourhood, now: float) -> None:
        self._neighbourhood, self._now = neighbourhood, now
        self._roots: dict[tuple[str, Rule | None], list[Pool]] = {}

    def look(self, home: Home, rule: Rule | None) -> AuthLook:
        """Look at the auth.json of ``home``, whose agent keeps to ``rule`` (None: not known)."""
        reading = self._neighbourhood.auth(home)
        own = _pools(reading, self._now, rule, "own")
        root, root_pools = self._root(home, rule)
        has = {pool.key for pool in own if pool.rows}
        readable = reading.outcome is not Outcome.UNREADABLE
        shadowed = {pool.key: pool for pool in root_pools if pool.key in has}
        planned = _planned(reading, self._now)
        pending = tuple(one.step.id for one in planned.applied) if planned is not None else ()
        root_home = self._neighbourhood.root_of(home)
        findings = [
            *_findings(home, reading, own, planned, self._now, rule),
            *_beside(home, reading, own, root_home, root, shadowed),
        ]
        issues = _issues(reading, {each.pointer for each in findings if each.id in _FINAL})
        shared = self._neighbourhood.shared_with(home, FILE, lambda each: os.path.join(each.path, FILE))
        return AuthLook(
            files=[files.facts(reading, shared, pending, section.facts(reading))],
            findings=[*findings, *issues],
            unseen=files.unseen(reading, root),
            own=own,
            borrowed=[pool for pool in root_pools if readable and pool.rows and pool.key not in has],
            shadowed=shadowed,
            barred=sources.blocks(home, reading.path, reading.document),
            root=root_home,
        )

    def _root(self, home: Home, rule: Rule | None) -> tuple[Reading | None, list[Pool]]:
        """The store that the agent falls back to pool by pool, and its pools; none for a home that is its own root."""
        if root_store(home) is None:
            return None, []
        reading = self._neighbourhood.auth(self._neighbourhood.root_of(home))
        if (home.root, rule) not in self._roots:
            self._roots[home.root, rule] = _pools(reading, self._now, rule, "root")
        return reading, self._roots[home.root, rule]


def _findings(
    home: Home, reading: Reading, own: list[Pool], planned: Plan | None, now: float, rule: Rule | None
) -> Iterator[Finding]:
    """What is to be said of the file by itself."""
    fault, path = reading.fault, reading.path
    if fault is not None and fault.outcome is Outcome.INVALID and fault.pointer == f"/{SECTION}":
        yield finding("HS-AUTH-028", path, fault.pointer, fault.message, fault.hint)
    else:
        yield from files.outcome(home, reading, "HS-AUTH")
    for one in planned.applied if planned is not None else ():
        yield finding(
            "HS-AUTH-010", path, "", f"pending: {one.step.title}", f"{quoted(command(home, 'migrate'))} does it"
        )
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


def _pools(reading: Reading, now: float, rule: Rule | None, store: str) -> list[Pool]:
    """The pools that can be judged, whatever else is wrong with the file. The Photon plugin's are no credentials."""
    document = reading.document
    found = document.get("credential_pool") if isinstance(document, dict) else None
    records: dict[str, Any] = (section.usable_section(reading) or {"pools": {}})["pools"]
    pools = [
        judge(key, pool, recorded if isinstance(recorded := records.get(key), dict) else {}, now, rule, store)
        for key, pool in (found.items() if isinstance(found, dict) else ())
        if isinstance(pool, list) and key not in PHOTON_POOLS
    ]
    return pools if reading.outcome is Outcome.OK else [pool._replace(may_edit=False) for pool in pools]


def _planned(reading: Reading, now: float) -> Plan | None:
    """What ``migrate`` would make of the file: its steps decide what is pending. None where it refuses the file."""
    if reading.outcome is not Outcome.OK:
        return None
    return plan(reading.path, reading.document, steps("auth"), Context(now))
