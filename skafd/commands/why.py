"""`skafd why`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_target
from skafd.commands.here import client, find_target
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json

app = new_app()


@app.command()
def why(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|TASK|JOB",
            help="churn/42, churn/42/train, churn/train or churn; left out: this folder's project.",
            autocompletion=complete_target,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say in one sentence why something is as it is.

    \b
    Examples:
      skafd why churn/42
      skafd why churn/42/train
    """
    api = client()
    found = api.why(find_target(api, target))
    if as_json:
        print_json(found)
    else:
        print(found["sentence"])
