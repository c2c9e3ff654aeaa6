"""Handing folders to the daemon, and saying what becomes of each."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from skafd.api.client import Client, Json
from skafd.commands.terminal import is_terminal, print_text
from skafd.errors import SkafdError

WATCH_SECONDS = 5.0


def hand_over(client: Client, folders: Sequence[Path], resolve_as_of: str | None = None) -> list[Json]:
    """Hands folders over; prints each result when it is known, and on a terminal what goes on until then."""
    from skafd.commands.render.results import render_result

    results = []
    with _activity(client):
        for result in client.up(folders, resolve_as_of=resolve_as_of):
            print_text(render_result(result))
            results.append(result)
    return results


@contextmanager
def _activity(client: Client) -> Iterator[None]:
    if not is_terminal():
        yield
        return
    from rich.console import Console

    done = threading.Event()
    with Console(stderr=True).status("deploying") as spinner:

        def follow() -> None:
            seen = -1
            while not done.is_set():
                try:
                    seen = client.changes(seen, WATCH_SECONDS)
                    spinner.update(_what_goes_on(client.status()))
                except SkafdError:
                    # The stream of results says so.
                    return

        threading.Thread(target=follow, daemon=True).start()
        try:
            yield
        finally:
            done.set()


def _what_goes_on(status: Json) -> str:
    from skafd import clock
    from skafd.looks.words import activity_text

    now = clock.now()
    busy = [f"{one['project']}: {activity_text(one, now)}" for one in status["projects"] if one["activity"]]
    return "; ".join(busy) or "deploying"
