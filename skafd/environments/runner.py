"""How a building process is started and ended: the daemon hands in one that puts it under limits."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
from collections.abc import Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Protocol

COOKIES = ("SKAFD_BUILDS", "SKAFD_BUILD")
"""Variables by which the processes of all builds of a state folder, and of one build, are known."""
_GRACE_SECONDS = 2.0
_ROWS, _COLUMNS = 50, 1000


class Hears(Enum):
    """What of a tool's words is listened to."""

    ERRORS = "errors"
    ALL = "all"
    SCREEN = "screen"
    """All, on a terminal: what draws how far it is does so only there."""


class Runner(Protocol):
    """Starts and ends the tools that build. A build runs code of strangers, such as a setup.py."""

    def start(
        self, command: Sequence[str], folder: Path, variables: Mapping[str, str], hears: Hears
    ) -> subprocess.Popen[bytes]:
        """Starts a command in a session of its own; what is listened to comes on `stdout`.

        Raises OSError.
        """

    def end(self, process: subprocess.Popen[bytes]) -> str | None:
        """Ends the process and all that it started; a tool that ended by itself may have left some too.

        Says why it had ended where the tool itself cannot: for want of memory.
        """


class PlainRunner:
    """Without limits: for machines that cannot keep any, and for tests."""

    def start(
        self, command: Sequence[str], folder: Path, variables: Mapping[str, str], hears: Hears
    ) -> subprocess.Popen[bytes]:
        """Starts it as the user that skafd is. Raises OSError."""
        return popen(command, folder, variables, hears)

    def end(self, process: subprocess.Popen[bytes]) -> str | None:
        """Ends its process group."""
        end_group(process)
        return None


def popen(command: Sequence[str], folder: Path, variables: Mapping[str, str], hears: Hears) -> subprocess.Popen[bytes]:
    """Starts a command that speaks to us through a pipe or a terminal, our end of which is `stdout`. Raises OSError."""
    reading, writing = _open_terminal() if hears is Hears.SCREEN else os.pipe()
    with os.fdopen(writing, "wb") as end:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if hears is Hears.ERRORS else end,
            stderr=end,
            start_new_session=True,
        )
    process.stdout = os.fdopen(reading, "rb", buffering=0)
    return process


def _open_terminal() -> tuple[int, int]:
    """Ours, and the tool's, which is so wide that nothing has to be cut."""
    ours, theirs = pty.openpty()
    size = struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    return ours, theirs


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Ends the session that the process began, gently and then by force."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
