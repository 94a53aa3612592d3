"""``hermes-state recover``: mend interrupted in-place writes, and sweep what killed runs left lying."""

from __future__ import annotations

from hermes_state.cli.asked import Asked
from hermes_state.cli.output import error_entry, print_error, print_json
from hermes_state.clock import now
from hermes_state.errors import NotVerified, StateError, worst
from hermes_state.home import Home
from hermes_state.inplace import Mended
from hermes_state.interruption import each
from hermes_state.recovering import Recovered, recover
from hermes_state.stores.auth import Sharing

#: Why a record stays, in words.
LEFT = {
    "changed_since": "somebody has written the file since: it was left as it is (the record holds both contents)",
    "running": "a process may still be at it: run this again when it has ended",
    "foreign": "record and file belong to different users: it was left as it is",
    "unreadable": "the record or its file cannot be read, or the record is damaged: nothing was touched",
}
#: Of these nobody knows whether the file is whole.
_OPEN = ("foreign", "unreadable")


def run(asked: Asked) -> int:
    """Recover each home; returns the exit code. Raises NoSuchHome and UnknownProfile."""
    homes = asked.homes()
    done: list[Recovered] = []
    errors: list[tuple[Home, StateError]] = []
    sharing = Sharing()

    def act(home: Home) -> None:
        done.append(recover(home, now(), seconds=asked.lock_timeout, sharing=sharing))
        errors.extend(
            (home, NotVerified(one.path or one.record, f"{LEFT[one.state]} ({one.record})"))
            for one in done[-1].left
            if one.state in _OPEN
        )

    with asked.watched(len(homes), "recovering homes") as step:
        each(homes, act, lambda home, error: errors.append((home, error)), lambda home: home.path, step)
    if asked.json:
        body = {
            "mended": [_entry(result, one) for result in done for one in result.mended],
            "swept": [{"home": result.home.path, "path": path} for result in done for path in result.swept],
            "left": [{**_entry(result, one), "reason": one.state} for result in done for one in result.left],
        }
        print_json("recover", body, [error_entry(error, home.path) for home, error in errors])
    else:
        _print(homes, done, errors)
    return worst([int(error.exit_code) for _, error in errors])


def _entry(result: Recovered, one: Mended) -> dict[str, str | None]:
    return {"home": result.home.path, "path": one.path or None, "record": one.record}


def _print(homes: list[Home], done: list[Recovered], errors: list[tuple[Home, StateError]]) -> None:
    from hermes_state.cli.text.render import console, line, mark, words

    out = console()
    results = {result.home.path: result for result in done}
    for home in homes:
        line(out, words(f"Home {home.path} ({home.rule})", "bold"))
        result = results.get(home.path)
        for mended in result.mended if result else ():
            line(out, mark("ok"), f"{mended.path} was half written and holds its old content again")
        for path in result.swept if result else ():
            line(out, mark("ok"), f"swept {path}")
        for left in result.left if result else ():
            if left.state not in _OPEN:
                line(out, mark("warning"), f"{left.path or left.record}: {LEFT[left.state]}: {left.record}")
        if result and not (result.mended or result.swept or result.left):
            line(out, mark("ok"), "nothing to mend, and nothing to sweep")
    out.file.flush()
    for _, error in errors:
        print_error(error)
