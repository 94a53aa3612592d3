"""A secret that was found in a text: what takes its place, and which names give one away."""

from __future__ import annotations

import re
from functools import cache

#: Of the agent's rule for names of secrets (``is_secret_key``): exact names that none of the endings covers.
_SECRET_NAMES = frozenset(
    ("apikey", "authorization", "credential", "credentials", "password", "secret", "token", "tokens")
)
_SECRET_ENDINGS = ("_key", "_token", "_secret", "_password")
#: What stands where a secret would stand and is none.
_NO_VALUES = (
    "a an and credential credentials empty expired false for format has header in incorrect invalid is missing must no"
    " none not null of on or prefix realm required revoked scheme the token tokens true unset was wrong"
)
NOT_A_VALUE = frozenset(_NO_VALUES.split())
#: Flags for patterns that are spread over lines.
STRICT = int(re.VERBOSE)
LOOSE = int(re.VERBOSE | re.IGNORECASE)


@cache
def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """Compiled on first use: most runs of the program never need these."""
    return re.compile(text, flags)


def is_secret_key(name: str) -> bool:
    """Whether a field of this name holds a secret, by the agent's rule (0.15 and later, ``credential_persistence``).

    Case, dashes, dots and camelCase make no difference. Its list of harmless names needs no copy here: none of them is
    caught by the rest of the rule.
    """
    plain = pattern("(?<=[a-z0-9])(?=[A-Z])").sub("_", name.strip()).lower().replace("-", "_").replace(".", "_")
    return plain in _SECRET_NAMES or plain.endswith(_SECRET_ENDINGS)


def fingerprint(secret: str) -> str:
    """The agent's fingerprint of a secret: ``sha256:`` and the first 16 hexadecimal digits of its hash."""
    from hashlib import sha256

    return "sha256:" + sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def mask(secret: str) -> str:
    """What is shown in place of ``secret``."""
    return f"[secret {fingerprint(secret)}]"
