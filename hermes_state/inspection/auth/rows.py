"""What is said of the rows of a pool: their ids, what makes agents fail, and cooldowns that agents do not see."""

from __future__ import annotations

from collections.abc import Iterator

from hermes_state.clock import duration
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.auth.pools import Pool
from hermes_state.inspection.commands import command, quoted
from hermes_state.models.issue import pointer
from hermes_state.redaction import redact

_IDS = {
    "duplicate_id": (
        "HS-AUTH-030",
        "another row has the same id: what is done by id hits the first one",
        "give one of them another id by hand: six hexadecimal digits",
    ),
    "no_id": (
        "HS-AUTH-031",
        "without an id its cooldown cannot be moved, and agents may drop the row when they merge",
        "give it an id by hand: six hexadecimal digits that no other row of the pool has",
    ),
    "id_not_text": (
        "HS-AUTH-032",
        "its id is not a text: its cooldown stays where it is",
        "put quotes around the id by hand if its cooldown is to be moved",
    ),
}


def findings(home: Home, path: str, pool: Pool) -> Iterator[Finding]:
    """What a user should know about the rows of ``pool``, in the file of ``home`` at ``path``."""
    if not pool.is_read:
        message = f"no agent reads {pool.key!r}: pools are looked up in small letters, without spaces around"
        known = redact(pool.key) == pool.key
        hint = f"rename the key to {pool.key.strip().lower()!r}" if known else "rename the key"
        yield finding("HS-AUTH-034", path, place(pool), message, hint)
    for refusal in pool.refusals:
        field = f"{refusal.field}: " if refusal.field else ""
        message = f"{pool.key} row {refusal.place + 1} makes agents fail on the whole pool: {field}{refusal.reason}"
        at = place(pool, refusal.place, *filter(None, (refusal.field,)))
        yield finding("HS-AUTH-033", path, at, message, "mend the value or remove the row by hand")
    for index, reason in enumerate(pool.stays):
        if reason in _IDS:
            id, what, hint = _IDS[reason]
            yield finding(id, path, place(pool, index), f"{pool.key} row {index + 1}: {what}", hint)
    for judged in pool.judged:
        if judged.unseen:
            left = judged.credential.remaining_seconds
            time = f" for {duration(left)}" if left is not None else ""
            what = f"its cooldown, which binds{time}, is in the section only: a stock agent uses it at once"
            message = f"{pool.key} {judged.name}: {what}"
            back = quoted(command(home, "migrate --to base"))
            hint = f"{back} puts it back where stock agents see it" if pool.may_edit else ""
            yield finding("HS-AUTH-029", path, place(pool, judged.place), message, hint)


def place(pool: Pool, *steps: object) -> str:
    """The JSON pointer of a pool, or of a place in it."""
    return pointer("credential_pool", pool.key, *steps)
