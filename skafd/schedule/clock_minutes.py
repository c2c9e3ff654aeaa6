"""Every minute at which the clock shows certain times on certain days, counted as time elapses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from skafd.schedule.days import Days
from skafd.schedule.first_after import first_after
from skafd.schedule.offsets import Piece, pieces
from skafd.schedule.rule import Rule

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_LONGEST_SEARCH_DAYS = 366 * 50


@dataclass(frozen=True, slots=True, eq=False)
class ClockMinutes:
    """The instants at which the clock of `zone` shows one of `minutes` (of the day, ascending) on one of `days`."""

    days: Days
    minutes: tuple[int, ...]
    zone: tzinfo
    words: str
    rule: Rule = Rule.CLOCK

    def after(self, instant: datetime) -> Iterator[datetime]:
        """All instants strictly after `instant`, ascending; ends where there is none for 50 years."""
        start = instant.replace(second=0, microsecond=0) + _MINUTE
        days_without = 0
        while days_without < _LONGEST_SEARCH_DAYS:
            days_without += 1
            for piece in pieces(start, start + _DAY, self.zone):
                for found in self._within(piece):
                    days_without = 0
                    yield found
            start += _DAY

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly after `instant`; None when there is none for 50 years."""
        return first_after(self, instant)

    def describe(self) -> str:
        """The rule in words."""
        return self.words

    def _within(self, piece: Piece) -> Iterator[datetime]:
        start = (piece.start + piece.offset).replace(tzinfo=None)
        end = (piece.end + piece.offset).replace(tzinfo=None)
        midnight = datetime.combine(start.date(), time())
        while midnight < end:
            if self.days.has(midnight.date()):
                begin = bisect_left(self.minutes, -((midnight - start) // _MINUTE)) if start > midnight else 0
                for minute in self.minutes[begin:]:
                    wall = midnight + minute * _MINUTE
                    if wall >= end:
                        return
                    yield wall.replace(tzinfo=piece.start.tzinfo) - piece.offset
            midnight += _DAY
