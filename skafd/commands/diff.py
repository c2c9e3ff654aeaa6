"""`skafd diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.api.client import Client
from skafd.commands.completing import complete_run
from skafd.commands.here import client, find_project, find_run
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width
from skafd.errors import NotFound

app = new_app()


@app.command()
def diff(
    first: Annotated[
        str,
        typer.Argument(
            metavar="RUN|DEPLOYMENT",
            help="churn/41, or 41 in the project's folder; or a deployment: churn#11.",
            autocompletion=complete_run,
        ),
    ],
    second: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN|DEPLOYMENT]",
            help="The later one. Of a deployment it may be left out: what it changed.",
            autocompletion=complete_run,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two runs, or two deployments.

    Of runs their code, packages, parameters and results; of deployments code and packages.

    \b
    Examples:
      skafd diff churn/41 churn/42
      skafd diff churn#12
      skafd diff churn#10 churn#12 --json
    """
    api = client()
    if "#" in first:
        _diff_deployments(api, first, second, as_json)
        return
    if second is None:
        raise typer.BadParameter(f"{first} and which other run? for example: skafd diff churn/41 churn/42")
    from skafd.commands.render.diff import render_diff

    found = api.diff(find_run(api, first), find_run(api, second))
    print_json(found) if as_json else print_text(render_diff(found, terminal_width()))


def _diff_deployments(api: Client, first: str, second: str | None, as_json: bool) -> None:
    from skafd.looks.columns import joined
    from skafd.looks.differences import version_lines

    project, number = _deployment(api, first)
    other = None if second is None else _deployment(api, second)
    if other is not None and other[0] != project:
        raise typer.BadParameter("both deployments have to be of the same project")
    found = api.diff_deployments(project, number) if other is None else api.diff_deployments(project, other[1], number)
    print_json(found) if as_json else print_text(joined(version_lines(found, terminal_width())))


def _deployment(api: Client, text: str) -> tuple[str, int]:
    """`churn#12`; in the project's folder `#12`, which a shell wants in quotes."""
    project, mark, number = text.partition("#")
    if not mark or not number.isdigit():
        hint = "a deployment is written as churn#12; `skafd deployments` lists them"
        raise NotFound(f"{text} is no deployment", hint)
    return str(find_project(api, project or None)["project"]), int(number)
