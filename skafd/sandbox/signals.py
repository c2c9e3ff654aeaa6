"""Turns the signals of a process into something that poll can wait for."""

from __future__ import annotations

import os
import signal
from types import FrameType


class SignalPipe:
    """Hands out the numbers of the signals that arrive, in order; `catch_all` must have been called."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(self._writing, warn_on_full_buffer=False)

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


def catch_all() -> None:
    """Catches the signals that are meant for skafd, and those that were ignored so far; blocks none.

    What is ignored or blocked stays so for the program that is exec'ed: SIGPIPE for Python's sake, SIGHUP under nohup.
    What is caught, if only to do nothing, has its default again. Done once in the launcher, it holds for each fork.
    """
    for number in signal.valid_signals():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _nothing)
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, _nothing)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _nothing(number: int, frame: FrameType | None) -> None:
    """The byte in the pipe is what counts; without a handler there would be none."""
