"""What to type about the rows of one pool, so that exactly those are meant."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any

from hermes_state.home import Home
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.commands import agent_command, command, is_typable


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


def uncovering(owner: Home, pool: Pool, hidden: Pool) -> str | None:
    """The agent's command that removes the only row of ``pool`` from the file of ``owner``, a profile, so that the
    agent takes the rows of the root again, ``hidden`` until then.

    None unless that row is a copy of one of those, as agents make them when they mark what they borrowed: what is
    nowhere else must not be removed for a cooldown. None as well where there are more rows.
    """
    identity = pool.rows[0].get("id") if len(pool.rows) == 1 and isinstance(pool.rows[0], dict) else None
    copies = (row for row in hidden.rows if isinstance(row, dict) and row.get("id") == identity)
    if (
        not isinstance(identity, str)
        or not is_typable(identity)
        or not is_typable(pool.key)
        or next(copies, None) is None
    ):
        return None
    from shlex import quote

    return agent_command(owner, f"auth remove {quote(pool.key)} {quote(identity)}")
