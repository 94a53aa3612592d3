"""The manual page, made of the texts of the help: ``python -m hermes_state.cli.manual > docs/hermes-state.1``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import typer
from typer.main import get_command

from hermes_state import __version__
from hermes_state.cli.app import app
from hermes_state.cli.command import examples_of, first_sentence, sorted_parameters
from hermes_state.cli.exits import EXITS, WORST
from hermes_state.retention import KEEP

if TYPE_CHECKING:
    from typer.core import TyperGroup

ENVIRONMENT = (
    ("HERMES_HOME", "The Hermes home, as for hermes itself; --home and --profile come before it."),
    ("HERMES_DATA_DIR_SUFFIX", "Ends the name of the default home, as for hermes itself since 0.22."),
    ("HERMES_MANAGED", "Says that a package manager owns the home; config.yaml is then left to it."),
    ("HERMES_MANAGED_DIR", "Where a machine has settings that win over config.yaml, since 0.17 (else /etc/hermes)."),
    ("NO_COLOR", "Set to anything: no colour. There is none in a pipe or a file either."),
    ("COLUMNS", "How wide lines may be."),
    ("XDG_STATE_HOME", "Where --in-place keeps its recovery copies when the home itself cannot hold them."),
)
FILES = (
    ("~/.hermes/", "The home, unless something else names one. Its profiles are homes too, in profiles/."),
    ("auth.json", "Credentials, with tokens, and their cooldowns. Locked by auth.lock, as agents lock it."),
    ("sessions/sessions.json", "Which conversation is where. Only looked at: the gateway writes it whole."),
    ("config.yaml", "The settings."),
    ("rate_limits/", "The breakers, in which agents remember that a provider is rate limited."),
    ("backups/hermes-state/", f"What migrate and restore replaced; the newest {KEEP} are kept."),
    (".hermes-state.lock", "Locked while one of the other files is written."),
)


def page() -> str:
    """The manual page, in the man macros of roff."""
    group: Any = get_command(app)
    context = typer.Context(group, info_name="hermes-state", **group.context_settings)
    return "".join(f"{line}\n" for line in _lines(group, context))


def _lines(group: TyperGroup, context: typer.Context) -> Iterator[str]:
    help = group.help or ""
    yield f'.TH HERMES\\-STATE 1 "" "hermes\\-state {__version__}" "User Commands"'
    yield from (".nh", ".ad l")  # words and commands stay whole
    yield from (".SH NAME", *_filled(f"hermes-state - {first_sentence(help).removesuffix('.')}"))
    yield from (".SH SYNOPSIS", ".B hermes\\-state", _text("[OPTIONS] COMMAND [ARGS]..."))
    yield from (".SH DESCRIPTION", *_paragraphs(help))
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for title, records in sorted_parameters(context, group.get_params(context)).items():
        (shared if title == "Options of every command" else own).extend(records)
    yield ".SH COMMANDS"
    for name in group.list_commands(context):
        yield from _command(group, context, name)
    yield from (".SH OPTIONS", *_list(own))
    yield from (".SH OPTIONS OF EVERY COMMAND", "They stand before the command or after it.", *_list(shared))
    yield from (".SH EXIT STATUS", *_list((exit.numbers, exit.meaning) for exit in EXITS), ".PP", _text(WORST))
    yield from (".SH ENVIRONMENT", *_list(ENVIRONMENT))
    yield from (".SH FILES", *_list(FILES))


def _command(group: TyperGroup, context: typer.Context, name: str) -> Iterator[str]:
    command = group.get_command(context, name)
    assert command is not None
    inner = typer.Context(command, info_name=name, parent=context)
    usage = " ".join(piece for piece in command.collect_usage_pieces(inner) if piece)
    yield from (f".SS {_text(name)}", ".B", _text(f"hermes-state {name}"), _text(usage))
    yield from (".PP", *_paragraphs(command.help or ""))
    for title, records in sorted_parameters(inner, command.get_params(inner)).items():
        if title != "Options of every command":
            yield from _list(records)
    for purpose, typed in examples_of(name):
        heading = f"{purpose[0].upper()}{purpose[1:]}{'' if purpose.endswith('?') else ':'}"
        yield from (".PP", _text(heading), ".RS 4", ".EX", _text(typed), ".EE", ".RE")


def _paragraphs(help: str) -> Iterator[str]:
    for number, paragraph in enumerate(help.split("\n\n")):
        if number:
            yield ".PP"
        yield from _filled(paragraph)


def _list(records: Iterable[tuple[str, str]]) -> Iterator[str]:
    for term, text in records:
        yield from (".TP", f".B {_text(term)}", *_filled(text))


def _filled(text: str) -> Iterator[str]:
    """``text`` as lines that people can read in the source too."""
    return map(_text, wrap(text, 72, break_long_words=False, break_on_hyphens=False))


def _text(text: str) -> str:
    """``text`` as roff shows it unchanged: hyphens that can be copied, quotes that stay straight."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
    return f"\\&{plain}" if plain.startswith(".") else plain


if __name__ == "__main__":
    sys.stdout.write(page())
