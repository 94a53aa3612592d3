"""The lens between rows that carry their runtime state inline and rows beside a ``credential_pool_runtime`` section.

``split`` takes runtime state out of the rows of one pool, ``overlay`` puts it back, ``forget`` clears one row so that
it stays cleared; ``part`` and ``join`` do the first two for a whole document. The migration, the clearing of cooldowns
and the agent's own API all use these; the rules of what wins when both places hold data exist once, in ``merge``.
"""

from hermes_state.runtime.document import SECTION, Joined, Parted, empty_section, join, part, same_document, section_of
from hermes_state.runtime.lens import Left, Moved, Note, Overlaid, Split, forget, overlay, split
from hermes_state.runtime.merge import What
from hermes_state.runtime.record import MOVED_FIELDS, fingerprint, is_pending, stays

__all__ = [
    "MOVED_FIELDS",
    "SECTION",
    "Joined",
    "Left",
    "Moved",
    "Note",
    "Overlaid",
    "Parted",
    "Split",
    "What",
    "empty_section",
    "fingerprint",
    "forget",
    "is_pending",
    "join",
    "overlay",
    "part",
    "same_document",
    "section_of",
    "split",
    "stays",
]
