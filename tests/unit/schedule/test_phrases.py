"""Schedules in words mean what the cron beside them means."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest

from skafd.schedule import parse

NOON = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("phrase", "cron", "words"),
    [
        ("hourly", "0 * * * *", "at the start of every hour"),
        ("daily", "0 0 * * *", "every day at 00:00"),
        ("every day", "0 0 * * *", "every day at 00:00"),
        ("daily at 07:30", "30 7 * * *", "every day at 07:30"),
        ("Every Day at 7:30 PM", "30 19 * * *", "every day at 19:30"),
        ("daily at 6am and 6pm", "0 6,18 * * *", "every day at 06:00 and 18:00"),
        ("daily at noon, midnight", "0 0,12 * * *", "every day at 00:00 and 12:00"),
        ("daily at 12am", "0 0 * * *", "every day at 00:00"),
        ("daily at 12:05 pm", "5 12 * * *", "every day at 12:05"),
        ("weekly on monday", "0 0 * * 1", "every Monday at 00:00"),
        ("weekly on monday at 9am", "0 9 * * 1", "every Monday at 09:00"),
        ("every weekday at 6pm", "0 18 * * 1-5", "every weekday at 18:00"),
        ("every monday and thursday at 07:00", "0 7 * * 1,4", "every Monday and Thursday at 07:00"),
        ("every sun, fri, and sat at 23:59", "59 23 * * 5,6,7", "every Friday, Saturday and Sunday at 23:59"),
        ("every mondays at 9am", "0 9 * * mon", "every Monday at 09:00"),
        ("monthly on the 1st at 06:00", "0 6 1 * *", "monthly on the 1st at 06:00"),
        ("monthly on the 1st and 15th", "0 0 1,15 * *", "monthly on the 1st and 15th at 00:00"),
        ("monthly on the 2nd, the 23rd and the last day", "0 0 2,23,L * *", "monthly on the 2nd, 23rd and last day"),
    ],
)
def test_a_phrase_means_its_cron(phrase: str, cron: str, words: str) -> None:
    found = parse(phrase, "Europe/Berlin")
    assert list(islice(found.after(NOON), 30)) == list(islice(parse(cron, "Europe/Berlin").after(NOON), 30))
    assert found.describe().startswith(words)
    assert found.describe().endswith(", Europe/Berlin")


def test_times_of_a_day_need_not_share_their_minute() -> None:
    found = islice(parse("daily at 07:30 and 19:45").after(NOON), 3)
    assert [f"{instant:%d %H:%M}" for instant in found] == ["01 19:45", "02 07:30", "02 19:45"]


@pytest.mark.parametrize("text", ["monthly on the 31th", "monthly on the 32nd", "monthly on the 0th", "daily at 7:60"])
def test_no_such_day_or_time_is_guessed_at(text: str) -> None:
    with pytest.raises(Exception, match="is not understood"):
        parse(text)
