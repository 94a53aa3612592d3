"""Text for people, in one way everywhere: marks, lengths of time, bars, tables that fold at the width of the terminal.

Nothing that comes from a file is read as markup or reaches the terminal as a control sequence.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hermes_state.clock import duration
from hermes_state.redaction import harmless

#: Marks with their plain forms, for terminals that cannot show them.
_MARKS = {
    "ok": ("✓", "ok", "green"),
    "warning": ("⚠", "!", "yellow"),
    "error": ("✗", "x", "red"),
    "info": ("·", "-", "dim"),
}


def console() -> Console:
    """Where text goes. Off a terminal, and under ``NO_COLOR``, nothing but the text; pipes get lines of 100 columns."""
    stream = sys.stdout
    width = None if stream.isatty() else int(os.environ.get("COLUMNS") or 100)
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def speaks_utf8() -> bool:
    """Whether stdout can carry the marks."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def mark(name: str) -> Text:
    """``ok``, ``warning``, ``error`` or ``info`` as a mark."""
    fancy, plain, style = _MARKS[name]
    return Text(fancy if speaks_utf8() else plain, style=style)


def words(text: str, style: str = "") -> Text:
    """Text from a file, made harmless."""
    return Text(harmless(text), style=style)


def line(out: Console, *parts: Text | str) -> None:
    """One line, never broken by us: a path in it can be copied."""
    out.print(Text(" ").join(part if isinstance(part, Text) else words(part) for part in parts), soft_wrap=True)


def bar(remaining: float, whole: float, width: int = 10) -> Text:
    """How much of a length of time is still ahead: full at its beginning, empty at its end (both in seconds)."""
    share = max(0.0, min(1.0, remaining / whole)) if whole > 0 else 0.0
    full = max(1, round(share * width)) if remaining > 0 else 0
    on, off = ("█", "░") if speaks_utf8() else ("#", ".")
    return Text(on * full, style="yellow") + Text(off * (width - full), style="dim")


def left(seconds: float | None) -> str:
    """``46m 53s``, or a dash where no end is known."""
    return duration(seconds) if seconds is not None else "-"


def table(rows: Sequence[Sequence[Text | str]], *, head: Sequence[str] = ()) -> Table:
    """Columns without lines; the last one takes what room there is and folds."""
    made = Table(box=None, show_header=bool(head), header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    columns = max((len(row) for row in rows), default=len(head))
    for index in range(columns):
        title = head[index] if index < len(head) else ""
        made.add_column(
            title, overflow="fold", no_wrap=False, ratio=1 if index == columns - 1 and columns > 1 else None
        )
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else words(cell) for cell in row))
    return made
