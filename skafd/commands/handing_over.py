"""Handing folders to the daemon, and saying what becomes of each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from skafd.api.client import Client, Json
from skafd.commands.progress import deploying
from skafd.commands.terminal import print_text


def hand_over(client: Client, folders: Sequence[Path], resolve_as_of: str | None = None) -> list[Json]:
    """Hands folders over; prints each result when it is known, and on a terminal what goes on until then."""
    from skafd.commands.render.results import render_result

    results = []
    with deploying(client, "deploying"):
        for result in client.up(folders, resolve_as_of=resolve_as_of):
            print_text(render_result(result))
            results.append(result)
    return results
