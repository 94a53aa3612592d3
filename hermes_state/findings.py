"""Findings: facts that a user should know, each with a stable id.

The catalogue is the one place where ids, severities and titles are defined; what a finding says about one file is said
where it is found. Ids are never reused: scripts and documentation pages refer to them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Finding(NamedTuple):
    """One fact: ``pointer`` is a JSON pointer into the file at ``path`` (``""`` is the whole file)."""

    id: str
    severity: Severity
    kind: str
    path: str
    pointer: str
    message: str
    hint: str = ""


#: id -> (severity, kind, title). The title names the condition; a finding's message names the case.
CATALOGUE: dict[str, tuple[Severity, str, str]] = {
    # 001 to 006 are the outcomes, under the same number in every kind.
    "HS-AUTH-001": (Severity.ERROR, "auth", "auth.json cannot be read"),
    "HS-AUTH-002": (Severity.ERROR, "auth", "auth.json is empty"),
    "HS-AUTH-003": (Severity.ERROR, "auth", "auth.json is corrupt"),
    "HS-AUTH-004": (Severity.ERROR, "auth", "auth.json is too large"),
    "HS-AUTH-005": (Severity.ERROR, "auth", "the runtime section was written by a newer hermes-state"),
    "HS-AUTH-006": (Severity.ERROR, "auth", "auth.json does not have the shape that every edit relies on"),
    "HS-AUTH-010": (Severity.INFO, "auth", "a migration is pending"),
    "HS-AUTH-011": (Severity.WARNING, "auth", "a key stands there twice"),
    "HS-AUTH-012": (Severity.WARNING, "auth", "a number is NaN or infinite"),
    "HS-AUTH-013": (Severity.WARNING, "auth", "a text holds half a character"),
    "HS-AUTH-014": (Severity.WARNING, "auth", "the file begins with a byte order mark"),
    "HS-AUTH-015": (Severity.WARNING, "auth", "a value is not what agents expect there"),
    "HS-AUTH-020": (Severity.INFO, "auth", "an agent marked a credential after its state was moved"),
    "HS-AUTH-021": (Severity.INFO, "auth", "an inline mark is older than the moved one"),
    "HS-AUTH-022": (Severity.INFO, "auth", "row and record hold parts of one failure"),
    "HS-AUTH-023": (Severity.WARNING, "auth", "a running agent wrote a cleared cooldown back"),
    "HS-AUTH-024": (Severity.INFO, "auth", "a record was ended by what its row says now"),
    "HS-AUTH-025": (Severity.INFO, "auth", "a record is about a secret that the row no longer has"),
    "HS-AUTH-026": (Severity.INFO, "auth", "a record has no row"),
    "HS-AUTH-027": (Severity.WARNING, "auth", "a part of the runtime section is malformed"),
    "HS-AUTH-028": (Severity.ERROR, "auth", "the runtime section is not ours"),
    "HS-AUTH-029": (Severity.WARNING, "auth", "stock agents do not see a cooldown that still binds"),
    "HS-AUTH-030": (Severity.WARNING, "auth", "two rows of a pool have one id"),
    "HS-AUTH-031": (Severity.WARNING, "auth", "a row has no id"),
    "HS-AUTH-032": (Severity.INFO, "auth", "an id is not a text"),
    "HS-AUTH-033": (Severity.ERROR, "auth", "a row makes the agent fail on its whole pool"),
    "HS-AUTH-034": (Severity.WARNING, "auth", "no agent ever reads this pool"),
    "HS-AUTH-035": (Severity.WARNING, "auth", "a profile's own rows hide usable rows of the root"),
    "HS-AUTH-036": (Severity.WARNING, "auth", "the root store that a profile falls back to is not ok"),
    "HS-AUTH-037": (Severity.WARNING, "auth", "a credential is cooling down or dead for a key that .env no longer has"),
    "HS-AUTH-038": (Severity.INFO, "auth", "a borrowed row holds the secret itself"),
    "HS-AUTH-039": (Severity.WARNING, "auth", "a credential is dead"),
    "HS-AUTH-040": (Severity.INFO, "auth", "an agent deletes a dead credential a day after its mark"),
    "HS-AUTH-041": (Severity.INFO, "auth", "a source is suppressed: agents take up no credential from it"),
    "HS-AUTH-042": (Severity.WARNING, "auth", "a time cannot be right"),
    "HS-AUTH-043": (Severity.INFO, "auth", "a credential is cooling down"),
    "HS-AUTH-044": (Severity.WARNING, "auth", "a login has ended and has to be made anew"),
    "HS-AUTH-045": (Severity.ERROR, "auth", "auth.json is not there, though there are copies of it"),
    "HS-SESS-001": (Severity.ERROR, "sessions", "sessions.json cannot be read"),
    "HS-SESS-002": (Severity.ERROR, "sessions", "sessions.json is empty"),
    "HS-SESS-003": (Severity.ERROR, "sessions", "sessions.json is corrupt"),
    "HS-SESS-004": (Severity.ERROR, "sessions", "sessions.json is too large"),
    "HS-SESS-006": (Severity.ERROR, "sessions", "sessions.json is not an object"),
    "HS-SESS-011": (Severity.WARNING, "sessions", "a key stands there twice"),
    "HS-SESS-012": (Severity.WARNING, "sessions", "a number is NaN or infinite"),
    "HS-SESS-013": (Severity.WARNING, "sessions", "a text holds half a character"),
    "HS-SESS-014": (Severity.WARNING, "sessions", "the file begins with a byte order mark"),
    "HS-SESS-020": (Severity.WARNING, "sessions", "an entry is not what agents expect there"),
    "HS-SESS-021": (Severity.ERROR, "sessions", "a time has a UTC offset, on which agents fail"),
    "HS-SESS-022": (Severity.WARNING, "sessions", "an id could lead out of its directory"),
    "HS-SESS-023": (Severity.INFO, "sessions", "an entry repeats another key than its own"),
    "HS-SESS-024": (Severity.WARNING, "sessions", "a time lies in the future"),
    "HS-SESS-025": (Severity.ERROR, "sessions", "the agent stops loading at what is no entry"),
    "HS-SESS-026": (Severity.WARNING, "sessions", "sessions.json and state.db disagree"),
    "HS-SESS-027": (Severity.INFO, "sessions", "sessions.json and state.db may disagree"),
    "HS-SESS-028": (Severity.WARNING, "sessions", "the index in state.db cannot be read"),
    "HS-SESS-029": (Severity.INFO, "sessions", "the index in state.db is that of another directory"),
    "HS-SESS-030": (Severity.WARNING, "sessions", "the next start of the gateway suspends a chat"),
    "HS-SESS-031": (Severity.WARNING, "sessions", "the gateway was started too often to resume anything"),
    "HS-SESS-032": (Severity.WARNING, "sessions", "nothing is delivered to chats that were found to be gone"),
    "HS-SESS-033": (Severity.WARNING, "sessions", "the gateway cannot use one of its files"),
    "HS-SESS-034": (Severity.WARNING, "sessions", "the gateway was started so often that it waits"),
    "HS-SESS-035": (Severity.WARNING, "sessions", "pairing is locked on a platform"),
    "HS-SESS-036": (Severity.INFO, "sessions", "people have to wait for a pairing code"),
    "HS-SESS-037": (Severity.WARNING, "sessions", "a limit of pairing never ends"),
    "HS-SESS-038": (Severity.INFO, "sessions", "as many pairing codes wait as there can be"),
    "HS-CONF-001": (Severity.ERROR, "config", "config.yaml cannot be read"),
    "HS-CONF-002": (Severity.WARNING, "config", "config.yaml is empty"),
    "HS-CONF-003": (Severity.ERROR, "config", "config.yaml cannot be parsed"),
    "HS-CONF-004": (Severity.ERROR, "config", "config.yaml is too large"),
    "HS-CONF-006": (Severity.ERROR, "config", "config.yaml is not a mapping"),
    "HS-CONF-011": (Severity.WARNING, "config", "a key stands there twice"),
    "HS-CONF-013": (Severity.WARNING, "config", "a text holds half a character"),
    "HS-CONF-016": (Severity.INFO, "config", "agents read a value without quotes differently"),
    "HS-CONF-020": (Severity.WARNING, "config", "a setting has the wrong type"),
    "HS-CONF-021": (Severity.INFO, "config", "no agent that we know reads this section"),
    "HS-CONF-022": (Severity.WARNING, "config", "a secret stands in the file itself"),
    "HS-CONF-023": (Severity.WARNING, "config", "agents refuse to migrate from this version stamp"),
    "HS-CONF-024": (Severity.WARNING, "config", "config.yaml is of a later agent"),
    "HS-CONF-025": (Severity.INFO, "config", "config.yaml is of an earlier agent"),
    "HS-CONF-026": (Severity.INFO, "config", "an administrator pins another value"),
    "HS-CONF-027": (Severity.WARNING, "config", "what an administrator pins cannot be read"),
    "HS-BREAK-001": (Severity.ERROR, "breaker", "a breaker cannot be read"),
    "HS-BREAK-002": (Severity.WARNING, "breaker", "a breaker is empty"),
    "HS-BREAK-003": (Severity.WARNING, "breaker", "a breaker is corrupt"),
    "HS-BREAK-004": (Severity.WARNING, "breaker", "a breaker is too large"),
    "HS-BREAK-006": (Severity.WARNING, "breaker", "a breaker does not have the shape of one"),
    "HS-BREAK-010": (Severity.INFO, "breaker", "a breaker has expired"),
    "HS-BREAK-011": (Severity.ERROR, "breaker", "a breaker holds a time that nothing genuine gives"),
    "HS-BREAK-012": (Severity.INFO, "breaker", "a file in rate_limits is not the agent's"),
    "HS-BREAK-013": (Severity.WARNING, "breaker", "others can write a breaker"),
    "HS-BREAK-014": (Severity.WARNING, "breaker", "a breaker begins with a byte order mark"),
    "HS-BREAK-015": (Severity.WARNING, "breaker", "the owner of the home can neither keep nor clear breakers"),
    "HS-BREAK-016": (Severity.WARNING, "breaker", "a breaker was recorded by a clock that was ahead"),
    "HS-BREAK-017": (Severity.INFO, "breaker", "the agent does not know this breaker"),
    "HS-HOME-001": (Severity.ERROR, "home", "a link leads to nothing"),
    "HS-HOME-002": (Severity.WARNING, "home", "others can read or change a file with secrets"),
    "HS-HOME-003": (Severity.WARNING, "home", "a file belongs to another user than its home"),
    "HS-HOME-004": (Severity.ERROR, "home", "the owner of the home cannot use a file in it"),
    "HS-HOME-005": (Severity.WARNING, "home", "a file has several names (hard links)"),
    "HS-HOME-006": (Severity.INFO, "home", "it cannot be told whether a gateway is running"),
    "HS-HOME-007": (Severity.ERROR, "home", "a link leads into a read-only store"),
    "HS-HOME-008": (Severity.WARNING, "home", "homes that do not lock each other out share one file"),
    "HS-HOME-009": (Severity.INFO, "home", "there are copies of the secrets"),
    "HS-HOME-010": (Severity.INFO, "home", "a package manager owns the configuration"),
    "HS-HOME-011": (Severity.INFO, "home", "a managed scope overrules the home"),
    "HS-HOME-012": (Severity.WARNING, "home", "new work is paused (ESTOP)"),
    "HS-HOME-013": (Severity.INFO, "home", "config.yaml lies in a read-only store"),
    "HS-HOME-020": (Severity.INFO, "home", "temporary files of killed runs lie about"),
    "HS-HOME-021": (Severity.WARNING, "home", "a write in place was cut short"),
    "HS-HOME-022": (Severity.INFO, "home", "crashed agents left temporary files"),
}


def finding(id: str, path: str, pointer: str, message: str, hint: str = "") -> Finding:
    """A finding of the catalogue. Raises KeyError for an id that is not in it: that is a programming error."""
    severity, kind, _ = CATALOGUE[id]
    return Finding(id, severity, kind, path, pointer, message, hint)
