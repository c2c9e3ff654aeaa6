"""`skafd import`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, say
from skafd.errors import NotFound, Refused

if TYPE_CHECKING:
    from skafd.commands.importing.imported import Imported

app = new_app()
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="The file to read; - for standard input.")]
IntoOption = Annotated[
    Path | None,
    typer.Option("--into", metavar="DIR", help="The folder of the new project; left out: by its name, here."),
]


@app.callback()
def import_() -> None:
    """Turn a crontab, or a DAG of Airflow or Dagu, into a project.

    Nothing is run. What has no counterpart is listed with its line.

    \b
    Examples:
      crontab -l | skafd import crontab -
      skafd import airflow dags/churn.py --into churn
      skafd import dagu churn.yaml
    """


@app.command()
def crontab(
    file: FileArgument,
    into: IntoOption = None,
    system: Annotated[bool, typer.Option("--system", help="The sixth field is a user, as in /etc/crontab.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a project of a crontab, with a job for each line.

    \b
    Example:
      crontab -l | skafd import crontab - --into night
    """
    from skafd.commands.importing.crontab import read_crontab

    has_user = system or file == "/etc/crontab" or file.startswith("/etc/cron.d/")
    _import(file, into, as_json, lambda text, name: read_crontab(text, name, has_user))


@app.command()
def airflow(file: FileArgument, into: IntoOption = None, as_json: AsJson = False) -> None:
    """Make a project of a DAG file of Airflow's, with a job for each operator.

    \b
    Example:
      skafd import airflow dags/churn.py
    """
    from skafd.commands.importing.airflow import read_airflow

    _import(file, into, as_json, read_airflow)


@app.command()
def dagu(file: FileArgument, into: IntoOption = None, as_json: AsJson = False) -> None:
    """Make a project of a DAG of Dagu's, with a job for each step.

    \b
    Example:
      skafd import dagu churn.yaml
    """
    from skafd.commands.importing.dagu import read_dagu

    _import(file, into, as_json, read_dagu)


def _import(file: str, into: Path | None, as_json: bool, read: Callable[[str, str], Imported]) -> None:
    from skafd.commands.importing.writing import problems_of, write_project

    found = read(_text(file), "crontab" if file == "-" else Path(file).stem)
    folder = into or Path(found.name)
    if not as_json:
        _report(found)
    written = write_project(found, folder)
    problems = problems_of(folder)
    if as_json:
        print_json(
            {
                "name": found.name,
                "files": [str(path) for path in written],
                "jobs": [job["name"] for job in found.jobs],
                "unmapped": [asdict(each) for each in sorted(found.unmapped)],
                "problems": problems,
            }
        )
    else:
        _say_next(folder, written, problems)
    if problems:
        raise typer.Exit(ExitCode.FAILED)


def _text(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text()
    except FileNotFoundError:
        raise NotFound(f"there is no {file}", "name a file, or - for standard input") from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{file} cannot be read: {error}") from None


def _report(found: Imported) -> None:
    for each in sorted(found.unmapped):
        print(f"line {each.line}: {each.what}: {each.why}")


def _say_next(folder: Path, written: list[Path], problems: str) -> None:
    for path in written:
        print(f"wrote {path}")
    if problems:
        say(problems)
        say(f"correct {written[0]}, then: skafd up {folder}")
    else:
        print(f"next: read {written[0]}, then: skafd up {folder}")
