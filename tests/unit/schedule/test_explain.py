"""An expression explained, also on the days on which a clock changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from skafd.errors import ScheduleError
from skafd.schedule.explain import ClockChange, explain
from skafd.schedule.rule import Rule


def test_the_days_on_which_the_clock_changes_are_marked() -> None:
    found = explain("30 2 * * *", "Europe/Berlin", datetime(2030, 3, 29, 12, tzinfo=UTC), 3)
    assert found.words == "at 02:30 every day, Europe/Berlin"
    assert found.rule is Rule.WALL
    assert [(f"{time.local:%d %H:%M}", f"{time.instant:%H:%M}", time.change, time.note) for time in found.times] == [
        ("30 02:30", "01:30", None, ""),
        ("31 03:00", "01:00", ClockChange.GAP, "the clock goes forward from 02:00 to 03:00"),
        ("01 02:30", "00:30", None, ""),
    ]


@pytest.mark.parametrize(
    ("zone", "now", "change", "note"),
    [
        ("Europe/Berlin", datetime(2030, 10, 26, 12, tzinfo=UTC), ClockChange.FOLD, "back from 03:00 to 02:00"),
        ("America/Sao_Paulo", datetime(2018, 11, 3, 20, tzinfo=UTC), ClockChange.GAP, "forward from 00:00 to 01:00"),
        ("Australia/Lord_Howe", datetime(2030, 4, 6, 2, tzinfo=UTC), ClockChange.FOLD, "back from 02:00 to 01:30"),
    ],
)
def test_every_kind_of_change_is_named(zone: str, now: datetime, change: ClockChange, note: str) -> None:
    (time,) = explain("0 11 * * *", zone, now, 1).times
    assert (time.change, time.note) == (change, f"the clock goes {note}")


def test_what_is_not_understood_is_refused() -> None:
    with pytest.raises(ScheduleError, match="not understood"):
        explain("sometimes", "UTC", datetime(2030, 1, 1, tzinfo=UTC), 1)
