"""`skafd run`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.api.client import Client, Json
from skafd.commands.completing import complete_job, complete_run
from skafd.commands.exit_codes import ExitCode
from skafd.commands.here import client, find_run, given, split_project
from skafd.commands.shape import AsJson, ProjectArgument, new_app, parameters_of
from skafd.commands.terminal import print_json, print_text

app = new_app()
LONGEST_WAIT_SECONDS = 30.0


@app.command()
def run(
    project: ProjectArgument = None,
    job: Annotated[
        str | None,
        typer.Argument(metavar="JOB", help="A job's name; left out: all of the project.", autocompletion=complete_job),
    ] = None,
    *,
    only: Annotated[bool, typer.Option("--only", help="The job alone, without the jobs that depend on it.")] = False,
    parameters: Annotated[
        list[str] | None, typer.Option("--param", metavar="KEY=VALUE", help="Once for each parameter.")
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Run again what did not succeed in this run, and its dependents.",
            autocompletion=complete_run,
        ),
    ] = None,
    latest: Annotated[bool, typer.Option("--latest", help="Resume on the live deployment.")] = False,
    step: Annotated[
        str | None,
        typer.Option("--from-step", metavar="STEP", help="Of a flow: run STEP again, and all that follows."),
    ] = None,
    even_succeeded: Annotated[
        bool, typer.Option("--even-succeeded", help="Resume a flow of which nothing failed, too.")
    ] = False,
    as_json: AsJson = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait for the end; exit code 1 unless the run succeeded.")
    ] = False,
) -> None:
    """Start a run of a project, or of a job and its dependents.

    \b
    Examples:
      skafd run churn
      skafd run churn train --param epochs=20 --wait
      skafd run churn/train
      skafd run churn report --only
      skafd run --resume churn/42
      skafd run --resume churn/42 --from-step fit --param epochs=20
    """
    values = parameters_of(parameters or [])
    if (latest or step or even_succeeded) and resume is None:
        option = "--latest" if latest else "--from-step" if step else "--even-succeeded"
        raise typer.BadParameter(f"{option} says how to resume a run: give it with --resume")
    if resume is not None and (project or only):
        raise typer.BadParameter("a resumed run has the jobs of the old one: name none, and no --only")
    if as_json and wait:
        raise typer.BadParameter("--json shows the run as it begins: leave out --wait")
    api = client()
    seen = api.changes(seconds=0)
    if resume is not None:
        started = api.again(find_run(api, resume), latest, step, even_succeeded, values)
    else:
        found, rest = split_project(api, given(project, job))
        started = api.start_run(found["project"], rest[0] if rest else None, only, values)
    name = started["summary"]["run"]
    if as_json:
        print_json(started)
        return
    print(f"{name} started; `skafd show {name}` and `skafd logs {name} -f` tell more", flush=True)
    if wait and _wait(api, name, seen) != "succeeded":
        raise typer.Exit(ExitCode.FAILED)


def _wait(api: Client, name: str, seen: int) -> str:
    """Prints each task's moves until the run has ended; returns the run's state."""
    from skafd import clock
    from skafd.commands.render.progress import render_end, render_moves

    shown: dict[str, str] = {}
    while True:
        run: Json = api.run(name)
        for line in render_moves(run, shown, clock.now()):
            print_text(line)
        if run["summary"]["ended_at"]:
            print_text(render_end(run, clock.now()))
            return str(run["summary"]["state"])
        seen = api.changes(seen, LONGEST_WAIT_SECONDS)
