"""What to type: a command of this program for one home."""

from __future__ import annotations

from hermes_state.home import Home

#: Rules that choose the same home again when nothing is said, as long as the environment stays the same.
_UNSAID = ("default", "HERMES_HOME", "active_profile")


def command(home: Home, words: str) -> str:
    """``hermes-state`` and ``words``, with ``--home`` where the home has to be named."""
    if home.rule.startswith(_UNSAID):
        return f"hermes-state {words}"
    from shlex import quote

    return f"hermes-state --home {quote(home.path)} {words}"
