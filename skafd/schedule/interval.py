"""Intervals: `every 90 seconds`. Counted from the epoch, so that a restart does not move them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from skafd.errors import ScheduleError
from skafd.schedule.rule import Rule

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = timedelta(days=3660)
_PHRASE = re.compile(r"every(?:\s+(\d+))?\s+([a-z]+)", re.IGNORECASE)
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_SHORT = {"sec": "second", "min": "minute", "hr": "hour"}


@dataclass(frozen=True, slots=True)
class Interval:
    """Every instant whose distance from the epoch is a multiple of `period`."""

    period: timedelta
    words: str
    rule: Rule = Rule.ELAPSED

    def after(self, instant: datetime) -> Iterator[datetime]:
        """All instants strictly after `instant`, ascending."""
        following = self.next_after(instant)
        while True:
            yield following
            following += self.period

    def next_after(self, instant: datetime) -> datetime:
        """The first instant strictly after `instant`."""
        return _EPOCH + ((instant - _EPOCH) // self.period + 1) * self.period

    def describe(self) -> str:
        """The rule in words."""
        return self.words


def parse(text: str) -> Interval | None:
    """Reads `every [N] seconds|minutes|hours|days`; None for what is no interval, and for a day without a number.

    Raises ScheduleError for one that is out of range.
    """
    match = _PHRASE.fullmatch(text)
    unit = _unit(match[2]) if match else None
    if match is None or unit is None or (unit == "day" and match[1] is None):
        return None
    count = int(match[1] or 1)
    if not 0 < count * _SECONDS[unit] <= _LONGEST.total_seconds():
        raise ScheduleError(f"the interval `{text}` is out of range", "it goes from 1 second to 10 years")
    words = f"every {count} {unit}s" if count > 1 else f"every {unit}"
    return Interval(timedelta(seconds=count * _SECONDS[unit]), words)


def _unit(word: str) -> str | None:
    singular = word.casefold().removesuffix("s")
    unit = _SHORT.get(singular, singular)
    return unit if unit in _SECONDS else None
