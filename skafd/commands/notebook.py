"""`skafd notebook`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.completing import complete_target
from skafd.commands.here import client, find_target
from skafd.commands.shape import new_app

app = new_app()


@app.command()
def notebook(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TASK|JOB",
            help="churn/42/report, or churn/report: of its newest run.",
            autocompletion=complete_target,
        ),
    ],
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; `-`: print it.")
    ] = None,
    as_it_is: Annotated[bool, typer.Option("--ipynb", help="The notebook itself, not HTML.")] = False,
    name: Annotated[str | None, typer.Option("--name", help="Which, where a task has executed several.")] = None,
) -> None:
    """Write an executed notebook as one HTML file.

    Also one that failed half-way, or that is still running.

    \b
    Examples:
      skafd notebook churn/42/report
      skafd notebook churn/report -o report.html
      skafd notebook churn/report --ipynb -o - > report.ipynb
    """
    api = client()
    page = api.notebook(find_target(api, target), name, not as_it_is)
    content = page["content"].encode()
    if output == "-":
        sys.stdout.buffer.write(content)
        return
    place = Path(output or _file_name(page["task"], page["name"], as_it_is))
    place.write_bytes(content)
    print(place)


def _file_name(task: str, name: str, as_it_is: bool) -> str:
    """`churn-42-report.html` for the notebook `report.ipynb` of `churn/42/Main`."""
    project, run = task.split("/")[:2]
    return f"{project}-{run}-{Path(name).stem}.{'ipynb' if as_it_is else 'html'}"
