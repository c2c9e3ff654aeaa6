"""`skafd status`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import is_terminal, print_json, print_text, terminal_width

app = new_app()


@app.command()
def status(
    once: Annotated[bool, typer.Option("--once", help="Print it once, also on a terminal.")] = False,
    watching: Annotated[bool, typer.Option("--watch", help="Print a line for each change, until Ctrl-C.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show projects, jobs, what runs, what failed and why.

    On a terminal it is a screen to leave open: ? lists its keys, q leaves it. In a pipe it is printed once.

    \b
    Examples:
      skafd status
      skafd status --once | grep oom_killed
      skafd status --watch
      skafd status --json
    """
    if as_json:
        print_json(client().status())
    elif watching:
        from skafd.commands.watching import watch

        watch(client())
    elif once or not is_terminal():
        _print_once()
    else:
        from skafd.tui.opening import show

        show(client())


def _print_once() -> None:
    from skafd import clock
    from skafd.commands.render.status import render_status

    print_text(render_status(client().status(), terminal_width(), clock.now()))
