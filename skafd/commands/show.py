"""`skafd show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skafd.api.client import Client, Json
from skafd.commands.completing import complete_run
from skafd.commands.here import client, find_run
from skafd.commands.progress import waiting
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width
from skafd.errors import NotFound

app = new_app()


@app.command()
def show(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="churn/42, or 42 in the project's folder.", autocompletion=complete_run)
    ],
    artifacts: Annotated[
        bool, typer.Option("--artifacts", help="What it kept and read, and of what its tasks were made.")
    ] = False,
    download: Annotated[
        int | None, typer.Option("--download", metavar="NUMBER", help="Write this artifact into a file.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="PATH", help="Of --download: a file or a folder.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show one run: its tasks and how each ended.

    \b
    Examples:
      skafd show churn/42
      skafd show churn/42 --json
      skafd show churn/42 --artifacts
      skafd show churn/42 --download 7 -o model.pkl
    """
    from skafd import clock
    from skafd.commands.render.show import render_run

    api = client()
    name = find_run(api, run)
    if download is not None:
        print(_download(api, name, download, output or Path()))
        return
    if artifacts:
        _show_kept(api.kept(name), as_json)
        return
    found = api.run(name)
    if as_json:
        print_json(found)
    else:
        print_text(render_run(found, terminal_width(), clock.now()))


def _show_kept(kept: Json, as_json: bool) -> None:
    from skafd.commands.render.kept import render_kept

    print_json(kept) if as_json else print_text(render_kept(kept, terminal_width()))


def _download(api: Client, run: str, number: int, output: Path) -> Path:
    kept = [one for one in api.kept(run)["artifacts"] if one["artifact"] == number]
    if not kept:
        raise NotFound(f"{run} has kept no artifact {number}", f"`skafd show {run} --artifacts` lists them")
    path = output / Path(kept[0]["name"]).name if output.is_dir() else output
    with waiting(f"writing {path}"):
        api.download_artifact(number, path)
    return path
