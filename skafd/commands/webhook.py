"""`skafd webhook`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client, given, split_project
from skafd.commands.shape import AsJson, ProjectArgument, new_app
from skafd.commands.terminal import print_json, print_text, say, terminal_width

app = new_app()


@app.command()
def webhook(
    project: ProjectArgument = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The name in `on: {webhook: NAME}`.")] = None,
    new: Annotated[bool, typer.Option("--new", help="Make a token, and print it: it is shown this once.")] = False,
    revoke: Annotated[int | None, typer.Option("--revoke", metavar="NUMBER", help="End this token.")] = None,
    as_json: AsJson = False,
) -> None:
    """List, make or revoke the tokens of a project's webhooks.

    \b
    Examples:
      skafd webhook churn
      skafd webhook churn orders --new
      skafd webhook churn --revoke 3
    """
    from skafd import clock
    from skafd.commands.render.events import render_tokens

    if new and revoke is not None:
        raise typer.BadParameter("--new and --revoke exclude each other")
    api = client()
    found, rest = split_project(api, given(project, name))
    slug = found["project"]
    if new and not rest:
        raise typer.BadParameter(f"which webhook? As in: skafd webhook {slug} orders --new")
    if new:
        made = api.create_webhook_token(slug, rest[0])
        say(f"token {made['number']} of {slug}/{rest[0]}; it is not shown again")
        print_json(made) if as_json else print(made["token"])
    elif revoke is not None:
        api.revoke_webhook_token(slug, revoke)
        print(f"token {revoke} of {slug} is revoked")
    else:
        tokens = [one for one in api.webhook_tokens(slug) if not rest or one["webhook"] == rest[0]]
        print_json(tokens) if as_json else print_text(render_tokens(tokens, terminal_width(), clock.now()))
