"""`skafd deployments`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_project
from skafd.commands.here import client, find_project
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def deployments(
    project: Annotated[
        str | None, typer.Argument(metavar="PROJECT", help="Left out: this folder's.", autocompletion=complete_project)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the versions of a project, newest first.

    \b
    Example:
      skafd deployments churn
    """
    from skafd import clock
    from skafd.commands.render.runs import render_deployments

    api = client()
    found = api.deployments(find_project(api, project)["project"])
    if as_json:
        print_json(found)
    else:
        print_text(render_deployments(found, terminal_width(), clock.now()))
