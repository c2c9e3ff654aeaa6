"""Which instants a cron means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skafd.schedule import parse

SATURDAY = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)
instants = st.datetimes(datetime(2001, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


def next_times(expression: str, timezone: str = "UTC", after: datetime = SATURDAY, count: int = 3) -> list[str]:
    """The next times, in UTC."""
    return [f"{instant:%a %d %b %H:%M}" for instant in islice(parse(expression, timezone).after(after), count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 11 * * *", ["Sun 02 Jun 11:00", "Mon 03 Jun 11:00", "Tue 04 Jun 11:00"]),
        ("*/20 * * * *", ["Sat 01 Jun 12:20", "Sat 01 Jun 12:40", "Sat 01 Jun 13:00"]),
        ("45,7,0 1 * * *", ["Sun 02 Jun 01:00", "Sun 02 Jun 01:07", "Sun 02 Jun 01:45"]),
        ("45 10-18/4 * * *", ["Sat 01 Jun 14:45", "Sat 01 Jun 18:45", "Sun 02 Jun 10:45"]),
        ("0 8 * * Wed,Sun", ["Sun 02 Jun 08:00", "Wed 05 Jun 08:00", "Sun 09 Jun 08:00"]),
        ("0 8 * * mon-FRI", ["Mon 03 Jun 08:00", "Tue 04 Jun 08:00", "Wed 05 Jun 08:00"]),
        ("0 0 1 feb,Aug *", ["Thu 01 Aug 00:00", "Sat 01 Feb 00:00", "Fri 01 Aug 00:00"]),
        ("0 0 L * *", ["Sun 30 Jun 00:00", "Wed 31 Jul 00:00", "Sat 31 Aug 00:00"]),
        ("0 0 29 2 *", ["Sun 29 Feb 00:00", "Fri 29 Feb 00:00", "Wed 29 Feb 00:00"]),
        ("  0   11 * *\t* ", ["Sun 02 Jun 11:00", "Mon 03 Jun 11:00", "Tue 04 Jun 11:00"]),
    ],
)
def test_five_fields_mean_what_they_mean_to_cron(expression: str, expected: list[str]) -> None:
    assert next_times(expression) == expected


@pytest.mark.parametrize("sunday", ["0", "7", "SUN", "sun"])
def test_sunday_has_every_spelling(sunday: str) -> None:
    assert next_times(f"0 9 * * {sunday}", count=2) == ["Sun 02 Jun 09:00", "Sun 09 Jun 09:00"]


def test_day_of_month_or_day_of_week_where_both_are_restricted() -> None:
    assert next_times("0 0 13 * FRI", count=3) == ["Fri 07 Jun 00:00", "Thu 13 Jun 00:00", "Fri 14 Jun 00:00"]


@pytest.mark.parametrize(
    ("macro", "fields"),
    [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@Midnight", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
        ("@ANNUALLY", "0 0 1 1 *"),
    ],
)
def test_macros_stand_for_five_fields(macro: str, fields: str) -> None:
    assert next_times(macro, count=20) == next_times(fields, count=20)


def test_an_instant_is_strictly_after_and_to_the_minute() -> None:
    expression = parse("0 11 * * *")
    eleven = datetime(2030, 6, 1, 11, tzinfo=UTC)
    assert expression.next_after(eleven - timedelta(microseconds=1)) == eleven
    assert expression.next_after(eleven) == eleven + timedelta(days=1)
    assert expression.next_after(eleven + timedelta(microseconds=1)) == eleven + timedelta(days=1)


# --- time zones ---------------------------------------------------------------------------------------------


def test_a_zone_moves_with_its_summer_time() -> None:
    before_the_change = datetime(2030, 3, 30, 6, tzinfo=UTC)
    assert next_times("0 8 * * *", "Europe/Berlin", before_the_change, 2) == ["Sat 30 Mar 07:00", "Sun 31 Mar 06:00"]


def test_a_time_that_the_clock_skips_runs_at_the_first_instant_after_the_gap() -> None:
    saturday = datetime(2030, 3, 30, 12, tzinfo=UTC)
    assert next_times("30 2 * * *", "Europe/Berlin", saturday, 2) == ["Sun 31 Mar 01:00", "Mon 01 Apr 00:30"]


def test_a_time_that_the_clock_shows_twice_runs_the_first_time_only() -> None:
    saturday = datetime(2030, 10, 26, 12, tzinfo=UTC)
    assert next_times("30 2 * * *", "Europe/Berlin", saturday, 2) == ["Sun 27 Oct 00:30", "Mon 28 Oct 01:30"]
    within_the_second = datetime(2030, 10, 27, 1, 10, tzinfo=UTC)
    assert next_times("30 2 * * *", "Europe/Berlin", within_the_second, 1) == ["Mon 28 Oct 01:30"]


def test_steps_follow_elapsed_time_through_a_change() -> None:
    for around in (datetime(2030, 3, 31, tzinfo=UTC), datetime(2030, 10, 27, tzinfo=UTC)):
        found = list(islice(parse("*/30 * * * *", "Europe/Berlin").after(around), 12))
        assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=30)}


@settings(max_examples=60, deadline=None)
@given(
    instants,
    st.sampled_from(["30 2 * * *", "15,45 1-3 * * *", "*/7 * * * *", "0 0 * * MON", "5 0 31 * *"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_asking_again_and_again_gives_what_walking_gives(start: datetime, expression: str, timezone: str) -> None:
    parsed = parse(expression, timezone)
    walked = list(islice(parsed.after(start), 8))
    asked: list[datetime] = []
    while len(asked) < len(walked):
        found = parsed.next_after(asked[-1] if asked else start)
        assert found is not None
        asked.append(found)
    assert asked == walked
    assert all(earlier < later for earlier, later in pairwise([start, *walked]))


# --- against an oracle that knows nothing but the definition ------------------------------------------------

numbers = st.tuples(st.sets(st.integers(0, 59), min_size=1, max_size=3), st.sets(st.integers(0, 23), min_size=1))


@settings(max_examples=40, deadline=None)
@given(numbers, st.sets(st.integers(0, 7), min_size=1, max_size=3), instants)
def test_minutes_hours_and_weekdays_are_those_of_the_calendar(
    minutes_and_hours: tuple[set[int], set[int]], weekdays: set[int], start: datetime
) -> None:
    minutes, hours = minutes_and_hours
    fields = [",".join(str(one) for one in values) for values in (minutes, hours, weekdays)]
    found = parse(f"{fields[0]} {fields[1]} * * {fields[2]}").next_after(start)
    minute = start.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while not (
        minute.minute in minutes and minute.hour in hours and {minute.isoweekday(), minute.isoweekday() % 7} & weekdays
    ):
        minute += timedelta(minutes=1)
    assert found == minute
