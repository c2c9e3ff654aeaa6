"""`skafd skip`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_target
from skafd.commands.here import client, find_target
from skafd.commands.shape import new_app

app = new_app()


@app.command()
def skip(
    task: Annotated[
        str,
        typer.Argument(metavar="TASK", help="churn/42/train, or churn/42/train[3].", autocompletion=complete_target),
    ],
) -> None:
    """Pass over a task that has not begun.

    Its dependents go on as if it had succeeded.

    \b
    Example:
      skafd skip churn/42/train
    """
    api = client()
    name = api.skip(find_target(api, task))["summary"]["run"]
    print(f"skipped; `skafd show {name}` tells more")
