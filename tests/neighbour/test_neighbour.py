"""The agent's own ``hermes_state.py`` works as it does without this package, wherever it was installed.

Nearly all tests are comparisons: one program runs with only the agent's module, and with this package before it.
The agent's module is a small one of ours; ``test_real_agents.py`` does the same beside real agents.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

PROJECT = Path(__file__).resolve().parents[2]

AGENT = """
    import logging, time
    from typing import ClassVar
    print("loading", __name__)
    logger = logging.getLogger(__name__)
    DEFAULT_DB_PATH = "state.db"
    _private = ["kept"]
    import agent_part
    class SessionDB:
        def path(self):
            return DEFAULT_DB_PATH
    class Error(Exception):
        pass
    def set_last(value):
        global _last
        _last = value
    _last = None
"""

#: Imported by the agent's module while that is half loaded, and using it.
AGENT_PART = """
    import hermes_state
    print("early:", hermes_state.DEFAULT_DB_PATH, hasattr(hermes_state, "SessionDB"))
    try:
        from hermes_state import SessionDB
    except ImportError:
        print("not there yet")
"""

#: A finder as setuptools makes it for an editable install: the module lies outside of sys.path.
EDITABLE = """
    import importlib.util, sys
    class _EditableFinder:
        @classmethod
        def find_spec(cls, fullname, path=None, target=None):
            if fullname in ("hermes_state", "agent_part"):
                return importlib.util.spec_from_file_location(fullname, {directory!r} + "/" + fullname + ".py")
    sys.meta_path.append(_EditableFinder)
"""

PROGRAMS = {
    "from import": """
        from hermes_state import SessionDB, DEFAULT_DB_PATH, _private
        print(SessionDB().path(), DEFAULT_DB_PATH, _private)
    """,
    "attributes": """
        import hermes_state
        print(hermes_state.SessionDB().path(), hermes_state._private, hasattr(hermes_state, "nothing_like_it"))
    """,
    "unknown name": """
        import hermes_state
        hermes_state.SessionDB
        try:
            hermes_state.nothing_like_it
        except AttributeError as error:
            print(error)
        try:
            from hermes_state import nothing_like_it
        except ImportError as error:
            print(type(error), str(error).split("(")[0])
    """,
    "assignment": """
        import hermes_state
        from hermes_state import SessionDB
        hermes_state.DEFAULT_DB_PATH = "other.db"
        hermes_state.new_name = 1
        print(SessionDB().path(), hermes_state.DEFAULT_DB_PATH, hermes_state.new_name)
    """,
    "assignment before anything else": """
        import hermes_state
        hermes_state.DEFAULT_DB_PATH = "other.db"
        print(hermes_state.SessionDB().path())
    """,
    "assignment by the agent": """
        import hermes_state
        hermes_state.set_last("a fault")
        print(hermes_state._last)
    """,
    "deletion": """
        import hermes_state
        print(hermes_state.DEFAULT_DB_PATH)
        del hermes_state.DEFAULT_DB_PATH
        print(hasattr(hermes_state, "DEFAULT_DB_PATH"))
        try:
            hermes_state.SessionDB().path()
        except NameError as error:
            print(error)
    """,
    "monkeypatch": """
        import hermes_state, pytest
        for rounds in range(2):
            with pytest.MonkeyPatch.context() as patch:
                before = hermes_state.SessionDB
                patch.setattr(hermes_state, "DEFAULT_DB_PATH", "patched.db")
                patch.setattr("hermes_state.logging.raiseExceptions", False)
                patch.setattr(hermes_state, "SessionDB", None)
                print(before().path(), hermes_state.SessionDB)
                patch.setattr(hermes_state, "SessionDB", before)
                patch.delattr(hermes_state, "_private")
                print(hasattr(hermes_state, "_private"))
            print(hermes_state.SessionDB().path(), hermes_state._private, hermes_state.logging.raiseExceptions)
    """,
    "mock": """
        import hermes_state
        from unittest import mock
        for rounds in range(2):
            with mock.patch("hermes_state.DEFAULT_DB_PATH", "mocked.db"), mock.patch.object(hermes_state, "_private"):
                print(hermes_state.SessionDB().path(), hermes_state._private is mock)
            print(hermes_state.SessionDB().path(), hermes_state._private)
    """,
    "names": """
        import hermes_state
        hermes_state.SessionDB
        wanted = {"SessionDB", "_private", "DEFAULT_DB_PATH"}
        print(wanted <= set(dir(hermes_state)), wanted <= set(vars(hermes_state)))
    """,
    "import *": """
        from hermes_state import *
        print(SessionDB().path(), "_private" in globals())
    """,
    "pickle": """
        import pickle
        from hermes_state import Error, SessionDB
        data = pickle.dumps([SessionDB, Error("a fault")], 0)
        print(data, pickle.loads(data)[0] is SessionDB)
    """,
    "logger": """
        import hermes_state
        print(hermes_state.logger.name, hermes_state.SessionDB.__module__, hermes_state.__name__)
    """,
    "type hints": """
        import hermes_state, typing
        hermes_state.SessionDB.__annotations__ = {"other": "ClassVar[SessionDB]"}
        print(typing.get_type_hints(hermes_state.SessionDB))
    """,
    "threads": """
        import threading, agent_delay
        used = []
        def use():
            from hermes_state import SessionDB
            used.append(SessionDB().path())
        threads = [threading.Thread(target=use) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        print(used)
    """,
    "reload": """
        import hermes_state, importlib
        hermes_state.DEFAULT_DB_PATH = "other.db"
        importlib.reload(hermes_state)
        print(hermes_state.SessionDB().path(), hermes_state.DEFAULT_DB_PATH)
    """,
    "import anew": """
        import sys
        import hermes_state
        hermes_state.DEFAULT_DB_PATH = "other.db"
        del sys.modules["hermes_state"]
        import hermes_state
        print(hermes_state.SessionDB().path())
    """,
    "an agent that fails to load, then not": """
        import sys
        sys.modules["agent_part"] = None
        for attempt in range(2):
            try:
                from hermes_state import SessionDB
                print(SessionDB().path())
            except ImportError as error:
                print(error.name)
            sys.modules.pop("agent_part", None)
    """,
}


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """A directory with the agent's module."""
    directory = tmp_path / "agent"
    directory.mkdir()
    (directory / "hermes_state.py").write_text(dedent(AGENT))
    (directory / "agent_part.py").write_text(dedent(AGENT_PART))
    # Makes loading take a while, so that threads do meet in it.
    (directory / "agent_delay.py").write_text(
        "import builtins, time\n_print = print\n"
        "def slow(*words):\n    _print(*words)\n    time.sleep(0.05 if words[0] == 'loading' else 0)\n"
        "builtins.print = slow\n"
    )
    return directory


def run(program: str, *path: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-P", "-c", dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def with_us(directory: Path) -> Path:
    """Put this package into ``directory``."""
    directory.mkdir(exist_ok=True)
    (directory / "hermes_state").symlink_to(PROJECT / "hermes_state")
    return directory


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_a_program_that_uses_the_agents_module_does_what_it_did_before(program: str, agent: Path) -> None:
    without = run(program, agent)
    assert "loading hermes_state" in without
    assert run(program, with_us(agent)) == without


@pytest.mark.parametrize("program", [PROGRAMS["from import"], PROGRAMS["assignment"]])
def test_the_agents_module_is_found_in_a_later_directory(program: str, agent: Path, tmp_path: Path) -> None:
    assert run(program, with_us(tmp_path / "ours"), agent) == run(program, agent)


@pytest.mark.parametrize("program", [PROGRAMS["from import"], PROGRAMS["assignment"]])
def test_the_agents_module_is_found_through_an_editable_install(program: str, agent: Path, tmp_path: Path) -> None:
    editable = dedent(EDITABLE).format(directory=str(agent)) + dedent(program)
    assert run(editable, with_us(tmp_path / "ours")) == run(program, agent)


def test_a_pickle_made_beside_this_package_is_read_where_only_the_agent_is(agent: Path, tmp_path: Path) -> None:
    path = str(tmp_path / "pickle")
    write = f"import pickle, hermes_state; pickle.dump(hermes_state.Error('a fault'), open({path!r}, 'wb'))"
    read = f"import pickle; print(repr(pickle.load(open({path!r}, 'rb'))))"
    run(write, with_us(tmp_path / "ours"), agent)
    assert run(read, agent).endswith("Error('a fault')\n")


def test_what_is_ours_stays_ours(agent: Path) -> None:
    (agent / "hermes_state.py").write_text("StateError = atomic_replace = locks = 'the agent'; __version__ = '0.19.0'")
    program = """
        import hermes_state
        from hermes_state import StateError, atomic_replace, locks
        hermes_state.__version__ = hermes_state.__version__ + "+test"
        print(StateError.__module__, atomic_replace.__module__, locks.__name__)
        print(hermes_state.__version__, hermes_state.__file__)
    """
    names, rest = run(program, with_us(agent)).splitlines()
    assert names == "hermes_state.errors hermes_state.atomic hermes_state.locks"
    assert rest.endswith(f"+test {agent}/hermes_state/__init__.py")


def test_import_star_takes_the_names_of_both(agent: Path) -> None:
    # StateError stands for ours here; that all of them load is shown elsewhere.
    program = """
        import hermes_state
        hermes_state.__public__ = {"StateError": "hermes_state.errors"}
        from hermes_state import *
        print(StateError.__module__, SessionDB.__module__)
    """
    assert run(program, with_us(agent)).endswith("hermes_state.errors hermes_state\n")


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        (
            "import hermes_state; print(hasattr(hermes_state, 'SessionDB'), 'StateError' in dir(hermes_state))",
            "False True",
        ),
        ("import hermes_state; hermes_state.mine = 1; print(hermes_state.mine); del hermes_state.mine", "1"),
        ("from hermes_state import *; print(StateError.__module__)", "hermes_state.errors"),
        ("from hermes_state import SessionDB", "ImportError: cannot import name 'SessionDB' from 'hermes_state'"),
        ("import hermes_state; hermes_state.SessionDB", "AttributeError: module 'hermes_state' has no attribute"),
        ("import hermes_state; del hermes_state.SessionDB", "AttributeError"),
    ],
)
def test_without_the_agent_an_unknown_name_is_simply_unknown(program: str, printed: str, tmp_path: Path) -> None:
    with_us(tmp_path / "ours")
    code = f"try:\n    exec({program!r})\nexcept Exception as error:\n    print(type(error).__name__ + ':', error)"
    assert run(code, tmp_path / "ours").startswith(printed)
