"""What a command says: one JSON object on stdout, or text for people; errors as either, and the exit code for them."""

from __future__ import annotations

import json
import sys
from typing import Any

from hermes_state.errors import ExitCode, StateError


def print_json(command: str, body: dict[str, Any], errors: list[dict[str, Any]]) -> None:
    """Print the one object of ``command``."""
    print_object({"format": f"hermes-state/{command}", "format_version": 1, **body, "errors": errors})


def print_object(whole: dict[str, Any]) -> None:
    """Print the one object of a command: every one is printed here, and the suite checks each against its published
    schema. NaN and infinity are not JSON, so a value that is one is a programming error."""
    sys.stdout.write(json.dumps(whole, indent=2, allow_nan=False) + "\n")


def error_entry(error: StateError, home: str | None = None) -> dict[str, Any]:
    """``error`` as an element of ``errors[]``."""
    from hermes_state.redaction import harmless, redact_pointer, shown

    return {
        "code": error.code,
        "kind": error.kind,
        "home": home,
        "path": error.path,
        "pointer": harmless(redact_pointer(error.pointer)),
        "message": _message(error),
        "hint": shown(error.hint),
    }


def print_error(error: StateError) -> None:
    """Say on stderr what was found, and what to type next."""
    from hermes_state.redaction import shown

    sys.stderr.write(f"hermes-state: {_message(error)}\n")
    if error.hint:
        sys.stderr.write(f"  {shown(error.hint)}\n")


def _message(error: StateError) -> str:
    """The message as it may be shown; the pointer in it is taken name by name."""
    from hermes_state.redaction import redact_pointer, shown

    message = error.message
    return shown(message.replace(error.pointer, redact_pointer(error.pointer)) if error.pointer else message)


def print_unexpected(error: BaseException) -> ExitCode:
    """Own up to a defect of this program, without a traceback that could show secrets."""
    from hermes_state.redaction import shown

    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({where.tb_frame.f_code.co_filename}:{where.tb_lineno})" if where is not None else ""
    sys.stderr.write(f"hermes-state: unexpected error: {type(error).__name__}: {shown(str(error))}{place}\n")
    sys.stderr.write("  this is a defect of hermes-state; what it had not yet written it did not write\n")
    return ExitCode.INTERNAL
