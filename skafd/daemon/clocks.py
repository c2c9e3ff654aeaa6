"""The machine's three clocks, and what they say together: it slept, or somebody set the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from skafd.model.decisions import ClockJumped
from skafd.model.missed import MissedCause
from skafd.model.records import record

NOTICED_SECONDS = 30.0
"""Above what slewing moves a clock between two looks that are minutes apart."""


@record(frozen=True, slots=True)
class Reading:
    """What the clocks show, in seconds."""

    wall: float
    awake: float
    """Since the machine started, without sleep."""
    elapsed: float
    """Since the machine started, with sleep."""


@record(frozen=True, slots=True)
class Jump:
    """What was not ordinary in the time between two readings."""

    asleep_seconds: float
    stepped_seconds: float
    """How far the wall clock was set forward; negative where it was set back."""

    @property
    def was_set_back(self) -> bool:
        """The wall clock shows times again."""
        return self.stepped_seconds < -NOTICED_SECONDS

    @property
    def events(self) -> tuple[ClockJumped, ...]:
        """What the engine is to be told of it; nothing of what is ordinary."""
        stepped = self.stepped_seconds if abs(self.stepped_seconds) > NOTICED_SECONDS else 0.0
        asleep = self.asleep_seconds if self.asleep_seconds > NOTICED_SECONDS else 0.0
        if not (stepped or asleep):
            return ()
        return (ClockJumped(timedelta(seconds=stepped), timedelta(seconds=asleep)),)

    @property
    def cause(self) -> MissedCause:
        """Why an instant that lies in between was not looked at in time."""
        if max(self.asleep_seconds, self.stepped_seconds) < NOTICED_SECONDS:
            return MissedCause.BUSY
        return MissedCause.ASLEEP if self.asleep_seconds >= self.stepped_seconds else MissedCause.CLOCK_STEPPED


def read_clocks() -> Reading:
    """What they show now; the wall clock last, so that it tells of a jump between the three."""
    return Reading(
        awake=time.clock_gettime(time.CLOCK_MONOTONIC),
        elapsed=time.clock_gettime(time.CLOCK_BOOTTIME),
        wall=time.clock_gettime(time.CLOCK_REALTIME),
    )


class Clocks:
    """Remembers one reading, and compares the next with it."""

    def __init__(self, read: Callable[[], Reading] = read_clocks) -> None:
        self._read = read
        self._marked = self._seen = read()

    def mark(self) -> None:
        """Remembers what they showed at the last look: what has happened since is news."""
        self._marked = self._seen

    def look(self, now: datetime) -> Jump:
        """What has happened to them since the mark, when the wall clock has just shown `now`.

        What has happened after `now` is left to the next look: half of it would be told as sleep, and the other half
        as a clock that was set.
        """
        then, read = self._marked, self._read()
        if abs(read.wall - now.timestamp()) > NOTICED_SECONDS:
            self._seen = then
            return Jump(0.0, 0.0)
        self._seen = seen = replace(read, wall=now.timestamp())
        elapsed = seen.elapsed - then.elapsed
        return Jump(elapsed - (seen.awake - then.awake), seen.wall - then.wall - elapsed)
