"""`skafd pause`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_target
from skafd.commands.here import client, find_target
from skafd.commands.shape import new_app

app = new_app()
Target = Annotated[
    str | None,
    typer.Argument(
        metavar="PROJECT[/JOB]",
        help="A project, or a job of it; in its folder the job alone.",
        autocompletion=complete_target,
    ),
]


@app.command()
def pause(target: Target = None) -> None:
    """Let the occurrences of a project or a job be missed.

    What runs goes on, and runs can be started by hand. `skafd resume` ends it.

    \b
    Examples:
      skafd pause churn
      skafd pause churn/train
    """
    api = client()
    found = find_target(api, target)
    project, _, job = found.partition("/")
    api.pause(project, job or None)
    print(f"{found} is paused: what would be due is missed until `skafd resume {found}`")
