"""Attempts on other machines whose attendant here is gone: they are ended from here."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

_LONGEST_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Abroad:
    """How an attempt is ended that is not on this machine."""

    command: tuple[str, ...]
    variables: Mapping[str, str] = field(repr=False)
    """What the cluster wants to know of who asks."""

    def end(self) -> str:
        """Waits until it has ended. Returns why it may go on, else nothing."""
        environment = {"PATH": os.defpath, "LANG": "C.UTF-8", **self.variables}
        try:
            done = subprocess.run(
                self.command,
                env=environment,
                cwd="/",
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_LONGEST_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        if done.returncode == 0:
            return ""
        said = (done.stdout + done.stderr).decode("utf-8", "replace").strip().splitlines()
        return said[-1].removeprefix("skafd: ") if said else f"exit code {done.returncode}"
