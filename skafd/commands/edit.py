"""`skafd edit`."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.here import client, find_project, project_folder
from skafd.commands.shape import ProjectArgument, new_app
from skafd.commands.terminal import print_text, terminal_width
from skafd.errors import Refused

app = new_app()
_EDITORS = ("VISUAL", "EDITOR")


@app.command()
def edit(project: ProjectArgument = None) -> None:
    """Open the config of a project in your editor, and check it.

    The editor is $VISUAL, else $EDITOR, else vi. What you save is deployed at once, as always;
    exit code 1 if there is an error in it.

    \b
    Examples:
      skafd edit churn
      EDITOR="code --wait" skafd edit
    """
    from skafd.commands.render.config import render_reading
    from skafd.config import find_config, load

    folder = _folder(project)
    config = find_config(folder)
    if config is None:
        raise Refused(f"there is no metis.config.yml in {folder}", f"`skafd init {folder}` makes one")
    _open(config)
    reading = load(config)
    if not reading.valid:
        print_text(render_reading(reading, terminal_width()))
        raise typer.Exit(ExitCode.FAILED)


def _folder(project: str | None) -> Path:
    here = project_folder() if project is None else None
    return here or Path(find_project(client(), project)["path"])


def _open(config: Path) -> None:
    editor = next((os.environ[name] for name in _EDITORS if os.environ.get(name)), "vi")
    try:
        code = subprocess.call([*shlex.split(editor), str(config)])
    except FileNotFoundError:
        raise Refused(f"there is no editor {editor!r} on this machine", "set EDITOR to one that is") from None
    if code != 0:
        raise Refused(f"the editor {editor!r} ended with {code}", f"the config is {config}")
