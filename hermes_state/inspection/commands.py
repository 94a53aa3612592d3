"""What to type: a command of this program, or of the agent, for one home.

In the hint of a finding a command stands in backquotes, and what stands in backquotes is a command.
"""

from __future__ import annotations

from hermes_state.home import Home
from hermes_state.redaction import shown

#: Rules that choose the same home again when nothing is said, as long as the environment stays the same.
_UNSAID = ("default", "HERMES_HOME", "active_profile")


def command(home: Home, words: str) -> str:
    """``hermes-state`` and ``words``, with ``--home`` where the home has to be named."""
    if home.rule.startswith(_UNSAID):
        return f"hermes-state {words}"
    from shlex import quote

    return f"hermes-state --home {quote(home.path)} {words}"


def agent_command(home: Home, words: str) -> str:
    """``hermes`` and ``words``, so that the agent means ``home`` by them whatever profile is active."""
    if home.rule.startswith(_UNSAID):
        return f"hermes {words}"
    from shlex import quote

    # Beside a root's HERMES_HOME the agent still follows active_profile, unless it is told a profile.
    profile = "-p default " if home.profile == "default" else ""
    return f"HERMES_HOME={quote(home.path)} hermes {profile}{words}"


def file_command(words: str, *paths: str) -> str:
    """A command of the system, and ``paths`` behind it."""
    from shlex import quote

    return " ".join([words, *map(quote, paths)])


def quoted(command: str) -> str:
    """``command`` as it stands in a hint."""
    return f"`{command}`"


def is_typable(word: str | None) -> bool:
    """Whether a name can be an argument: shown as it is, with nothing around it, and not taken for an option."""
    return word is not None and word != "" and shown(word) == word == word.strip() and not word.startswith("-")
