"""How every command is made, so that all look and behave alike."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_project


def new_app() -> typer.Typer:
    """An application with plain help, to which a module adds its command."""
    return typer.Typer(
        rich_markup_mode=None,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]

ProjectArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="PROJECT", help="A project; in its own folder it may be left out.", autocompletion=complete_project
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def parameters_of(texts: list[str]) -> dict[str, str]:
    """What `--param KEY=VALUE` says. Raises BadParameter."""
    values = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"a parameter is written as KEY=VALUE, not {text!r}")
        values[key] = value
    return values
