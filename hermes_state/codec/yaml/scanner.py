"""ruamel.yaml's scanner: quick over comments and blank lines, limited, and with tabs where the agents take them.

The parser in Python is used on purpose: it is there on every machine and tells positions in characters. The agents read
with a parser in C where they can; it takes tabs as white space where no indentation is meant, and so does this scanner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.reader import Reader
from ruamel.yaml.resolver import VersionedResolver
from ruamel.yaml.scanner import Scanner, ScannerError

#: Characters other than white space between tokens and comments. A file that spells out every setting of agent 0.22 has
#: 25 000; the scanner needs more than a microsecond for each.
MAX_TEXT = 1 << 20
#: Collections inside collections, aliases followed. Real files need 6.
MAX_DEPTH = 100
#: Characters of a tag. Composing the name of a long one takes the square of its length.
MAX_TAG = 100

_BREAKS = "\n\r\x85\u2028\u2029"
_BREAK = re.compile(f"[{_BREAKS}]")
_GAP = re.compile(f"[ {_BREAKS}]*+(?:#[^\0{_BREAKS}]*+[ {_BREAKS}]*+)*+")
_GAP_AFTER_TOKEN = re.compile(rf"[ \t]*+{_GAP.pattern}")
_GAP_IN_BRACKETS = re.compile(f"[ \t{_BREAKS}]*+(?:#[^\0{_BREAKS}]*+[ \t{_BREAKS}]*+)*+")
_BLANKS = re.compile("[ \t]*")


class TooMuchText(Exception):
    """More than ``MAX_TEXT``: nobody wants to wait for it."""


class TooDeep(Exception):
    """More than ``MAX_DEPTH`` brackets inside each other, at ``offset``: for each the scanner looks at all of them."""

    def __init__(self, offset: int) -> None:
        super().__init__()
        self.offset = offset


class _Reader(Reader):  # type: ignore[misc, unused-ignore]
    free = MAX_TEXT
    """How far it may read: grows with everything that is stepped over quickly."""

    def forward(self, length: int = 1) -> None:
        """Step over ``length`` characters, keeping count of lines and columns."""
        start, end = self.pointer, self.pointer + length
        if end > self.free:
            raise TooMuchText
        passed = self.buffer[start:end]
        self.pointer = self.index = end
        last = passed.rfind("\n")
        lines = passed.count("\n")
        if "\r" in passed:  # a break of its own unless a line feed follows
            lines += passed.count("\r") - self.buffer.count("\r\n", start, end + 1)
            lone = length - 1 if passed[-1] == "\r" and self.buffer[end] != "\n" else passed.rfind("\r", 0, length - 1)
            last = max(last, lone)
        if lines:
            self.line += lines
            self.column = 0
            passed = passed[last + 1 :]
        self.column += len(passed) - passed.count("\ufeff")


class _Scanner(Scanner):  # type: ignore[misc, unused-ignore]
    def scan_to_next_token(self) -> None:
        """Step over white space and comments; a line break outside brackets allows a key to follow."""
        reader = self.reader
        gap = _GAP_IN_BRACKETS if self.flow_level else _GAP if self.allow_simple_key else _GAP_AFTER_TOKEN
        start = reader.pointer
        end = gap.match(reader.buffer, start).end()  # type: ignore[union-attr]
        if end > start:
            if not self.flow_level and _BREAK.search(reader.buffer, start, end):
                self.allow_simple_key = True
            reader.free += end - start
            reader.forward(end - start)

    def fetch_flow_collection_start(self, *kind: Any, **more: Any) -> None:
        if self.flow_level >= MAX_DEPTH:
            raise TooDeep(self.reader.index)
        super().fetch_flow_collection_start(*kind, **more)

    def scan_plain_spaces(self, indent: Any, start_mark: Any) -> Any:
        reader = self.reader
        blanks = _BLANKS.match(reader.buffer, reader.pointer).group()  # type: ignore[union-attr]
        if "\t" in blanks:
            reader.forward(len(blanks))
            if reader.peek() not in f"\0#{_BREAKS}":
                return [blanks]
        return super().scan_plain_spaces(indent, start_mark)

    def scan_tag(self) -> Any:
        token = super().scan_tag()
        if len(token.value[1]) > MAX_TAG:
            raise ScannerError(None, None, f"a tag of more than {MAX_TAG} characters", token.start_mark)
        return token


class _Resolver(VersionedResolver):  # type: ignore[misc, unused-ignore]
    @property
    def processing_version(self) -> tuple[int, int]:
        """YAML 1.1, whatever a ``%YAML`` directive says: agents up to 0.20 pay no attention to it."""
        return (1, 1)


class Events:
    """The parser's events for one text. ``offset`` is how far it has read, for errors that come without a place."""

    def __init__(self, text: str) -> None:
        self._yaml = YAML(typ="safe", pure=True)
        self._yaml.Reader = _Reader
        self._yaml.Scanner = _Scanner
        self._yaml.Resolver = _Resolver
        self._text = text
        self.offset = 0

    def __iter__(self) -> Iterator[Any]:
        for event in self._yaml.parse(self._text):
            self.offset = event.end_mark.index
            yield event
