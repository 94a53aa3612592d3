"""One home on one screen: the verdict first, the findings last, the worst first in both.

Whatever there may be much of is folded: some are shown, the rest is counted, and ``--json`` has all.
"""

from __future__ import annotations

import os
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from math import inf

from rich.console import Console
from rich.text import Text

from hermes_state.cli.text.findings import SEVERITIES, finding_rows, near
from hermes_state.cli.text.render import (
    Row,
    bar,
    clipped,
    columns,
    counted,
    left,
    line,
    listed,
    mark,
    section,
    verbatim,
    words,
)
from hermes_state.findings import CATALOGUE
from hermes_state.inspection.report import BREAKER, DOUBTFUL, Block, Credential, FileFacts, HomeReport, Provider
from hermes_state.redaction import harmless
from hermes_state.stores.auth import FILE as AUTH

#: How many of each are shown; of credentials, and of providers with a command below, it is about so many in all.
_PROVIDERS, _IN_NEED, _BLOCKS, _CREDENTIALS, _BREAKERS, _FILES = 12, 6, 3, 14, 5, 8
#: States of credentials and of breakers that need more words than their name.
_SAID = {"cooling": "cooling down", "elapsed": "usable again"}
_BREAKERS_ARE = {
    "foreign": "not a breaker: the file is not the agent's",
    "absent": "no breaker: a link that leads to nothing",
    "unreadable": "unreadable: agents that can look into it may obey it",
}
#: In the message of a finding about what is no file.
_IRREGULAR = "not a regular file"
#: Findings of an auth.json that is not ok, and where its pools are.
_LOST, _POOLS = "HS-AUTH-045", "/credential_pool/"
_UNTOLD = frozenset(f"HS-AUTH-{number}" for number in ("001", "002", "003", "004", "006", "045"))
_STATES = ("dead", "cooling", "elapsed", "ok")


def print_home(out: Console, home: HomeReport, at: float) -> None:
    """All about ``home`` as of ``at`` (epoch seconds)."""
    gateway = home.gateway.state.value + (f" (pid {home.gateway.pid})" if home.gateway.pid is not None else "")
    version = home.agent.version or "of unknown version"
    managed = f", managed by {home.managed}" if home.managed else ""
    line(out, verbatim(f"Home {home.path} ({home.home_rule})", "bold"))
    line(out, words(f"agent {version}, gateway {gateway}{managed}", "dim"))
    section(out, "Providers", providers(home, at))
    section(out, "Credentials", _credentials(home, at))
    section(out, "Breakers", _breakers(home, at))
    section(out, "Files", _files(home))
    counts = Counter(finding.severity.value for finding in home.findings)
    told = ", ".join(f"{counts[level]} {level}" for level in SEVERITIES if counts[level])
    section(out, f"Findings ({told})", finding_rows(home, columns(out), out.is_terminal))


def is_whole(provider: Provider) -> bool:
    """Whether the agent can use the provider now."""
    return provider.usable > 0 and not any(block.what == BREAKER for block in provider.blocked_by)


def _doubts(provider: Provider) -> list[Block]:
    """What may keep the agent from the provider, though nobody can tell."""
    return [block for block in provider.blocked_by if block.what.startswith(DOUBTFUL)]


def _look(provider: Provider) -> Text:
    return mark("error" if not is_whole(provider) else "warning" if _doubts(provider) else "ok")


def providers(home: HomeReport, at: float, most: int = _PROVIDERS) -> Iterator[Row]:
    """The verdicts, those that say no first, each with the commands that would change it; what holds all of them up
    before."""
    untold, why = _untold(home)
    if untold:
        yield [mark("error"), untold, why], Text()
    common = _common(home)
    for block in common:
        yield [mark("warning"), "all", clipped(block.what)], listed(_typable(block.commands))
    ordered = sorted(home.providers, key=is_whole)
    most = min(most, max(_IN_NEED, _PROVIDERS - sum(not is_whole(provider) for provider in ordered)))
    for number, provider in enumerate(ordered[:most], 1):
        own = provider._replace(blocked_by=tuple(block for block in provider.blocked_by if block not in common))
        below = _typable(_commands(own))
        if number == most < len(ordered):
            below.append(_more(Counter("usable" if is_whole(each) else "not usable" for each in ordered[most:])))
        yield (
            [_look(provider), provider.provider, _verdict(own, at, untold not in ("all", "others", own.provider))],
            listed(below),
        )


def _untold(home: HomeReport) -> tuple[str, str]:
    """Of which providers nothing can be told as auth.json is not ok, and why: no verdict must not look like no
    problem."""
    for finding in home.findings:
        if finding.id in _UNTOLD and finding.path == os.path.join(home.path, AUTH):
            rest = "others" if any(provider.of for provider in home.providers) else "all"
            name = finding.pointer.removeprefix(_POOLS) if finding.pointer.startswith(_POOLS) else rest
            told = "no credentials, as" if finding.id == _LOST else "nothing can be told:"
            return name, f"{told} {CATALOGUE[finding.id][2]}"
    return "", ""


def _common(home: HomeReport) -> list[Block]:
    """What is in the way of each of several providers."""
    first, *others = (provider.blocked_by for provider in home.providers) if home.providers else [()]
    return [block for block in first if others and all(block in each for each in others)]


def _verdict(provider: Provider, at: float, is_told: bool) -> Text:
    """``1 of 2 usable, next in 46m 53s: ...`` and what is in the way, as long as it is. Without ``is_told`` nobody
    knows what is not there."""
    whole, next_at = is_whole(provider), provider.next_at
    said = f"{provider.usable} of {provider.of} usable"
    if not provider.of:
        said = "no credentials" if is_told else "credentials not known"
    if whole or next_at is None or next_at <= at:
        next_at = None
    else:
        said += f", next in {left(next_at - at)}"
    blocks = []
    for block in provider.blocked_by[:_BLOCKS]:
        ends = block.until_at is not None and block.until_at > at and block.until_at != next_at
        blocks.append(clipped(block.said) + (f", {left((block.until_at or at) - at)} left" if ends else ""))
    if len(provider.blocked_by) > _BLOCKS:
        blocks.append(f"and {len(provider.blocked_by) - _BLOCKS} more")
    return Text.assemble(words(said, "" if whole else "bold"), words(": " * bool(blocks) + "; ".join(blocks)))


def _commands(provider: Provider) -> list[str]:
    """What clears the way; where the provider can be used already only what may be in it. A new login, where that is
    what helps, comes before the clear that makes agents try the old one once more."""
    blocks = _doubts(provider) if is_whole(provider) else provider.blocked_by
    given = list(dict.fromkeys(command for block in blocks for command in block.commands))
    if sum(_of_pool(command) != command for command in given) > 1:
        given = list(dict.fromkeys(map(_of_pool, given)))
    return given[:_BLOCKS]


def _typable(commands: Iterable[str]) -> list[Text]:
    """Commands as they stand below a row; one that cannot be shown cannot be typed either."""
    return [verbatim(f"`{each}`", "cyan") for each in commands if harmless(each) == each]


def _of_pool(command: str) -> str:
    """The command that clears the cooldowns of a whole pool, for one that clears that of one of its rows."""
    typed = shlex.split(command)
    if "clear-cooldown" not in typed or {"--model", "--dead"} & {*typed}:
        return command
    return shlex.join(typed[: typed.index("clear-cooldown") + 2])


def _more(rest: Counter[str]) -> Text:
    """``... and 37 more: 30 cooling down, 7 ok (--json has all)``."""
    kinds = ", ".join(f"{count} {what}" for what, count in rest.items())
    return words(f"... and {rest.total()} more: {kinds} (--json has all)", "dim")


def _credentials(home: HomeReport, at: float) -> Iterator[Row]:
    """One row for each, in the order of the file; of very many the worst of each pool, and the rest is counted."""
    pools: dict[str, list[Credential]] = defaultdict(list)
    for credential in home.credentials:
        pools[credential.pool].append(credential)
    if len(home.credentials) <= _CREDENTIALS:
        yield from ((_credential(credential, at), Text()) for credential in home.credentials)
        return
    ordered = sorted((sorted(rows, key=_badness) for rows in pools.values()), key=lambda rows: _badness(rows[0]))
    most = max(2, _CREDENTIALS // len(ordered))
    shown = ordered[: _CREDENTIALS // 2] if len(ordered) > _CREDENTIALS // 2 else ordered
    for number, rows in enumerate(shown, 1):
        hidden = [rows[most:], *(ordered[number:] if number == len(shown) else ())]
        rest = Counter(_SAID.get(row.status.value, row.status.value) for each in hidden for row in each)
        for place, row in enumerate(rows[:most], 1):
            is_last = place == min(most, len(rows))
            yield _credential(row, at), _more(rest) if is_last and rest else Text()


def _badness(row: Credential) -> tuple[int, float]:
    """For sorting, the worst first."""
    remaining = row.remaining_seconds if row.remaining_seconds is not None else inf
    return _STATES.index(row.status.value), -remaining // 60


def _credential(row: Credential, at: float) -> list[Text | str]:
    marks = {"ok": "ok", "cooling": "warning", "elapsed": "ok", "dead": "error"}
    state, why, remaining = words(row.status.value), "", row.remaining_seconds
    meter = _meter(row.marked_at, at, remaining or 0.0, "resets in {}")
    if row.status == "cooling":
        state = words("never resets by itself") if remaining is None else meter
    elif row.status == "elapsed":
        state = words(_SAID[row.status.value])
    if row.status in ("cooling", "dead"):
        told = (row.error_code, row.reason or row.message)
        why = clipped(" ".join(str(part) for part in told if part is not None))
    if row.held in ("runtime", "both") and row.status == "cooling":
        why += " (in the section)"
    if row.store == "root":
        why += " (root's)"
    running = [(model, end) for model, end in row.model_cooldowns.items() if end is None or end > at]
    models = [f"not for {model}" + (f" for {left(end - at)}" if end is not None else "") for model, end in running]
    if len(models) > _BLOCKS:
        models = [*models[:_BLOCKS], f"nor for {counted(len(models) - _BLOCKS, 'more model')}"]
    why = "; ".join(part for part in (why.strip(), *models) if part)
    return [mark(marks[row.status.value]), row.pool, str(row.id or "-"), row.label or "-", state, why]


def _meter(since: float | None, at: float, remaining: float, sentence: str) -> Text:
    """The time that is left (seconds) in a sentence, after a bar of its share of the whole since ``since`` (epoch
    seconds); without the bar where nobody knows when it began."""
    told = words(sentence.format(left(remaining)))
    return told if since is None or since > at else bar(remaining, at - since + remaining) + Text(" ") + told


def _breakers(home: HomeReport, at: float) -> Iterator[Row]:
    # Of what is no file at all it is said what it is: agents do not obey it, they fail on it or wait for it.
    odd = {found.path: found.message.partition(":")[0] for found in home.findings if _IRREGULAR in found.message}
    ordered = sorted(home.breakers, key=lambda each: each.state in ("expired", "absent"))
    for number, each in enumerate(ordered[:_BREAKERS], 1):
        remaining = each.remaining_seconds if each.state == "active" else None
        state = words(odd[each.path] if each.path in odd else _BREAKERS_ARE.get(each.state, each.state))
        if remaining is not None:
            state = _meter(each.recorded_at, at, remaining, "blocks for {} more")
        is_last = number == _BREAKERS < len(ordered)
        rest = _more(Counter(other.state for other in ordered[number:])) if is_last else Text()
        look = {"active": "warning", "expired": "ok", "absent": "info", "foreign": "info"}.get(each.state, "error")
        yield [mark(look), each.provider, state], rest


def _files(home: HomeReport) -> Iterator[Row]:
    ordered = list(home.files)
    if len(ordered) > _FILES:
        ordered.sort(key=lambda file: file.outcome.value in ("ok", "absent"))
    for number, file in enumerate(ordered[:_FILES], 1):
        rest = Text()
        if number == _FILES < len(ordered):
            rest = _more(Counter(other.outcome.value.replace("_", " ") for other in ordered[number:]))
        state = {"ok": "ok", "absent": "info"}.get(file.outcome.value, "error")
        outcome = file.outcome.value.replace("_", " ")
        yield [mark(state), verbatim(near(file.path, home)), outcome, _facts(file, home)], rest


def _facts(file: FileFacts, home: HomeReport) -> Text:
    facts = [file.mode or ""]
    if file.link_target:
        facts.append(f"-> {os.path.relpath(file.link_target, home.path)}")
    if file.section is not None:
        records = file.section.records
        held = counted(records, "record") if records is not None else "of a later version"
        facts.append(f"runtime section: {held}")
    if file.kind == "sessions" and home.sessions is not None:
        facts.append(f"{counted(home.sessions.count, 'session')} ({home.sessions.role})")
    if file.shared_with:
        facts.append(f"shared with {counted(len(file.shared_with), 'other home')}")
    return verbatim("  ".join(filter(None, facts)))
