"""`skafd down`."""

from __future__ import annotations

import os
import select
from typing import Annotated

import typer

from skafd.commands.here import client
from skafd.commands.shape import YesOption, new_app
from skafd.commands.terminal import confirm
from skafd.errors import SkafdError

app = new_app()
PATIENCE_SECONDS = 60


@app.command()
def down(
    jobs: Annotated[
        bool, typer.Option("--jobs", help="End the running jobs too, gracefully and then by force.")
    ] = False,
    yes: YesOption = False,
) -> None:
    """Stop the daemon; jobs go on.

    The next `skafd up` takes them up again, and loses none. With --jobs they are ended too, after a question.

    \b
    Examples:
      skafd down
      skafd down --jobs
    """
    api = client()
    status = api.status()
    running = [run for project in status["projects"] for run in project["open_runs"]]
    if jobs and running:
        confirm(f"End {', '.join(running)}?", yes)
    daemon = status["daemon"]["pid"]
    try:
        handle = os.pidfd_open(daemon)
    except ProcessLookupError:
        handle = None
    api.stop(jobs)
    if handle is not None:
        _wait(handle, daemon)
    print("skafd is down" + ("" if jobs else "; jobs that ran go on"))


def _wait(handle: int, pid: int) -> None:
    ended, _, _ = select.select([handle], [], [], PATIENCE_SECONDS)
    os.close(handle)
    if not ended:
        raise SkafdError(
            f"the daemon (pid {pid}) was asked to end and is still there",
            "its log is logs/daemon.log in the state folder",
        )
