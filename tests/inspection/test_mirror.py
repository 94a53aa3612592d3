"""``sessions.json`` beside the index in ``state.db``: databases of real agents, of live writers, and of nobody."""

from __future__ import annotations

import json
import lzma
import os
import sqlite3
import struct
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hermes_state.inspection.sessions import routing
from tests.ground.places import snapshot
from tests.inspection.cases_home import CHAT, state_db
from tests.inspection.homes import HOUR, NOW, agent, found, look, put
from tests.inspection.makers import both, session, sessions

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "sessions"
VERSIONS = ("0.19.0", "0.22.2")
IDS = ("HS-SESS-026", "HS-SESS-027", "HS-SESS-028", "HS-SESS-029")


def at_rest(path: Path) -> None:
    os.utime(path, (NOW - HOUR, NOW - HOUR))


def real(home: Path, version: str) -> dict[str, Any]:
    """A home with the database and the file that an agent of ``version`` wrote together; the file's content."""
    path = put(home / "state.db", lzma.decompress((SAMPLES / version / "state.db.xz").read_bytes()))
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE gateway_routing SET scope = ?", (os.path.realpath(home / "sessions"),))
        rows = database.execute("SELECT session_key, entry_json FROM gateway_routing").fetchall()
    at_rest(path)
    content = {"_README": "a note", **{key: json.loads(entry) for key, entry in rows}}
    put(home / "sessions" / "sessions.json", content)
    return content


def about(home: Path) -> list[str]:
    return [each.id for each in look(home).findings if each.id in IDS]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_an_agent_wrote_agrees(home: Path, version: str) -> None:
    real(home, version)
    assert about(home) == []
    seen = look(home).sessions
    assert seen is not None and (seen.role, seen.count) == ("mirror", 2)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_way_to_differ_is_counted(home: Path, version: str) -> None:
    content = real(home, version)
    _, first, second = content
    content[first]["session_id"] = "20260101_120000_0123abcd"
    content["agent:main:telegram:dm:new"] = {**content[first], "session_key": "agent:main:telegram:dm:new"}
    del content[second]
    put(home / "sessions" / "sessions.json", content)
    (hit,) = found(home, "HS-SESS-026")
    said = "chats here: 2, in state.db: 2; only here: 1, only there: 1, with another session there: 1"
    assert said in hit.message and hit.hint.count("`") == 2


def test_without_a_chat_that_only_the_file_has_nothing_has_to_be_done(home: Path) -> None:
    both(sessions({}), state_db(session()))(home)
    (hit,) = found(home, "HS-SESS-026")
    assert hit.pointer == "" and "`" not in hit.hint


def test_other_differences_are_those_of_a_mirror_that_lags(home: Path) -> None:
    key, entry = next(iter(session().items()))
    both(sessions(session(input_tokens=5)), state_db({key: {**entry, "input_tokens": 900}}))(home)
    assert about(home) == []


def test_entries_that_agents_skip_and_notes_are_not_missed_in_the_database(home: Path) -> None:
    content = {"_README": "a note", "agent:main:a": "oops", "agent:main:b": {}, **session()}
    both(sessions(content), state_db(session()))(home)
    assert about(home) == []


def test_an_entry_that_agents_skip_is_not_taken_for_one_that_is_missing_in_the_file(home: Path) -> None:
    both(sessions({CHAT: "oops"}), state_db(session()))(home)
    assert about(home) == []


def test_an_index_that_no_gateway_has_begun_is_no_disagreement(home: Path) -> None:
    both(sessions(session()), state_db({}))(home)
    assert about(home) == []


def test_before_there_was_an_index_the_database_says_nothing(home: Path) -> None:
    agent(home, "0.17.0")
    both(sessions(session()), state_db({"agent:main:x": {}}))(home)
    seen = look(home)
    assert about(home) == [] and seen.sessions is not None and seen.sessions.role == "primary"


@pytest.mark.parametrize("entry", ["null", "[", "5", '"x"', "[" * 100_000, "NaN", '{"session_id": []}'])
def test_an_entry_of_the_database_that_is_none_is_another_one(home: Path, entry: str) -> None:
    both(sessions(session()), state_db(session()))(home)
    with closing(sqlite3.connect(home / "state.db")) as database, database:
        database.execute("UPDATE gateway_routing SET entry_json = ?", (entry,))
    at_rest(home / "state.db")
    (hit,) = found(home, "HS-SESS-026")
    assert "with another session there: 1" in hit.message


ODD_TABLES = {
    "of another shape": "CREATE TABLE gateway_routing (session_key TEXT PRIMARY KEY)",
    "that is a view": "CREATE VIEW gateway_routing AS SELECT 1 AS scope, 2 AS session_key, 3 AS entry_json",
    "of blobs": "CREATE TABLE gateway_routing AS SELECT x'ff' AS scope, x'fe' AS session_key, x'fd' AS entry_json",
    "without rows": "CREATE TABLE gateway_routing (scope, session_key, entry_json)",
}


@pytest.mark.parametrize("statement", ODD_TABLES.values(), ids=ODD_TABLES)
def test_a_table_of_somebody_else_is_survived(home: Path, statement: str) -> None:
    put(home / "sessions" / "sessions.json", session())
    with closing(sqlite3.connect(home / "state.db")) as database, database:
        database.execute(statement)
    at_rest(home / "state.db")
    assert set(about(home)) <= {"HS-SESS-028", "HS-SESS-029"}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("damage", ["head", "middle", "cut"])
def test_a_damaged_database_is_told_and_the_file_is_read_all_the_same(home: Path, version: str, damage: str) -> None:
    real(home, version)
    path = home / "state.db"
    data = path.read_bytes()
    broken = {
        "head": b"x" * 100 + data[100:],
        "middle": data[:4096] + b"\xff" * (len(data) - 4096),
        "cut": data[:5000],
    }
    put(path, broken[damage])
    at_rest(path)
    assert about(home) == ["HS-SESS-028"]
    seen = look(home).sessions
    assert seen is not None and seen.count == 2


def test_a_database_that_takes_too_long_is_left(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both(sessions(session()), state_db({str(at): {} for at in range(50)}))(home)
    monkeypatch.setattr(routing, "_ROWS", 49)
    (hit,) = found(home, "HS-SESS-028")
    assert "more than 49 routes" in hit.message
    monkeypatch.setattr(routing, "_ROWS", 50)
    monkeypatch.setattr(routing, "_STEPS", 10)
    monkeypatch.setattr(routing, "_TIMES", 1)
    (hit,) = found(home, "HS-SESS-028")
    assert "interrupted" in hit.message


def test_a_value_that_is_too_long_is_not_read(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both(sessions(session()), state_db(session(metadata={"x": "y" * 5000})))(home)
    monkeypatch.setattr(routing, "_BYTES", 4000)
    assert about(home) == ["HS-SESS-028"]


@pytest.mark.parametrize("name", ["state.db", "sessions"])
def test_a_link_out_of_the_home_is_followed_as_agents_do(home: Path, tmp_path: Path, name: str) -> None:
    real(home, "0.19.0")
    (home / name).rename(tmp_path / name)
    (home / name).symlink_to(tmp_path / name)
    assert about(home) == (["HS-SESS-029"] if name == "sessions" else [])


def test_a_home_whose_name_no_database_can_hold_is_looked_at(home: Path) -> None:
    odd = home / os.fsdecode(b"\xff")
    odd.mkdir()
    both(sessions(session()), state_db(session(), "/elsewhere"))(odd)
    assert about(odd) == ["HS-SESS-029"]


# --- beside writers ---------------------------------------------------------------------------------------------------


class Writer:
    """An agent's process with the database open, and with something in its log that is not in the database yet."""

    def __init__(self, home: Path) -> None:
        self._path = home / "state.db"
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, self._path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.tell("PRAGMA journal_mode = WAL")
        self.tell("PRAGMA wal_autocheckpoint = 0")
        self.tell("UPDATE gateway_routing SET entry_json = '{}'")

    def tell(self, statement: str) -> str:
        """What the database answers; the time of the last change is then an hour ago."""
        assert self._process.stdin is not None and self._process.stdout is not None
        print(statement, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline().strip()
        at_rest(self._path)
        return answer

    def close(self) -> None:
        self._process.communicate(timeout=30)


PROGRAM = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=0.0, isolation_level=None)
for statement in sys.stdin:
    print(database.execute(statement).fetchone(), flush=True)
"""


def test_what_waits_in_a_log_makes_a_difference_uncertain(home: Path) -> None:
    both(sessions({"agent:main:other": {}} | session()), state_db(session()))(home)
    with closing(Writer(home)) as writer:
        assert about(home) == []  # the other entry is one that agents skip, and the update is not seen
        both(sessions({**session(), "agent:main:b": session()[CHAT]}))(home)
        assert about(home) == ["HS-SESS-027"]
        writer.tell("PRAGMA wal_checkpoint(PASSIVE)")
        assert os.stat(home / "state.db-wal").st_size > 0
        assert about(home) == ["HS-SESS-026"]


def test_a_process_that_has_the_database_open_keeps_its_locks(home: Path) -> None:
    both(sessions(session()), state_db({CHAT: {}}))(home)
    assert about(home) == ["HS-SESS-026"]
    another = [sys.executable, "-c", PROGRAM, str(home / "state.db")]
    with closing(sqlite3.connect(home / "state.db", isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        assert about(home) == []
        seen = look(home).sessions
        assert seen is not None and seen.role == "mirror"
        done = subprocess.run(another, input="BEGIN IMMEDIATE", capture_output=True, text=True, check=False, timeout=30)
        assert "database is locked" in done.stderr


def test_where_a_process_cannot_see_what_it_has_open_the_database_is_left_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(sessions(session()), state_db({CHAT: {}}))(home)
    monkeypatch.setattr(routing, "_DESCRIPTORS", "/nowhere")
    assert about(home) == []


@pytest.mark.parametrize("shm", [None, b"", b"x" * 136, struct.pack("=34I", *range(34))])
def test_without_an_index_of_the_log_nothing_is_certain(home: Path, shm: bytes | None) -> None:
    both(sessions(session()), state_db({CHAT: {}}))(home)
    put(home / "state.db-wal", b"x" * 100)
    if shm is not None:
        put(home / "state.db-shm", shm)
    assert about(home) == (["HS-SESS-026"] if shm == b"x" * 136 else ["HS-SESS-027"])


def test_a_transaction_that_is_under_way_makes_a_difference_uncertain(home: Path) -> None:
    both(sessions(session()), state_db({CHAT: {}}))(home)
    put(home / "state.db-journal", b"x")
    assert about(home) == ["HS-SESS-027"]


def test_beside_a_gateway_that_may_run_an_uncertain_difference_is_no_news(home: Path) -> None:
    both(sessions(session()), state_db({CHAT: {}}))(home)
    put(home / "state.db-journal", b"x")
    (home / "gateway_state.json").mkdir()  # whose state cannot be told
    assert about(home) == []


def test_a_database_of_this_minute_may_be_ahead_of_its_file(home: Path) -> None:
    both(sessions(session()), state_db({CHAT: {}}))(home)
    os.utime(home / "state.db", (NOW - 30.0, NOW - 30.0))
    assert about(home) == ["HS-SESS-027"]


def test_a_writer_is_neither_blocked_nor_followed(home: Path) -> None:
    both(sessions(session()), state_db(session()))(home)
    with closing(Writer(home)) as writer:
        writer.tell("BEGIN EXCLUSIVE")
        before = snapshot(home)
        assert about(home) == []
        assert snapshot(home) == before
        writer.tell("UPDATE gateway_routing SET entry_json = '{}'")
        writer.tell("COMMIT")
        assert writer.tell("PRAGMA wal_checkpoint(TRUNCATE)").startswith("(0,")
