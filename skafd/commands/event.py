"""`skafd event`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client
from skafd.commands.shape import AsJson, new_app, parameters_of
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()
_PUBLISH = "publish"


@app.command()
def event(
    action: Annotated[str, typer.Argument(metavar="publish", help="What to do: publish.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name that jobs wait for with `on: {event: NAME}`.")],
    parameters: Annotated[
        list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="Once for each parameter.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="With the same key it is the same event, however often it is sent.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Publish an event to all whose jobs wait for it.

    \b
    Examples:
      skafd event publish orders-ready
      skafd event publish orders-ready --param region=eu --key 2026-03-01
    """
    if action != _PUBLISH:
        raise typer.BadParameter(f"an event is published: skafd event publish {name}")
    from skafd import clock
    from skafd.commands.render.events import render_events

    found = client().publish(name, parameters_of(parameters or []), key)
    if as_json:
        print_json(found)
    else:
        print_text(render_events([found], terminal_width(), clock.now()))
