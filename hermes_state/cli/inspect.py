"""``hermes-state inspect``: the report as JSON, or on one screen: the verdict first, the findings last, worst first."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from hermes_state.cli.shared import Asked, require_kinds
from hermes_state.clock import now
from hermes_state.errors import ExitCode

#: Credentials, and findings, that one screen lists.
MOST = 100

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from hermes_state.inspection.report import Credential, HomeReport, Provider, Report


def run(asked: Asked, kinds: list[str]) -> int:
    """Print the report; returns 0 as long as everything could be looked at. Raises UnknownTarget, NoSuchHome,
    UnknownProfile."""
    from hermes_state.inspection import inspect

    require_kinds(kinds)
    at = now()
    report = inspect(asked.homes(), kinds=kinds or None, now=at)
    if asked.json:
        from hermes_state.inspection.report import as_json

        sys.stdout.write(json.dumps(as_json(report), indent=2, allow_nan=False) + "\n")
    else:
        _print(report, at)
    return int(ExitCode.UNREADABLE if report.errors else ExitCode.OK)


def _print(report: Report, at: float) -> None:
    from hermes_state.cli.output import print_error
    from hermes_state.cli.render import console

    out = console()
    for index, home in enumerate(report.homes):
        if index:
            out.print()
        _print_home(out, home, at)
    out.file.flush()
    for unseen in report.errors:
        print_error(unseen.error)


def _print_home(out: Console, home: HomeReport, at: float) -> None:
    from hermes_state.cli.render import line, print_table, words

    gateway = home.gateway.state.value + (f" (pid {home.gateway.pid})" if home.gateway.pid is not None else "")
    version = home.agent.version or "of unknown version"
    managed = f", managed by {home.managed}" if home.managed else ""
    line(out, words(f"Home {home.path} ({home.home_rule})", "bold"))
    line(out, words(f"agent {version}, gateway {gateway}{managed}", "dim"))
    sections = (
        ("Providers", [_provider(each, at) for each in home.providers]),
        ("Credentials", _credentials(home, at)),
        ("Breakers", [_breaker(each.provider, each.state, each.remaining_seconds) for each in home.breakers]),
        ("Files", _files(home)),
    )
    for title, rows in sections:
        if rows:
            line(out, words(title, "bold"))
            print_table(out, rows)
    _print_findings(out, home)


def _provider(provider: Provider, at: float) -> list[Text | str]:
    from hermes_state.cli.render import left, mark

    whole = provider.usable > 0 and not any(block.what == "breaker" for block in provider.blocked_by)
    verdict = f"{provider.usable} of {provider.of} usable"
    if not whole and provider.next_at is not None and provider.next_at > at:
        verdict += f", next in {left(provider.next_at - at)}"
    blocks = []
    for block in provider.blocked_by:
        until = f" for {left(block.until_at - at)}" if block.until_at is not None and block.until_at > at else ""
        clear = f" (clear it: {block.clear_with})" if block.clear_with and not whole else ""
        blocks.append(f"{block.what}{until}{clear}")
    return [" ", mark("ok" if whole else "error"), provider.provider, verdict, "; ".join(blocks)]


def _credentials(home: HomeReport, at: float) -> list[list[Text | str]]:
    """One row for each; of very many those that are not simply usable come first, and the rest is counted."""
    rows = list(home.credentials)
    if len(rows) > MOST:
        rows.sort(key=lambda row: row.status.value == "ok")
    shown = [_credential(row, at) for row in rows[:MOST]]
    if len(rows) > MOST:
        shown.append([" ", "", f"... and {len(rows) - MOST} more (--json has all)"])
    return shown


def _credential(row: Credential, at: float) -> list[Text | str]:
    from rich.text import Text

    from hermes_state.cli.render import bar, left, mark, words

    marks = {"ok": "ok", "cooling": "warning", "elapsed": "ok", "dead": "error"}
    state: Text = words(row.status.value)
    if row.status == "cooling":
        remaining = row.remaining_seconds
        state = Text(" ").join(
            [bar(remaining, max(remaining, 3600.0)), words(f"resets in {left(remaining)}")]
            if remaining is not None
            else [words("never resets by itself")]
        )
    elif row.status == "elapsed":
        state = words("usable again")
    for model, end in row.model_cooldowns.items():
        if end is None or end > at:
            state += words(f"; not for {model}" + (f" for {left(end - at)}" if end is not None else ""))
    why = " ".join(str(part) for part in (row.error_code, row.reason or row.message) if part is not None)
    place = "(in the section)" if row.held in ("runtime", "both") and row.status == "cooling" else ""
    place += " (root's)" if row.store == "root" else ""
    return [
        " ",
        mark(marks[row.status.value]),
        row.pool,
        str(row.id or "-"),
        row.label or "-",
        state,
        f"{why} {place}".strip(),
    ]


def _breaker(provider: str, state: str, remaining: float | None) -> list[Text | str]:
    from hermes_state.cli.render import bar, left, mark

    marks = {"active": "warning", "expired": "ok"}
    if state == "active" and remaining is not None:
        return [
            " ",
            mark("warning"),
            provider,
            bar(remaining, max(remaining, 3600.0)),
            f"blocks for {left(remaining)} more",
        ]
    return [" ", mark(marks.get(state, "error")), provider, "", state]


def _files(home: HomeReport) -> list[list[Text | str]]:
    from hermes_state.cli.render import mark

    rows: list[list[Text | str]] = []
    for file in home.files:
        name = os.path.relpath(file.path, home.path)
        facts = [file.mode or ""]
        if file.link_target:
            facts.append(f"-> {os.path.relpath(file.link_target, home.path)}")
        if file.section is not None:
            records = file.section.records
            held = f"{records} record{'s' if records != 1 else ''}" if records is not None else "of a later version"
            facts.append(f"runtime section: {held}")
        if file.pending:
            facts.append(f"pending: {', '.join(file.pending)}")
        if file.kind == "sessions" and home.sessions is not None:
            facts.append(f"{home.sessions.count} sessions ({home.sessions.role})")
        if file.shared_with:
            facts.append(f"shared with {len(file.shared_with)} other homes")
        state = {"ok": "ok", "absent": "info"}.get(file.outcome.value, "error")
        rows.append([" ", mark(state), name, file.outcome.value.replace("_", " "), "  ".join(facts).strip()])
    return rows


def _print_findings(out: Console, home: HomeReport) -> None:
    from hermes_state.cli.render import line, mark, print_table, words

    order = ("error", "warning", "info")
    found = sorted(home.findings, key=lambda finding: order.index(finding.severity.value))
    if not found:
        return
    counts = [f"{sum(f.severity == level for f in found)} {level}" for level in order]
    line(out, words(f"Findings ({', '.join(count for count in counts if not count.startswith('0 '))})", "bold"))
    rows: list[list[Text | str]] = []
    for finding in found:
        where = f"{finding.pointer}: " if finding.pointer else ""
        rows.append([" ", mark(finding.severity.value), finding.id, _message(where + finding.message, finding.hint)])
    print_table(out, rows)
    if len(found) > MOST:
        line(out, "  ", f"... and {len(found) - MOST} more (--json has all)")


def _message(message: str, hint: str) -> Text:
    from rich.text import Text

    from hermes_state.cli.render import words

    return words(message) + (Text("\n") + words(hint, "dim") if hint else Text())
