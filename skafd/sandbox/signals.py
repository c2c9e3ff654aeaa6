"""Turns the signals of a process into something that poll can wait for."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from types import FrameType


class SignalPipe:
    """Catches some signals and hands out their numbers, in order of arrival."""

    def __init__(self, caught: Iterable[signal.Signals]) -> None:
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)
        for number in caught:
            signal.signal(number, _nothing)

    def fileno(self) -> int:
        """The descriptor to wait on."""
        return self._reading

    def read(self) -> bytes:
        """The signals since the last call, a byte each."""
        try:
            return os.read(self._reading, 4096)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Stops handing out; the signals stay caught."""
        signal.set_wakeup_fd(-1)
        os.close(self._reading)
        os.close(self._writing)


def _nothing(number: int, frame: FrameType | None) -> None:
    """The byte in the pipe is what counts; without a handler there would be none."""
