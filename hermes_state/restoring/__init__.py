"""Bringing a file back from a copy: our own backups, and the copies that agents leave behind."""

from hermes_state.restoring.copies import store_of
from hermes_state.restoring.restore import Restored, restore
from hermes_state.restoring.source import Copy, Source
from hermes_state.restoring.sources import advice, find, sources, survey

__all__ = ["Copy", "Restored", "Source", "advice", "find", "restore", "sources", "store_of", "survey"]
