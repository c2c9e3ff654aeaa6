"""`skafd show`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_run
from skafd.commands.here import client, find_run
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def show(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="churn/42, or 42 in the project's folder.", autocompletion=complete_run)
    ],
    as_json: AsJson = False,
) -> None:
    """Show one run: its tasks and how each ended.

    \b
    Examples:
      skafd show churn/42
      skafd show churn/42 --json
    """
    from skafd import clock
    from skafd.commands.render.show import render_run

    api = client()
    found = api.run(find_run(api, run))
    if as_json:
        print_json(found)
    else:
        print_text(render_run(found, terminal_width(), clock.now()))
