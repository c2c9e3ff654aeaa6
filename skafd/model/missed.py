"""Why an occurrence got no run, in the words that people are shown."""

from __future__ import annotations

from enum import StrEnum


class MissedCause(StrEnum):
    """The causes that lie outside the job; an overlap names the run that was in the way."""

    DAEMON_DOWN = "the daemon was down"
    ASLEEP = "the machine was asleep"
    CLOCK_STEPPED = "the clock was set forward"
    BUSY = "skafd was busy"
    DISK_FULL = "the disk was full"
    PAUSED = "paused"
