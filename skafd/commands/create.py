"""`skafd create job`."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.completing import complete_project
from skafd.commands.here import client, find_project, project_folder
from skafd.commands.shape import new_app
from skafd.errors import NotFound

app = new_app()


@app.callback()
def create() -> None:
    """Make a new part of a project: a job.

    \b
    Example:
      skafd create job train
    """


@app.command()
def job(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The job's name.")],
    entrypoint: Annotated[
        str | None, typer.Option(metavar="FILE", help="What it runs; left out: a script of its name.")
    ] = None,
    project: Annotated[
        str | None,
        typer.Option("--project", metavar="PROJECT", help="Left out: this folder's.", autocompletion=complete_project),
    ] = None,
) -> None:
    """Add a job to the metis.config.yml, which keeps its comments, and print what was added.

    \b
    Examples:
      skafd create job train
      skafd create job score --entrypoint "score.py --fast"
    """
    from skafd.commands.adding import add_job

    config = _config(project)
    script = entrypoint or f"{name.strip().replace(' ', '_')}.py"
    added = add_job(config, {"job_id": str(uuid.uuid4()), "language": "python", "name": name, "entrypoint": script})
    print(f"added to {config}:\n{added}")
    if entrypoint is None and not (config.parent / script).exists():
        print(f"next: write {config.parent / script}")


def _config(project: str | None) -> Path:
    from skafd.config import find_config

    here = project_folder()
    config = find_config(here) if here else None
    if project is not None and not (config and _is_of(config, project)):
        config = find_config(Path(find_project(client(), project)["path"]))
    if config is None:
        raise NotFound("there is no metis.config.yml here", "go to a project's folder, or make one: `skafd init NAME`")
    return config


def _is_of(config: Path, project: str) -> bool:
    """The config is that project's: then no daemon is needed to find it."""
    from skafd.config import load

    found = load(config).project
    return found is not None and project in (found.token, found.name)
