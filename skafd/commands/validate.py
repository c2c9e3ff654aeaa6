"""`skafd validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json

app = new_app()


@app.command()
def validate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A project's folder, or its metis.config.yml.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Print a project's config as it is understood, or its problems with line and column. Needs no daemon.

    \b
    Examples:
      skafd validate
      skafd validate churn --json
    """
    from skafd.config import load
    from skafd.config.report import as_json as report_json
    from skafd.config.report import as_text

    reading = load(path)
    if as_json:
        print_json(report_json(reading))
    else:
        print(as_text(reading))
    if not reading.valid:
        raise typer.Exit(ExitCode.FAILED)
