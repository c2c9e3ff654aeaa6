"""Writing when somebody began from what is written, and what a jump of the wall clock means for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from skafd.store.instants import to_microseconds
from skafd.store.statements import Statements


class ClockWriter(Statements):
    """The part of the Writer that concerns clocks that are set."""

    def move_with_clock(self, stepped: timedelta, asleep: timedelta = timedelta()) -> None:
        """Moves retries, the order of the queue, timeouts, and each job's last start and success as the clock moved.

        Sleep takes nothing from the time of a run.
        """
        by = {"by": stepped // timedelta(microseconds=1)}
        longer = {"by": (stepped + asleep) // timedelta(microseconds=1)}
        self._change("UPDATE run SET extended = extended + :by WHERE state = 'running'", longer)
        self._change(
            "UPDATE task SET not_before = not_before + :by WHERE state = 'waiting' AND not_before IS NOT NULL", by
        )
        self._change("UPDATE task SET changed_at = changed_at + :by WHERE state = 'queued'", by)
        sql = "UPDATE job SET last_started_at = last_started_at + :by, last_succeeded_at = last_succeeded_at + :by"
        self._change(sql, by)

    def note_restored(self, now: datetime) -> None:
        """Notes that somebody began from what is written here: what cannot even write that can go on with nothing."""
        self._change("REPLACE INTO meta (key, value) VALUES ('restored_at', ?)", (now.isoformat(),))

    def distrust_future(self, now: datetime) -> None:
        """No job has started or succeeded, and no task was queued, later than now: the clock was set back unseen."""
        at = {"at": to_microseconds(now)}
        self._change("UPDATE task SET changed_at = :at WHERE state = 'queued' AND changed_at > :at", at)
        self._change("UPDATE job SET last_started_at = :at WHERE last_started_at > :at", at)
        self._change("UPDATE job SET last_succeeded_at = :at WHERE last_succeeded_at > :at", at)
