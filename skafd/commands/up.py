"""`skafd up`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from skafd.api.client import Client, Json
from skafd.commands.exit_codes import ExitCode
from skafd.commands.handing_over import hand_over
from skafd.commands.here import has_config
from skafd.commands.shape import new_app
from skafd.commands.starting import is_up, start_daemon
from skafd.commands.terminal import is_terminal, say
from skafd.errors import Refused
from skafd.home import Home

app = new_app()


@app.command()
def up(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[DIR]...",
            exists=True,
            file_okay=False,
            resolve_path=True,
            help="Projects, or folders that hold some. Left out: the known ones, and this folder if it is a project.",
        ),
    ] = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when the folders are deployed or refused.")
    ] = False,
    webhook_port: Annotated[
        int | None,
        typer.Option("--webhook-port", metavar="PORT", help="Answer webhooks on this port of 127.0.0.1, too."),
    ] = None,
    data_endpoint: Annotated[
        str | None,
        typer.Option(
            "--data-endpoint",
            metavar="[HOST:]PORT",
            help="Let tables be read over HTTP, on 127.0.0.1 unless said.",
        ),
    ] = None,
    resolve_as_of: Annotated[
        str | None,
        typer.Option(
            "--resolve-as-of",
            metavar="DAY",
            help="Take packages as of this day from now on: 2018-11-01, auto, or config for what the config says.",
        ),
    ] = None,
    jobs_endpoint: Annotated[
        str | None,
        typer.Option(
            "--jobs-endpoint",
            metavar="[HOST:]PORT",
            help="Let jobs on other machines reach the SDK's services, on 127.0.0.1 unless said.",
        ),
    ] = None,
) -> None:
    """Start the daemon if none runs, and hand it folders.

    It deploys them now, and again whenever you save.

    On a terminal the status then shows until q; the daemon goes on, `skafd down` stops it.
    Exit code 1 if a folder was refused.

    \b
    Examples:
      skafd up churn
      skafd up ~/pipelines --detach
      skafd up no-show --resolve-as-of 2018-11-01
    """
    home = Home.default()
    api = Client(home.api_socket)
    given = {
        "SKAFD_WEBHOOK_PORT": webhook_port,
        "SKAFD_DATA_ENDPOINT": data_endpoint,
        "SKAFD_JOBS_ENDPOINT": jobs_endpoint,
    }
    if not is_up(api):
        settings = {name: str(value) for name, value in given.items() if value is not None}
        say(f"the daemon runs (pid {start_daemon(home, api, settings)}); `skafd down` stops it")
    elif any(value is not None for value in given.values()):
        raise Refused("the daemon runs already, without that port", "stop it first, with `skafd down`: jobs go on")
    wanted = folders or ([Path.cwd()] if has_config(Path.cwd()) else [])
    results = hand_over(api, wanted, resolve_as_of)
    if not results and not wanted:
        say("no projects yet; hand a folder over: `skafd up DIR`, or make one: `skafd init NAME`")
    if is_terminal() and not detach and any(_is_good(result) for result in results):
        from skafd.tui.opening import show

        show(api)
        say("the daemon goes on; `skafd down` stops it")
    if not all(_is_good(result) for result in results):
        raise typer.Exit(ExitCode.FAILED)


def _is_good(result: Json) -> bool:
    return result["outcome"] in ("deployed", "unchanged")
