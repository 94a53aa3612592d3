"""Beside running agents: what they write after a move, replayed on documents, and files that real agents wrote.

``saves`` does what the agent's pool write does to one provider's rows, family by family, as far as the lens can tell.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from hermes_state.codec.json import parse
from hermes_state.codec.rewrite import rewrite
from hermes_state.edit import apply
from hermes_state.runtime import SECTION, Note, What, forget, is_pending, join, part, same_document, stays
from hermes_state.runtime.record import STATUS_FIELDS
from tests.runtime.pools import NOW, OTHER_TOKEN, POOL, document, mark, record, row

SAMPLES = Path(__file__).parents[1] / "samples" / "auth"
VERSIONS = ["0.13.0", "0.15.2", "0.19.0", "0.22.2"]
FILES = sorted(path for path in SAMPLES.glob("*/*.json") if "runtime" not in path.read_text(encoding="utf-8"))

#: Row fields that a family does not know, and loses.
UNKNOWN = {
    "0.13": ("failure_reason", "model_cooldowns", "status_cleared_at"),
    "0.19": ("failure_reason", "model_cooldowns", "status_cleared_at"),
    "0.20": ("model_cooldowns", "status_cleared_at"),
    "0.22": (),
}
FAMILIES = sorted(UNKNOWN)


def saves(disk: dict[str, Any], memory: list[dict[str, Any]], family: str) -> dict[str, Any]:
    """``disk`` after an agent of ``family`` wrote the pool that it has in ``memory``."""
    made = copy.deepcopy(disk)
    found = {held["id"]: held for held in made["credential_pool"].get(POOL, [])}
    written = [_merged(held, found.get(held["id"], {}), family) for held in memory]
    ids = {held["id"] for held in memory}
    added = [held for held in found.values() if held["id"] not in ids] if family != "0.13" else []
    made["credential_pool"][POOL] = written + added
    return made | {"updated_at": "later"}


def _merged(held: dict[str, Any], found: dict[str, Any], family: str) -> dict[str, Any]:
    made = {key: value for key, value in held.items() if key not in UNKNOWN[family]} | {
        key: held.get(key) for key in STATUS_FIELDS
    }
    if family >= "0.20" and found.get("last_status") and found["last_status_at"] > (held.get("last_status_at") or 0):
        made |= {key: found.get(key) for key in STATUS_FIELDS}
    if family >= "0.22":
        cleared = found.get("status_cleared_at") or 0
        if held.get("last_status") == "exhausted" and cleared > (held.get("last_status_at") or 0):
            made |= {key: found.get(key) for key in STATUS_FIELDS} | {"status_cleared_at": cleared}
        sides = [side.get("model_cooldowns") or {} for side in (found, held)]
        united = {model: max(side.get(model, 0.0) for side in sides) for side in sides for model in side}
        made |= {"model_cooldowns": united} if united else {}
    return made


def held(section: dict[str, Any], identity: str = "7e472f") -> Any:
    return section[SECTION]["pools"][POOL].get(identity)


@pytest.fixture
def before() -> dict[str, Any]:
    """Two keys, one of them cooling for two hours."""
    return document(row(**mark(last_error_reset_at=NOW + 7200)), row(id="86b593", access_token=OTHER_TOKEN))


# --- files of real agents --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_comes_back_from_a_move(path: Path) -> None:
    sample = json.loads(path.read_text(encoding="utf-8"))
    if "credential_pool" not in sample:
        assert part(sample, NOW).document is sample
        return
    parted = part(sample, NOW).document
    for pool, rows in parted["credential_pool"].items():
        assert not any(is_pending(row) for row, reason in zip(rows, stays(pool, rows), strict=True) if not reason)
    assert part(parted, NOW + 1).document is parted
    assert same_document(join(parted, NOW + 1).document, sample)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_comes_back_byte_for_byte_so_numbers_keep_their_spelling(path: Path) -> None:
    old = parse(path.read_bytes())
    moved = parse(apply(old.text, rewrite(old, part(old.value, NOW).document)).encode())
    back = apply(moved.text, rewrite(moved, join(moved.value, NOW).document))
    assert back == old.text


@pytest.mark.parametrize("version", VERSIONS)
def test_the_move_step_by_step_on_the_real_agents_files(version: str) -> None:
    """auth.json before a move, and what the same agent wrote when it marked the first key again after one."""
    first, third = (
        json.loads((SAMPLES / version / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("move_1_before", "move_3_after_agent_write")
    )
    key, idle = first["credential_pool"][POOL]
    at = first["credential_pool"][POOL][0]["last_status_at"] + 0.001
    parted = part(first, at)
    assert [moved.id for moved in parted.moved] == [key["id"]]
    assert not is_pending(parted.document["credential_pool"][POOL][0])
    assert held(parted.document, key["id"])["last_status_at"] == key["last_status_at"]

    written = parted.document | {"credential_pool": third["credential_pool"], "updated_at": third["updated_at"]}
    again = part(written, at + 60)
    assert again.notes == [Note(POOL, key["id"], What.INLINE_IS_LATER)]
    assert held(again.document, key["id"])["last_error_message"] == "again"
    assert held(again.document, idle["id"]) is None  # the nulls that the agent put back say nothing
    joined = join(again.document, at + 120).document
    assert joined["credential_pool"] == third["credential_pool"]
    assert SECTION not in joined


# --- agents that loaded the pool before the move ---------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stale_agent_that_writes_the_moved_mark_back_loses_nothing(before: dict[str, Any], family: str) -> None:
    before["credential_pool"][POOL][0]["failure_reason"] = "billing"
    parted = part(before, NOW).document
    written = saves(parted, before["credential_pool"][POOL], family)
    assert is_pending(written["credential_pool"][POOL][0])
    again = part(written, NOW + 5)
    assert again.notes == [Note(POOL, "7e472f", What.UNITED)]
    assert held(again.document) is held(written)
    assert same_document(again.document, parted)
    assert same_document(join(written, NOW + 5).document, before)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stale_agent_that_marks_another_key_moves_only_that(before: dict[str, Any], family: str) -> None:
    parted = part(before, NOW).document
    memory = copy.deepcopy(before["credential_pool"][POOL])
    memory[1] |= mark(NOW + 1, last_error_code=402)
    again = part(saves(parted, memory, family), NOW + 5)
    assert [moved.id for moved in again.moved] == ["7e472f", "86b593"]
    assert held(again.document, "86b593")["last_error_code"] == 402
    assert held(again.document)["last_error_reset_at"] == NOW + 7200


@pytest.mark.parametrize("family", FAMILIES)
def test_an_agent_that_knows_nothing_of_the_mark_does_not_end_it(before: dict[str, Any], family: str) -> None:
    """A marks, we move, B (healthy in memory) writes: agents up to 0.19 lose the mark inline; the record stays."""
    healthy = [row(), row(id="86b593", access_token=OTHER_TOKEN)]
    written = saves(part(before, NOW).document, healthy, family)
    assert part(written, NOW + 5).document is written
    assert same_document(join(written, NOW + 5).document, before)


def test_a_selection_after_the_end_writes_ok_and_that_ends_the_record(before: dict[str, Any]) -> None:
    parted = part(before, NOW).document
    memory = [row(last_status="ok"), row(id="86b593", access_token=OTHER_TOKEN)]
    again = part(saves(parted, memory, "0.19"), NOW + 7300)
    assert again.document[SECTION]["pools"] == {}
    assert again.notes == [Note(POOL, "7e472f", What.ENDED_BY_OK)]
    assert again.document["credential_pool"][POOL][0]["last_status"] == "ok"


def test_a_row_that_a_stale_agent_drops_is_an_orphan_and_finds_its_record_again(before: dict[str, Any]) -> None:
    parted = part(before, NOW).document
    without = saves(parted, [row(id="86b593", access_token=OTHER_TOKEN)], "0.13")
    again = part(without, NOW + 5)
    assert again.document is without
    assert again.notes == [Note(POOL, "7e472f", What.ORPHAN)]
    back = saves(without, [row(), row(id="86b593", access_token=OTHER_TOKEN)], "0.13")
    assert same_document(join(back, NOW + 5).document, before)


def test_a_row_that_was_seeded_anew_is_another_row(before: dict[str, Any]) -> None:
    parted = part(before, NOW).document
    seeded = saves(parted, [row(id="0c0ffe"), row(id="86b593", access_token=OTHER_TOKEN)], "0.13")
    assert join(seeded, NOW + 5).document["credential_pool"] == seeded["credential_pool"]
    ended = part(seeded, NOW + 7201)
    assert ended.notes == [Note(POOL, "7e472f", What.ORPHAN_DROPPED)]


def test_a_new_login_is_not_blocked_by_the_old_ones_record_nor_when_a_stale_agent_reverts_it(
    before: dict[str, Any],
) -> None:
    parted = part(before, NOW).document
    fresh = saves(parted, [row(access_token="sk-or-v1-test-cccccccccccccccc")], "0.19")
    again = part(fresh, NOW + 5)
    assert again.notes == [Note(POOL, "7e472f", What.SUPERSEDED)]
    reverted = part(saves(again.document, before["credential_pool"][POOL], "0.19"), NOW + 9)
    assert held(reverted.document) == record(moved_at=NOW + 9, **mark(last_error_reset_at=NOW + 7200))


def test_model_cooldowns_that_a_live_agent_keeps_in_memory_are_united_every_time() -> None:
    before = document(row(model_cooldowns={"opus": NOW + 50}))
    parted = part(before, NOW).document
    memory = [row(model_cooldowns={"opus": NOW + 50, "gpt": NOW + 80})]
    again = part(saves(parted, memory, "0.22"), NOW + 5)
    assert held(again.document)["model_cooldowns"] == {"opus": NOW + 50, "gpt": NOW + 80}
    once_more = part(saves(again.document, memory, "0.22"), NOW + 9).document
    assert same_document(once_more, again.document)


def test_inline_marks_that_a_healthy_agent_erases_after_the_way_back_are_gone(before: dict[str, Any]) -> None:
    """Why a downgrade beside a live gateway is refused: agents up to 0.19 write what they remember."""
    joined = join(part(before, NOW).document, NOW + 1).document
    erased = saves(joined, [row(), row(id="86b593", access_token=OTHER_TOKEN)], "0.19")
    assert not is_pending(erased["credential_pool"][POOL][0])
    kept = saves(joined, [row(), row(id="86b593", access_token=OTHER_TOKEN)], "0.20")
    assert is_pending(kept["credential_pool"][POOL][0])


# --- clears ----------------------------------------------------------------------------------------------------------


def cleared(found: dict[str, Any], at: float) -> dict[str, Any]:
    """``found`` after clear-cooldown on its first row."""
    made = copy.deepcopy(found)
    section = made.setdefault(SECTION, {"schema": 1, "pools": {}})
    records = section["pools"].setdefault(POOL, {})
    first = made["credential_pool"][POOL]
    first[0], records["7e472f"] = forget(first[0], records.get("7e472f"), at)
    return made


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("moved", [True, False])
def test_cleared_stays_cleared_beside_an_agent_that_remembers(before: dict[str, Any], family: str, moved: bool) -> None:
    memory = before["credential_pool"][POOL]
    made = cleared(part(before, NOW).document if moved else before, NOW + 1)
    for _ in range(3):
        made = saves(made, memory, family)
        assert is_pending(made["credential_pool"][POOL][0]) == (family < "0.22")  # 0.22 honours the stamp
        again = part(made, NOW + 5)
        assert again.moved == []
        assert [note.what for note in again.notes] == [What.WRITTEN_BACK] * (family < "0.22")
        made = again.document
        assert set(held(made)) == {"source", "token", "cleared_at"}
    assert not is_pending(join(made, NOW + 9).document["credential_pool"][POOL][0])


def test_a_new_mark_after_a_clear_is_believed(before: dict[str, Any]) -> None:
    made = cleared(part(before, NOW).document, NOW + 1)
    again = part(saves(made, [row(**mark(NOW + 3))], "0.19"), NOW + 5)
    assert held(again.document) == record(moved_at=NOW + 5, **mark(NOW + 3))
    assert again.notes == []


def test_a_reset_by_the_agent_itself_ends_what_was_moved(before: dict[str, Any]) -> None:
    """0.22: the key failed again after the move, then ``hermes auth reset``."""
    parted = part(before, NOW).document
    reset = saves(parted, [row(status_cleared_at=NOW + 9), row(id="86b593", access_token=OTHER_TOKEN)], "0.22")
    again = part(reset, NOW + 10)
    assert again.notes == [Note(POOL, "7e472f", What.ENDED_BY_RESET)]
    assert again.document[SECTION]["pools"] == {}
    assert not is_pending(join(reset, NOW + 10).document["credential_pool"][POOL][0])
