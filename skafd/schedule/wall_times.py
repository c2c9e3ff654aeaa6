"""Fixed wall times on certain days: each runs once per local day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from skafd.schedule.days import Days
from skafd.schedule.first_after import first_after
from skafd.schedule.offsets import instant_of, wall_time
from skafd.schedule.rule import Rule

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, eq=False)
class WallTimes:
    """The instants at which the clock of `zone` first shows one of `minutes` (of the day, ascending) on one of `days`.

    Where the clock skips one it is the first instant after the gap, also where the gap is a whole day.
    """

    days: Days
    minutes: tuple[int, ...]
    zone: tzinfo
    words: str
    rule: Rule = Rule.WALL

    def after(self, instant: datetime) -> Iterator[datetime]:
        """All instants strictly after `instant`, ascending; ends where there is none for 50 years."""
        wall = wall_time(instant, self.zone)
        # What the clock has shown by now is past: also where it shows it again, and where it skipped it.
        begin = bisect_right(self.minutes, wall.hour * 60 + wall.minute)
        latest = instant
        for day in self.days.starting(wall.date()):
            midnight = datetime.combine(day, time())
            for minute in self.minutes[begin if day == wall.date() else 0 :]:
                found = instant_of(midnight + minute * _MINUTE, self.zone)
                if found > latest:
                    latest = found
                    yield found

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly after `instant`; None when there is none for 50 years."""
        return first_after(self, instant)

    def describe(self) -> str:
        """The rule in words."""
        return self.words
