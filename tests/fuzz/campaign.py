"""What must hold whatever a home holds: each home is made, inspected, cleared and migrated, and every effect judged."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import re
import shutil
import stat
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hermes_state.clearing.breakers import as_json as cleared_as_json
from hermes_state.clearing.breakers import clear_breakers
from hermes_state.clearing.cooldowns import clear_cooldowns
from hermes_state.clearing.targets import Target
from hermes_state.cli.commands.migrate import _file_entry
from hermes_state.codec.comparison import same
from hermes_state.codec.fault import BadText
from hermes_state.disk import Directory, RealDisk
from hermes_state.errors import ExitCode, FileNotOk, StateError
from hermes_state.findings import CATALOGUE
from hermes_state.home import Home
from hermes_state.inspection import as_json, inspect
from hermes_state.migration.run import FileResult, Options, migrate_auth
from hermes_state.outcomes import KINDS, Outcome
from hermes_state.runtime import SECTION
from hermes_state.stores.auth import AuthStore
from hermes_state.stores.breaker import look
from hermes_state.stores.config import ConfigStore
from hermes_state.stores.permits import Permits
from tests.fuzz.finders import IDS, inspected
from tests.fuzz.fuzzer import CANARY, FILES, LIMITS, NOW, SECRET, Input, Made, made_home

#: Seconds of this process's time for one home, which is more than for one input.
PATIENCE = 2.0
#: Every so-many-th home is one in which a certain finding fires, each finding in its turn.
TURNS = 5
#: What every outcome and finding must have been hit by in the full run.
ENOUGH = 50
#: Only the auth.json of an agent has a runtime section, which is what can be too new.
OUTCOMES = tuple(
    (kind, outcome) for kind in KINDS for outcome in Outcome if outcome is not Outcome.TOO_NEW or kind == "auth"
)
#: What no content of that kind can be, and why.
IMPOSSIBLE = {("config", Outcome.EMPTY): "an empty config.yaml is one without settings, and ok: HS-CONF-002 says so"}

_EXITS = {
    Outcome.UNREADABLE: ExitCode.UNREADABLE,
    Outcome.ABSENT: ExitCode.UNREADABLE,
    Outcome.TOO_NEW: ExitCode.REFUSED,
}
_REFUSABLE = (ExitCode.UNREADABLE, ExitCode.CORRUPT, ExitCode.REFUSED)


@dataclass
class Tally:
    """What a run has seen. ``violations`` say which home to make again."""

    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    acts: Counter[str] = field(default_factory=Counter)
    named: int = 0
    """Homes in which a mutation had put a secret where a name belongs: names are shown as they are."""
    slowest: tuple[float, int] = (0.0, 0)
    violations: list[str] = field(default_factory=list)

    @property
    def inputs(self) -> int:
        return sum(self.ways.values())

    def add(self, other: Tally) -> None:
        for mine, theirs in (
            (self.ways, other.ways),
            (self.outcomes, other.outcomes),
            (self.findings, other.findings),
            (self.acts, other.acts),
        ):
            mine.update(theirs)  # type: ignore[arg-type]
        self.named += other.named
        self.slowest = max(self.slowest, other.slowest)
        self.violations += other.violations

    def rare(self, enough: int) -> list[str]:
        """The outcomes and findings that were hit less often than ``enough`` times."""
        few = [f"{kind} {outcome}" for kind, outcome in OUTCOMES if self.outcomes[kind, outcome] < enough]
        few = [each for each in few if each not in {f"{kind} {outcome}" for kind, outcome in IMPOSSIBLE}]
        return few + [id for id in IDS if self.findings[id] < enough]


def campaign(inputs: int, seed: int, first: int = 0, step: int = 1) -> Tally:
    """Judge homes of ``seed`` until they held ``inputs`` inputs: every ``step``-th one from number ``first`` on."""
    tally = Tally()
    base = tempfile.mkdtemp(prefix="hermes-fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    number = first
    try:
        with _watched(tally):
            while tally.inputs < inputs:
                one(base, seed, number, tally)
                number += step
    finally:
        shutil.rmtree(base)
    return tally


def spread(inputs: int, seed: int, jobs: int) -> Tally:
    """``campaign`` in as many processes as ``jobs``; the tallies are added up."""
    parts = [(-(-inputs // jobs), seed, job, jobs) for job in range(jobs)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        tallies = pool.starmap(campaign, parts)
    whole = Tally()
    for each in tallies:
        whole.add(each)
    return whole


def one(base: str, seed: int, number: int, tally: Tally) -> None:
    """Make the home with ``number`` in ``base``, judge it, and take it away."""
    made = made_home(seed, number)
    tally.acts["homes"] += 1
    path = os.path.join(base, "h")
    begun, used = time.perf_counter(), time.process_time()
    try:
        if number % TURNS == TURNS - 1:
            os.mkdir(path, 0o700)
            id, report = inspected(path, Random(number), number // TURNS, snapshot)
            tally.ways[CATALOGUE[id][1], "finding"] += 1
            for home in report.homes:
                tally.findings.update({finding.id for finding in home.findings})
        else:
            _Trial(path, made, tally, Random(number)).run()
    except Exception as error:  # whatever it is, it is what we are looking for
        import traceback

        where = traceback.extract_tb(error.__traceback__)[-1]
        tally.violations.append(
            f"home {number}: {type(error).__name__} at {where.filename}:{where.lineno}: {error}"[:600]
        )
    used = time.process_time() - used
    if used > tally.slowest[0]:
        tally.slowest = used, number
    if used > PATIENCE:
        tally.violations.append(f"home {number}: took {used:.1f} s ({time.perf_counter() - begun:.1f} s on the clock)")
    shutil.rmtree(path, ignore_errors=True)


class Broken(AssertionError):
    """A promise was not kept."""


def require(kept: bool, promise: str) -> None:
    if not kept:
        raise Broken(promise)


@contextmanager
def _watched(tally: Tally) -> Iterator[None]:
    """Look at everything that is made at the moment it is made: its name, its mode and that of its directory."""
    real = RealDisk.create, RealDisk.make_directory, RealDisk.make_lock

    def judge(at: Directory, name: str, wanted: int) -> None:
        tally.acts["files and directories made"] += 1
        looks = os.stat(name, dir_fd=at.fd, follow_symlinks=False)
        if stat.S_IMODE(looks.st_mode) != wanted or stat.S_IMODE(os.fstat(at.fd).st_mode) != 0o700 or CANARY in name:
            tally.violations.append(f"{name!r} was made with mode {looks.st_mode:o} in {at.path!r}")

    def create(self: RealDisk, at: Directory, name: str) -> Any:
        file = real[0](self, at, name)
        judge(at, name, 0o600)
        return file

    def make_directory(self: RealDisk, at: Directory, name: str, uid: int = -1, gid: int = -1) -> None:
        real[1](self, at, name, uid, gid)
        judge(at, name, 0o700)

    def make_lock(self: RealDisk, at: Directory, name: str, mode: int, uid: int = -1, gid: int = -1) -> None:
        real[2](self, at, name, mode, uid, gid)
        judge(at, name, 0o600)

    RealDisk.create, RealDisk.make_directory, RealDisk.make_lock = create, make_directory, make_lock  # type: ignore[method-assign]
    try:
        yield
    finally:
        RealDisk.create, RealDisk.make_directory, RealDisk.make_lock = real  # type: ignore[method-assign]


def put(path: str, one: Input) -> None:
    """The input as a file of the home at ``path``, mode 0600 in directories of mode 0700."""
    place = os.path.join(path, one.name)
    os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
    if one.place == "fifo":
        os.mkfifo(place, 0o600)
    elif one.place == "socket":
        os.mknod(place, stat.S_IFSOCK | 0o600)
    elif one.place == "directory":
        os.mkdir(place, 0o700)
    elif one.place == "loop":
        os.symlink(os.path.basename(place), place)
    elif one.place == "dangling":
        os.symlink("gone.json", place)
    elif one.place == "zero":
        os.symlink("/dev/zero", place)
    elif one.place != "absent":
        if one.place == "link":
            os.makedirs(os.path.join(path, "dot"), 0o700, exist_ok=True)
            real = os.path.join(path, "dot", os.path.basename(place))
            os.symlink(real, place)
            place = real
        fd = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(fd, one.data)
            if one.place == "sparse":
                os.ftruncate(fd, LIMITS[one.kind] + 1)
        finally:
            os.close(fd)


def snapshot(path: str) -> dict[str, tuple[int, bytes]]:
    """Every entry below ``path`` with its type and mode, and what it holds: content, link text, or the size only."""
    found: dict[str, tuple[int, bytes]] = {}
    pending = [path]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                looks = entry.stat(follow_symlinks=False)
                held = b""
                if stat.S_ISDIR(looks.st_mode):
                    pending.append(entry.path)
                elif stat.S_ISLNK(looks.st_mode):
                    held = os.fsencode(os.readlink(entry.path))
                elif stat.S_ISREG(looks.st_mode):
                    if looks.st_size > 4 << 20:
                        held = f"{looks.st_size} {looks.st_mtime_ns} {looks.st_ino}".encode()
                    else:
                        with open(entry.path, "rb") as file:
                            held = file.read()
                found[entry.path[len(path) + 1 :]] = looks.st_mode, held
    return found


def expected(one: Input) -> set[Outcome]:
    """What reading ``one`` must give, found without the code under test; several where only that code can tell."""
    if one.place in ("absent", "dangling"):
        return {Outcome.ABSENT}
    if one.place not in ("", "link", "sparse"):
        return {Outcome.UNREADABLE}
    if one.place == "sparse" or len(one.data) > LIMITS[one.kind]:
        return {Outcome.TOO_LARGE}
    if one.kind == "config":
        if not one.data:
            return {Outcome.OK}
        return {Outcome.OK, Outcome.INVALID, Outcome.CORRUPT, Outcome.TOO_LARGE}
    if not one.data:
        return {Outcome.EMPTY}
    try:
        document = json.loads(one.data.decode("utf-8").removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return {Outcome.CORRUPT}
    if one.kind != "breaker" and _depth(document) > 200:
        return {Outcome.CORRUPT}
    if not isinstance(document, dict):
        return {Outcome.INVALID}
    if one.kind == "sessions":
        return {Outcome.OK}
    if one.kind == "breaker":
        at = document.get("reset_at")
        return {Outcome.OK if isinstance(at, int | float) and not isinstance(at, bool) else Outcome.INVALID}
    pools = document.get("credential_pool")
    if not any(isinstance(document.get(key), dict) for key in ("providers", "credential_pool", "systems")):
        return {Outcome.INVALID}
    if pools is not None and not (isinstance(pools, dict) and all(isinstance(rows, list) for rows in pools.values())):
        return {Outcome.INVALID}
    return {Outcome.OK, Outcome.INVALID, Outcome.TOO_NEW} if "credential_pool_runtime" in document else {Outcome.OK}


def _depth(document: Any) -> int:
    level, depth = [document], 0
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [inner for each in level for inner in (each.values() if isinstance(each, dict) else each)]
    return depth


class _Trial:
    def __init__(self, path: str, made: Made, tally: Tally, rng: Random) -> None:
        self.path, self.made, self.tally, self.rng = path, made, tally, rng
        self.home = Home(path, "--home", "default", path, None)
        self.homes = [self.home]
        self.said: list[str] = []
        self.outcome: Outcome = Outcome.ABSENT
        self.seen: dict[str, tuple[int, bytes]] = {}

    def run(self) -> None:
        self.make()
        self.inspect()
        self.breaker()
        self.migrate()
        self.cooldowns()
        self.keeps_secrets()

    def make(self) -> None:
        os.mkdir(self.path, 0o700)
        for each in self.made.inputs:
            put(self.path, each)
            self.tally.ways[each.kind, each.way] += 1
        if self.made.profile is not None:
            coder = os.path.join(self.path, "profiles", "coder")
            put(coder, self.made.profile)
            self.tally.ways["auth", self.made.profile.way] += 1
            self.homes.append(Home(coder, "--home", "coder", self.path, None))
        if self.made.version is not None:
            os.mkdir(os.path.join(self.path, "hermes-agent"), 0o700)
            text = f'[project]\nname = "hermes-agent"\nversion = "{self.made.version}"\n'
            marker = os.path.join(self.path, "hermes-agent", "pyproject.toml")
            with open(marker, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(text)

    def inspect(self) -> None:
        self.seen = snapshot(self.path)
        report = inspect(self.homes, now=NOW)
        require(snapshot(self.path) == self.seen, "an inspection changed something")
        self.say(as_json(report))
        for home in report.homes:
            self.tally.findings.update({finding.id for finding in home.findings})
            seen = {file.kind: file for file in home.files}
            inputs = self.made.inputs if home.path == self.path else (self.made.profile,)
            for one in inputs:
                assert one is not None
                outcome = seen[one.kind].outcome if one.kind in seen else Outcome.ABSENT
                self.tally.outcomes[one.kind, outcome] += 1
                require(outcome in expected(one), f"{one.kind} ({one.way}) is {outcome}, not {expected(one)}")
                if one.kind == "auth" and home.path == self.path:
                    self.outcome = outcome
        for unseen in report.errors:
            require(unseen.error.exit_code is ExitCode.UNREADABLE, f"{unseen.error.exit_code} for what cannot be seen")
            self.say_error(unseen.error)

    def breaker(self) -> None:
        (one,) = (each for each in self.made.inputs if each.kind == "breaker")
        path = os.path.join(self.path, one.name)
        before = self.seen
        state = look(path, NOW)
        require((state is None) == (one.place == "absent"), "a breaker is there, and was not seen")
        if self.rng.random() < 0.5 or state is None:
            return
        dry = self.rng.random() < 0.3
        cleared = clear_breakers(self.homes, state.provider, dry_run=dry, now=NOW)
        self.say(cleared_as_json(cleared))
        for failed in cleared.errors:
            require(failed.error.exit_code in _REFUSABLE, f"{failed.error.exit_code} from clear-breaker")
            self.say_error(failed.error)
        gone = {one.removed for one in cleared.cleared} if not dry else set()
        self.tally.acts["breakers cleared"] += len(gone)
        self.seen = after = snapshot(self.path)
        missing = {os.path.join(self.path, name) for name in before if name not in after}
        require(missing == gone, f"{missing} is gone, and {gone} was reported")
        strange = {name for name in after if after[name] != before.get(name)}
        require(not strange, f"clear-breaker changed {strange}")

    def migrate(self) -> None:
        before = self.seen
        options = Options(
            to_base=self.rng.random() < 0.2, dry_run=self.rng.random() < 0.1, leave_binding=self.rng.random() < 0.2
        )
        try:
            result = migrate_auth(self.home, options, NOW)
        except StateError as error:
            self.refused(error)
            after = snapshot(self.path)
            made = after.keys() - before.keys()
            require(made <= {"auth.lock", "profiles/coder/auth.lock"}, f"{made} was made, and then came {error.code}")
            require(before.items() <= after.items(), f"a file changed, though the migration ended in {error.code}")
            return
        wanted = (Outcome.OK, Outcome.ABSENT)
        require(self.outcome in wanted, f"a migration of a file that is {self.outcome}")
        self.say(_file_entry(result, diff=True))
        self.said += result.warnings
        self.migrated(result, before, options)

    def refused(self, error: StateError) -> None:
        self.tally.acts[f"migrations refused: {error.code}"] += 1
        self.say_error(error)
        if isinstance(error, FileNotOk):
            require(
                error.fault.outcome is self.outcome or self.outcome is Outcome.OK, f"{error.fault} of {self.outcome}"
            )
            wanted = _EXITS.get(error.fault.outcome, ExitCode.CORRUPT)
            require(error.exit_code is wanted, f"exit {error.exit_code} for {error.fault.outcome}")
        else:
            require(error.exit_code is ExitCode.REFUSED, f"exit {error.exit_code} ({error.code}): {error}")

    def migrated(self, result: FileResult, before: dict[str, tuple[int, bytes]], options: Options) -> None:
        after = snapshot(self.path)
        real = result.real_path[len(self.path) + 1 :]
        changed = result.changed and not options.dry_run
        strange = {name for name in before if after.get(name) != before[name] and not (changed and name == real)}
        require(not strange, f"a migration changed {strange}")
        new = after.keys() - before.keys()
        require(changed or not new, f"a migration that changed nothing made {new}")
        for name in new:
            mode, held = after[name]
            require(stat.S_IMODE(mode) == (0o700 if stat.S_ISDIR(mode) else 0o600), f"{name} has mode {mode:o}")
            require(CANARY not in name, f"a secret in the name {name}")
            if name.endswith("manifest.json"):
                self.said.append(held.decode())
        if not changed:
            return
        self.tally.acts["migrations done"] += 1
        require(after[real] == (before[real][0], result.after), "the file does not hold what was reported")
        assert result.backup is not None
        kept = os.path.join(result.backup, "auth.json")[len(self.path) + 1 :]
        require(after[kept][1] == before[real][1], "the backup is not the file as it was")

    def cooldowns(self) -> None:
        """Clear the cooldowns of one pool, after all else: nothing but that pool and the section may change."""
        if self.rng.random() < 0.5:
            return
        before = snapshot(self.path)
        old = AuthStore(self.home).read()
        held = old.document.get("credential_pool") if old.outcome is Outcome.OK else None
        pools: dict[str, Any] = held if isinstance(held, dict) else {}
        names = [name for name, rows in pools.items() if rows]
        dry = self.rng.random() < 0.2
        target = Target(self.rng.choice(names or ["nous"]), dead=self.rng.random() < 0.3)
        try:
            done = clear_cooldowns(self.home, target, dry_run=dry, permits=Permits(), clock=lambda: NOW)
        except StateError as error:
            self.tally.acts[f"clears refused: {error.code}"] += 1
            self.say_error(error)
            codes = (*_REFUSABLE, ExitCode.USAGE)
            require(error.exit_code in codes, f"exit {error.exit_code} ({error.code}): {error}")
            after = snapshot(self.path)
            require(before.items() <= after.items(), f"a file changed, though the clear ended in {error.code}")
            return
        after = snapshot(self.path)
        real = os.path.realpath(done.path)[len(self.path) + 1 :]
        strange = {name for name in before if after.get(name) != before[name] and (dry or name != real)}
        require(not strange, f"a clear changed {strange}")
        if dry:
            return
        require(done.verified or done.problem is not None, "a clear that was not verified, and no word of it")
        self.tally.acts["credentials cleared"] += len(done.cleared)
        new = AuthStore(self.home).read().document
        for name in names:
            if name != done.owner.pool:
                require(same(new["credential_pool"][name], pools[name]), f"clearing {target.provider} changed {name}")
        others = {key for key in old.document if key not in ("credential_pool", SECTION)}
        require(all(same(new.get(key), old.document[key]) for key in others), "a clear changed another part")
        for name in names:
            kept, had = (
                [[row.get("id"), row.get("access_token")] for row in rows if isinstance(row, dict)]
                for rows in (new["credential_pool"][name], pools[name])
            )
            require(same(kept, had), "a clear lost a credential")

    def say(self, value: Any) -> None:
        """Remember what the JSON view of a result says; it has to be JSON that every reader takes."""
        self.said.append(json.dumps(value, allow_nan=False))

    def say_error(self, error: StateError) -> None:
        require(bool(error.message), f"{type(error).__name__} says nothing")
        self.said += [error.message, error.hint, error.pointer]

    def keeps_secrets(self) -> None:
        """The canary came out nowhere, except as part of a name: those are shown as they are."""
        if not any(CANARY in text for text in self.said):
            return
        names = [text for one in (*self.made.inputs, self.made.profile) if one is not None for text in self.names(one)]
        self.tally.named += 1
        if not any(CANARY in name for name in names):
            at = next(text for text in self.said if CANARY in text)
            start = at.index(CANARY)
            raise Broken(f"a secret came out: {at[max(0, start - 160) : start + 60]!r}")

    def names(self, one: Input) -> Iterator[str]:
        """What stands in ``one`` as a name, or as a text in which a mutation has taken the secret apart."""
        try:
            if one.kind == "config":
                document = ConfigStore(self.home).parse(one.data).value
            else:
                document = json.loads(one.data.decode("utf-8").removeprefix("\ufeff"))
        except (ValueError, RecursionError, BadText):
            return
        pending: list[tuple[str, Any]] = [("", document)]
        while pending:
            key, value = pending.pop()
            if isinstance(value, dict):
                yield from map(str, value)
                pending += [(str(name), inner) for name, inner in value.items()]
            elif isinstance(value, list):
                pending += [(key, inner) for inner in value]
            elif isinstance(value, str) and CANARY in value and (key in _NAMES or not _WHOLE.search(value)):
                yield value


_NAMES = ("id", "source", "auth_type", "session_key", "session_id", "base_url")
#: The secret as it was planted: with its beginning, and nothing before that would make it part of a longer word.
_WHOLE = re.compile(rf"(?<![\w-]){re.escape(SECRET)}(?:-\w+)?(?![\w-])")


def table(tally: Tally, seconds: float) -> str:
    """The figures of a run, as people read them."""
    lines = [f"{tally.inputs} inputs in {tally.acts['homes']} homes, {math.ceil(seconds)} s"]
    mutated = sum(count for (_, way), count in tally.ways.items() if way == "mutation")
    lines.append(f"mutations of real samples: {mutated} ({100 * mutated / max(1, tally.inputs):.1f} %)")
    for kind in FILES:
        ways = ", ".join(f"{way} {tally.ways[kind, way]}" for way in ("mutation", "grammar", "place", "finding"))
        lines.append(f"  {kind:9} {ways}")
    lines.append(f"  home      finding {tally.ways['home', 'finding']}")
    lines.append("outcomes:")
    for kind in KINDS:
        hits = ", ".join(f"{outcome} {tally.outcomes[each, outcome]}" for each, outcome in OUTCOMES if each == kind)
        lines.append(f"  {kind:9} {hits}")
    lines.append("findings:")
    for start in range(0, len(IDS), 6):
        lines.append("  " + "  ".join(f"{id} {tally.findings[id]}" for id in IDS[start : start + 6]))
    lines.append("acts:")
    lines += [f"  {act}: {count}" for act, count in sorted(tally.acts.items()) if act != "homes"]
    lines.append(f"homes that show a planted secret as a name: {tally.named}")
    lines.append(f"slowest home: {tally.slowest[0]:.2f} s (number {tally.slowest[1]})")
    lines.append(f"hit fewer than {ENOUGH} times: {', '.join(tally.rare(ENOUGH)) or 'none'}")
    lines += [f"cannot be: {kind} {outcome} ({why})" for (kind, outcome), why in IMPOSSIBLE.items()]
    lines.append(f"violations: {len(tally.violations)}")
    return "\n".join([*lines, *(f"  {each}" for each in tally.violations[:40])])
