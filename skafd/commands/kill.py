"""`skafd kill`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from skafd.api.client import Client
from skafd.commands.completing import complete_target
from skafd.commands.here import client, find_project, find_target
from skafd.commands.shape import YesOption, new_app
from skafd.commands.terminal import confirm

app = new_app()
MOST_RUNS = 1000


@app.command()
def kill(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|JOB",
            help="churn/42, churn/42/train, churn/train or churn; left out: this folder's project.",
            autocompletion=complete_target,
        ),
    ] = None,
    deployments: Annotated[
        str | None,
        typer.Option(
            "--deployments", metavar="NUMBERS", help="Only the runs of these deployments, with commas between."
        ),
    ] = None,
    job_ids: Annotated[
        str | None,
        typer.Option(
            "--job_ids", "--job-ids", metavar="IDS", help="Only these jobs of the project, with commas between."
        ),
    ] = None,
    yes: YesOption = False,
) -> None:
    """End what runs of a run, a job or a project.

    The whole process tree ends, gracefully and then by force. Asks if that is all of a project.

    \b
    Examples:
      skafd kill churn/42
      skafd kill churn/train
    """
    api = client()
    targets = list(_targets(api, target, deployments, job_ids))
    for each in targets:
        if "/" not in each:
            confirm(f"End all that runs of {each}?", yes)
    tasks = [task for each in targets for task in api.kill(each)["tasks"]]
    for task in tasks:
        print(f"ending {task}")
    if not tasks:
        print("nothing runs there")


def _targets(api: Client, target: str | None, deployments: str | None, job_ids: str | None) -> Iterator[str]:
    if deployments is None and job_ids is None:
        yield find_target(api, target)
        return
    project = find_project(api, target)["project"]
    for job in _split(job_ids):
        yield f"{project}/{job}"
    numbers = {number.removeprefix("#") for number in _split(deployments)}
    for run in api.runs(project, MOST_RUNS) if numbers else []:
        if str(run["deployment"]) in numbers and run["ended_at"] is None:
            yield run["run"]


def _split(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
