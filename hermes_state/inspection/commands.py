"""What to type: a command of this program, or of the agent, for one home.

In the hint of a finding a command stands in backquotes, and what stands in backquotes is a command.
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hermes_state.home import Home
from hermes_state.redaction import shown

if TYPE_CHECKING:
    from hermes_state.inspection.auth.pools import Pool

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


class Clearing:
    """``clear-cooldown`` for the rows of one pool, in the file of the home ``owner``.

    The command takes ids before labels and labels before numbers; a row is called by its number where its id would not
    do: where it is missing, stands there twice, or cannot be shown.
    """

    def __init__(self, owner: Home, pool: Pool) -> None:
        self._owner, self._pool, self._rows, self._may_edit = owner, pool.key, pool.rows, pool.may_edit

    def of(self, place: int | None, model: str | None = None, *, dead: bool = False) -> str | None:
        """The command for the row at index ``place`` (None: all rows), for ``model`` only where one is given.

        With ``dead`` rows are meant too that agents have given up. None where the file refuses every edit, and where
        nothing that can be shown would name the pool, the row or the model.
        """
        row = None if place is None else self._row(place)
        wanted = [self._pool, *([] if place is None else [row]), *([] if model is None else [model])]
        if not self._may_edit or not all(map(is_typable, wanted)):
            return None
        from shlex import quote

        words = f"clear-cooldown {quote(self._pool)}" + ("" if row is None else f" {quote(row)}")
        words += " --dead" if dead else ""
        return command(self._owner, words if model is None else f"{words} --model {quote(model)}")

    def _row(self, place: int) -> str | None:
        identity = _identity(self._rows[place])
        if identity and self._ids[identity] == 1 and is_typable(identity):
            return identity
        number = str(place + 1)
        return None if number in self._ids or number in self._labels else number

    @cached_property
    def _ids(self) -> Counter[str]:
        return Counter(filter(None, map(_identity, self._rows)))

    @cached_property
    def _labels(self) -> set[str]:
        labels = (row.get("label") for row in self._rows if isinstance(row, dict))
        return {label.strip() for label in labels if isinstance(label, str)}


def _identity(row: Any) -> str | None:
    identity = row.get("id") if isinstance(row, dict) else None
    return str(identity) if isinstance(identity, str | int) else None


def is_typable(word: str | None) -> bool:
    """Whether a name can be an argument: shown as it is, with nothing around it, and not taken for an option."""
    return word is not None and word != "" and shown(word) == word == word.strip() and not word.startswith("-")
