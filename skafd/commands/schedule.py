"""`skafd schedule`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client, find_project
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()
_EXPLAIN = "explain"


@app.command()
def schedule(
    project: Annotated[
        str | None, typer.Argument(metavar="[PROJECT|explain]", help="A project; all of the machine if left out.")
    ] = None,
    expression: Annotated[
        str | None, typer.Argument(metavar="EXPR", help="After `explain`: a cron, an interval or a phrase, in quotes.")
    ] = None,
    hours: Annotated[float, typer.Option("--hours", help="So far ahead, and back for what was missed.")] = 24.0,
    timezone: Annotated[str, typer.Option("--tz", metavar="ZONE", help="For explain: the zone.")] = "UTC",
    count: Annotated[int, typer.Option("--count", "-n", help="For explain: so many times.", min=1, max=1000)] = 5,
    as_json: AsJson = False,
) -> None:
    """Show what is due next and what was missed.

    Or explain an expression, which needs no daemon.

    \b
    Examples:
      skafd schedule
      skafd schedule churn --hours 48
      skafd schedule explain "30 2 * * *" --tz Europe/Berlin -n 10
    """
    if project == _EXPLAIN:
        _explain(expression, timezone, count, as_json)
    elif expression is not None:
        raise typer.BadParameter(f"an expression is explained by: skafd schedule explain {expression!r}")
    else:
        _show(project, hours, as_json)


def _explain(expression: str | None, timezone: str, count: int, as_json: bool) -> None:
    from dataclasses import asdict

    from skafd import clock
    from skafd.commands.render.schedule import render_explanation
    from skafd.schedule.explain import explain

    if expression is None:
        raise typer.BadParameter("which expression? As in: skafd schedule explain 'daily at 07:30'")
    found = explain(_as_skafd_writes_it(expression), timezone, clock.now(), count)
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
