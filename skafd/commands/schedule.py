"""`skafd schedule`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from skafd.commands.here import client, find_project, split_project
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

if TYPE_CHECKING:
    from skafd.api.client import Json
    from skafd.errors import ScheduleError
    from skafd.schedule.explain import Explanation

app = new_app()
_EXPLAIN = "explain"


@app.command()
def schedule(
    project: Annotated[
        str | None, typer.Argument(metavar="[PROJECT|explain]", help="A project; all of the machine if left out.")
    ] = None,
    expression: Annotated[
        str | None,
        typer.Argument(metavar="EXPR|JOB", help="After `explain`: a cron, an interval, a phrase, in quotes; or a job."),
    ] = None,
    hours: Annotated[float, typer.Option("--hours", help="So far ahead, and back for what was missed.")] = 24.0,
    timezone: Annotated[
        str | None, typer.Option("--tz", metavar="ZONE", help="To explain an expression: the zone; UTC if left out.")
    ] = None,
    count: Annotated[int, typer.Option("--count", "-n", help="For explain: so many times.", min=1, max=1000)] = 5,
    as_json: AsJson = False,
) -> None:
    """Show what is due next and what was missed.

    Or explain an expression, which needs no daemon; or the schedules and the events of a job, or of a project's jobs.

    \b
    Examples:
      skafd schedule
      skafd schedule churn --hours 48
      skafd schedule explain "30 2 * * *" --tz Europe/Berlin -n 10
      skafd schedule explain churn/train
    """
    if project == _EXPLAIN:
        _explain(expression, timezone, count, as_json)
    elif expression is not None:
        raise typer.BadParameter(f"an expression is explained by: skafd schedule explain {expression!r}")
    else:
        _show(project, hours, as_json)


def _explain(text: str | None, timezone: str | None, count: int, as_json: bool) -> None:
    """What is an expression is one, whatever projects are called."""
    from skafd import clock
    from skafd.errors import ScheduleError
    from skafd.schedule.explain import explain

    if text is None:
        raise typer.BadParameter("which expression or job? As in: skafd schedule explain 'daily at 07:30'")
    expression = _as_skafd_writes_it(text)
    try:
        found = explain(expression, timezone or "UTC", clock.now(), count)
    except ScheduleError as error:
        if timezone is not None:
            raise _no_zone_for(text) if _is_name(text) and "/" in text else error from None
        _print_jobs(_find_jobs(text, count, error), as_json)
    else:
        _print_explanation(found, as_json)


def _find_jobs(text: str, count: int, not_understood: ScheduleError) -> list[Json]:
    """What a job, or each job of a project, is set off by. Raises the ScheduleError where it names neither."""
    from skafd.errors import DaemonUnreachable, NotFound

    if not _is_name(text):
        raise not_understood
    api = client()
    try:
        project, words = split_project(api, [text])
        return api.explain_jobs(project["project"], words[0] if words else None, count)
    except (DaemonUnreachable, NotFound) as error:
        is_of_project = "/" in text and " " not in text
        raise error if is_of_project else not_understood from None


def _is_name(text: str) -> bool:
    """It may be that of a job or a project; what has blanks, only after a project's."""
    return bool(text.strip()) and not {"*", "@"} & {*text} and (" " not in text.strip() or "/" in text)


def _no_zone_for(text: str) -> typer.BadParameter:
    return typer.BadParameter(f"each schedule of {text} has a zone of its own", param_hint="--tz")


def _print_jobs(jobs: list[Json], as_json: bool) -> None:
    from skafd.commands.render.occasions import render_occasions

    if as_json:
        print_json(jobs)
    else:
        print_text(render_occasions(jobs, terminal_width()))


def _print_explanation(found: Explanation, as_json: bool) -> None:
    from dataclasses import asdict

    from skafd.commands.render.schedule import render_explanation

    if as_json:
        times = [
            {"utc": one.instant.isoformat(), "local": one.local.isoformat(), "change": one.change, "note": one.note}
            for one in found.times
        ]
        print_json(asdict(found) | {"times": times})
    else:
        print_text(render_explanation(found, terminal_width()))


def _as_skafd_writes_it(expression: str) -> str:
    """Six fields with a `?` are what `@schedule` of a flow makes of `hourly=True`. Raises BadParameter."""
    if "?" not in expression.split():
        return expression
    from skafd.metaflow.cron import convert

    try:
        return convert(expression)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _show(project: str | None, hours: float, as_json: bool) -> None:
    from skafd import clock
    from skafd.commands.render.schedule import render_schedule

    api = client()
    found = api.schedule(find_project(api, project)["project"] if project else None, hours)
    if as_json:
        print_json(found)
    else:
        print_text(render_schedule(found, terminal_width(), clock.now()))
