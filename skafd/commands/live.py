"""A status that is drawn again when something changes."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from skafd import clock
from skafd.api.client import Client, Json

if TYPE_CHECKING:
    from rich.text import Text

WHILE_RUNNING_SECONDS = 1.0
"""How often durations on the screen grow while something runs."""
AT_REST_SECONDS = 20.0
"""How often "2m ago" is brought up to date while nothing runs."""


def show_live(client: Client) -> None:
    """Shows the status until Ctrl-C; asks the daemon only when it says that something changed."""
    with suppress(KeyboardInterrupt):
        _follow(client)


def _follow(client: Client) -> None:
    from rich.console import Console
    from rich.live import Live

    console = Console(highlight=False)
    seen = client.changes(seconds=0)
    status = client.status()
    with Live(_render(status, console.width), console=console, auto_refresh=False) as live:
        while True:
            number = client.changes(seen, WHILE_RUNNING_SECONDS if _is_busy(status) else AT_REST_SECONDS)
            if number != seen:
                seen, status = number, client.status()
            live.update(_render(status, console.width), refresh=True)


def _render(status: Json, width: int) -> Text:
    from skafd.commands.render.status import render_status

    return render_status(status, width, clock.now())


def _is_busy(status: Json) -> bool:
    return any(project["open_runs"] or project["activity"] for project in status["projects"])
