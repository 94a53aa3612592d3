"""How the program is put together: a command is declared with its examples, and built when it is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from hermes_state.cli.shared import options

if TYPE_CHECKING:
    from typer._click import Command as AnyCommand
    from typer._click import Context, HelpFormatter, Parameter

#: Says what it is for, and what to type.
Example = tuple[str, str]

_declared: dict[str, tuple[Callable[..., int], tuple[Example, ...]]] = {}


def command(name: str, *examples: Example) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Declare the decorated function to be the command ``name``. Its docstring is the help, ``examples`` end it."""

    def declare(function: Callable[..., int]) -> Callable[..., int]:
        _declared[name] = (function, examples)
        return function

    return declare


def examples_of(name: str) -> tuple[Example, ...]:
    """The examples of the command ``name``."""
    return _declared[name][1]


class Command(TyperCommand):
    """A command with the shared options, and with examples at the end of its help."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(options())

    def collect_usage_pieces(self, ctx: Context) -> list[str]:
        """Without the braces around what is required: nobody types them."""
        return [piece.removeprefix("{").removesuffix("}") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The command's own options first, those of every command apart."""
        write_parameters(ctx, formatter, self.get_params(ctx))

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        write_examples(formatter, examples_of(self.name or ""))


class Group(TyperGroup):
    """The program: the shared options before the command's name, and commands that are built when asked for.

    Building all of them takes longer than most of them run.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.extend(options())

    def list_commands(self, ctx: Context) -> list[str]:
        return list(_declared)

    def get_command(self, ctx: Context, cmd_name: str) -> AnyCommand | None:
        # For a name that is none all are built: the usage error names those that are like it.
        for name in [cmd_name] if cmd_name in _declared else _declared:
            if name not in self.commands:
                self.commands[name] = _built(name)
        return self.commands.get(cmd_name)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """The commands first, each with its whole first sentence."""
        built = [(name, self.get_command(ctx, name)) for name in _declared]
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_sentence(each.help or "")) for name, each in built if each is not None])
        write_parameters(ctx, formatter, self.get_params(ctx))

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        from hermes_state.cli.exits import EXITS

        with formatter.section("Exit codes"):
            formatter.write_dl([(exit.numbers, exit.meaning) for exit in EXITS])
        with formatter.section("More"):
            formatter.write_text("hermes-state COMMAND --help has examples of every command.")

    def _main_shell_completion(
        self, ctx_args: MutableMapping[str, Any], prog_name: str, complete_var: str | None = None
    ) -> None:
        """Completion runs while somebody types: it may find nothing, but it has nothing to say."""
        if "_HERMES_STATE_COMPLETE" not in os.environ:
            return
        from hermes_state.cli.completion import prepare

        prepare()
        try:
            super()._main_shell_completion(ctx_args, prog_name, complete_var)
        except Exception:
            raise SystemExit(1) from None


def first_sentence(help: str) -> str:
    """Up to the first full stop at the end of a sentence, on one line."""
    sentence, _, _ = " ".join(help.split()).partition(". ")
    return f"{sentence.removesuffix('.')}."


def sorted_parameters(ctx: Context, parameters: list[Parameter]) -> dict[str, list[tuple[str, str]]]:
    """What the help says of each parameter, under its heading: arguments, own options, options of every command."""
    shared = {"help", *(option.name for option in options())}
    sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": [], "Options of every command": []}
    for parameter in parameters:
        record = parameter.get_help_record(ctx)
        if record is None:
            continue
        if parameter.param_type_name == "argument":
            sections["Arguments"].append((record[0].strip("{}"), record[1]))
        elif parameter.name in shared:
            sections["Options of every command"].append(record)
        else:
            sections["Options"].append(record)
    return {title: records for title, records in sections.items() if records}


def write_parameters(ctx: Context, formatter: HelpFormatter, parameters: list[Parameter]) -> None:
    """Write arguments and options under their headings."""
    for title, records in sorted_parameters(ctx, parameters).items():
        with formatter.section(title):
            formatter.write_dl(records)


def write_examples(formatter: HelpFormatter, examples: tuple[Example, ...]) -> None:
    """Write each example as it is typed, below what it is for: as shells spell a remark."""
    if examples:
        with formatter.section("Examples"):
            indent = " " * formatter.current_indent
            for number, (purpose, typed) in enumerate(examples):
                formatter.write(("\n" if number else "") + f"{indent}# {purpose}\n{indent}{typed}\n")


def _built(name: str) -> AnyCommand:
    function, _ = _declared[name]
    info = CommandInfo(name=name, cls=Command, callback=function)
    return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
