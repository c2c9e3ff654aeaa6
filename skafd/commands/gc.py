"""`skafd gc`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client
from skafd.commands.progress import waiting
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove environments that nobody needs.

    Those are the ones that no kept deployment needs; it also happens once a day. What was asked for within the last
    ten minutes stays. A deployment that is gone back to later gets its environment again, with the same packages.

    \b
    Example:
      skafd gc --dry-run
    """
    from skafd import clock
    from skafd.commands.render.environments import render_removed

    with waiting("looking for environments that nobody needs"):
        removed = client().collect_environments(dry_run)
    if as_json:
        print_json(removed)
    else:
        print_text(render_removed(removed, dry_run, terminal_width(), clock.now()))
