"""`skafd backfill`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.api.client import Client
from skafd.commands.completing import complete_job
from skafd.commands.here import client, given, split_project
from skafd.commands.shape import AsJson, ProjectArgument, new_app
from skafd.commands.terminal import is_terminal, print_json, print_text, terminal_width

app = new_app()


@app.command()
def backfill(
    project: ProjectArgument = None,
    job: Annotated[
        str | None, typer.Argument(metavar="JOB", help="A job that has a schedule.", autocompletion=complete_job)
    ] = None,
    *,
    first: Annotated[str | None, typer.Option("--from", metavar="D", help="The first day, or time of a day.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="D", help="The last day, or time of a day.")] = None,
    parallel: Annotated[int, typer.Option("--parallel", metavar="N", help="At most so many runs at a time.")] = 1,
    only: Annotated[bool, typer.Option("--only", help="The job alone, without the jobs that depend on it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be run.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    cancel: Annotated[
        int | None, typer.Option("--cancel", metavar="NUMBER", help="End a backfill and its runs.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a job for past instants of its schedule.

    Or list backfills, or cancel one.

    \b
    Examples:
      skafd backfill churn score --from 2026-03-01 --to 2026-03-31 --dry-run
      skafd backfill churn score --from 2026-03-01 --to 2026-03-31 --parallel 4
      skafd backfill
      skafd backfill --cancel 7
    """
    api = client()
    if cancel is not None:
        found = api.cancel_backfill(cancel)
        print_json(found) if as_json else print(f"backfill {cancel} is cancelled after {len(found['runs'])} runs")
    elif first is None and last is None:
        _list(api, as_json)
    elif first is None or last is None:
        raise typer.BadParameter("name both ends: --from 2026-03-01 --to 2026-03-31")
    else:
        request = {"first": first, "last": last, "parallel": parallel, "only": only}
        _begin(api, given(project, job), request, dry_run, yes or not is_terminal(), as_json)


def _list(api: Client, as_json: bool) -> None:
    from skafd.commands.render.schedule import render_backfills

    found = api.backfills()
    if as_json:
        print_json(found)
    else:
        print_text(render_backfills(found, terminal_width()))


def _begin(
    api: Client, words: list[str], request: dict[str, object], dry_run: bool, is_sure: bool, as_json: bool
) -> None:
    from skafd.commands.render.schedule import describe_backfill

    found, rest = split_project(api, words)
    if not rest:
        raise typer.BadParameter("which job? As in: skafd backfill churn score --from 2026-03-01 --to 2026-03-31")
    asked = request | {"job": rest[0]}
    preview = api.backfill(found["project"], asked | {"dry_run": True})
    if dry_run:
        print_json(preview) if as_json else print(f"This would make {describe_backfill(preview)}.")
        return
    if not as_json:
        print(f"This makes {describe_backfill(preview)}.", flush=True)
    if not is_sure:
        typer.confirm("Begin?", abort=True)
    begun = api.backfill(found["project"], asked)
    number = begun["number"]
    print_json(begun) if as_json else print(f"backfill {number} has begun; `skafd backfill --cancel {number}` ends it")
