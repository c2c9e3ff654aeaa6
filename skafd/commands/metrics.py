"""`skafd metrics`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.here import client, given, split_project
from skafd.commands.shape import AsJson, ProjectArgument, new_app
from skafd.commands.terminal import print_json, print_text, say, terminal_width

app = new_app()
_Picture = typer.Option(metavar="PATH", help="Draw it into a file.")


@app.command()
def metrics(
    project: ProjectArgument = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="A metric; all are listed without.")] = None,
    run: Annotated[int | None, typer.Option("--run", metavar="NUMBER", help="Only of this run.")] = None,
    runs: Annotated[int, typer.Option("--runs", min=1, help="Of the newest so many runs that have it.")] = 10,
    last: Annotated[bool, typer.Option("--last", help="Of each run its last value, to compare runs.")] = False,
    png: Annotated[Path | None, _Picture] = None,
    svg: Annotated[Path | None, _Picture] = None,
    as_json: AsJson = False,
) -> None:
    """List what jobs report, or plot a metric.

    \b
    Examples:
      skafd metrics churn
      skafd metrics churn loss --run 42
      skafd metrics churn accuracy --last
      skafd metrics churn loss --svg loss.svg
    """
    from skafd.commands.render.plots import draw_picture, plot_series, values_by_run

    api = client()
    found, words = split_project(api, given(project, name))
    slug = found["project"]
    if not words:
        _list(api.metrics(slug), slug, as_json)
        return
    series = api.series(slug, words[0], run, runs)
    lines = values_by_run(series, slug) if last else series
    for path in (png, svg):
        if path is not None:
            draw_picture(lines, words[0], path)
            say(f"wrote {path}")
    if as_json:
        print_json(lines)
    elif png is None and svg is None:
        print(plot_series(lines, words[0], terminal_width()))


def _list(found: list[dict[str, object]], slug: str, as_json: bool) -> None:
    from skafd.commands.render.kept import render_metrics

    print_json(found) if as_json else print_text(render_metrics(found, slug, terminal_width()))
