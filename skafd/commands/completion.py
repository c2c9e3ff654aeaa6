"""`skafd completion`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from skafd.commands.completing import variable_of
from skafd.commands.shape import new_app

app = new_app()


class Shell(StrEnum):
    """The shells that can be helped."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


@app.command()
def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print what teaches a shell to complete commands and names.

    Projects, jobs and runs are asked of the daemon as you type.

    \b
    Examples:
      skafd completion bash > ~/.local/share/bash-completion/completions/skafd
      skafd completion zsh > ~/.zfunc/_skafd
      skafd completion fish > ~/.config/fish/completions/skafd.fish
    """
    from typer._completion_shared import get_completion_script

    for program in ("skafd", "skafos"):
        print(get_completion_script(prog_name=program, complete_var=variable_of(program), shell=shell))
