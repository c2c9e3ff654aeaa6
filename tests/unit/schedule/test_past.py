"""The occurrences of a time span that lies in the past, with what their schedules give."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from skafd.errors import ScheduleError
from skafd.model.project import Schedule
from skafd.schedule.past import past_occurrences

NOW = datetime(2030, 6, 10, 12, tzinfo=UTC)
DAILY = Schedule("0 6 * * *", start="2030-06-05", jitter_seconds=600, parameters=(("region", "eu"), ("size", "1")))
MONDAYS = Schedule("0 6 * * mon", parameters=(("region", "us"),))


def june(day: int, hour: int = 6) -> datetime:
    return datetime(2030, 6, day, hour, tzinfo=UTC)


def test_each_instant_has_what_its_schedules_give_and_the_later_one_counts() -> None:
    assert past_occurrences((DAILY, MONDAYS, Schedule("0 9 3 * *")), "2030-06-02", "2030-06-03", NOW, 100) == {
        june(2): (("region", "eu"), ("size", "1")),
        june(3): (("region", "us"), ("size", "1")),
        june(3, 9): (),
    }


def test_both_ends_count_whether_they_are_days_or_times() -> None:
    def found(first: str, last: str) -> list[datetime]:
        return list(past_occurrences((DAILY,), first, last, NOW, 100))

    assert found("2030-06-04", "2030-06-05") == [june(4), june(5)]
    assert found("2030-06-04T06:00", "2030-06-05T06:00") == [june(4), june(5)]
    assert found("2030-06-04T06:00", "2030-06-04T06:00") == [june(4)]
    assert found("2030-06-04T06:01", "2030-06-05T05:59") == []
    assert found("2030-06-09", "9999-12-31") == [june(9), june(10)]
    assert found("0001-01-01", "0001-01-02") == []


def test_it_ends_where_it_is_too_much() -> None:
    assert len(past_occurrences((DAILY, MONDAYS), "2020-01-01", "2030-06-09", NOW, 100)) == 100


@pytest.mark.parametrize("word", ["", "yesterday", "2030-13-01"])
def test_what_is_no_day_is_refused(word: str) -> None:
    with pytest.raises((ValueError, ScheduleError)):
        past_occurrences((DAILY,), word or "x", "2030-06-05", NOW, 100)
