"""Our drop-ins beside the helpers of real agents: the same, where the agent's way is a good one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

AGENTS = os.environ.get("HERMES_STATE_AGENTS", "")

#: Runs every case in a directory of its own and prints what is there afterwards.
CASES = """
    import json, os, stat, sys
    from pathlib import Path
    from MODULE import atomic_json_write, atomic_replace

    os.umask(0o022)
    top = Path(sys.argv[1])
    VALUE = {"ü": "✓😀", "b": [1, 1.5, None, float("nan")], "a": {}}

    def look(place):
        found = {}
        for path in sorted(place.rglob("*")):
            name = str(path.relative_to(place))
            if path.is_symlink():
                found[name] = ["link", os.readlink(path)]
            elif path.is_dir():
                found[name] = ["directory"]
            else:
                found[name] = [oct(stat.S_IMODE(path.stat().st_mode)), path.read_bytes().decode("utf-8")]
        return found

    def existing(place, mode):
        (place / "f").write_text("old")
        (place / "f").chmod(mode)

    def write(place, **named):
        atomic_json_write(place / "f", VALUE, **named)

    def staged(place, mode=0o640):
        (place / "staged").write_text("new")
        (place / "staged").chmod(mode)
        return place / "staged"

    CASES = {}
    case = lambda function: CASES.setdefault(function.__name__, function)

    @case
    def value_that_json_has_not(place):
        existing(place, 0o600)
        atomic_json_write(place / "f", {"a": {1}})

    @case
    def arguments_of_the_encoder(place):
        existing(place, 0o600)
        atomic_json_write(str(place / "f"), {"b": {1}, "a": 1}, indent=4, default=list, sort_keys=True)

    @case
    def directories_that_are_missing(place):
        atomic_json_write(place / "a" / "b" / "f", VALUE)
        (place / "a" / "b" / "f").chmod(0o600)

    for mode in (0o600, 0o644, 0o640, 0o2664, 0o400):
        def kept(place, mode=mode):
            existing(place, mode)
            write(place)
        CASES[f"mode {mode:o} of an existing file"] = kept

    for text in ("real/f", "TOP/real/f", "second"):
        def linked(place, text=text):
            (place / "real").mkdir()
            existing(place / "real", 0o640)
            (place / "second").symlink_to("real/f")
            (place / "f").symlink_to(text.replace("TOP", str(place)))
            write(place)
        CASES[f"link that says {text}"] = linked

    @case
    def linked_directory(place):
        (place / "real").mkdir()
        existing(place / "real", 0o640)
        (place / "d").symlink_to("real")
        atomic_json_write(place / "d" / "f", VALUE)

    @case
    def link_to_nothing(place):
        (place / "real").mkdir()
        (place / "f").symlink_to("real/f")
        write(place)
        (place / "real" / "f").chmod(0o600)

    @case
    def link_into_a_missing_directory(place):
        (place / "f").symlink_to("none/f")
        write(place)

    @case
    def directory_in_the_place_of_the_file(place):
        (place / "f").mkdir()
        write(place)

    @case
    def replace_with_a_staged_file(place):
        existing(place, 0o600)
        return os.path.samefile(atomic_replace(str(staged(place)), str(place / "f")), place / "f")

    @case
    def replace_behind_a_link(place):
        (place / "real").mkdir()
        (place / "f").symlink_to("real/f")
        return atomic_replace(staged(place), place / "f") == os.path.realpath(place / "real" / "f")

    @case
    def replace_what_is_not_there(place):
        atomic_replace(staged(place), place / "f")

    @case
    def replace_with_what_is_not_there(place):
        existing(place, 0o600)
        atomic_replace(place / "none", place / "f")

    @case
    def replace_a_directory(place):
        (place / "f").mkdir()
        atomic_replace(staged(place), place / "f")

    if "mode" in __import__("inspect").signature(atomic_json_write).parameters:
        @case
        def mode_that_is_asked_for(place):
            existing(place, 0o644)
            write(place, mode=0o600)
            atomic_json_write(place / "g", VALUE, mode=0o640)

    answers = {}
    for number, (name, run) in enumerate(CASES.items()):
        place = top / str(number)
        place.mkdir()
        try:
            result = ["returned", run(place) in (None, True)]
        except (OSError, TypeError) as error:
            kind = OSError if isinstance(error, OSError) and not isinstance(error, FileNotFoundError) else type(error)
            result = ["raised", kind.__name__]
        answers[name] = [result, json.loads(json.dumps(look(place)).replace(str(place), "TOP"))]
    print(json.dumps(answers))
"""


def answers(python: str, module: str, top: Path, home: Path, path: str) -> dict[str, object]:
    top.mkdir()
    done = subprocess.run(
        [python, "-c", textwrap.dedent(CASES).replace("MODULE", module), str(top)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"HOME": str(home), "HERMES_HOME": str(home), "PYTHONPATH": path},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.agent
@pytest.mark.parametrize("version", ["0.13.0", "0.15.2", "0.19.0", "0.22.2"])
def test_drop_ins_do_what_the_agents_helpers_do(tmp_path, version):
    python = Path(AGENTS, version, "bin", "python")
    if not AGENTS or not python.exists():
        pytest.skip(f"no agent {version} (HERMES_STATE_AGENTS names a directory of them)")
    home = tmp_path / "home"
    home.mkdir()
    theirs = answers(str(python), "utils", tmp_path / "theirs", home, "")
    ours = answers(sys.executable, "hermes_state", tmp_path / "ours", home, os.getcwd())
    if "mode_that_is_asked_for" not in theirs:
        del ours["mode_that_is_asked_for"]
    assert len(ours) > 15
    assert ours == theirs
