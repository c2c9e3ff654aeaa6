"""`skafd create job`."""

from __future__ import annotations

import json
import uuid
from typing import Annotated

import typer

from skafd.commands.shape import new_app
from skafd.commands.terminal import say

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
    project: Annotated[
        str | None, typer.Option("--project", metavar="TOKEN", help="Taken as of old; not needed.")
    ] = None,
) -> None:
    """Print a new job, to be added to `jobs:` of a metis.config.yml.

    \b
    Example:
      skafd create job train >> metis.config.yml
    """
    where = f" of project {project}" if project else ""
    say(f"Add this to `jobs:` in the metis.config.yml{where}, and name the script:")
    print(f"  - job_id: {uuid.uuid4()}")
    print("    language: python")
    print(f"    name: {json.dumps(name, ensure_ascii=False)}")
    print("    entrypoint: <change_me>")
