"""What the gateway and its pairing remember from one run to the next, as written by real agents and by anybody."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hermes_state.inspection import as_json
from tests.inspection.cases_home import CHAT, DEAD, LIMITS, boots, pending, starts
from tests.inspection.homes import HOUR, NOW, SECRET, agent, found, look, put, report
from tests.inspection.makers import file

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "rate_limits"
#: The time at which the samples were written.
WRITTEN = 1768469400.25
PLACES = {
    "dead_targets": "gateway/dead_targets.json",
    "pairing_rate_limits": LIMITS,
    "restart_loop": "gateway/restart_loop.json",
}
MEMORIES = (".restart_failure_counts", *PLACES.values(), "platforms/pairing/telegram-pending.json")


def moved(value: Any) -> Any:
    """What an agent wrote, as if it had done so a moment before NOW."""
    if isinstance(value, dict):
        return {key: moved(below) for key, below in value.items()}
    if isinstance(value, list):
        return [moved(below) for below in value]
    return value - WRITTEN + NOW - 30.0 if isinstance(value, float) else value


def ids(home: Path) -> list[str]:
    return [each.id for each in look(home).findings]


@pytest.mark.parametrize(
    ("sample", "told"),
    [
        ("dead_targets.0.19.0", ["HS-SESS-032"]),
        ("dead_targets.0.22.2", ["HS-SESS-032"]),
        ("pairing_rate_limits.0.13.0", ["HS-SESS-035", "HS-SESS-036"]),
        ("pairing_rate_limits.0.19.0", ["HS-SESS-035", "HS-SESS-036"]),
        ("pairing_rate_limits.0.22.2", ["HS-SESS-035", "HS-SESS-036"]),
        ("restart_loop.0.19.0", ["HS-SESS-031"]),
        ("restart_loop.0.22.2", ["HS-SESS-031"]),
    ],
)
def test_what_agents_wrote_is_understood(home: Path, sample: str, told: list[str]) -> None:
    content = json.loads((SAMPLES / f"{sample}.json").read_text("utf-8"))
    place = PLACES[sample.partition(".")[0]]
    put(home / place, moved(content))
    assert ids(home) == told
    put(home / place, content)  # a year old: only the chats are still gone
    assert ids(home) == (["HS-SESS-032"] if sample.startswith("dead") else [])


@pytest.mark.parametrize("name", MEMORIES)
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"\xff", b"[" * 100_000, b" " * (1 << 20)], ids=range(7))
def test_a_memory_that_is_none_is_told_with_what_follows(home: Path, name: str, content: bytes) -> None:
    put(home / name, content)
    (hit,) = look(home).findings
    assert (hit.id, hit.path, hit.hint) == ("HS-SESS-033", str(home / name), f"`rm {home / name}`")


@pytest.mark.parametrize("name", MEMORIES)
def test_what_is_no_file_is_told_without_waiting_for_it(home: Path, name: str) -> None:
    (home / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(home / name)
    (hit,) = look(home).findings
    assert (hit.id, hit.message.partition(":")[0]) == ("HS-SESS-033", "not a regular file")


@pytest.mark.parametrize("name", [*MEMORIES, "gateway-starts.log"])
def test_what_is_empty_says_nothing(home: Path, name: str) -> None:
    put(home / name, {} if name.endswith(("json", "counts")) else b"\nx\n")
    assert ids(home) == []


def test_every_chat_that_is_to_be_suspended_is_told(home: Path) -> None:
    put(home / ".restart_failure_counts", {"agent:main:a": 4, "agent:main:b": 1, "agent:main:c": 3})
    assert [hit.pointer for hit in found(home, "HS-SESS-030")] == ["/agent:main:a", "/agent:main:c"]


def test_a_count_that_is_none_makes_the_gateway_suspend_nothing(home: Path) -> None:
    put(home / ".restart_failure_counts", {CHAT: 7, "agent:main:b": "3"})
    assert ids(home) == ["HS-SESS-033"]


@pytest.mark.parametrize(
    ("ages", "version", "is_told"),
    [
        ([], None, False),
        ([10.0], None, False),
        ([70.0, 10.0], "0.19.0", False),
        ([70.0, 10.0], "0.22.2", True),
        ([70.0, 10.0], None, True),
        ([400.0, 10.0], None, False),
        ([50.0, 10.0], "0.19.0", True),
        ([200.0, 150.0, 100.0], None, True),
        ([2 * HOUR, 2 * HOUR, 2 * HOUR], None, False),
        ([-90.0, -100.0], "0.19.0", True),
        ([-90.0, -100.0], "0.22.2", True),
    ],
    ids=str,
)
def test_a_loop_is_one_that_the_gateway_takes_for_one(
    home: Path, ages: list[float], version: str | None, is_told: bool
) -> None:
    if version is not None:
        agent(home, version)
    boots(*ages)(home)
    assert bool(found(home, "HS-SESS-031")) is is_told


def test_boots_that_are_no_numbers_do_not_count(home: Path) -> None:
    put(home / "gateway" / "restart_loop.json", {"boots": ["x", None, NOW, float("nan"), 10**400]})
    (hit,) = found(home, "HS-SESS-031")
    assert "2 times" in hit.message


def test_boots_that_are_no_list_are_told(home: Path) -> None:
    put(home / "gateway" / "restart_loop.json", {"boots": 5})
    assert ids(home) == ["HS-SESS-033"]


def test_only_the_first_chats_that_are_gone_are_named_and_nothing_of_theirs_acts_on_a_terminal(home: Path) -> None:
    dead = {f"telegram:{at}": {"reason": "\x1b[2Jgone", "marked_at": NOW - 60.0} for at in range(5)}
    put(home / "gateway" / "dead_targets.json", dead | {"odd": 5})
    (hit,) = found(home, "HS-SESS-032")
    assert "(5)" in hit.message and hit.message.endswith("and 2 more") and hit.message.isprintable()


@pytest.mark.parametrize("entry", [{}, {"reason": 5, "marked_at": "x"}, {"marked_at": NOW + HOUR}])
def test_a_chat_without_reason_or_time_is_still_gone(home: Path, entry: dict[str, Any]) -> None:
    put(home / "gateway" / "dead_targets.json", {"telegram:1": entry})
    (hit,) = found(home, "HS-SESS-032")
    assert hit.message.endswith(": telegram:1")


@pytest.mark.parametrize(
    ("ages", "wait"),
    [([0.0] * 4, ""), ([0.0] * 5, "10s"), ([0.0] * 6, "20s"), ([0.0] * 30, "5m"), ([-HOUR] * 5, "10s")],
)
def test_the_wait_is_the_one_of_the_gateway(home: Path, ages: list[float], wait: str) -> None:
    starts(*ages)(home)
    assert [f"waits {wait} before" in hit.message for hit in found(home, "HS-SESS-034")] == [True] * bool(wait)


# --- pairing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["platforms/pairing", "pairing"])
def test_both_folders_of_pairing_are_looked_at(home: Path, folder: str) -> None:
    put(home / folder / "_rate_limits.json", {"_lockout:telegram": NOW + 60.0})
    put(home / folder / "telegram-approved.json", "not looked at")
    assert ids(home) == ["HS-SESS-035"]


@pytest.mark.parametrize("value", ["soon", None, [], {}])
def test_a_limit_that_is_no_number_never_ends(home: Path, value: Any) -> None:
    put(home / LIMITS, {"telegram:1": value})
    assert ids(home) == ["HS-SESS-037"]


@pytest.mark.parametrize("value", [NOW + 3700.0, NOW * 1000, float("inf"), 10**400])
def test_a_lockout_that_is_too_long_never_ends(home: Path, value: float) -> None:
    put(home / LIMITS, {"_lockout:telegram": value})
    assert ids(home) == ["HS-SESS-037"]


@pytest.mark.parametrize(
    ("ages", "is_told"), [([1.0] * 2, False), ([1.0] * 3, True), ([1.0, 1.0, 3601.0], False), ([-HOUR] * 3, True)]
)
def test_codes_count_as_long_as_they_are_good(home: Path, ages: list[float], is_told: bool) -> None:
    pending(*ages)(home)
    assert bool(found(home, "HS-SESS-038")) is is_told


def test_codes_without_a_time_do_not_count(home: Path) -> None:
    codes = {"a": {}, "b": {"created_at": "x"}, "c": 5, "d": {"created_at": NOW}, "e": {"created_at": NOW}}
    put(home / "platforms" / "pairing" / "telegram-pending.json", codes)
    assert ids(home) == []


def test_a_platform_whose_name_cannot_be_shown_is_not(home: Path) -> None:
    codes = {str(at): {"created_at": NOW} for at in range(3)}
    put(home / "platforms" / "pairing" / "\x1b[2J-pending.json", codes)
    (hit,) = found(home, "HS-SESS-038")
    assert "this platform" in hit.message and hit.message.isprintable() and hit.hint.isprintable()


def test_a_secret_in_the_name_of_a_file_is_not_shown(home: Path) -> None:
    codes = {str(at): {"created_at": NOW} for at in range(3)}
    put(home / "platforms" / "pairing" / f"{SECRET}-pending.json", codes)
    assert found(home, "HS-SESS-038") != [] and SECRET not in json.dumps(as_json(report(home)))


def test_what_the_gateway_remembers_belongs_to_the_sessions(home: Path) -> None:
    file("gateway/dead_targets.json", DEAD)(home)
    assert [each.id for each in report(home, kinds=["sessions"]).homes[0].findings] == ["HS-SESS-032"]
    assert report(home, kinds=["config"]).homes[0].findings == ()
