"""Many homes on one screen: those that need attention and why, then the others. What one home has more to say, it
says by itself (``--home``, ``-p``)."""

from __future__ import annotations

import shlex
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.text import Text

from hermes_state.cli.text.findings import SEVERITIES
from hermes_state.cli.text.render import Row, clipped, counted, line, mark, print_table, section, verbatim, words
from hermes_state.cli.text.screen import is_whole, providers
from hermes_state.findings import Finding, Severity
from hermes_state.inspection.report import HomeReport, Report
from hermes_state.redaction import harmless

#: How many homes in need, homes that are fine, providers of a home, and kinds of findings are shown.
_IN_NEED, _FINE, _PROVIDERS, _FINDINGS = 6, 8, 2, 6


def print_overview(out: Console, report: Report, at: float) -> None:
    """The homes of ``report`` as of ``at`` (epoch seconds): those that need attention first."""
    unseen = Counter(each.home for each in report.errors)
    in_need = [home for home in report.homes if unseen[home.path] or _needs_attention(home)]
    in_need.sort(key=lambda home: (-unseen[home.path], -len(_unusable(home)), -_count(home, Severity.ERROR)))
    needy = {home.path for home in in_need}
    fine = [home for home in report.homes if home.path not in needy]
    need = f"{len(in_need)} need{'s' if len(in_need) == 1 else ''} attention"
    line(out, words(f"{len(report.homes)} homes: {need}, {len(fine)} {'is' if len(fine) == 1 else 'are'} fine", "bold"))
    for home in in_need[:_IN_NEED]:
        _print_home(out, home, at, unseen[home.path])
    if len(in_need) > _IN_NEED:
        line(out, " ", words(f"... and {len(in_need) - _IN_NEED} more that need attention (--json has all)", "dim"))
    if in_need and harmless(in_need[0].path) == in_need[0].path:
        line(out, "All about one of them:")
        line(out, " ", verbatim(f"hermes-state --home {shlex.quote(in_need[0].path)} inspect", "cyan"))
    section(out, "Fine", _fine(fine))
    section(out, "Findings", _findings(report))


def _needs_attention(home: HomeReport) -> bool:
    """Whether the agent cannot use a provider in it, or something is wrong with it."""
    return bool(_unusable(home)) or any(found.severity is not Severity.INFO for found in home.findings)


def _unusable(home: HomeReport) -> list[str]:
    return [provider.provider for provider in home.providers if not is_whole(provider)]


def _count(home: HomeReport, severity: Severity) -> int:
    return sum(finding.severity is severity for finding in home.findings)


def _print_home(out: Console, home: HomeReport, at: float, unseen: int) -> None:
    counts = [(unseen, "not looked at"), *((_count(home, Severity(level)), level) for level in SEVERITIES[:2])]
    told = [f"{count} {what}" for count, what in counts if count]
    usable = [provider.provider for provider in home.providers if is_whole(provider)]
    if home.gateway.state != "stopped":
        told.append(f"gateway {home.gateway.state.value}")
    if usable:
        told.append(f"{len(usable)} of {counted(len(home.providers), 'provider')} usable")
    look = "error" if unseen or _unusable(home) or _count(home, Severity.ERROR) else "warning"
    line(
        out, mark(look), verbatim(f"{home.profile}  {home.path}", "bold"), words(f" {', '.join(told)}" if told else "")
    )
    rows = list(providers(home._replace(providers=tuple(p for p in home.providers if not is_whole(p))), at, _PROVIDERS))
    print_table(out, [cells for cells, _ in rows], below=[below for _, below in rows])


def _fine(homes: Sequence[HomeReport]) -> Iterator[Row]:
    for number, home in enumerate(homes[:_FINE], 1):
        credentials = sum(provider.usable for provider in home.providers)
        told = f"{counted(len(home.providers), 'provider')}, {counted(credentials, 'credential')} usable"
        is_last = number == _FINE < len(homes)
        rest = words(f"... and {len(homes) - number} more (--json has all)", "dim") if is_last else Text()
        yield [mark("ok"), home.profile, told if home.providers else "no providers"], rest


def _findings(report: Report) -> Iterator[Row]:
    """Each kind of finding once, the worst first, with one of them as an example."""
    alike: dict[str, list[tuple[HomeReport, Finding]]] = defaultdict(list)
    for home in report.homes:
        for finding in home.findings:
            alike[finding.id].append((home, finding))
    ordered = sorted(alike.values(), key=lambda each: (SEVERITIES.index(each[0][1].severity.value), -len(each)))
    for number, found in enumerate(ordered[:_FINDINGS], 1):
        (home, first), homes = found[0], len({each.path for each, _ in found})
        where = f"in {homes} homes, as in {home.profile}" if homes > 1 else f"in {home.profile}"
        is_last = number == _FINDINGS < len(ordered)
        rest = (
            words(f"... and {counted(len(ordered) - number, 'other kind')} (--json has all)", "dim")
            if is_last
            else Text()
        )
        yield [mark(first.severity.value), first.id, verbatim(f"{where}: {clipped(first.message)}")], rest
