"""`skafd doctor`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def doctor(
    as_json: AsJson = False,
    torture: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="For so long (`10m`), run jobs in a state folder of its own, kill skafd at random, and judge the end.",
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat a torture of this seed.", show_default=False)] = None,
) -> None:
    """Say what this machine can enforce, and what is missing.

    With what to do about it. Needs no daemon.

    Exit code 1 if something is missing without which jobs cannot run as promised.

    \b
    Examples:
      skafd doctor
      skafd doctor --json
      skafd doctor --torture 10m
    """
    if torture is not None:
        raise typer.Exit(_torture(torture, seed))
    from skafd.commands.render.findings import render_findings
    from skafd.home import Home
    from skafd.machine.doctor import examine

    findings = [asdict(finding) for finding in examine(Home.default())]
    if as_json:
        print_json(findings)
    else:
        print_text(render_findings(findings, terminal_width()))
    if any(finding["severity"] == "error" for finding in findings):
        raise typer.Exit(ExitCode.FAILED)


def _torture(duration: str, seed: int | None) -> int:
    """In a process of its own: it needs all of skafd, and the command line starts without."""
    from skafd.units import parse_duration

    minutes = parse_duration(duration) / 60
    chosen = [] if seed is None else ["--seed", str(seed)]
    return subprocess.call([sys.executable, "-P", "-m", "skafd.torture", "--minutes", str(minutes), *chosen])
