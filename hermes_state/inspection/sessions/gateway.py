"""What the gateway remembers from one run to the next, where it keeps something from being done.

``.restart_failure_counts`` (0.13), ``gateway/restart_loop.json`` and ``gateway/dead_targets.json`` (0.18),
``gateway-starts.log`` (0.19). The limits are those of ``gateway/run.py``, ``restart_loop_guard.py``,
``dead_targets.py`` and ``status.py``, 0.13 to 0.22. The gateway takes no lock on any of these files.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from hermes_state.clock import HOUR, duration
from hermes_state.findings import Finding, finding
from hermes_state.home import Home
from hermes_state.inspection.commands import file_command, quoted
from hermes_state.inspection.memory import Memory, lines, number, recall_object
from hermes_state.inspection.versions import before
from hermes_state.models.issue import pointer

#: So many restarts in the middle of its turn, and a chat is suspended.
STUCK_AT = 3
#: So many starts that had something to resume, and a gateway resumes nothing: up to 0.21 within so many seconds, since
#: 0.22 with no more than so many between two of them.
LOOP_AT, LOOP_SECONDS, LOOP_GAP = 3, 60.0, 300.0
_GUARDS_SINCE, _STORMS_SINCE, _GAPS_SINCE = (0, 18), (0, 19), (0, 22)
#: More starts than this within so many seconds, and the gateway waits: so long for one more, doubled for each other.
STORM_AT, STORM_SECONDS, STORM_WAIT, STORM_MOST = 5, 120.0, 5.0, 300.0
#: So many chats are called by name.
_NAMED = 3


def findings(home: Home, version: str | None, now: float) -> Iterator[Finding]:
    """What a user should know of these files of ``home`` at ``now`` (epoch seconds).

    ``version`` is that of the home's agent (None: not known).
    """
    yield from _stuck(recall_object(os.path.join(home.path, ".restart_failure_counts")))
    if not before(version, *_GUARDS_SINCE):
        yield from _loop(recall_object(os.path.join(home.path, "gateway", "restart_loop.json")), version, now)
        yield from _dead(recall_object(os.path.join(home.path, "gateway", "dead_targets.json")), now)
    if not before(version, *_STORMS_SINCE):
        yield from _storm(os.path.join(home.path, "gateway-starts.log"), now)


def unusable(memory: Memory, consequence: str) -> Finding:
    """The finding for a file that agents cannot use, and what follows from that."""
    return finding("HS-SESS-033", memory.path, "", f"{memory.fault}: {consequence}", removing(memory.path))


def removing(path: str) -> str:
    """The command that takes a file away whose loss costs nothing but what it remembers."""
    return quoted(file_command("rm", path))


def _stuck(memory: Memory | None) -> Iterator[Finding]:
    """Chats that were in the middle of a turn at so many restarts that the next start suspends them."""
    if memory is None:
        return
    counts = {} if memory.fault else memory.value
    odd = [key for key, value in counts.items() if not isinstance(value, int | float)]
    if memory.fault or odd:
        fault = memory.fault or f"the count of {odd[0]} is no number"
        yield unusable(memory._replace(fault=fault), "the gateway cannot tell which chats hang it, and suspends none")
        return
    for key, value in counts.items():
        if value >= STUCK_AT:
            message = (
                f"a turn of this chat was cut short by {value} restarts: the next start of the gateway suspends it, "
                "so that its next message begins a new session"
            )
            hint = f"before the gateway starts, {removing(memory.path)} keeps the session"
            yield finding("HS-SESS-030", memory.path, pointer(key), message, hint)


def _loop(memory: Memory | None, version: str | None, now: float) -> Iterator[Finding]:
    """Starts that followed each other so closely that the gateway takes up nothing that was cut short."""
    if memory is None:
        return
    boots = [] if memory.fault else memory.value.get("boots", [])
    if memory.fault or not isinstance(boots, list):
        fault = memory.fault or "its boots are not a list"
        yield unusable(memory._replace(fault=fault), "the gateway begins to count anew, or not at all")
        return
    times = [time for time in map(number, boots) if time is not None]
    # The gateway drops older ones at each start: as many as this means that the latest one resumed nothing.
    was_loop = len(times) >= LOOP_AT and max(times) > now - HOUR
    in_a_row = _in_a_row(times, now, LOOP_SECONDS if before(version, *_GAPS_SINCE) else None)
    will_be = in_a_row >= LOOP_AT - 1
    if was_loop or will_be:
        what = "the last one resumed no session that was cut short" if was_loop else "one more now resumes no session"
        message = (
            f"the gateway was started {len(times)} times in a row with turns that had been cut short, and {what}: "
            "such a chat goes on with its next message"
        )
        hint = f"find out what ends the gateway; if nothing does, {removing(memory.path)} begins the count anew"
        yield finding("HS-SESS-031", memory.path, "/boots", message, hint)


def _in_a_row(times: list[float], now: float, within: float | None) -> int:
    """How many starts count beside one at ``now``: those ``within`` so many seconds, else those without a gap."""
    if within is not None:
        return sum(time >= now - within for time in times)
    count, latest = 0, now
    for time in sorted(times, reverse=True):
        if latest - time > LOOP_GAP:
            break
        count, latest = count + 1, min(latest, time)
    return count


def _dead(memory: Memory | None, now: float) -> Iterator[Finding]:
    """Chats that the platform said are gone."""
    if memory is None:
        return
    if memory.fault:
        yield unusable(memory, "the gateway tries chats again that are gone")
        return
    dead = {key: entry for key, entry in memory.value.items() if isinstance(entry, dict)}
    if not dead:
        return
    named = [_chat(key, entry, now) for key, entry in list(dead.items())[:_NAMED]]
    more = f", and {len(dead) - _NAMED} more" if len(dead) > _NAMED else ""
    message = f"nothing is delivered to chats that were found to be gone ({len(dead)}): {', '.join(named)}{more}"
    hint = (
        "a message that gets through ends it; if a chat is back, stop the gateway, "
        f"{removing(memory.path)}, and start it again"
    )
    yield finding("HS-SESS-032", memory.path, pointer(next(iter(dead))), message, hint)


def _chat(key: str, entry: dict[str, Any], now: float) -> str:
    reason, marked_at = entry.get("reason"), number(entry.get("marked_at"))
    said = [reason] if isinstance(reason, str) and reason else []
    if marked_at is not None and marked_at <= now:
        said.append(f"{duration(now - marked_at)} ago")
    return f"{key} ({', '.join(said)})" if said else key


def _storm(path: str, now: float) -> Iterator[Finding]:
    """Starts of the gateway that make it wait before the next."""
    times = [time for time in map(_time, lines(path)) if time is not None]
    starts = sum(now - time <= STORM_SECONDS for time in times) + 1
    if starts > STORM_AT:
        wait = min(STORM_MOST, STORM_WAIT * 2 ** min(starts - STORM_AT, 6))
        message = (
            f"with one now the gateway has been started {starts} times within {duration(STORM_SECONDS)}: "
            f"it waits {duration(wait)} before it does anything"
        )
        hint = f"find out what ends it; {removing(path)} spares it the wait"
        yield finding("HS-SESS-034", path, "", message, hint)


def _time(line: str) -> float | None:
    try:
        return number(float(line))
    except ValueError:
        return None
