"""The tables and the queues of a project, where their services run: to look at them starts nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from skafd import clock
from skafd.addons.data.client import DataClient
from skafd.addons.queue.client import find_queue
from skafd.api.client import Client
from skafd.errors import SkafdError
from skafd.looks.queues import render_queues
from skafd.looks.tables import render_tables
from skafd.tui.text_screen import TextScreen

if TYPE_CHECKING:
    from skafd.tui.app import SkafdApp

_RUNNING = "running"


def show_stores(app: SkafdApp, project: str) -> None:
    """Opens it."""
    app.push_screen(TextScreen(f"{project}: tables and queues", lambda: store_lines(app.client, project)))


def store_lines(client: Client, project: str) -> list[Text]:
    """Both, each with a heading. Raises SkafdErrors of the daemon; what a service says wrong is said."""
    running = {service["name"] for service in client.services() if service["state"] == _RUNNING}
    access = client.job_token(project)
    jobs_socket, token = Path(access["socket"]), access["token"]
    return [
        Text("tables", "bold"),
        *_of(running, "data", lambda: _tables(DataClient(jobs_socket.with_name("data.sock"), token))),
        Text(""),
        Text("queues", "bold"),
        *_of(running, "queue", lambda: _queues(jobs_socket, token)),
    ]


def _of(running: set[str], service: str, find: Callable[[], list[Text]]) -> list[Text]:
    if service not in running:
        return [Text(f"the service {service!r} does not run: it starts when a job or a command needs it", "dim")]
    try:
        return find()
    except SkafdError as error:
        return [Text(error.message, "dim")]


def _tables(engine: DataClient) -> list[Text]:
    tables = engine.tables()
    return list(render_tables(tables, engine.shares(), None).split()) if tables else [Text("none yet", "dim")]


def _queues(jobs_socket: Path, token: str) -> list[Text]:
    with find_queue(jobs_socket, token) as broker:
        queues = broker.queues()
    return list(render_queues(queues, None, clock.now()).split()) if queues else [Text("none yet", "dim")]
