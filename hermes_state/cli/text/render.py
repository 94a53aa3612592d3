"""Text for people, in one way everywhere: marks, lengths of time, bars, tables that fold at the width of the terminal.

Nothing that comes from a file is read as markup or reaches the terminal as a control sequence. Lines break between
words only: a path, or a command in backquotes, is never cut, so that it can be copied. Where the terminal cannot show
more than ASCII, nothing else is written.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.style import Style
from rich.text import Text

from hermes_state.clock import duration
from hermes_state.redaction import diff, harmless, shown

#: Marks with their plain forms, for terminals that cannot show them.
_MARKS = {
    "ok": ("✓", "ok", "green"),
    "warning": ("⚠", "!", "yellow"),
    "error": ("✗", "x", "red"),
    "info": ("·", "-", "dim"),
}
#: Columns of a line where nothing says how many there are, and the fewest that a table is laid out for.
_PIPE, _FEWEST = 100, 40
#: Columns that the last cell of a row needs beside the others; with fewer it may go on a line of its own.
_LAST = 28
#: The most columns of a cell that is not the last, and the most characters of a free text.
_CELL, _FREE = 32, 300
_INDENT = _GAP = 2
#: What is never broken: a command in backquotes with what clings to it, or a word.
_UNBROKEN = re.compile(r"\S*`[^`]*`\S*|\S+")
_ALONE = re.compile(r"`[^`]*`")

Row = tuple[list[Text | str], Text]
"""The cells of a row, and what stands below it."""


def console() -> Console:
    """Where text goes. Off a terminal, and under ``NO_COLOR``, nothing but the text; pipes get lines of 100 columns,
    or as many as ``COLUMNS`` says."""
    stream = sys.stdout
    reconfigure = getattr(stream, "reconfigure", None)
    if _is_utf8(stream.encoding) and not speaks_utf8() and reconfigure is not None:
        reconfigure(encoding="ascii", errors="backslashreplace")
    said = os.environ.get("COLUMNS", "")
    width = None if stream.isatty() else int(said) if said.isdecimal() and int(said) else _PIPE
    return Console(file=stream, width=width, markup=False, highlight=False, emoji=False)


def columns(out: Console) -> int:
    """How many columns text is laid out for."""
    return max(out.width, _FEWEST)


def speaks_utf8() -> bool:
    """Whether stdout can carry the marks: its encoding can, and the locale does not say ``C``.

    In the locale C Python itself takes UTF-8, and sets ``LC_CTYPE`` to ``C.UTF-8`` (PEP 538); the terminal there may
    not. What was asked of Python by name counts more.
    """
    if not _is_utf8(sys.stdout.encoding):
        return False
    if os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8") == "1":
        return True
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_CTYPE", "LANG")]
    chosen = next((name for name in names if name and name != "C.UTF-8"), "")
    return chosen not in ("C", "POSIX")


def _is_utf8(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "") == "utf8"


def mark(name: str) -> Text:
    """``ok``, ``warning``, ``error`` or ``info`` as a mark."""
    fancy, plain, style = _MARKS[name]
    return Text(fancy if speaks_utf8() else plain, style=style)


def words(text: str, style: str = "") -> Text:
    """Text that may hold words from a file: without secrets, and harmless to a terminal."""
    return Text(shown(text), style=style)


def verbatim(text: str, style: str = "") -> Text:
    """A path that the user named, or a command to type: harmless to a terminal, else as it is."""
    return Text(harmless(text), style=style)


def clipped(text: str) -> str:
    """A free text, of which the beginning is enough; cut between words where it has any."""
    most = _FREE - 3
    return text if len(text) <= _FREE else (text[: most + 1].rpartition(" ")[0] or text[:most]) + "..."


def shortened(text: Text, width: int) -> Text:
    """The beginning of ``text`` in ``width`` columns, cut between words: a path or a command is whole or not there."""
    if text.cell_len <= width:
        return text
    ends = [found.end() for found in _UNBROKEN.finditer(text.plain)]
    fitting = [end for end in ends if cell_len(text.plain[:end]) <= width - 3]
    return text[: fitting[-1] if fitting else ends[0]] + Text("...")


def line(out: Console, *parts: Text | str) -> None:
    """One line, never broken by us: a path in it can be copied."""
    out.print(Text(" ").join(part if isinstance(part, Text) else words(part) for part in parts), soft_wrap=True)


def bar(remaining: float, whole: float, width: int = 10) -> Text:
    """How much of a length of time is still ahead: full at its beginning, empty at its end (both in seconds)."""
    share = max(0.0, min(1.0, remaining / whole)) if whole > 0 else 0.0
    full = max(1, round(share * width)) if remaining > 0 else 0
    on, off = ("█", "░") if speaks_utf8() else ("#", ".")
    return Text.assemble((on * full, "yellow"), (off * (width - full), "dim"))


def counted(count: int, noun: str) -> str:
    """``1 provider``, ``2 providers``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def left(seconds: float | None) -> str:
    """``46m 53s``, or a dash where no end is known."""
    return duration(seconds) if seconds is not None else "-"


def nothing_written(out: Console, would: bool) -> None:
    """The last line of a dry run; ``would`` is whether the run itself would change anything."""
    line(out, mark("info"), f"nothing was written{'; run it again without --dry-run' if would else ''}")


def section(out: Console, title: str, rows: Iterable[Row]) -> None:
    """A title and its rows; nothing where there are none."""
    told = list(rows)
    if told:
        line(out, words(title, "bold"))
        print_table(out, [cells for cells, _ in told], below=[below for _, below in told])


def listed(below: Iterable[Text]) -> Text:
    """Texts for below a row, each on a line of its own."""
    return Text("\n").join(below)


def print_table(
    out: Console,
    rows: Sequence[Sequence[Text | str]],
    *,
    head: Sequence[str] = (),
    below: Sequence[Text] = (),
) -> None:
    """Columns without lines: all but the last keep to one line, the last takes what room there is and folds.

    Where the terminal is too narrow for that, a last cell that does not fit on its line stands below it. So does what
    ``below`` has for a row.
    """
    cells = [[cell if isinstance(cell, Text) else words(cell) for cell in row] for row in rows]
    if head:
        cells.insert(0, [Text(cell, style="dim") for cell in head])
        below = [Text(), *below]
    for cell in (cell for row in cells for cell in row[:-1]):
        if cell.cell_len > _CELL:
            cell.truncate(_CELL - 3)
            cell.append("...")
    widths = [max(cell.cell_len for cell in column) for column in zip(*cells, strict=True)]
    under = Text(" " * (_INDENT + (widths[0] + _GAP if widths and widths[0] <= _INDENT else 0)))
    room = columns(out)
    for at, row in enumerate(cells):
        for part in [*_row(row, widths, room, under), *_under(below[at] if at < len(below) else Text(), room, under)]:
            part.rstrip()
            out.print(part, soft_wrap=True)


def _row(row: Sequence[Text], widths: Sequence[int], room: int, under: Text) -> list[Text]:
    """The lines of one row."""
    *first, last = row
    before = _INDENT + sum(widths[:-1]) + _GAP * len(first)
    if room - before >= min(_LAST, widths[-1]):
        start = _aligned(first, widths)
        top, *rest = folded(last, room - before) or [Text()]
        return [start + top, *(Text(" " * before) + part for part in rest)]
    start = _aligned(first[:-1], widths) + first[-1] + Text(" " * _GAP)
    if start.cell_len + last.cell_len <= room:
        return [start + last]
    return [start, *_under(last, room, under)]


def _under(text: Text, room: int, indent: Text) -> list[Text]:
    return [indent + part for part in folded(text, room - indent.cell_len)]


def _aligned(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    start = Text(" " * _INDENT)
    for cell, width in zip(cells, widths, strict=False):
        start += cell + Text(" " * (width - cell.cell_len + _GAP))
    return start


def folded(text: Text, width: int) -> list[Text]:
    """``text`` in lines of up to ``width`` columns, broken between words only.

    A word that is longer, or a command in backquotes, has a line of its own; the command then without backquotes.
    """
    return [part for piece in text.split("\n") for part in _broken(piece, width)]


def _broken(text: Text, width: int) -> list[Text]:
    spans: list[tuple[int, int]] = []
    for found in _UNBROKEN.finditer(text.plain):
        if spans and cell_len(text.plain[spans[-1][0] : found.end()]) <= width:
            spans[-1] = (spans[-1][0], found.end())
        else:
            spans.append(found.span())
    alone = [_ALONE.fullmatch(text.plain, start, end) is not None for start, end in spans]
    return [text[start + own : end - own] for own, (start, end) in zip(alone, spans, strict=True)]


def print_diff(out: Console, before: bytes, after: bytes, name: str) -> None:
    """A diff in the usual colours, secrets as fingerprints; each line of it is one, with its tabs and its end, however
    wide the terminal is."""
    styles = {"+": Style(color="green"), "-": Style(color="red"), "@": Style(color="cyan")}
    lines = diff(before, after, name).split("\n")[:-1]
    parts = [part for text in lines for part in (Segment(text, styles.get(text[:1])), Segment("\n"))]
    out.print(Segments(parts), end="", soft_wrap=True)
