"""The tree of commands. A command's module is imported when the command is used."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any

import typer
from typer._click.shell_completion import CompletionItem
from typer._completion_classes import completion_init
from typer.core import TyperGroup

from skafd import __version__
from skafd.commands import skafos
from skafd.commands.completing import is_asked
from skafd.commands.exit_codes import ExitCode, exit_code_of
from skafd.commands.terminal import say_error
from skafd.errors import SkafdError

COMMANDS = {
    "init": "init",
    "templates": "templates",
    "validate": "validate",
    "up": "up",
    "down": "down",
    "status": "status",
    "open": "open",
    "run": "run",
    "runs": "runs",
    "show": "show",
    "diff": "diff",
    "tag": "tag",
    "why": "why",
    "logs": "logs",
    "notebook": "notebook",
    "schedule": "schedule",
    "pause": "pause",
    "resume": "resume",
    "backfill": "backfill",
    "events": "events",
    "event": "event",
    "webhook": "webhook",
    "data": "data",
    "queue": "queue",
    "spark": "spark",
    "fetch": "fetch",
    "token": "token",
    "retry": "retry",
    "skip": "skip",
    "kill": "kill",
    "deployments": "deployments",
    "rollback": "rollback",
    "forget": "forget",
    "environments": "environments",
    "gc": "gc",
    "models": "models",
    "metrics": "metrics",
    "env": "env",
    "create": "create",
    "import": "imports",
    "doctor": "doctor",
    "service": "service",
    "metaflow": "metaflow",
    "schema": "schema",
    "edit": "edit",
    "completion": "completion",
    "man": "man",
}
"""Names and their modules, in the order in which they are listed."""


_OF_ALL = ("--help", "-h", "--version")
"""Options that go before a command, or without one."""


class LazyGroup(TyperGroup):
    """Finds commands by name."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        command = next((word for word in args[1:] if word in COMMANDS), None)
        if command and args[0].startswith("-") and args[0] not in _OF_ALL:
            ctx.fail(f"{args[0]} goes behind the command: {ctx.info_name} {command} {args[0]}")
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS and args[0] not in skafos.NAMES:
            near = get_close_matches(args[0], COMMANDS, 1)
            ctx.fail(f"no command {args[0]!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
        return super().resolve_command(ctx, args)

    def shell_complete(self, _ctx: Any, incomplete: str) -> list[Any]:
        """Names alone: their help would have every command's module loaded."""
        return [CompletionItem(name) for name in COMMANDS if name.startswith(incomplete)]

    def get_command(self, _ctx: Any, cmd_name: str) -> Any:
        if cmd_name in skafos.NAMES:
            return typer.main.get_command(skafos.app_of(cmd_name))
        if cmd_name not in COMMANDS:
            return None
        return typer.main.get_command(import_module(f"skafd.commands.{COMMANDS[cmd_name]}").app)


app = typer.Typer(
    cls=LazyGroup,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


@app.callback(invoke_without_command=True)
def skafd(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Schedules, runs and limits the jobs of your project folders on this machine.

    \b
    Begin with:
      skafd init churn
      skafd up churn
    """
    if version:
        print(f"skafd {__version__}")
    elif context.invoked_subcommand is None:
        from skafd.commands.greeting import greeting

        print(greeting())


def run(arguments: Sequence[str], program: str = "skafd") -> int:
    """Carries out a command line; returns the exit code. Never lets an error out as a traceback."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets a question mark, not an error.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    if is_asked(program):
        completion_init()
    try:
        typer.main.get_command(app).main(list(arguments), prog_name=program)
    except SystemExit as end:
        return _flushed(end.code if isinstance(end.code, int) else ExitCode.FAILED)
    except SkafdError as error:
        say_error(error)
        return _flushed(exit_code_of(error))
    except KeyboardInterrupt:
        return _flushed(ExitCode.INTERRUPTED)
    return _flushed(ExitCode.OK)


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Who read us has seen enough; the interpreter's own flush must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
