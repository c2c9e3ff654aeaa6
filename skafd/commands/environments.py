"""`skafd environments`."""

from __future__ import annotations

from skafd.commands.here import client
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def environments(as_json: AsJson = False) -> None:
    """List the environments on disk, and who needs them.

    \b
    Example:
      skafd environments
    """
    from skafd import clock
    from skafd.commands.render.environments import render_environments

    found = client().environments()
    if as_json:
        print_json(found)
    else:
        print_text(render_environments(found, terminal_width(), clock.now()))
