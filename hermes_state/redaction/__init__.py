"""What may be shown of a file's content: no secret, and nothing that a terminal would act on."""

from __future__ import annotations

from hermes_state.redaction.known import meet
from hermes_state.redaction.secret import fingerprint, is_secret_key
from hermes_state.redaction.text import harmless, redact, redact_pointer, shown

__all__ = ["diff", "fingerprint", "harmless", "is_secret_key", "meet", "redact", "redact_pointer", "shown"]


def diff(before: bytes, after: bytes, name: str) -> str:
    """A unified diff of two versions of the JSON or YAML file called ``name``, in which no secret appears.

    Strings stand in it as their fingerprints, except under keys that are known to hold none; equal secrets have equal
    fingerprints. Empty when the versions are equal. Never raises for what the files hold.
    """
    from hermes_state.redaction.unified import unified

    return unified(before, after, name)
