"""The occurrences of a job in a time span that lies in the past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from heapq import merge
from itertools import takewhile
from operator import itemgetter

from skafd.model.project import Schedule
from skafd.schedule.calendar import calendar_of

Parameters = tuple[tuple[str, str], ...]
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def past_occurrences(
    schedules: Sequence[Schedule], first: str, last: str, now: datetime, most: int
) -> dict[datetime, Parameters]:
    """From the day or time `first` to `last`, both included: the instants up to now, ascending, each with what its
    schedules give; where two of them give the same parameter, the later schedule counts.

    Without jitter, and whatever the schedules' own bounds. Stops at `most`. Raises ValueError for what is no day.
    """
    found: dict[datetime, dict[str, str]] = {}
    each = [_with_parameters(replace(schedule, start=first, end=last)) for schedule in schedules]
    for instant, parameters in takewhile(lambda one: one[0] <= now, merge(*each, key=itemgetter(0))):
        if len(found) == most and instant not in found:
            break
        found.setdefault(instant, {}).update(parameters)
    return {instant: tuple(parameters.items()) for instant, parameters in found.items()}


def _with_parameters(schedule: Schedule) -> Iterator[tuple[datetime, Parameters]]:
    calendar = calendar_of(schedule)
    return ((instant, schedule.parameters) for instant in calendar.after(_LONG_AGO))
