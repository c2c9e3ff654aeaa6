"""A program on a pseudo terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

PATIENCE_SECONDS = 60
PROGRAM = """
import fcntl, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
sys.argv[0] = "skafd"
from skafd.commands.main import main
main()
"""
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """Runs a command line of skafd on a terminal of 100 columns and 30 lines, and reads what it draws."""

    def __init__(self, arguments: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self.drawn = ""
        self._screen, keyboard = pty.openpty()
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments],
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        os.close(keyboard)

    def until(self, text: str) -> str:
        """Waits until `text` was drawn; returns everything drawn since the last call, without colours."""
        while text not in _ESCAPES.sub("", self.drawn):
            assert self._read(), f"it ended, having drawn {self.drawn!r}"
        seen, self.drawn = _ESCAPES.sub("", self.drawn), ""
        return seen

    def press(self, keys: str) -> None:
        """Types."""
        os.write(self._screen, keys.encode())

    def ended(self) -> int:
        """Waits for its end; returns the exit code."""
        while self._read():
            pass
        os.close(self._screen)
        return self._process.wait(PATIENCE_SECONDS)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._screen], [], [], PATIENCE_SECONDS)
        assert ready, f"nothing happened; so far it drew {self.drawn!r}"
        try:
            block = os.read(self._screen, 65536)
        except OSError:  # the other side is closed
            return False
        self.drawn += block.decode(errors="replace")
        return bool(block)
