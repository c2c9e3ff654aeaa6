"""`skafd events`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client, find_project
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def events(
    project: Annotated[
        str | None, typer.Argument(metavar="[PROJECT]", help="Only what concerned it; all of the machine if left out.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", help="At most so many.", min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """List what came from outside, and what it set off.

    Files that arrived, other projects' successes, calls of webhooks, published events; newest first.

    \b
    Examples:
      skafd events
      skafd events churn -n 100
    """
    from skafd import clock
    from skafd.commands.render.events import render_events

    api = client()
    found = api.events(find_project(api, project)["project"] if project else None, limit)
    if as_json:
        print_json(found)
    else:
        print_text(render_events(found, terminal_width(), clock.now()))
