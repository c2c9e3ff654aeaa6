"""The occurrences of a schedule: its expression without the days it leaves out, from its start to its end, spread."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import islice, pairwise

from skafd.errors import ScheduleError
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import Schedule
from skafd.schedule.expression import Expression, parse
from skafd.schedule.first_after import first_after
from skafd.schedule.offsets import instant_of, wall_time
from skafd.schedule.rule import Rule
from skafd.schedule.zone import find_zone

_DAY = timedelta(days=1)
_NEXT = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LOOK_FOR_GAP = 400
_ANY_INSTANT = datetime(2024, 1, 1, tzinfo=UTC)
_LONGEST_WAIT = timedelta(days=50 * 366)


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """An expression within bounds and without certain local days."""

    expression: Expression
    zone: tzinfo
    excluded: frozenset[date] = frozenset()
    start: datetime | None = None
    """The first instant that counts."""
    end: datetime | None = None
    """The first that counts no more."""

    @property
    def rule(self) -> Rule:
        """That of the expression."""
        return self.expression.rule

    def after(self, instant: datetime) -> Iterator[datetime]:
        """All instants strictly after `instant`, ascending; ends at the end, or where all are left out for 50 years."""
        if self.start is not None and instant < self.start:
            instant = self.start - timedelta(microseconds=1)
        latest = instant
        for found in self.expression.after(instant):
            if (self.end is not None and found >= self.end) or found - latest > _LONGEST_WAIT:
                return
            if not self.excluded or wall_time(found, self.zone).date() not in self.excluded:
                latest = found
                yield found

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly after `instant`; None when there is none."""
        return first_after(self, instant)

    def describe(self) -> str:
        """The expression's rule in words."""
        return self.expression.describe()


@dataclass(slots=True, eq=False)
class Spread:
    """The occurrences of one job's schedule, each with the delay that jitter gives it."""

    calendar: Expression
    jitter_seconds: float
    project: ProjectId
    job: JobId
    _dues: dict[datetime, datetime] = field(default_factory=dict)
    """When that was due which `next_after` found lately, by when it comes."""

    @property
    def rule(self) -> Rule:
        """That of the calendar."""
        return self.calendar.rule

    def after(self, instant: datetime) -> Iterator[datetime]:
        """The delayed instants strictly after `instant`. No delay reaches the next occurrence, so they ascend."""
        for due in self.calendar.after(instant - timedelta(seconds=self.jitter_seconds)):
            delayed = due + self._delay(due)
            if delayed > instant:
                yield delayed

    def next_after(self, instant: datetime) -> datetime | None:
        """The first delayed instant strictly after `instant`."""
        earlier = self._dues.get(instant)
        due = self.calendar.next_after(earlier or instant - timedelta(seconds=self.jitter_seconds))
        while due is not None:
            delayed = due + self._delay(due)
            if delayed > instant:
                self._dues = {delayed: due} if earlier is None else {instant: earlier, delayed: due}
                return delayed
            due = self.calendar.next_after(due)
        return None

    def describe(self) -> str:
        """The expression's rule in words."""
        return self.calendar.describe()

    def due_of(self, delayed: datetime) -> datetime:
        """The instant at which an occurrence was due that came as late as `delayed`."""
        if delayed in self._dues:
            return self._dues[delayed]
        due = self.calendar.next_after(delayed - timedelta(seconds=self.jitter_seconds, microseconds=1))
        while due is not None and due <= delayed:
            if due + self._delay(due) == delayed:
                return due
            due = self.calendar.next_after(due)
        return delayed

    def _delay(self, due: datetime) -> timedelta:
        name = f"{self.project}\0{self.job}\0{due.timestamp():.0f}".encode()
        share = int.from_bytes(hashlib.blake2b(name, digest_size=6).digest(), "big") / 2**48
        return timedelta(milliseconds=int(share * self.jitter_seconds * 1000))


def calendar_of(schedule: Schedule) -> Expression:
    """The instants of a schedule, without jitter. Raises ScheduleError."""
    if not (schedule.excluded or schedule.start or schedule.end):
        return parse(schedule.expression, schedule.timezone)
    return _bounded(schedule.expression, schedule.timezone, schedule.excluded, schedule.start, schedule.end)


def occurrences_of(schedule: Schedule, project: ProjectId, job: JobId) -> Expression:
    """When a schedule of a job sets it off, jitter included. Raises ScheduleError."""
    calendar = calendar_of(schedule)
    if not schedule.jitter_seconds:
        return calendar
    return Spread(calendar, schedule.jitter_seconds, project, job)


def check_calendar(schedule: Schedule) -> None:
    """Raises ScheduleError for a schedule that is understood and cannot be meant."""
    calendar = calendar_of(schedule)
    if isinstance(calendar, Calendar) and calendar.start and calendar.end and calendar.start >= calendar.end:
        raise ScheduleError("the schedule ends before it starts", "`end` is a later day than `start`")
    shortest = _shortest_gap(parse(schedule.expression, schedule.timezone)) if schedule.jitter_seconds else None
    if shortest is not None and schedule.jitter_seconds >= shortest.total_seconds():
        raise ScheduleError(
            f"the jitter reaches the next occurrence: some are only {shortest.total_seconds():.0f} seconds apart",
            "write a shorter one",
        )


@lru_cache(maxsize=1024)
def _bounded(
    expression: str, timezone: str, excluded: tuple[str, ...], start: str | None, end: str | None
) -> Expression:
    zone = find_zone(timezone)
    return Calendar(
        parse(expression, timezone),
        zone,
        frozenset(date.fromisoformat(day) for day in excluded),
        _first_of(start, zone) if start else None,
        _first_after(end, zone) if end else None,
    )


def _first_of(text: str, zone: tzinfo, after_day: timedelta = timedelta()) -> datetime:
    """The instant of a local day, and so much later, or of a local time; the nearest that a clock can show."""
    given = datetime.fromisoformat(text)
    try:
        if given.tzinfo is not None:
            return given.astimezone(UTC)
        return instant_of(given + after_day if _is_day(text) else given, zone)
    except OverflowError:
        return _LAST if given.year > _ANY_INSTANT.year else _FIRST


def _first_after(text: str, zone: tzinfo) -> datetime:
    """The first instant after a local day or time."""
    first = _first_of(text, zone, _DAY)
    return first if _is_day(text) or first == _LAST else first + _NEXT


def _is_day(text: str) -> bool:
    return len(text) <= len("2026-01-01")


def _shortest_gap(expression: Expression) -> timedelta | None:
    instants = list(islice(expression.after(_ANY_INSTANT), _LOOK_FOR_GAP))
    return min((later - earlier for earlier, later in pairwise(instants)), default=None)
