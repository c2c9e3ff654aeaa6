"""`skafd logs`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from skafd.api.client import Json
from skafd.commands.completing import complete_target
from skafd.commands.here import client, find_target
from skafd.commands.shape import new_app

app = new_app()


@app.command()
def logs(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|JOB",
            help="churn/42, churn/42/train, churn/train or churn; left out: this folder's project.",
            autocompletion=complete_target,
        ),
    ] = None,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", "-f", "--tail", help="Go on as more is written. A run ends it; a job's next run is shown too."
        ),
    ] = False,
    lines: Annotated[
        int | None, typer.Option("--lines", "-n", min=0, help="Only so many lines from the end of each log.")
    ] = None,
    level: Annotated[
        str | None, typer.Option("--level", help="Only what was logged with ska.log, of at least this level.")
    ] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Only what was logged with ska.log and this label.")
    ] = None,
) -> None:
    """Print the log of a run, or of the newest run of a job.

    Where several tasks write, each line begins with the name of its task.

    \b
    Examples:
      skafd logs churn/42
      skafd logs churn/train -f
      skafd logs churn/train -n 20
      skafd logs churn --level warning
    """
    api = client()
    if level is not None or label is not None:
        if follow:
            raise typer.BadParameter("--follow shows whole logs, not what is chosen by --level or --label")
        _print_messages(api.messages(find_target(api, target), level, label), lines)
        return
    for block in api.logs(find_target(api, target), lines, follow):
        sys.stdout.buffer.write(block)
        sys.stdout.buffer.flush()


def _print_messages(messages: list[Json], lines: int | None) -> None:
    several = len({one["task"] for one in messages}) > 1
    for one in messages[len(messages) - lines :] if lines is not None else messages:
        labels = "".join(f"[{label}]" for label in one["labels"])
        head = f"{one['task']} | " if several else ""
        print(f"{head}{one['at'][:19]} {one['level']} {labels + ' ' if labels else ''}{one['text']}")
