"""`python -m tests.support.set_clock --home DIR`: a daemon whose clocks are set while it runs.

The file `clocks` beside the state folder says by how many seconds its wall clock, and the clock that counts sleep, are
ahead of the machine's; SIGUSR1 stands for what the kernel says when the wall clock jumps. All else is the real daemon.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import apscheduler.executors.base
import apscheduler.schedulers.base

from skafd import clock
from skafd.daemon import agenda, application
from skafd.daemon.__main__ import main
from skafd.daemon.clocks import Clocks, Reading, read_clocks
from tests.support.tortured import Tortured

PROGRAM = (sys.executable, "-m", "tests.support.set_clock")
FILE = "SKAFD_TEST_CLOCKS"


class SetClocks:
    """By how much the clocks of this process are ahead."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.look()

    def look(self) -> None:
        """Takes over what the file says now."""
        self._ahead: tuple[float, float] = tuple(json.loads(self._file.read_text()))

    def now(self) -> datetime:
        """What the wall clock shows."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead[0])

    def read(self) -> Reading:
        """What all three show."""
        real, (wall_seconds, asleep_seconds) = read_clocks(), self._ahead
        return Reading(real.wall + wall_seconds, real.awake, real.elapsed + asleep_seconds)


class TestWatch:
    """Stands for the kernel's timer that tells of a jump."""

    clocks: SetClocks

    def __init__(self, loop: asyncio.AbstractEventLoop, jumped: Sequence[Callable[[], None]]) -> None:
        self._loop = loop
        self._jumped = jumped
        loop.add_signal_handler(signal.SIGUSR1, self._look)

    def _look(self) -> None:
        self.clocks.look()
        for tell in self._jumped:
            tell()

    def close(self) -> None:
        self._loop.remove_signal_handler(signal.SIGUSR1)


def install(clocks: SetClocks) -> None:
    """Puts the clocks where the daemon, and APScheduler in it, look at theirs."""

    class Shifted(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clocks.now().astimezone(tz)

    TestWatch.clocks = clocks
    clock.now = clocks.now
    application.ClockWatch = TestWatch  # type: ignore[assignment,misc]
    agenda.Clocks = lambda: Clocks(clocks.read)  # type: ignore[assignment,misc]
    for module in (apscheduler.schedulers.base, apscheduler.executors.base):
        module.datetime = Shifted


class TimeTraveller(Tortured):
    """A daemon whose clocks the test sets."""

    def __init__(self, wall_seconds: float = 0.0) -> None:
        super().__init__(program=PROGRAM)
        self.clocks = self.root / "clocks"
        self.environment[FILE] = str(self.clocks)
        self._wall_seconds, self._asleep_seconds = wall_seconds, 0.0
        self._write()

    def set_clock(self, seconds: float) -> None:
        """Somebody sets the wall clock forward, or back."""
        self._wall_seconds += seconds
        self._jump()

    def suspend(self, seconds: float) -> None:
        """The machine sleeps for a while."""
        self._wall_seconds += seconds
        self._asleep_seconds += seconds
        self._jump()

    def now(self) -> datetime:
        """What its wall clock shows."""
        return datetime.now(UTC) + timedelta(seconds=self._wall_seconds)

    def _jump(self) -> None:
        self._write()
        if not self.has_ended():
            os.kill(self.pid, signal.SIGUSR1)

    def _write(self) -> None:
        whole = self.clocks.with_suffix(".new")
        whole.write_text(json.dumps([self._wall_seconds, self._asleep_seconds]))
        whole.replace(self.clocks)


if __name__ == "__main__":
    install(SetClocks(Path(os.environ[FILE])))
    sys.exit(main())
