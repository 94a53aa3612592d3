"""``platforms/pairing``: what keeps people from pairing with the bot.

``_rate_limits.json`` holds, beside the time of each person's last request, failures and lockouts of a platform;
``<platform>-pending.json`` the codes that nobody has approved. Agents read these files at every request, so that a
change counts at once. The limits are those of ``gateway/pairing.py``, 0.13 to 0.22. Up to 0.22 an older folder,
``pairing``, is used where it has content; otherwise what it holds is taken over from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

from hermes_state.clock import duration
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.commands import is_typable
from hermes_state.inspection.memory import Memory, number, recall_object
from hermes_state.inspection.sessions.gateway import removing, unusable
from hermes_state.models.issue import pointer

FOLDERS = (os.path.join("platforms", "pairing"), "pairing")
LIMITS, PENDING = "_rate_limits.json", "-pending.json"
#: Seconds between two requests of a person, seconds of a lockout, seconds that a code is good for.
REQUEST_SECONDS, LOCKOUT_SECONDS, CODE_SECONDS = 600.0, 3600.0, 3600.0
#: Codes of a platform that can wait for approval.
CODES = 3
_LOCKOUT, _FAILURES = "_lockout:", "_failures:"


def findings(home: Home, now: float) -> Iterator[Finding]:
    """What keeps people from pairing with the bots of ``home`` at ``now`` (epoch seconds)."""
    for folder in FOLDERS:
        place = os.path.join(home.path, folder)
        names: list[str] = []
        with suppress(OSError):
            names = sorted(os.listdir(place))
        for name in names:
            memory = recall_object(os.path.join(place, name)) if name == LIMITS or name.endswith(PENDING) else None
            if memory is None:
                continue
            if memory.fault:
                yield unusable(memory, "agents take it for empty, or fail to pair anybody")
            elif name == LIMITS:
                yield from _limits(memory, now)
            else:
                yield from _codes(memory, name.removesuffix(PENDING), now)


def _limits(memory: Memory, now: float) -> Iterator[Finding]:
    hint = f"{removing(memory.path)} ends every limit of pairing here, and forgets the failures"
    waiting: list[tuple[str, float]] = []
    for key, value in memory.value.items():
        time = number(value)
        if time is None:
            who = "nobody can pair on this platform" if key.startswith("_") else "this person gets no code"
            message = f"it is not a number, on which agents fail: {who}"
            yield finding("HS-SESS-037", memory.path, pointer(key), message, hint)
        elif key.startswith(_LOCKOUT):
            left = time - now
            if left > LOCKOUT_SECONDS:
                yield _endless(memory, key, "a lockout lasts an hour", hint)
            elif left > 0:
                platform = key.removeprefix(_LOCKOUT)
                message = f"after 5 wrong codes nobody can pair on {platform} for another {duration(left)}"
                yield finding("HS-SESS-035", memory.path, pointer(key), message, hint)
        elif not key.startswith(_FAILURES):
            # A time that lies ahead limits until it has come and gone.
            if time > now + REQUEST_SECONDS:
                yield _endless(memory, key, "a person waits 10 minutes", hint)
            elif now - time < REQUEST_SECONDS:
                waiting.append((key, time + REQUEST_SECONDS - now))
    if waiting:
        key, left = max(waiting, key=lambda each: each[1])
        message = f"who asked for a code just now ({len(waiting)}) gets no other one, the last in {duration(left)}"
        yield finding("HS-SESS-036", memory.path, pointer(key), message, hint)


def _endless(memory: Memory, key: str, rule: str, hint: str) -> Finding:
    message = f"it lies too far ahead to be the agent's: {rule}, and this does not end"
    return finding("HS-SESS-037", memory.path, pointer(key), message, hint)


def _codes(memory: Memory, platform: str, now: float) -> Iterator[Finding]:
    made = [number(entry.get("created_at")) for entry in memory.value.values() if isinstance(entry, dict)]
    # Agents drop what is older, or has no time, when somebody asks for a code.
    good = [time for time in made if time is not None and now - time <= CODE_SECONDS]
    if len(good) >= CODES:
        left = min(good) + CODE_SECONDS - now
        named = platform if is_typable(platform) else "this platform"
        message = (
            f"{len(good)} pairing codes wait for approval on {named}, which is as many as there can be: "
            f"nobody else gets one for another {duration(left)}"
        )
        hint = f"approve them, or {removing(memory.path)} drops them"
        yield finding("HS-SESS-038", memory.path, "", message, hint)
