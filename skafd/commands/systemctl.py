"""Asking systemd."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from skafd.errors import SkafdError

PATIENCE_SECONDS = 700
"""A service may take its TimeoutStartSec to start."""


@dataclass(frozen=True, slots=True)
class Systemctl:
    """`systemctl`, of the machine or of the user."""

    tool: str
    user: bool

    @property
    def name(self) -> str:
        """What people type."""
        return "systemctl --user" if self.user else "systemctl"

    @property
    def journal(self) -> str:
        """How people read what the service logs."""
        return f"journalctl {'--user-unit' if self.user else '--unit'} skafd"

    def run(self, *words: str) -> str:
        """Runs it; returns what it prints. Raises SkafdError with what it says instead."""
        options = ["--user"] if self.user else []
        runtime = {"XDG_RUNTIME_DIR": f"/run/user/{os.getuid()}"} if self.user else {}
        done = subprocess.run(
            [self.tool, *options, "--no-pager", *words],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            env={**runtime, **os.environ},
        )
        if done.returncode != 0:
            said = done.stderr.strip() or f"exit code {done.returncode}"
            raise SkafdError(f"`{self.name} {' '.join(words)}` failed: {said}", f"`{self.journal}` may say more")
        return done.stdout

    def show(self, unit: str) -> dict[str, str]:
        """The properties of a unit that say how it does."""
        text = self.run("show", unit, "--property=ActiveState,SubState,MainPID,UnitFileState")
        return dict(line.split("=", 1) for line in text.splitlines())
