"""Bringing a file back from a copy: our own backups, and the copies that agents leave behind."""

from hermes_state.restoring.restore import Restored, restore
from hermes_state.restoring.sources import Copy, Source, find, sources

__all__ = ["Copy", "Restored", "Source", "find", "restore", "sources"]
