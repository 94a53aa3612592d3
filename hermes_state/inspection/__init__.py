"""Inspection: the truth about the state files of homes, without a trace left behind."""

from hermes_state.inspection.report import Report, as_json
from hermes_state.inspection.survey import inspect

__all__ = ["Report", "as_json", "inspect"]
