"""`skafd forget`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_project
from skafd.commands.here import client
from skafd.commands.shape import new_app

app = new_app()


@app.command()
def forget(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="churn.", autocompletion=complete_project)],
) -> None:
    """Take a project off the list; what runs goes on.

    Its folder is watched no more, and nothing new of it starts. `skafd up` takes it on again, with its history.

    \b
    Example:
      skafd forget churn
    """
    client().forget(project)
    print(f"{project} is forgotten; `skafd up FOLDER` takes it on again")
