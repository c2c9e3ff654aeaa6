"""Which days of the calendar a cron's last three fields mean, and how to walk through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from cronsim import CronSim

_YEARS = 50
"""A date that does not come for so long never comes: the longest wait is 40 years, for a 29 February on a weekday."""
_DAY = timedelta(days=1)
_ANY_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, eq=False)
class Days:
    """Days by cron's rule, day-of-month or day-of-week included; cronsim reads the fields and knows the rule."""

    cron: Any

    def has(self, day: date) -> bool:
        """Whether the day is one of them."""
        return day.month in self.cron.months and bool(self.cron.match_day(day))

    def starting(self, day: date) -> Iterator[date]:
        """Those that are `day` or later, ascending; ends where there is none for 50 years."""
        latest = min(day.year + _YEARS, date.max.year - 1)
        while day.year <= latest:
            if day.month not in self.cron.months:
                day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
                continue
            if self.cron.match_day(day):
                yield day
                latest = min(day.year + _YEARS, date.max.year - 1)
            day += _DAY


def read_cron(fields: str) -> Any:
    """Cron's five fields as cronsim reads them. Raises CronSimError."""
    return CronSim(fields, _ANY_INSTANT)


def days_of(day_of_month: str = "*", month: str = "*", day_of_week: str = "*") -> Days:
    """The days that three fields mean. Raises CronSimError."""
    return Days(read_cron(f"0 0 {day_of_month} {month} {day_of_week}"))
