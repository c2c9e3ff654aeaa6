"""`skafd runs`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.completing import complete_project
from skafd.commands.here import client, find_project, project_folder
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def runs(
    project: Annotated[
        str | None,
        typer.Argument(metavar="PROJECT", help="Left out: this folder's, else all.", autocompletion=complete_project),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, newest first.")] = 20,
    tag: Annotated[str | None, typer.Option("--tag", metavar="TAG", help="Only runs with this tag.")] = None,
    namespace: Annotated[
        str | None,
        typer.Option("--namespace", metavar="NAME", help="user:NAME for those asked for by hand, or production."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first.

    \b
    Examples:
      skafd runs churn
      skafd runs --limit 100 --json
      skafd runs churn --tag baseline
      skafd runs --namespace user:will
    """
    from skafd import clock
    from skafd.commands.render.runs import render_runs

    api = client()
    named = project is not None or project_folder() is not None
    slug = find_project(api, project)["project"] if named else None
    found = api.runs(slug, limit, tag=tag, namespace=namespace)
    if as_json:
        print_json(found)
    else:
        print_text(render_runs(found, terminal_width(), clock.now()))
