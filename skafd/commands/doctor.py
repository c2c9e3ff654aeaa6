"""`skafd doctor`."""

from __future__ import annotations

from dataclasses import asdict

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.shape import AsJson, new_app
from skafd.commands.terminal import print_json, print_text, terminal_width

app = new_app()


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Say what this machine can enforce, and what is missing.

    With what to do about it. Needs no daemon.

    Exit code 1 if something is missing without which jobs cannot run as promised.

    \b
    Examples:
      skafd doctor
      skafd doctor --json
    """
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
