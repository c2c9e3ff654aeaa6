"""What goes on while a command waits, on a terminal: after a second, and gone when the command goes on."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from skafd.api.client import Client, Json
from skafd.errors import SkafdError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 1.0
"""What takes less is not worth a word."""
_WATCH_SECONDS = 5.0
_WHOLE = 100


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Says what is waited for, and for how long already."""
    with _shown(lambda progress, _: progress.add_task(what, total=None)):
        yield


@contextmanager
def deploying(client: Client, what: str) -> Iterator[None]:
    """Says what the daemon does to which project, and how much of it is done."""
    with _shown(lambda progress, over: _follow(client, progress, what, over)):
        yield


@contextmanager
def _shown(work: Callable[[Progress, threading.Event], object]) -> Iterator[None]:
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_show, args=(work, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _show(work: Callable[[Progress, threading.Event], object], over: threading.Event) -> None:
    if over.wait(PATIENCE_SECONDS):
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(20), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        work(progress, over)
        over.wait()


def _follow(client: Client, progress: Progress, what: str, over: threading.Event) -> None:
    """A line for each project to which something is done; until then one for all."""
    lines = {"": progress.add_task(what, total=None)}
    seen = -1
    while not over.is_set():
        try:
            _update(progress, lines, client.status()["projects"])
            ends_at = time.monotonic() + _WATCH_SECONDS
            while not over.is_set() and time.monotonic() < ends_at:
                number = client.changes(seen, PATIENCE_SECONDS)
                if number > seen:
                    seen = number
                    break
        except SkafdError:
            # Who waits for the answer hears of it.
            return


def _update(progress: Progress, lines: dict[str, TaskID], projects: list[Json]) -> None:
    busy = {one["project"]: one for one in projects if one["activity"]}
    for name in [name for name in lines if name and name not in busy]:
        progress.remove_task(lines.pop(name))
    progress.update(lines[""], visible=not busy)
    for name, project in busy.items():
        percent = (project.get("build") or {}).get("percent")
        said = f"{name}: {project['activity']}"
        if name not in lines:
            lines[name] = progress.add_task(said, total=None)
        progress.update(
            lines[name],
            description=said,
            total=None if percent is None else _WHOLE,
            completed=percent or 0,
        )
