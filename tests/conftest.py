"""For the whole suite: no test sees the user's home, and nothing changes a file behind the disk interface's back."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import settings

from hermes_state.cli import output
from hermes_state.redaction import known
from tests import outputs

PROJECT = Path(__file__).resolve().parent.parent
PACKAGE = str(PROJECT / "hermes_state") + os.sep
TESTS = str(PROJECT / "tests") + os.sep
#: The only modules that may change a file system (design: "one write path").
MAY_CHANGE_FILES = (
    PACKAGE + "disk.py",
    PACKAGE + "atomic.py",
    # It plays the crash, in a temporary folder that it makes itself.
    PACKAGE + os.path.join("selftest", "workbench.py"),
)
CHANGES = frozenset(
    f"os.{verb}"
    for verb in (
        "chmod",
        "chown",
        "link",
        "mkdir",
        "remove",
        "rename",
        "rmdir",
        "setxattr",
        "symlink",
        "truncate",
        "utime",
    )
)
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

stray_effects: list[str] = []


def _changes_files(event: str, args: tuple[object, ...]) -> bool:
    if event == "open":
        path, _, flags = args
        # A descriptor was opened, and judged, before; a subprocess without input opens the null device for writing.
        return isinstance(flags, int) and bool(flags & WRITING) and not isinstance(path, int) and path != os.devnull
    return event in CHANGES or event.startswith("shutil.")


def _audit(event: str, args: tuple[object, ...]) -> None:
    if not _changes_files(event, args):
        return
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and not frame.f_code.co_filename.startswith(PACKAGE):
        # A test's own disk may change files, and an import writes its bytecode.
        if frame.f_code.co_filename.startswith((TESTS, "<frozen importlib")):
            return
        frame = frame.f_back
    if frame is None or frame.f_code.co_filename in MAY_CHANGE_FILES:
        return
    stray_effects.append(f"{event}{args!r} by {frame.f_code.co_filename}:{frame.f_lineno}")
    raise AssertionError(f"an effect outside of disk.py and atomic.py: {stray_effects[-1]}")


sys.addaudithook(_audit)


@pytest.fixture(autouse=True)
def _no_stray_effects() -> Iterator[list[str]]:
    """Fails the test even where the AssertionError of the hook was swallowed."""
    stray_effects.clear()
    yield stray_effects
    assert not stray_effects


_watch = pytest.MonkeyPatch()
_watch.setattr(output, "print_object", outputs.printing(output.print_object))
_watch.setattr(subprocess.Popen, "communicate", outputs.communicating(subprocess.Popen.communicate))


@pytest.fixture(autouse=True)
def _outputs_fit_their_schemas() -> Iterator[list[str]]:
    """Fails the test in which a command printed what its published schema does not promise."""
    outputs.misfits.clear()
    yield outputs.misfits
    assert not outputs.misfits, "what is printed is promised in hermes_state/models/outputs (see docs/json.md)"


@pytest.fixture(autouse=True)
def _no_known_secrets() -> None:
    """A run of the program knows the secrets that it has read; each test is a run of its own."""
    known.forget()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The user's home is the test's directory, and no variable of an agent is set (HERMES_STATE_* are the suite's)."""
    for name in list(os.environ):
        if (name.startswith("HERMES_") and not name.startswith("HERMES_STATE_")) or name.startswith("XDG_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty home directory of an agent, where it is by default: ``~/.hermes``, mode 0700."""
    path = tmp_path / ".hermes"
    path.mkdir(mode=0o700)
    return path


# --- tiers: what the machine has to have for a test to run ------------------------------------------------------------

#: With this set (as .ci/run does) a test of a tier that is skipped is a failure.
ALL_TIERS = "HERMES_STATE_ALL_TIERS"
TIERS = ("crash", "tiers", "agent", "slow")
#: Fixtures that need more than a bare machine: whatever uses one belongs to the tier of that name.
NEEDS_MORE = {
    "root_only",
    "other_file_system",
    "strace",
    "with_attributes",
    "with_mounts",
    "within_mounts",
    "as_user",
    "theirs",
}
_ran: dict[str, dict[str, int]] = {tier: {} for tier in TIERS}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if NEEDS_MORE.intersection(getattr(item, "fixturenames", ())):
            item.add_marker("tiers")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome = yield
    report: pytest.TestReport = outcome.get_result()  # type: ignore[attr-defined]
    tiers = [tier for tier in TIERS if item.get_closest_marker(tier)]
    if report.skipped and tiers and os.environ.get(ALL_TIERS) and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"{ALL_TIERS} is set, and this was skipped: {reason}"
    report.user_properties.append(("tiers", tiers))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Counts where the reports come together: tests may have run in several processes."""
    if report.when == "call" or report.outcome != "passed":
        noted: Any = dict(report.user_properties).get("tiers", ())  # a process that died has noted nothing
        for tier in noted:
            _ran[tier][report.outcome] = _ran[tier].get(report.outcome, 0) + 1


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines say which tiers ran."""
    for tier, outcomes in _ran.items():
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items())) or "not run"
        terminalreporter.write_line(f"tier {tier}: {counts}")
