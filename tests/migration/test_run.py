"""A run from the files on disk: what is written, what is refused, and what is left alone."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hermes_state import backup, locks, retention
from hermes_state.codec.json import parse
from hermes_state.disk import RealDisk
from hermes_state.errors import FileNotOk, ForeignSection, LockTimeout, Refused, Superseded
from hermes_state.home import Home
from hermes_state.migration.run import Options, migrate_auth
from hermes_state.outcomes import Outcome
from hermes_state.restoring import sources
from hermes_state.runtime import SECTION, same_document
from hermes_state.stores.permits import Permits

SAMPLES = Path(__file__).parent.parent / "samples" / "auth"
NOW = 1795250000.0
LEGACY = ("legacy_systems.input.json",)
FOREIGN = ("move_2_moved_by_hand.json", "move_3_after_agent_write.json")
OTHER_KIND = ("shared_nous_auth.json",)
ALL = sorted(path for path in SAMPLES.glob("*/*.json") if path.name not in OTHER_KIND)


def at(path: Path) -> Home:
    return Home(str(path), "--home", "default", str(path), None)


def put(home: Path, data: bytes) -> Path:
    file = home / "auth.json"
    file.write_bytes(data)
    file.chmod(0o600)
    return file


def tree(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    found = {}
    for path in sorted(folder.rglob("*")):
        looks = path.lstat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (looks.st_mode, looks.st_mtime_ns if path.is_file() else 0, data)
    return found


def sample(name: str, version: str = "0.19.0") -> bytes:
    return (SAMPLES / version / name).read_bytes()


@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_sample_migrates_and_comes_back_the_same(path: Path, home: Path) -> None:
    before = path.read_bytes()
    file = put(home, before)
    if path.name in FOREIGN:
        with pytest.raises(ForeignSection):
            migrate_auth(at(home), Options(), NOW)
        assert file.read_bytes() == before
        return
    result = migrate_auth(at(home), Options(), NOW)
    looks = file.stat()
    again = migrate_auth(at(home), Options(), NOW + 1)
    assert not again.changed
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (looks.st_mtime_ns, looks.st_ino)
    if result.changed:
        assert result.backup is not None
        assert (Path(result.backup) / "auth.json").read_bytes() == before
    back = migrate_auth(at(home), Options(to_base=True), NOW + 2)
    if path.name in LEGACY:
        assert [step.id for step in back.plan.skipped] == ["auth_0001_systems_to_providers"]  # type: ignore[union-attr]
        return
    assert same_document(parse(file.read_bytes()).value, parse(before).value)
    assert SECTION not in json.loads(file.read_bytes())


def test_the_way_back_is_silent_about_a_step_that_the_file_never_went_through(home: Path) -> None:
    put(home, sample("pool_exhausted_429.json"))
    migrate_auth(at(home), Options(), NOW)
    back = migrate_auth(at(home), Options(to_base=True), NOW + 1)
    assert (back.changed, back.warnings) == (True, [])


def test_the_way_back_names_the_copy_from_before_a_step_without_one(home: Path) -> None:
    old = {"systems": {"nous_portal": {"access_token": "test"}}}
    file = put(home, json.dumps(old).encode())
    first = migrate_auth(at(home), Options(), NOW)
    pool = {"nous": [{"id": "a", "last_status": "exhausted", "last_status_at": NOW}]}
    file.write_bytes(json.dumps({**json.loads(file.read_bytes()), "credential_pool": pool}).encode())
    migrate_auth(at(home), Options(), NOW + 1)
    (warning,) = migrate_auth(at(home), Options(to_base=True), NOW + 2).warnings
    assert warning.startswith("auth_0001_systems_to_providers has no way back (every released agent reads the result")
    assert warning.endswith(f"is passed over; the file as it was before is in {first.backup}")


def test_of_backups_made_in_one_moment_the_oldest_go(home: Path) -> None:
    made = [save(home, NOW) for _ in range(5)]
    assert made == sorted(made)
    assert [source.path for source in sources(RealDisk(), str(home))] == made[::-1]
    assert retention.prune(RealDisk(), str(home), keep=2) == [Path(path).name for path in made[:3]]


@pytest.mark.parametrize("step", [0.0001, 0.25, 1.0])
def test_backups_are_listed_and_kept_in_the_order_of_their_making(home: Path, step: float) -> None:
    made = [save(home, NOW + number * step) for number in range(9)]
    assert backup.names(RealDisk(), str(home)) == [Path(path).name for path in made]
    assert [source.path for source in sources(RealDisk(), str(home))] == made[::-1]
    retention.prune(RealDisk(), str(home), keep=3)
    assert backup.names(RealDisk(), str(home)) == [Path(path).name for path in made[-3:]]


def test_a_backup_that_was_just_made_stays_though_the_clock_went_back(home: Path) -> None:
    for number in range(20):
        save(home, NOW + number)
    put(home, sample("pool_exhausted_429.json"))
    done = migrate_auth(at(home), Options(), NOW - 3600)
    assert done.backup is not None and (Path(done.backup) / "manifest.json").exists()


def save(home: Path, now: float) -> str:
    return backup.save(RealDisk(), str(home), [], reason="migrate", now=now, facts={"steps": []})


def test_a_dry_run_creates_and_changes_nothing(home: Path) -> None:
    put(home, sample("pool_exhausted_429.json"))
    before = tree(home)
    result = migrate_auth(at(home), Options(dry_run=True), NOW)
    assert result.changed and result.changes
    assert result.backup is None
    assert tree(home) == before
    wet = migrate_auth(at(home), Options(), NOW)
    assert (wet.after, wet.changes) == (result.after, result.changes)


def test_a_link_survives_and_the_lock_lies_beside_it(home: Path, tmp_path: Path) -> None:
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    real = dotfiles / "hermes-auth.json"
    real.write_bytes(sample("pool_exhausted_429.json"))
    real.chmod(0o640)
    (home / "auth.json").symlink_to("../dotfiles/hermes-auth.json")
    assert migrate_auth(at(home), Options(), NOW).real_path == str(real)
    assert os.readlink(home / "auth.json") == "../dotfiles/hermes-auth.json"
    assert SECTION in json.loads(real.read_bytes())
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert (home / "auth.lock").exists()
    assert sorted(path.name for path in dotfiles.iterdir()) == ["hermes-auth.json"]


def test_everything_that_may_hold_a_secret_is_for_the_owner_only(home: Path) -> None:
    put(home, sample("pool_exhausted_429.json"))
    old = os.umask(0)
    try:
        result = migrate_auth(at(home), Options(), NOW)
    finally:
        os.umask(old)
    assert result.backup is not None
    for path in [Path(result.backup), *Path(result.backup).iterdir(), *Path(result.backup).parents[:2]]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert stat.S_IMODE((home / "auth.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("data", "outcome"),
    [
        (b"", Outcome.EMPTY),
        (b'{"version": 1, "credential_pool": {"openrouter": [', Outcome.CORRUPT),
        (b"[]", Outcome.INVALID),
        (b'{"providers": {}, "credential_pool": []}', Outcome.INVALID),
        (b'{"providers": {}, "credential_pool": {"openrouter": {}}}', Outcome.INVALID),
        (b'{"unknown": 1}', Outcome.INVALID),
        (b'{"providers": {}, "credential_pool_runtime": {"schema": 2, "pools": {}}}', Outcome.TOO_NEW),
        (b"\x00\x00\x00\x00", Outcome.CORRUPT),
        (b'{"a": "\xff"}', Outcome.CORRUPT),
    ],
)
def test_a_file_that_is_not_ok_is_left_as_it_is(home: Path, data: bytes, outcome: Outcome) -> None:
    put(home, data)
    before = tree(home)
    with pytest.raises(FileNotOk) as caught:
        migrate_auth(at(home), Options(), NOW)
    assert caught.value.fault.outcome is outcome
    assert tree(home) == before


@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: os.symlink(path, path)], ids=["fifo", "dir", "loop"]
)
def test_what_is_no_file_is_left_as_it_is(home: Path, make) -> None:
    make(home / "auth.json")
    with pytest.raises(FileNotOk) as caught:
        migrate_auth(at(home), Options(), NOW)
    assert caught.value.fault.outcome is Outcome.UNREADABLE
    assert [path.name for path in home.iterdir()] == ["auth.json"]


def test_a_link_that_leads_nowhere_is_said_and_left(home: Path) -> None:
    (home / "auth.json").symlink_to("nowhere.json")
    with pytest.raises(FileNotOk, match=r"leads to .*nowhere\.json, which does not exist") as caught:
        migrate_auth(at(home), Options(), NOW)
    assert caught.value.exit_code == 3
    assert [path.name for path in home.iterdir()] == ["auth.json"]


@pytest.mark.parametrize(
    ("spoil", "permit"),
    [
        (lambda file: os.link(file, file.with_name("other-name")), Permits(break_hard_link=True)),
        (lambda file: file.chmod(0o400), Permits(replace_read_only=True)),
    ],
    ids=["hard link", "read-only"],
)
def test_one_flag_for_each_refusal(home: Path, spoil, permit: Permits) -> None:
    file = put(home, sample("pool_exhausted_429.json"))
    spoil(file)
    before = tree(home)
    with pytest.raises(Refused) as caught:
        migrate_auth(at(home), Options(), NOW)
    assert caught.value.flag
    assert tree(home) == before
    assert migrate_auth(at(home), Options(permits=permit), NOW).changed


def test_a_lock_held_for_longer_than_the_timeout_is_its_own_error(home: Path) -> None:
    import fcntl

    put(home, sample("pool_exhausted_429.json"))
    with open(home / "auth.lock", "a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = tree(home)
        with pytest.raises(LockTimeout):
            migrate_auth(at(home), Options(seconds=0.1), NOW)
        assert tree(home) == before


def test_a_row_that_cannot_be_moved_hides_no_other(home: Path) -> None:
    rows = [7, {"id": "dup", "last_status": "exhausted"}, {"id": "dup"}, {"id": "good", "last_status": "exhausted"}]
    put(home, json.dumps({"providers": {}, "credential_pool": {"p": rows}}).encode())
    result = migrate_auth(at(home), Options(), NOW)
    assert [move.id for move in result.plan.moved] == ["good"]  # type: ignore[union-attr]
    assert [left.reason for left in result.plan.left] == ["not_an_object", "duplicate_id"]  # type: ignore[union-attr]


def test_a_repeated_key_where_an_edit_would_go_is_refused_with_its_line(home: Path) -> None:
    row = b'{"id": "a", "last_status": "ok",\n "last_status": "exhausted"}'
    file = put(home, b'{"providers": {}, "credential_pool": {"p": [\n' + row + b"]}}")
    before = tree(home)
    with pytest.raises(FileNotOk, match=r"line 3.*last_status"):
        migrate_auth(at(home), Options(), NOW)
    assert tree(home) == before
    assert os.listdir(home) == [file.name]


def runs(home: Path) -> None:
    """Make it look as if this process were the gateway of ``home``."""
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    record = {"pid": os.getpid(), "kind": "hermes-gateway", "gateway_state": "running", "start_time": started}
    (home / "gateway_state.json").write_text(json.dumps(record))


def test_the_way_back_is_refused_beside_a_live_gateway_without_the_flag(home: Path) -> None:
    put(home, sample("pool_exhausted_429.json"))
    migrate_auth(at(home), Options(), NOW)
    before = tree(home)
    runs(home)
    with pytest.raises(Refused) as caught:
        migrate_auth(at(home), Options(to_base=True), NOW)
    assert caught.value.flag == "--while-running"
    assert f"(pid {os.getpid()})" in caught.value.message
    (home / "gateway_state.json").unlink()
    assert tree(home) == before
    runs(home)
    assert migrate_auth(at(home), Options(to_base=True, permits=Permits(while_running=True)), NOW).changed


def test_the_way_back_is_refused_beside_a_gateway_that_starts_while_we_wait_for_the_lock(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(home, sample("pool_exhausted_429.json"))
    migrate_auth(at(home), Options(), NOW)
    before, held = path.read_bytes(), locks.held

    @contextmanager
    def waited(*arguments: Any) -> Iterator[None]:
        with held(*arguments):
            runs(home)
            yield

    monkeypatch.setattr(locks, "held", waited)
    with pytest.raises(Refused) as caught:
        migrate_auth(at(home), Options(to_base=True), NOW)
    assert (caught.value.flag, path.read_bytes()) == ("--while-running", before)
    assert len(backup.names(RealDisk(), str(home))) == 1


def test_the_way_back_is_refused_beside_the_gateway_of_a_home_that_has_the_same_file(home: Path) -> None:
    path = put(home, sample("pool_exhausted_429.json"))
    migrate_auth(at(home), Options(), NOW)
    coder = home / "profiles" / "coder"
    coder.mkdir(parents=True)
    (coder / "auth.json").symlink_to(path)
    runs(coder)
    before = path.read_bytes()
    with pytest.raises(Refused) as caught:
        migrate_auth(at(home), Options(to_base=True), NOW)
    assert (caught.value.flag, path.read_bytes()) == ("--while-running", before)


def test_leave_binding_leaves_what_still_binds_and_moves_the_rest(home: Path) -> None:
    rows = [
        {"id": "aaaaaa", "last_status": "exhausted", "last_status_at": NOW - 10, "last_error_code": 429},
        {"id": "bbbbbb", "last_status": "exhausted", "last_status_at": NOW - 9999, "last_error_code": 429},
    ]
    put(home, json.dumps({"providers": {}, "credential_pool": {"p": rows}}).encode())
    result = migrate_auth(at(home), Options(leave_binding=True), NOW)
    document = json.loads((home / "auth.json").read_bytes())
    assert document["credential_pool"]["p"][0] == rows[0]
    assert list(document[SECTION]["pools"]["p"]) == ["bbbbbb"]
    assert [(left.id, left.reason) for left in result.plan.left] == [("aaaaaa", "binding")]  # type: ignore[union-attr]


def test_a_writer_without_a_lock_makes_us_start_over_and_never_wins_silently(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file changes between our read and our rename: once, and we work on the new content; every time, and we give
    up."""
    from hermes_state.stores.store import ATTEMPTS, Held

    file = put(home, sample("pool_exhausted_429.json"))
    interrupted: list[int] = []
    real = Held._is_unchanged

    def interfere(self: Held, at_: object) -> bool:
        if len(interrupted) < limit:
            interrupted.append(1)
            document = json.loads(file.read_bytes())
            document["written_meanwhile"] = len(interrupted)
            file.write_text(json.dumps(document))
        return real(self, at_)  # type: ignore[arg-type]

    monkeypatch.setattr(Held, "_is_unchanged", interfere)
    limit = 1
    migrate_auth(at(home), Options(), NOW)
    assert json.loads(file.read_bytes())["written_meanwhile"] == 1

    put(home, sample("pool_exhausted_429.json"))
    interrupted.clear()
    limit = ATTEMPTS
    with pytest.raises(Superseded, match="takes no lock"):
        migrate_auth(at(home), Options(), NOW)
    assert SECTION not in json.loads(file.read_bytes())
    assert not [path for path in home.iterdir() if path.name.endswith(".tmp")]


def test_the_newest_twenty_backups_are_kept(home: Path) -> None:
    folder = home / "backups" / "hermes-state"
    made = [Path(save(home, NOW - 100 + number)).name for number in range(25)]
    (folder / "mine").mkdir()
    put(home, sample("pool_exhausted_429.json"))
    result = migrate_auth(at(home), Options(), NOW)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 21 and "mine" in names
    assert os.path.basename(result.backup or "") in names
    assert made[5] not in names and made[6] in names


def test_a_link_shared_by_profiles_takes_all_their_locks(home: Path) -> None:
    put(home, sample("pool_exhausted_429.json"))
    for name in ("ada", "bob"):
        (home / "profiles" / name).mkdir(parents=True)
        (home / "profiles" / name / "auth.json").symlink_to("../../auth.json")
    (home / "profiles" / "own").mkdir()
    migrate_auth(Home(str(home / "profiles" / "ada"), "--home", "ada", str(home), None), Options(), NOW)
    locks = sorted(str(path.relative_to(home)) for path in home.rglob("auth.lock"))
    assert locks == ["auth.lock", "profiles/ada/auth.lock", "profiles/bob/auth.lock"]


@pytest.mark.parametrize(
    "field",
    [
        {"model_cooldowns": {"m": "soon"}},
        {"model_cooldowns": {"m": None}},
        {"last_error_code": "429"},
        {"last_status": 7},
    ],
    ids=str,
)
def test_a_field_of_the_wrong_type_moves_like_any_other_and_hinders_nobody(
    home: Path, field: dict[str, object]
) -> None:
    rows = [{"id": "odd", "last_status_at": 1.5, **field}, {"id": "good", "last_status": "exhausted"}]
    before = json.dumps({"providers": {}, "credential_pool": {"p": rows}}).encode()
    file = put(home, before)
    result = migrate_auth(at(home), Options(), NOW)
    assert [move.id for move in result.plan.moved] == ["odd", "good"]  # type: ignore[union-attr]
    migrate_auth(at(home), Options(to_base=True), NOW)
    assert same_document(parse(file.read_bytes()).value, parse(before).value)
