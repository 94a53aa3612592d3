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
from hermes_state.redaction import diff, shown

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
    """Text that may hold words from a file: without secrets, and harmless to a terminal."""
    return Text(shown(text), style=style)


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


#: Columns that the last cell of a row needs beside the others; with fewer it goes on a line of its own.
_LAST = 28


def print_table(out: Console, rows: Sequence[Sequence[Text | str]], *, head: Sequence[str] = ()) -> None:
    """Columns without lines: all but the last keep to one line, the last takes what room there is and folds.

    Where the terminal is too narrow for that, the last cell of each row stands below it.
    """
    cells = [[cell if isinstance(cell, Text) else words(cell) for cell in row] for row in rows]
    columns = max((len(row) for row in cells), default=len(head))
    widths = [max((row[index].cell_len for row in cells), default=0) for index in range(columns)]
    narrow = columns > 2 and out.width - sum(widths[:-1]) - 2 * (columns - 1) < min(_LAST, widths[-1])
    if narrow:
        for row in cells:
            _print_columns(out, [row[:-1]], (), widths[:-1])
            if row[-1].cell_len:
                _print_columns(out, [[Text(" " * 4), row[-1]]], (), [4, 0])
    else:
        _print_columns(out, cells, head, widths)


def _print_columns(out: Console, rows: Sequence[Sequence[Text]], head: Sequence[str], widths: Sequence[int]) -> None:
    made = Table(box=None, show_header=bool(head), header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for index, width in enumerate(widths):
        last = index == len(widths) - 1
        made.add_column(
            head[index] if index < len(head) else "",
            overflow="fold" if last else "ellipsis",
            no_wrap=not last,
            min_width=0 if last else min(width, 32),
        )
    for row in rows:
        made.add_row(*row)
    with out.capture() as printed:
        out.print(made)
    out.file.write("".join(f"{text.rstrip()}\n" for text in printed.get().splitlines()))


def print_diff(out: Console, before: bytes, after: bytes, name: str) -> None:
    """A diff in the usual colours, secrets as fingerprints."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    made = Text()
    for text in diff(before, after, name).splitlines(keepends=True):
        made.append(text, style=styles.get(text[:1], ""))
    out.print(made, end="")
