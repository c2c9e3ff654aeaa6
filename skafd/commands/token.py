"""`skafd token`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client, find_project
from skafd.commands.shape import AsJson, ProjectArgument, new_app
from skafd.commands.terminal import print_json, print_text, say, terminal_width

app = new_app()


@app.command()
def token(
    project: ProjectArgument = None,
    new: Annotated[bool, typer.Option("--new", help="Make a token, and print it: it is shown this once.")] = False,
    name: Annotated[str, typer.Option("--name", help="With --new: what it is for.")] = "",
    revoke: Annotated[int | None, typer.Option("--revoke", metavar="NUMBER", help="End this token.")] = None,
    as_json: AsJson = False,
) -> None:
    """List, make or revoke tokens of the Data Endpoint.

    Each may read the tables of its project.

    \b
    Examples:
      skafd token churn
      skafd token churn --new --name dashboard
      skafd token churn --revoke 3
    """
    from skafd import clock
    from skafd.commands.render.data import render_data_tokens

    if new and revoke is not None:
        raise typer.BadParameter("--new and --revoke exclude each other")
    api = client()
    slug = find_project(api, project)["project"]
    if new:
        made = api.create_data_token(slug, name)
        say(f"token {made['number']} of {slug}; it is not shown again")
        print_json(made) if as_json else print(made["token"])
    elif revoke is not None:
        api.revoke_data_token(slug, revoke)
        print(f"token {revoke} of {slug} is revoked")
    else:
        tokens = api.data_tokens(slug)
        print_json(tokens) if as_json else print_text(render_data_tokens(tokens, terminal_width(), clock.now()))
