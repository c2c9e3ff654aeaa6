"""What a shell may complete a word to: names of projects, jobs and runs, as the daemon knows them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import typer

from skafd.commands.here import client, find_project
from skafd.errors import SkafdError

_NEWEST_RUNS = 20
_Names = Callable[[], Iterable[str]]


def variable_of(program: str) -> str:
    """What the scripts of `skafd completion` set when they ask."""
    return f"_{program.upper()}_COMPLETE"


def is_asked(program: str) -> bool:
    """A shell wants to know how a line may go on."""
    return variable_of(program) in os.environ


def complete_project(incomplete: str) -> list[str]:
    """Projects that begin so. Empty without a daemon: a shell has no place for an error."""
    return _beginning(incomplete, _projects)


def complete_target(incomplete: str) -> list[str]:
    """Projects; once one is written, its jobs and its newest runs; once a run is, its tasks."""
    written = incomplete.split("/")[:-1]
    return _beginning(incomplete, lambda: _parts(*written) if written else _projects())


def complete_run(incomplete: str) -> list[str]:
    """The newest runs."""
    return _beginning(incomplete, _runs)


def complete_template(incomplete: str) -> list[str]:
    """Templates for `skafd init`."""
    from skafd.commands.templating import all_templates

    return [each.name for each in all_templates() if each.name.startswith(incomplete)]


def complete_job(ctx: typer.Context, incomplete: str) -> list[str]:
    """The jobs of the project that is written before."""
    project = ctx.params.get("project")
    return _beginning(incomplete, lambda: (job["name"] for job in find_project(client(), project)["jobs"]))


def _beginning(incomplete: str, names: _Names) -> list[str]:
    try:
        return [name for name in names() if name.startswith(incomplete)]
    except SkafdError:
        return []


def _projects() -> Iterator[str]:
    return (project["project"] for project in client().status()["projects"])


def _parts(project: str, run: str | None = None) -> Iterator[str]:
    api = client()
    if run is not None:
        yield from (task["task"] for task in api.run(f"{project}/{run}")["tasks"])
        return
    yield from (f"{project}/{job['name']}" for job in api.project(project)["jobs"])
    yield from (run["run"] for run in api.runs(project, _NEWEST_RUNS))


def _runs() -> Iterator[str]:
    return (run["run"] for run in client().runs(None, _NEWEST_RUNS))
