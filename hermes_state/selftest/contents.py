"""What the bytes of a file are after a write, and what they may be when a crash comes before the sync."""

from __future__ import annotations

from collections.abc import Iterator

from hermes_state.selftest.recording import Operation


def written(base: bytes, operation: Operation) -> bytes:
    """``base`` after a write or a truncation."""
    if operation.verb == "truncate":
        return base[: operation.size].ljust(operation.size, b"\0")
    start, end = operation.offset, operation.offset + len(operation.data)
    return base[:start].ljust(start, b"\0") + operation.data + base[end:]


def outcomes(base: bytes, operation: Operation) -> Iterator[bytes]:
    """What a write or truncation that was not synced may have made of ``base``: nothing, all of it, the first half, the
    second half, or only the new length."""
    whole = written(base, operation)
    yield base
    yield whole
    if operation.verb == "write":
        half = operation.offset + len(operation.data) // 2
        grown = base.ljust(len(whole), b"\0")
        yield grown
        yield whole[:half] + base[half:]
        yield grown[:half] + whole[half:]
