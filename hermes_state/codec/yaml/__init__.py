"""YAML text with positions, edited in place.

The value is what the agents read; edits change the text of one setting and leave every comment, quote, blank line and
line end of the rest as it is. Edits are in ``setting`` and ``removing``, which reading does not import.
"""

from hermes_state.codec.yaml.nodes import Note, NoteKind
from hermes_state.codec.yaml.text import YamlText, parse

__all__ = ["Note", "NoteKind", "YamlText", "parse"]
