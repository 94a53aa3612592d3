"""Migrations: the vocabulary of steps, their registry, plans, and runs."""

from hermes_state.migration.step import Context, Result

__all__ = ["Context", "Result"]
