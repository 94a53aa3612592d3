"""How a run ends: what becomes of errors and signals, as text, as JSON, and as the exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from hermes_state import interruption
from hermes_state.cli import signals, streams
from hermes_state.errors import ExitCode, StateError


def ended(command: Callable[[], int | None], wants_json: bool) -> int:
    """Run ``command`` and return the exit code; nothing is raised, and no traceback shown."""
    with streams.watched(), signals.listening():
        try:
            code = _ended(command, wants_json)
        except interruption.Interrupted as stop:
            signal = interruption.name(stop.number)
            code = _ended(lambda: _stopped(signal, wants_json), wants_json)
        # What was done is done, and was said; but whoever sent the signal is to see it in the exit code too.
        return signals.exit_code(interruption.wished()) if interruption.wished() else code


def _ended(command: Callable[[], int | None], wants_json: bool) -> int:
    try:
        code = _answered(command, wants_json)
        sys.stdout.flush()
        return code
    except streams.Unheard as error:
        sys.stderr.write(f"hermes-state: the answer could not be written: {error}\n")
        sys.stderr.write("  what was done is done; to see it: hermes-state inspect\n")
        return int(ExitCode.WRITE_FAILED)


def _answered(command: Callable[[], int | None], wants_json: bool) -> int:
    try:
        return int(command() or 0)
    except StateError as error:
        return _failed(error, wants_json)
    except streams.Unheard:
        raise
    except Exception as error:
        if hasattr(error, "format_message"):
            return _misused(error, wants_json)
        return _unexpected(error, wants_json)


def _unexpected(error: Exception, wants_json: bool) -> int:
    from hermes_state.cli.output import print_json, print_unexpected

    if wants_json:
        print_json("error", {}, [_entry("internal", f"unexpected error: {type(error).__name__}")])
    return int(print_unexpected(error))


def _stopped(signal: str, wants_json: bool) -> int:
    """For commands that only look, or that had not begun: nothing was changed."""
    from hermes_state.cli.output import print_json

    message = f"stopped by {signal}"
    if wants_json:
        print_json("error", {}, [_entry("stopped", message)])
    sys.stderr.write(f"hermes-state: {message}\n")
    return 0


def _entry(code: str, message: str) -> dict[str, Any]:
    """An element of ``errors[]`` that is about no file."""
    return {"code": code, "kind": "", "home": None, "path": "", "pointer": "", "message": message, "hint": ""}


def _failed(error: StateError, wants_json: bool) -> int:
    from hermes_state.cli.output import error_entry, print_error, print_json

    if wants_json:
        print_json("error", {}, [error_entry(error)])
    print_error(error)
    return int(error.exit_code)


def _misused(error: Exception, wants_json: bool) -> int:
    """A usage error of the command line, as text and, where asked for, as JSON."""
    from hermes_state.cli.output import print_json

    message = error.format_message()  # type: ignore[attr-defined]
    if wants_json:
        print_json("error", {}, [_entry("usage", message)])
    if message.startswith("Usage:"):  # no command was named: the help is the answer
        sys.stderr.write(f"{message}\n")
        return int(ExitCode.USAGE)
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "hermes-state"
    sys.stderr.write(f"hermes-state: {message}\n  {where} --help says more\n")
    return int(ExitCode.USAGE)
