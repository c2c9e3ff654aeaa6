"""`skafd gc`."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Annotated

import typer

from skafd.api.client import Client, Json
from skafd.commands.here import client
from skafd.commands.progress import waiting
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import is_terminal, print_json, print_text, terminal_width

app = new_app()


def remove_one_by_one(api: Client) -> list[Json]:
    """Each in a request of its own; on a terminal with how far it is."""
    from rich.console import Console

    from skafd.units import format_memory

    unused = api.collect_environments(dry_run=True)
    removed: list[Json] = []
    with Console(stderr=True).status("looking") if is_terminal() else nullcontext() as spinner:
        for number, one in enumerate(unused, 1):
            if spinner is not None:
                freed = format_memory(sum(done["own_bytes"] for done in removed))
                spinner.update(f"removing {number} of {len(unused)}, {freed} freed")
            removed += api.collect_environments(keys=[one["key"]])
    return removed


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

    api = client()
    if dry_run or as_json:
        with waiting("looking for environments that nobody needs"):
            removed = api.collect_environments(dry_run)
    else:
        removed = remove_one_by_one(api)
    if as_json:
        print_json(removed)
    else:
        print_text(render_removed(removed, dry_run, terminal_width(), clock.now()))
