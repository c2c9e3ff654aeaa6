"""`skafd retry`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_target
from skafd.commands.here import client, find_target
from skafd.commands.shape import new_app

app = new_app()


@app.command()
def retry(
    task: Annotated[
        str,
        typer.Argument(metavar="TASK", help="churn/42/train, or churn/42/train[3].", autocompletion=complete_target),
    ],
    latest: Annotated[bool, typer.Option("--latest", help="On the live deployment.")] = False,
) -> None:
    """Run a task and its dependents again.

    One that waits for its retry goes at once. For one that has ended there is a new run, in which all else is kept.

    \b
    Examples:
      skafd retry churn/42/train
      skafd retry churn/42/train --latest
    """
    api = client()
    target = find_target(api, task)
    name = api.again(target, latest)["summary"]["run"]
    what = "goes on" if target.startswith(f"{name}/") else "started"
    print(f"{name} {what}; `skafd show {name}` and `skafd logs {name} -f` tell more")
