"""Every output of a command that the suite sees, printed in process or by a program, is held against its schema."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import cache, wraps
from typing import Any, NoReturn

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

from hermes_state.shipped import shipped

#: How many outputs of each format (``hermes-state/inspect``) fitted their schema.
fitting: Counter[str] = Counter()
#: What was wrong with others, since the last test began.
misfits: list[str] = []

_FORMAT = "hermes-state/"
#: For JSON Schema 1.0 is an integer; it is not what the schemas mean by one.
_Strict = extend(
    Draft202012Validator,
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int),
)


@cache
def _validator(format: str) -> Any:
    name = format.removeprefix(_FORMAT)
    return _Strict(json.loads((shipped("schemas") / f"output-{name}.v1.json").read_text("utf-8")))


def faults(text: str, *, alone: bool = True) -> list[str]:
    """What is wrong with an output, each with its place in it. It is to be ``alone`` in ``text``, or to begin it."""
    try:
        whole, end = json.JSONDecoder(parse_constant=_refuse).raw_decode(text)
        if alone and text[end:].strip():
            raise ValueError(f"more is said after it: {text[end:].strip()[:80]!r}")
        validator = _validator(whole["format"])
    except (ValueError, FileNotFoundError) as error:
        return [f"{text[:200]!r}: {error}"]
    found = [f"{whole['format']} {error.json_path}: {error.message}" for error in validator.iter_errors(whole)]
    fitting[whole["format"]] += not found
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def printing(print_object: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
    """``print_object`` of the command line, and a look at what it prints."""

    @wraps(print_object)
    def looking(whole: dict[str, Any]) -> None:
        print_object(whole)
        misfits.extend(faults(json.dumps(whole)))

    return looking


def communicating(communicate: Callable[..., tuple[Any, Any]]) -> Callable[..., tuple[Any, Any]]:
    """``communicate`` of a process (``subprocess.run`` uses it too), and a look at the output of our program."""

    @wraps(communicate)
    def looking(process: Any, *arguments: Any, **named: Any) -> tuple[Any, Any]:
        said, errors = communicate(process, *arguments, **named)
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said or ""
        # One that was killed may have been killed in the middle of a line.
        if "".join(text[:80].split()).startswith(f'{{"format":"{_FORMAT}') and (process.returncode or 0) >= 0:
            misfits.extend(faults(text, alone=errors is not None))  # None: stderr may be in the same stream
        return said, errors

    return looking
