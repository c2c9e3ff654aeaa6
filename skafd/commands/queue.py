"""`skafd queue`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skafd.commands.here import client, given, split_project
from skafd.commands.shape import AsJson, ProjectArgument, new_app
from skafd.commands.terminal import print_json, print_text, say, terminal_width

if TYPE_CHECKING:
    from skafd.addons.queue.client import QueueClient

app = new_app()


@app.command()
def queue(
    project: ProjectArgument = None,
    name: Annotated[str | None, typer.Argument(metavar="QUEUE", help="A queue; all are listed without.")] = None,
    *,
    retry_dead: Annotated[bool, typer.Option("--retry-dead", help="Deliver the dead letters of QUEUE again.")] = False,
    purge_dead: Annotated[bool, typer.Option("--purge-dead", help="Remove the dead letters of QUEUE.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what waits in a project's queues, and since when.

    \b
    Examples:
      skafd queue churn
      skafd queue churn input --retry-dead
    """
    slug, queue_name, broker = _find(project, name)
    with broker:
        if retry_dead or purge_dead:
            if queue_name is None:
                raise typer.BadParameter("which queue? For example: skafd queue PROJECT QUEUE --retry-dead")
            count = broker.revive(queue_name) if retry_dead else broker.purge(queue_name, dead_only=True)
            done = "delivered again" if retry_dead else "removed"
            print(f"dead letters of {queue_name} that are {done}: {count:,}")
            return
        _list(broker, slug, queue_name, as_json)


def _find(project: str | None, name: str | None) -> tuple[str, str | None, QueueClient]:
    from skafd.addons.queue.client import find_queue

    api = client()
    found, rest = split_project(api, given(project, name))
    access = api.job_token(found["project"])
    broker = find_queue(Path(access["socket"]), access["token"])
    return found["project"], rest[0] if rest else None, broker


def _list(broker: QueueClient, slug: str, name: str | None, as_json: bool) -> None:
    from skafd import clock
    from skafd.looks.queues import render_queues

    found = [one for one in broker.queues() if name in (None, one["name"])]
    if as_json:
        print_json(found)
    elif not found:
        say(
            f"{slug} has no queue {name}"
            if name
            else f"{slug} has no queues yet; its jobs make them with ska.queue.setup"
        )
    else:
        print_text(render_queues(found, terminal_width(), clock.now()))
