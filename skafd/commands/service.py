"""`skafd service`: skafd under systemd, for the machine or for one user."""

from __future__ import annotations

import os
import pwd
import shutil
from pathlib import Path
from typing import Annotated

import typer

from skafd.commands.exit_codes import ExitCode
from skafd.commands.shape import new_app
from skafd.commands.systemctl import Systemctl
from skafd.commands.terminal import say
from skafd.commands.units import JOBS, SERVICE, unit_folder, unit_texts
from skafd.errors import NotFound, Refused

app = new_app()

ForUser = Annotated[bool, typer.Option("--user", help="Of this user, not of the machine; needs no root.")]


@app.callback()
def service() -> None:
    """Run skafd under systemd, from boot on.

    systemd starts it again, whatever ends it.

    \b
    Examples:
      sudo skafd service install
      skafd service install --user
      skafd service status
    """


@app.command()
def install(
    user: ForUser = False,
    start: Annotated[bool, typer.Option("--start/--no-start", help="Enable and start it too.")] = True,
) -> None:
    """Write the units, enable the service and start it.

    Of the machine, with its state in /var/lib/skafd, or with --user of this user alone. Do it again when skafd or its
    Python has moved; running jobs go on.

    \b
    Examples:
      sudo skafd service install
      skafd service install --user
    """
    folder = _folder(user)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in unit_texts(user).items():
        (folder / name).write_text(text)
        print(f"wrote {folder / name}")
    if not start:
        return
    systemctl = _systemctl(user, f"the units are in {folder}; nothing was started")
    systemctl.run("daemon-reload")
    systemctl.run("enable", SERVICE)
    systemctl.run("restart", SERVICE)
    print(f"{SERVICE} runs; `{systemctl.name} status {SERVICE}` and `{systemctl.journal}` say how it does")
    if user and not _lingers():
        say("it ends with your last login: `loginctl enable-linger` keeps it from boot to shutdown")


@app.command()
def uninstall(user: ForUser = False) -> None:
    """Stop the service and remove its units. Jobs that run go on; the state folder stays.

    \b
    Example:
      sudo skafd service uninstall
    """
    folder = _folder(user)
    found = [folder / name for name in (SERVICE, JOBS) if (folder / name).exists()]
    if not found:
        raise NotFound(f"there is no skafd service in {folder}", _other(user))
    systemctl = _systemctl(user, f"remove {' and '.join(map(str, found))} yourself")
    systemctl.run("disable", "--now", SERVICE)
    for path in found:
        path.unlink()
        print(f"removed {path}")
    systemctl.run("daemon-reload")


@app.command()
def status(user: ForUser = False) -> None:
    """Say whether the service is installed, enabled and up. Exit code 1 if it is not up.

    \b
    Example:
      skafd service status --user
    """
    unit = unit_folder(user) / SERVICE
    if not unit.exists():
        raise NotFound(f"there is no skafd service in {unit.parent}", _other(user))
    shown = _systemctl(user, f"{unit} is there").show(SERVICE)
    pid = f", pid {shown['MainPID']}" if shown["MainPID"] != "0" else ""
    print(f"{SERVICE}: {shown['ActiveState']} ({shown['SubState']}){pid}, {shown['UnitFileState'] or 'not loaded'}")
    print(f"unit: {unit}")
    if user:
        print("lingering: " + ("yes" if _lingers() else "no, it ends with your last login: loginctl enable-linger"))
    if shown["ActiveState"] != "active":
        raise typer.Exit(ExitCode.FAILED)


def _folder(user: bool) -> Path:
    """Where the units go. Raises Refused where this user may not write."""
    if not user and os.geteuid() != 0:
        raise Refused(
            "only root can install a service of the machine",
            "`sudo skafd service install`, or for you alone: `skafd service install --user`",
        )
    return unit_folder(user)


def _systemctl(user: bool, so_far: str) -> Systemctl:
    tool = shutil.which("systemctl")
    if tool is None:
        raise Refused(
            f"this machine has no systemd (no systemctl in PATH); {so_far}",
            "without systemd, `skafd up` starts the daemon, and `skafd down` stops it",
        )
    return Systemctl(tool, user)


def _other(user: bool) -> str:
    return "`skafd service install --user` makes one" if user else "`sudo skafd service install` makes one; or --user?"


def _lingers() -> bool:
    return Path("/var/lib/systemd/linger", pwd.getpwuid(os.geteuid()).pw_name).exists()
