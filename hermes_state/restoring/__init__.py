"""Bringing a file back from a copy: our own backups, and the copies that agents leave behind."""

from hermes_state.restoring.restore import Restored, restore
from hermes_state.restoring.sources import Copy, Source, advice, find, sources, store_of

__all__ = ["Copy", "Restored", "Source", "advice", "find", "restore", "sources", "store_of"]
