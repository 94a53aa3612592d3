"""Who a process is: known again by more than its id."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hermes_state import writer
from hermes_state.writer import Writer, alive, lives, this


def test_this_process_lives() -> None:
    assert (this().pid, lives(this())) == (os.getpid(), True)
    assert Writer(**json.loads(json.dumps(this()._asdict()))) == this()


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="there is no /proc here")
def test_another_process_with_the_same_id_is_another_one() -> None:
    me = this()
    assert me.started is not None
    assert lives(me._replace(started=me.started - 1)) is False
    assert lives(me._replace(boot="another")) is False
    assert lives(me._replace(space="pid:[1]")) is None


def test_where_only_the_id_is_known_it_has_to_do() -> None:
    assert lives(Writer(os.getpid())) is True
    assert lives(Writer(os.getpid(), 1)) is (not os.path.exists("/proc/self/stat"))


def test_a_killed_process_does_not_live_even_before_it_is_buried() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert alive(child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not alive(child.pid) or not os.path.exists("/proc/self/stat")
    finally:
        child.communicate()
    assert not alive(child.pid)


@pytest.mark.parametrize("pid", [2**40, 10**9])
def test_an_impossible_process_does_not_live(pid: int) -> None:
    assert not alive(pid)
    assert alive(1)


def test_without_proc_only_the_id_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_BOOT", "/nowhere")
    assert this() == Writer(os.getpid())
    assert lives(this()) is True
