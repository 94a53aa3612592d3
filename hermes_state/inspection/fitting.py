"""Making what was found fit to be shown: names and texts from files can hold secrets, and what a terminal acts on.

Names that a script may look up again (pointers, names of files) only lose their secrets; sentences are made harmless
too. The paths of homes stay as they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from hermes_state.findings import Finding, Severity
from hermes_state.inspection.report import Breaker, FileFacts
from hermes_state.redaction import harmless, redact, redact_pointer, shown
from hermes_state.stores.breaker import FOLDER

#: The folders of breakers and of pairing.
_ALL_TOLD = (FOLDER, "pairing")
_WORST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO)


def findings(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """``found``, worst first. A hint with what cannot be shown is left out: nobody could type it."""
    every = sorted(found, key=lambda each: (_WORST_FIRST.index(each.severity), each.id))
    return tuple(map(_finding, every))


def file(facts: FileFacts) -> FileFacts:
    """``facts`` with a path that may be shown."""
    return facts._replace(path=_path(facts.path))


def breaker(found: Breaker) -> Breaker:
    """``found`` with a name and a path that may be shown: a file of any name can lie in the folder of breakers."""
    return found._replace(provider=redact(found.provider), path=_path(found.path))


def _finding(each: Finding) -> Finding:
    path = _path(each.path)
    hint = each.hint if path == each.path and harmless(each.hint) == each.hint else ""
    pointer = redact_pointer(each.pointer)
    # In a sentence too it is taken name by name.
    message = each.message if pointer == each.pointer else each.message.replace(each.pointer, pointer)
    return each._replace(path=path, pointer=pointer, message=shown(message), hint=hint)


def _path(path: str) -> str:
    """``path`` with its last part shown where anybody could have named it: in folders of which all files are told."""
    folder, name = os.path.split(path)
    return os.path.join(folder, redact(name)) if os.path.basename(folder) in _ALL_TOLD else path
