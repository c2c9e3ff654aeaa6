"""An expression explained: its next times, local and UTC, and what the clock does on those days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from itertools import islice

from skafd.model.project import Schedule
from skafd.schedule.calendar import calendar_of
from skafd.schedule.offsets import instant_of, pieces, wall_time
from skafd.schedule.rule import Rule
from skafd.schedule.zone import find_zone

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class ClockChange(StrEnum):
    """What a local day has that others have not."""

    GAP = "gap"
    FOLD = "fold"


@dataclass(frozen=True, slots=True)
class ExplainedTime:
    """One instant of an expression."""

    instant: datetime
    local: datetime
    change: ClockChange | None
    note: str
    """What the clock does on that local day; empty on ordinary days."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What an expression means."""

    expression: str
    timezone: str
    words: str
    rule: Rule
    times: tuple[ExplainedTime, ...]


def explain(expression: str, timezone: str, now: datetime, count: int) -> Explanation:
    """The next `count` times after `now`. Raises ScheduleError."""
    return explain_schedule(Schedule(expression, timezone), now, count)


def explain_schedule(schedule: Schedule, now: datetime, count: int) -> Explanation:
    """The next `count` times after `now` at which a job is due by it, without jitter. Raises ScheduleError."""
    calendar = calendar_of(schedule)
    zone = find_zone(schedule.timezone)
    times = tuple(_explain_time(instant, zone) for instant in islice(calendar.after(now), count))
    return Explanation(schedule.expression, schedule.timezone, calendar.describe(), calendar.rule, times)


def _explain_time(instant: datetime, zone: tzinfo) -> ExplainedTime:
    midnight = datetime.combine(wall_time(instant, zone).date(), time())
    start, end = instant_of(midnight, zone), instant_of(midnight + _DAY, zone)
    change, note = None, ""
    for piece in pieces(start - _MINUTE, end, zone):
        if piece.end < end:
            before = (piece.end + piece.offset).replace(tzinfo=None)
            after = wall_time(piece.end, zone)
            change = ClockChange.GAP if after > before else ClockChange.FOLD
            way = "forward" if after > before else "back"
            note = f"the clock goes {way} from {before:%H:%M} to {after:%H:%M}"
    return ExplainedTime(instant, instant.astimezone(zone), change, note)
