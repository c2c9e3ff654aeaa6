"""What becomes of instants that have passed: which are due, and which are missed and why."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice

from skafd.model.project import CatchUp, Schedule
from skafd.model.records import record
from skafd.schedule.expression import Expression

LISTED = 1000
"""Instants that are looked at one by one; those before them are counted and share one missed row."""
_COUNTED = 10_000
_FIRST_LOOK_BACK = timedelta(seconds=LISTED)


@record(frozen=True, slots=True)
class Backlog:
    """The instants of one schedule in `(since, now]`."""

    listed: tuple[datetime, ...] = ()
    """The newest, at most `LISTED`, ascending."""
    earlier: tuple[datetime, ...] = ()
    """Those before, from the oldest on; no more than are worth counting."""


def backlog(expression: Expression, since: datetime, now: datetime) -> Backlog:
    """Finds the newest instants without walking through all of a long absence."""
    look_back = _FIRST_LOOK_BACK
    listed: Sequence[datetime] = ()
    while True:
        start = max(since, now - look_back)
        listed = _between(expression, start, now)
        if len(listed) >= LISTED or start == since:
            break
        look_back *= 4
    end = listed[0] if listed else now
    return Backlog(tuple(listed), tuple(_earlier(expression, since, end)))


def _between(expression: Expression, start: datetime, end: datetime) -> deque[datetime]:
    newest: deque[datetime] = deque(maxlen=LISTED)
    for instant in expression.after(start):
        if instant > end:
            break
        newest.append(instant)
    return newest


def _earlier(expression: Expression, since: datetime, end: datetime) -> list[datetime]:
    counted = []
    for instant in islice(expression.after(since), _COUNTED):
        if instant >= end:
            break
        counted.append(instant)
    return counted


def split(
    listed: Sequence[datetime], schedule: Schedule, now: datetime, grace: timedelta
) -> tuple[Sequence[datetime], Sequence[datetime]]:
    """The instants that are due and those that are missed, by the schedule's `catch_up`."""
    match schedule.catch_up:
        case CatchUp.LATEST:
            candidates = listed[-1:]
        case CatchUp.ALL:
            candidates = listed
        case CatchUp.SKIP:
            candidates = [instant for instant in listed if now - instant <= grace]
    if schedule.within_seconds is not None:
        oldest = now - max(timedelta(seconds=schedule.within_seconds), grace)
        candidates = [instant for instant in candidates if instant >= oldest]
    return candidates, listed[: len(listed) - len(candidates)]


def describe_earlier(earlier: Sequence[datetime], cause: str) -> str:
    """The cause of the one row that stands for all of `earlier`."""
    if len(earlier) >= _COUNTED:
        return f"{cause}; more than {_COUNTED} further occurrences from then on share this row"
    return f"{cause}; {len(earlier) - 1} further occurrences from then on share this row"
