"""How a building process is started and ended: the daemon hands in one that puts it under limits."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

_GRACE_SECONDS = 2.0


class Runner(Protocol):
    """Starts and ends the tools that build. A build runs code of strangers, such as a setup.py."""

    def start(
        self, command: Sequence[str], folder: Path, variables: Mapping[str, str], is_quiet: bool
    ) -> subprocess.Popen[bytes]:
        """Starts a command in a session of its own; its errors, and its output unless it is quiet, come on `stdout`.

        Raises OSError.
        """

    def end(self, process: subprocess.Popen[bytes]) -> str | None:
        """Ends the process and all that it started; a tool that ended by itself may have left some too.

        Says why it had ended where the tool itself cannot: for want of memory.
        """


class PlainRunner:
    """Without limits: for machines that cannot keep any, and for tests."""

    def start(
        self, command: Sequence[str], folder: Path, variables: Mapping[str, str], is_quiet: bool
    ) -> subprocess.Popen[bytes]:
        """Starts it as the user that skafd is. Raises OSError."""
        return popen(command, folder, variables, is_quiet)

    def end(self, process: subprocess.Popen[bytes]) -> str | None:
        """Ends its process group."""
        end_group(process)
        return None


def popen(
    command: Sequence[str], folder: Path, variables: Mapping[str, str], is_quiet: bool
) -> subprocess.Popen[bytes]:
    """Starts a command that speaks to us through a pipe. Raises OSError.

    What it says on its standard output is dropped if it is to be quiet, but not its errors.
    """
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as end:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if is_quiet else end,
            stderr=end,
            start_new_session=True,
        )
    process.stdout = os.fdopen(reading, "rb")
    return process


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
