"""Notices that the wall clock was set, or that the machine woke up, without looking again and again.

A timer on the wall clock that is never due, and that the kernel cancels when that clock jumps (timerfd_create(2)).
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import logging
import os
import time
from collections.abc import Callable, Sequence

log = logging.getLogger("skafd.clock")

_ABSOLUTE, _CANCEL_ON_SET = 1, 2
_NEVER_SECONDS = 2**33
"""In the year 2242, and not beyond what the kernel can count to."""


class _Timer(ctypes.Structure):
    """`struct itimerspec`: the interval, then the instant, each in seconds and nanoseconds."""

    _fields_ = [(name, ctypes.c_long) for name in ("every", "every_nanoseconds", "at", "at_nanoseconds")]


class ClockWatch:
    """Calls all of `jumped` in the loop's thread after each jump, until it is closed."""

    def __init__(self, loop: asyncio.AbstractEventLoop, jumped: Sequence[Callable[[], None]]) -> None:
        """Begins to watch. Raises OSError where the kernel has no such timers."""
        self._loop = loop
        self._jumped = jumped
        self._library = ctypes.CDLL(None, use_errno=True)
        self._timer = self._check(self._library.timerfd_create(time.CLOCK_REALTIME, os.O_NONBLOCK | os.O_CLOEXEC))
        self._arm()
        loop.add_reader(self._timer, self.look)

    def look(self) -> None:
        """Finds out why the timer is readable, and tells of a jump."""
        try:
            os.read(self._timer, 8)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ECANCELED:
                raise
            log.info("the clock was set, or the machine was asleep")
            for tell in self._jumped:
                tell()
        self._arm()

    def close(self) -> None:
        """Watches no more. Call it in the loop's thread."""
        self._loop.remove_reader(self._timer)
        os.close(self._timer)

    def _arm(self) -> None:
        timer = _Timer(0, 0, _NEVER_SECONDS, 0)
        self._check(self._library.timerfd_settime(self._timer, _ABSOLUTE | _CANCEL_ON_SET, ctypes.byref(timer), None))

    def _check(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
