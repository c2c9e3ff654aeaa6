"""Days left out, a start and an end, and jitter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skafd.errors import ScheduleError
from skafd.model.ids import JobId, ProjectId
from skafd.model.project import CatchUp, Schedule
from skafd.schedule import Timetable
from skafd.schedule.calendar import Spread, calendar_of, check_calendar, occurrences_of
from tests.support.rules import states_rule

CHURN, INGEST, TRAIN = ProjectId("churn"), JobId("ingest"), JobId("train")
DECEMBER = datetime(2030, 12, 24, tzinfo=UTC)


def days(schedule: Schedule, count: int = 3, after: datetime = DECEMBER) -> list[str]:
    return [f"{instant:%d %b %H:%M}" for instant in islice(calendar_of(schedule).after(after), count)]


def test_days_that_are_excepted_have_no_occurrence() -> None:
    holidays = ("2030-12-25", "2030-12-26")
    assert days(Schedule("0 11 * * *", excluded=holidays)) == ["24 Dec 11:00", "27 Dec 11:00", "28 Dec 11:00"]


def test_an_excepted_day_is_a_day_of_the_schedules_zone() -> None:
    states_rule("Days in `except:` have no occurrence, by the calendar of the schedule's zone.", "schedules")
    auckland = Schedule("0 8 * * *", "Pacific/Auckland", excluded=("2030-12-26",))
    assert days(auckland) == ["24 Dec 19:00", "26 Dec 19:00", "27 Dec 19:00"]


def test_a_schedule_counts_from_its_first_day_to_its_last() -> None:
    states_rule("`start:` and `end:` are the first and the last day, or time, that count, both included.", "schedules")
    bounded = Schedule("0 11 * * *", start="2030-12-26", end="2030-12-27")
    assert days(bounded) == ["26 Dec 11:00", "27 Dec 11:00"]
    assert days(Schedule("0 * * * *", start="2030-12-26T06:00", end="2030-12-26T08:00")) == [
        "26 Dec 06:00",
        "26 Dec 07:00",
        "26 Dec 08:00",
    ]


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
def test_a_schedule_may_have_the_first_and_the_last_day_that_there_is(zone: str) -> None:
    for_ever = Schedule("0 11 * * *", zone, start="0001-01-01", end="9999-12-31")
    check_calendar(for_ever)
    assert days(for_ever, 2) == days(Schedule("0 11 * * *", zone), 2)
    assert days(Schedule("0 11 * * *", zone, start="9999-12-31"), 2) == []


def test_a_schedule_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ScheduleError, match="ends before it starts"):
        check_calendar(Schedule("@daily", start="2030-12-26", end="2030-12-25"))


@settings(max_examples=50, deadline=None)
@given(st.floats(1, 3599), st.integers(0, 10**8))
def test_jitter_is_the_same_whenever_one_asks_and_never_longer_than_it_says(jitter: float, seconds: int) -> None:
    states_rule(
        "With `jitter:` an occurrence starts up to so much later, always the same for the same job and instant.",
        "schedules",
    )
    spread = occurrences_of(Schedule("@hourly", jitter_seconds=jitter), CHURN, INGEST)
    assert isinstance(spread, Spread)
    start = DECEMBER + timedelta(seconds=seconds)
    walked = list(islice(spread.after(start), 5))
    assert walked == [spread.next_after(since) for since in [start, *walked[:-1]]]
    assert all(earlier < later for earlier, later in pairwise([start, *walked]))
    fresh = occurrences_of(Schedule("@hourly", jitter_seconds=jitter), CHURN, INGEST)
    assert isinstance(fresh, Spread)
    for delayed in walked:
        assert fresh.due_of(delayed) == spread.due_of(delayed)
        assert spread.due_of(delayed).minute == spread.due_of(delayed).second == 0
        assert timedelta() <= delayed - spread.due_of(delayed) <= timedelta(seconds=jitter)


def test_jobs_of_one_schedule_are_spread_apart() -> None:
    schedule = Schedule("0 11 * * *", jitter_seconds=3600)
    found = {occurrences_of(schedule, CHURN, JobId(str(number))).next_after(DECEMBER) for number in range(50)}
    assert len(found) > 45


def test_jitter_that_would_reach_the_next_occurrence_is_refused() -> None:
    check_calendar(Schedule("0,30 11 * * *", jitter_seconds=1799))
    with pytest.raises(ScheduleError, match="only 1800 seconds apart"):
        check_calendar(Schedule("0,30 11 * * *", jitter_seconds=1800))


def test_a_delayed_run_is_of_the_instant_at_which_it_was_due() -> None:
    timetable = Timetable()
    schedule = Schedule("0 11 * * *", catch_up=CatchUp.ALL, jitter_seconds=3600)
    timetable.put(CHURN, INGEST, [schedule], DECEMBER)
    eleven = DECEMBER + timedelta(hours=11)
    coming = timetable.next_at()
    assert coming is not None
    assert coming > eleven
    assert timetable.due(coming - timedelta(milliseconds=1)).due == ()
    assert [due.instant for due in timetable.due(coming).due] == [eleven]
    late = timetable.due(DECEMBER + timedelta(days=3, hours=12))
    assert [due.instant for due in late.due] == [eleven + timedelta(days=day) for day in (1, 2, 3)]
