"""`skafd init`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.completing import complete_template
from skafd.commands.here import CONFIG_NAMES, has_config
from skafd.commands.shape import new_app
from skafd.errors import Refused

app = new_app()
_BARE_CONFIG = """\
project_token: "{{token}}"
name: "{{name}}"
jobs:
  - job_id: {{job_id}}
    language: python
    name: {{job_name}}
    entrypoint: main.py
"""


@app.command()
def init(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A folder, made if it is not there; its name is the project's.")
    ] = ".",
    template: Annotated[
        str,
        typer.Option(
            "--template", metavar="TEMPLATE", help="`skafd templates` lists them.", autocompletion=complete_template
        ),
    ] = "base",
    _organization: Annotated[
        str | None, typer.Option("--org", metavar="ORG", help="Taken as of old; has no effect.")
    ] = None,
    _master: Annotated[bool, typer.Option("--master", help="Taken as of old; has no effect.")] = False,
) -> None:
    """Make a new project that runs at once. In a folder with files it writes only metis.config.yml.

    \b
    Examples:
      skafd init churn
      skafd init churn --template train-and-score
    """
    folder = Path(name).absolute()
    if has_config(folder):
        raise Refused(f"{folder} is a project already: it has a {CONFIG_NAMES[0]}", f"`skafd up {name}` deploys it")
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file", "give the project another name")
    _write(folder, template)
    print(f"next: skafd up {name}")


def _write(folder: Path, template: str) -> None:
    from skafd.commands.templating import Filling, find_template, render

    filling = Filling(project_name(folder))
    if folder.exists() and any(each.name != ".git" for each in folder.iterdir()):
        (folder / CONFIG_NAMES[0]).write_text(filling.fill(_BARE_CONFIG))
        print(f"{folder} has files: wrote only {CONFIG_NAMES[0]}, with one job that runs main.py")
        return
    chosen = find_template(template)
    folder.mkdir(parents=True, exist_ok=True)
    for path in render(chosen, folder, filling):
        print(f"wrote {path.relative_to(folder.parent)}")


def project_name(folder: Path) -> str:
    """The folder's name, with a hyphen for what has a meaning in YAML."""
    return re.sub(r"[^\w.]+", "-", folder.name).strip("-.") or "project"
