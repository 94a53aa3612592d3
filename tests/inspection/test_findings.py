"""Every finding of the catalogue fires where it should, at the right place, and stays silent beside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hermes_state.findings import CATALOGUE, finding
from hermes_state.home import Home
from hermes_state.migration.run import Options, migrate_auth
from tests.inspection.cases import CASES, pool, profile
from tests.inspection.homes import HOUR, NOW, agent, at, auth, cooling, found, look, mark, put, record, report, row
from tests.inspection.machine import prepare
from tests.inspection.makers import GOOD, Case, Maker, both, file, linked, owned


@pytest.fixture
def ready(id: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    prepare(id, monkeypatch, tmp_path)


def made(maker: Maker, home: Path) -> Path | Home:
    return maker(home) or home


def test_every_finding_of_the_catalogue_has_a_case() -> None:
    assert CASES.keys() == CATALOGUE.keys()


@pytest.mark.parametrize(("id", "case"), CASES.items(), ids=CASES)
@pytest.mark.usefixtures("ready")
def test_it_fires_at_its_place(id: str, case: Case, home: Path) -> None:
    hits = found(made(case.fires, home), id)
    assert {hit.pointer for hit in hits} >= {case.pointer}
    severity, kind, _ = CATALOGUE[id]
    assert {(hit.severity, hit.kind) for hit in hits} == {(severity, kind)}
    assert all(hit.message and os.path.isabs(hit.path) for hit in hits)


@pytest.mark.parametrize(("id", "case"), CASES.items(), ids=CASES)
@pytest.mark.usefixtures("ready")
def test_it_stays_silent_beside_that(id: str, case: Case, home: Path) -> None:
    assert found(made(case.silent, home), id) == []


def test_an_id_that_is_not_in_the_catalogue_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        finding("HS-NONE-001", "/x", "", "nothing")


def test_ids_are_of_one_form_and_outcomes_have_the_same_number_in_every_kind() -> None:
    assert all(id.split("-")[0] == "HS" and len(id.split("-")[2]) == 3 for id in CATALOGUE)
    words = {"001": "cannot be read", "002": "is empty", "004": "is too large"}
    for id, (_, _, title) in CATALOGUE.items():
        assert title.endswith(words.get(id.split("-")[2], title)) or id.startswith("HS-HOME")


def test_findings_come_worst_first(home: Path) -> None:
    put(home / "auth.json", auth({"openrouter": [cooling(), row(None), "oops"]}), 0o644)
    severities = [each.severity for each in look(home).findings]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert set(severities) == {"error", "warning", "info"}


def test_a_healthy_home_has_none(home: Path) -> None:
    put(home / "auth.json", GOOD)
    put(home / "sessions" / "sessions.json", {"_README": "a note"})
    put(home / "config.yaml", "_config_version: 33\nmodel: a/b\n")
    put(home / "rate_limits" / "nous.json", {"reset_at": NOW + HOUR})
    assert look(home).findings == ()


def test_an_empty_directory_has_none(home: Path) -> None:
    assert look(home).findings == ()
    assert report(home).errors == ()


# --- more of single findings -----------------------------------------------------------------------------------------


def test_one_bad_place_hides_no_other(home: Path) -> None:
    rows = [row("a", source=5), "oops", row("b", label=5), row("b"), row(None), cooling("c", last_error_code="429")]
    put(
        home / "auth.json", auth({"openrouter": rows, "nous": {}, "OpenRouter": [row()]}, {"gone": {"x": {}}, "odd": 5})
    )
    put(home / "sessions" / "sessions.json", b"[1")
    put(home / "config.yaml", "agent: 5\nagent: 6\n")
    put(home / "rate_limits" / "nous.json", b"")
    seen = {each.id for each in look(home).findings}
    assert seen >= {"HS-AUTH-006", "HS-AUTH-015", "HS-AUTH-026", "HS-AUTH-027", "HS-AUTH-030", "HS-AUTH-031"}
    assert seen >= {"HS-AUTH-033", "HS-AUTH-034", "HS-SESS-003", "HS-CONF-011", "HS-CONF-020", "HS-BREAK-002"}


def test_what_a_finding_says_the_models_do_not_repeat(home: Path) -> None:
    put(home / "auth.json", auth({"openrouter": ["oops", row("a", source=5)], "nous": {}}, {"openrouter": {"a": 5}}))
    assert {(each.id, each.pointer) for each in look(home).findings} == {
        ("HS-AUTH-006", "/credential_pool/nous"),
        ("HS-AUTH-027", "/credential_pool_runtime/pools/openrouter/a"),
        ("HS-AUTH-033", "/credential_pool/openrouter/0"),
        ("HS-AUTH-033", "/credential_pool/openrouter/1/source"),
    }


def test_a_foreign_section_is_told_even_behind_another_fault(home: Path) -> None:
    put(home / "auth.json", auth({"nous": {}}, credential_pool_runtime=[]))
    assert {each.id for each in look(home).findings} == {"HS-AUTH-006", "HS-AUTH-028"}


@pytest.mark.parametrize(
    ("fields", "since"),
    [({"last_status": "dead"}, "dead"), ({"status_cleared_at": NOW - 10.0}, "reset"), ({"last_status": "ok"}, "ok")],
)
def test_what_ended_a_record_is_said(home: Path, fields: dict[str, object], since: str) -> None:
    pool(row(**fields), records={"7e472f": record(row(), **mark())})(home)
    (hit,) = found(home, "HS-AUTH-024")
    assert since in hit.message
    assert hit.hint == f"`hermes-state --home {home} migrate` tidies it up"


@pytest.mark.parametrize("records", [{"openrouter": "oops"}, {"gone": []}])
def test_a_part_of_the_section_that_is_no_object_is_malformed(home: Path, records: dict[str, object]) -> None:
    put(home / "auth.json", auth({"openrouter": [row()]}, records))
    (hit,) = found(home, "HS-AUTH-027")
    assert hit.pointer == f"/credential_pool_runtime/pools/{next(iter(records))}"


def test_a_model_cooldown_in_the_section_only_is_not_seen_either(home: Path) -> None:
    agent(home, "0.22.2")
    pool(row(), records={"7e472f": record(row(), model_cooldowns={"claude-x": NOW + 60.0})})(home)
    assert len(found(home, "HS-AUTH-029")) == 1


def test_a_cooldown_that_only_newer_agents_have_is_not_missed_by_older_ones(home: Path) -> None:
    agent(home, "0.19.0")
    pool(row(), records={"7e472f": record(row(), model_cooldowns={"claude-x": NOW + 60.0})})(home)
    assert found(home, "HS-AUTH-029") == []


def test_a_dangling_link_into_a_missing_directory_is_told_with_its_target(home: Path) -> None:
    linked("auth.json", "gone/auth.json")(home)
    (hit,) = found(home, "HS-HOME-001")
    assert f"{home}/gone/auth.json" in hit.message
    assert look(home).files[0].link_target == f"{home}/gone/auth.json"


def test_a_link_of_a_breaker_that_is_gone_is_the_normal_state(home: Path) -> None:
    linked("rate_limits/nous.json", "gone")(home)
    assert look(home).findings == ()


@pytest.mark.parametrize("name", ["sessions/sessions.json", "config.yaml"])
def test_a_dangling_link_is_told_for_every_other_kind(home: Path, name: str) -> None:
    linked(name, "gone")(home)
    assert [(each.id, each.path) for each in look(home).findings] == [("HS-HOME-001", str(home / name))]


@pytest.mark.parametrize(
    ("mode", "managed", "fires"), [(0o660, "NixOS", False), (0o664, "NixOS", True), (0o602, None, True)]
)
def test_managed_installs_share_with_their_group_on_purpose(
    home: Path, mode: int, managed: str | None, fires: bool
) -> None:
    put(home / "auth.json", GOOD, mode)
    assert bool(found(at(home, managed=managed), "HS-HOME-002")) is fires


def test_a_wide_mode_is_told_with_what_it_allows_and_what_ends_it(home: Path) -> None:
    put(home / "auth.json", GOOD, 0o666)
    (hit,) = found(home, "HS-HOME-002")
    assert "0666" in hit.message and "read and change" in hit.message
    assert hit.hint == f"`chmod 600 {home}/auth.json` keeps them out"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_lock_that_the_homes_owner_cannot_take_is_told_with_the_command_for_it(home: Path) -> None:
    both(file("auth.json", GOOD), owned("auth.lock", "", 0, 0o644))(home)
    os.chown(home / "auth.json", 1234, 1234)
    (hit,) = found(home, "HS-HOME-004")
    assert (hit.path, hit.hint) == (f"{home}/auth.lock", f"`sudo chown 1234:1234 {home}/auth.lock` gives it back")
    os.chmod(home / "auth.lock", 0o666)
    assert found(home, "HS-HOME-004") == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_can_use_every_file_of_its_home(home: Path) -> None:
    owned("auth.json", GOOD, 1234, 0o600, home_uid=0)(home)
    assert [each.id for each in look(home).findings] == ["HS-HOME-003"]


def test_a_folder_of_breakers_that_is_no_folder_is_told(home: Path) -> None:
    put(home / "rate_limits", "")
    (hit,) = found(home, "HS-BREAK-001")
    assert hit.path == str(home / "rate_limits")
    assert [each.kind for each in report(home).errors] == ["breaker"]


def test_a_breaker_that_hangs_agents_says_so(home: Path) -> None:
    (home / "rate_limits").mkdir()
    os.mkfifo(home / "rate_limits" / "nous.json")
    (hit,) = found(home, "HS-BREAK-001")
    assert "waits until somebody writes" in hit.message
    assert hit.hint == f"`hermes-state --home {home} clear-breaker nous` removes it"


def test_a_foreign_file_that_cannot_be_read_is_still_only_foreign(home: Path) -> None:
    (home / "rate_limits" / "mine.json").mkdir(parents=True)
    assert [each.id for each in look(home).findings] == ["HS-BREAK-012"]
    assert report(home).errors == ()


def test_keys_and_names_from_a_file_are_harmless_in_messages(home: Path) -> None:
    put(home / "auth.json", auth({"Open\x1b[2JRouter": [row("\u202eid", source=5)]}))
    for each in look(home).findings:
        assert each.message.isprintable()
        assert each.hint.isprintable()


def test_a_profile_is_told_of_its_root_store_in_trouble_only(home: Path) -> None:
    path = made(profile(auth({"nous": {}, "openrouter": [row()]}), None), home)
    assert [(each.id, each.pointer) for each in look(path).findings] == [("HS-AUTH-036", "/credential_pool/nous")]
    assert [each.pool for each in look(path).credentials] == ["openrouter"]


# --- what is pending, and what migrate mends --------------------------------------------------------------------------


OLD = {"7e472f": {**record(row()), "moved_at": NOW - 30 * HOUR, **mark(-HOUR, ago=2 * HOUR)}}


@pytest.mark.parametrize(
    ("rows", "records", "is_pending"),
    [
        ([row()], {}, False),
        ([cooling()], {}, True),
        ([cooling()], None, True),
        ([cooling()], {"7e472f": "oops"}, False),
        ([cooling()], "oops", False),
        ([cooling(None)], {}, False),
        ([row(access_token="sk-or-v1-test-new")], OLD, True),
        ([row(last_status="ok")], OLD, True),
        ([row("b")], OLD, True),
        ([row("b")], {"7e472f": {**record(row()), **mark()}}, False),
        ([row()], OLD, False),
    ],
    ids=str,
)
def test_pending_is_what_migrate_would_do(home: Path, rows: list[object], records: object, is_pending: bool) -> None:
    section = None if records is None else {"openrouter": records}
    put(home / "auth.json", auth({"openrouter": rows}, section))
    seen = look(home)
    assert bool(seen.files[0].pending) is is_pending
    assert [each.hint for each in seen.findings if each.id == "HS-AUTH-010"] == [
        f"`hermes-state --home {home} migrate` does it"
    ] * is_pending
    assert migrate_auth(at(home), Options(dry_run=True), NOW).changed is is_pending


@pytest.mark.parametrize(
    ("rows", "records", "does"),
    [
        ([cooling()], {}, "move the inline cooldowns of 1 credential into credential_pool_runtime"),
        ([cooling("a"), cooling("b")], None, "move the inline cooldowns of 2 credentials into credential_pool_runtime"),
        (
            [row(access_token="sk-or-v1-test-new")],
            OLD,
            "drop 1 record of credential_pool_runtime that no longer counts",
        ),
        (
            [row("b"), cooling("c")],
            OLD,
            "move the inline cooldowns of 1 credential into credential_pool_runtime"
            " and drop 1 record of credential_pool_runtime that no longer counts",
        ),
        (
            [cooling()],
            {"7e472f": record(row(), cleared_at=NOW)},
            "remove 1 cooldown that a running agent wrote back",
        ),
    ],
)
def test_what_is_pending_is_said_as_it_would_be_done(
    home: Path, rows: list[object], records: object, does: str
) -> None:
    put(home / "auth.json", auth({"openrouter": rows}, None if records is None else {"openrouter": records}))
    assert [each.message for each in look(home).findings if each.id == "HS-AUTH-010"] == [f"pending: {does}"]


def test_migrate_is_advised_for_orphans_that_have_ended_only(home: Path) -> None:
    records = {**OLD, "c": {**record(row("c")), **mark()}}
    put(home / "auth.json", auth({"openrouter": [row("b")]}, {"openrouter": records}))
    hints = {each.pointer.rpartition("/")[2]: each.hint for each in found(home, "HS-AUTH-026")}
    assert hints == {"7e472f": f"`hermes-state --home {home} migrate` tidies it up", "c": "nothing has to be done"}


def test_no_command_is_advised_that_would_refuse_the_file(home: Path) -> None:
    records = {"7e472f": {**record(row()), **mark()}, "a": {**record(row("a")), **mark()}}
    rows = [row(), row("a", last_status="ok")]
    put(home / "auth.json", auth({"openrouter": rows, "nous": {}}, {"openrouter": records}))
    hints = {each.id: each.hint for each in look(home).findings}
    assert {"HS-AUTH-006", "HS-AUTH-024", "HS-AUTH-029"} <= hints.keys()
    assert (hints["HS-AUTH-024"], hints["HS-AUTH-029"]) == ("", "")
