"""R14: each local wall time fires once per local day, under the rule that docs/schedules.md publishes.

Every change of the clock of every IANA zone from 2000 to 2040, times a set of expressions, against an oracle that
knows nothing of our arithmetic: it looks at every UTC minute around the change and at what the clock shows then.
`make test` takes a sample; with SKAFD_TORTURE_SCALE set, as `make torture` does, it takes all.
"""

from __future__ import annotations

import os
import random
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import takewhile

import pytest

from skafd.schedule import parse
from tests.support.rules import states_rule

ALL = "SKAFD_TORTURE_SCALE" in os.environ
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WHOLE_DAY = "Pacific/Apia"
ODD_ZONES = (
    "Africa/Cairo",  # at 00:00 and at 24:00
    "Africa/Casablanca",  # back for Ramadan
    "America/Caracas",  # half an hour, and no summer time
    "America/Nuuk",  # the hour before midnight
    "America/Sao_Paulo",  # midnight does not exist
    "America/St_Johns",  # at one minute past midnight
    "Antarctica/Troll",  # two hours
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Pyongyang",
    "Australia/Lord_Howe",  # half an hour
    "Europe/Berlin",
    WHOLE_DAY,
    "UTC",
)
SAMPLED_ZONES, SAMPLED_CHANGES = 15, 6
CRONS = (
    *("0 0 * * *", "0 1 * * *", "30 1 * * *", "0 2 * * *", "15 2 * * *", "30 2 * * *", "59 2 * * *", "0 3 * * *"),
    *("1 0 * * *", "30 23 * * *", "59 23 * * *", "0 12 * * *", "45 0 * * *"),
    *("15,45 2 * * *", "0,30 0-3 * * *", "0 0-23 * * *", "0-59 0-23 * * *", "0-50/10 1-3 * * *", "5 0-23/2 * * *"),
    *("* * * * *", "*/15 * * * *", "*/7 * * * *", "0 * * * *", "30 * * * *", "17,43 * * * *", "5-10 * * * *"),
    *("0 */2 * * *", "30 */6 * * *", "*/30 2 * * *", "*/10 0-3 * * *", "*/10 3 * * *", "* 1 * * *", "*/20 23 * * *"),
    *("30 2 * * 0", "30 2 * * 1-5", "0 0 * * 6,7", "30 2 1-7 * 0", "30 2 */2 * 0", "0 2 25-31 3,10 *", "0 0 L * *"),
    "*/30 * * * SUN",
)
TRIED: set[tuple[datetime, tuple[timedelta | None, timedelta | None]]] = set()
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


# --- the oracle ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cron:
    """The five fields as sets, read once more and more simply than by cronsim."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    last_day: bool
    both_days: bool
    follows_clock: bool

    def has_time(self, wall: datetime) -> bool:
        return wall.minute in self.minutes and wall.hour in self.hours

    def has_day(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_date = day.day in self.days or (self.last_day and (day + DAY).day == 1)
        by_weekday = bool({day.isoweekday(), day.isoweekday() % 7} & self.weekdays)
        return by_date and by_weekday if self.both_days else by_date or by_weekday


@cache
def read(text: str) -> Cron:
    fields = text.replace("SUN", "0").split()
    last_day = fields[2] == "L"
    sets = [values(field, *bounds) for field, bounds in zip(fields, RANGES, strict=True)]
    both = fields[2].startswith("*") or fields[4].startswith("*")
    return Cron(*sets, last_day, both, fields[0].startswith("*") or fields[1].startswith("*"))  # type: ignore[arg-type]


def values(field: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in field.split(",") if field != "L" else ():
        span, _, step = part.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        found |= set(range(int(first), int(last or first) + 1, int(step or 1)))
    return frozenset(found)


def expected(cron: Cron, walls: list[datetime], start: datetime) -> list[datetime]:
    """What should happen in a window of UTC minutes at which the clock shows `walls`."""
    days = {day: cron.has_day(day) for day in {wall.date() for wall in walls} | {walls[0].date() + DAY}}
    found = []
    newest = walls[0]
    for number, wall in enumerate(walls[1:], 1):
        if cron.follows_clock:
            if cron.has_time(wall) and days[wall.date()]:
                found.append(start + number * MINUTE)
        elif wall > newest:
            # Everything the clock has passed for the first time: one minute, or all of a gap.
            passed = [newest + step * MINUTE for step in range(1, (wall - newest) // MINUTE + 1)]
            if any(
                one.minute in cron.minutes and one.hour in cron.hours and cron.has_day(one.date()) for one in passed
            ):
                found.append(start + number * MINUTE)
            newest = wall
    return found


def changes(zone: zoneinfo.ZoneInfo) -> list[datetime]:
    """The first UTC minute after each change of the offset."""
    found = []
    day, offset = FIRST, FIRST.astimezone(zone).utcoffset()
    while day < LAST:
        following = day + DAY
        if following.astimezone(zone).utcoffset() != offset:
            minute = next(one for one in minutes(day, following) if one.astimezone(zone).utcoffset() != offset)
            found.append(minute)
            offset = following.astimezone(zone).utcoffset()
        day = following
    return found


def minutes(start: datetime, end: datetime) -> Iterator[datetime]:
    while start <= end:
        yield start
        start += MINUTE


# --- the promise --------------------------------------------------------------------------------------------


def zones() -> list[str]:
    everything = sorted(zoneinfo.available_timezones() - {"localtime", "Factory", "posixrules"})
    if ALL:
        return everything
    return [*ODD_ZONES, *random.Random(date.today().toordinal()).sample(everything, SAMPLED_ZONES)]


@pytest.mark.parametrize("name", zones())
def test_every_change_of_the_clock_keeps_the_rule(name: str) -> None:
    zone = zoneinfo.ZoneInfo(name)
    around = changes(zone) or [datetime(2024, 3, 31, 1, tzinfo=UTC)]
    if not ALL and len(around) > SAMPLED_CHANGES:
        # The first and the last, since rules change in between.
        around = [*around[:2], *random.Random(name).sample(around[2:-2], SAMPLED_CHANGES - 4), *around[-2:]]
    window = timedelta(hours=30 if name == WHOLE_DAY else 5)
    for change in around:
        offsets = (change - MINUTE).astimezone(zone).utcoffset(), change.astimezone(zone).utcoffset()
        if (change, offsets) in TRIED:
            continue  # Another zone has the very same change.
        TRIED.add((change, offsets))
        start = change - window
        walls = [one.astimezone(zone).replace(tzinfo=None, fold=0) for one in minutes(start, change + window)]
        for text in CRONS:
            found = list(takewhile(lambda one: one <= change + window, parse(text, name).after(start)))  # noqa: B023
            assert found == expected(read(text), walls, start), f"{text} in {name} around {change}"


def test_the_oracle_and_the_rule_are_the_published_ones() -> None:
    states_rule(
        "A fixed wall time runs once per local day: where the clock skips it, at the first instant after the gap; "
        "where the clock shows it twice, the first time only.",
        "schedules",
    )
    states_rule(
        "A cron whose minute or hour begins with `*` follows elapsed time: it runs at each minute that passes while "
        "the clock shows such a time, so twice where the clock shows it twice, and not where the clock skips it.",
        "schedules",
    )
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    spring, autumn = datetime(2030, 3, 31, 1, tzinfo=UTC), datetime(2030, 10, 27, 1, tzinfo=UTC)
    assert changes(berlin)[-22:-20] == [spring, autumn]
    for change, hours in ((spring, [0.0]), (autumn, [-0.5])):
        start = change - timedelta(hours=3)
        walls = [one.astimezone(berlin).replace(tzinfo=None) for one in minutes(start, change + 3 * 60 * MINUTE)]
        assert expected(read("30 2 * * *"), walls, start) == [change + timedelta(hours=one) for one in hours]


def test_an_interval_knows_no_clock() -> None:
    states_rule(
        "An interval follows elapsed time: its instants are multiples of it since 1970 in UTC, "
        "whatever the clock shows.",
        "schedules",
    )
    for name in ODD_ZONES:
        found = parse("every 90 minutes", name).after(datetime(2030, 3, 31, tzinfo=UTC))
        assert [next(found).timestamp() % 5400 for _ in range(30)] == [0] * 30
