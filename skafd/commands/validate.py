"""`skafd validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width
from skafd.errors import NotFound

app = new_app()


@app.command()
def validate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A project's folder, or its metis.config.yml.")] = Path(),
    graph: Annotated[bool, typer.Option("--graph", help="Print its graph, for Mermaid.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a config as it is understood, or its problems.

    Problems say line and column. Needs no daemon. Exit code 1 if there is an error.

    \b
    Examples:
      skafd validate
      skafd validate churn --json
    """
    from skafd.commands.render.config import render_reading
    from skafd.config import load, report

    reading = load(_config(path))
    if graph and reading.project is not None and reading.valid:
        from skafd.config.drawing import draw_graph

        print(draw_graph(reading.project))
    elif as_json:
        print_json(report(reading))
    else:
        print_text(render_reading(reading, terminal_width()))
    if not reading.valid:
        raise typer.Exit(ExitCode.FAILED)


def _config(path: Path) -> Path:
    from skafd.config import find_config

    if path.is_file():
        return path
    found = find_config(path)
    if found is None:
        what = f"no metis.config.yml in {path.absolute()}" if path.is_dir() else f"there is no {path}"
        raise NotFound(what, "name a project's folder; `skafd init` makes one")
    return found
