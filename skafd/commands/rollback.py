"""`skafd rollback`."""

from __future__ import annotations

from typing import Annotated

import typer

from skafd.commands.here import client, given, split_project
from skafd.commands.progress import deploying
from skafd.commands.shape import ProjectArgument, new_app

app = new_app()


@app.command()
def rollback(
    project: ProjectArgument = None,
    number: Annotated[
        str | None, typer.Argument(metavar="NUMBER", help="A deployment's number; left out: the one before.")
    ] = None,
) -> None:
    """Make an earlier deployment live again. The next save deploys the folder as it is then.

    \b
    Examples:
      skafd rollback churn
      skafd rollback churn 11
    """
    api = client()
    found, rest = split_project(api, given(project, number))
    with deploying(api, f"making a deployment of {found['project']} live"):
        deployment = api.rollback(found["project"], _number(rest))
    print(f"{found['project']} #{deployment['number']} is live")


def _number(words: list[str]) -> int | None:
    if not words:
        return None
    text = words[0].removeprefix("#")
    if len(words) > 1 or not text.isdigit():
        raise typer.BadParameter(f"{' '.join(words)!r} is no deployment's number; `skafd deployments` lists them")
    return int(text)
