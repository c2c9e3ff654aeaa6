"""`skafd diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_run
from skafd.commands.here import client, find_run
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def diff(
    first: Annotated[
        str, typer.Argument(metavar="RUN", help="churn/41, or 41 in the project's folder.", autocompletion=complete_run)
    ],
    second: Annotated[str, typer.Argument(metavar="RUN", help="The later one.", autocompletion=complete_run)],
    as_json: AsJson = False,
) -> None:
    """Show what differs between two runs.

    Their code, packages, parameters and results.

    \b
    Examples:
      skafd diff churn/41 churn/42
      skafd diff churn/41 churn/42 --json
    """
    from skafd.commands.render.diff import render_diff

    api = client()
    found = api.diff(find_run(api, first), find_run(api, second))
    print_json(found) if as_json else print_text(render_diff(found, terminal_width()))
