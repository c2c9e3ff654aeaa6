"""What is said of an expression that is not understood."""

# ruff: noqa: RUF001 the quotes and dashes that word processors write

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skafd.errors import ScheduleError
from skafd.schedule import parse


def refusal(expression: str, timezone: str = "UTC") -> tuple[str, str]:
    with pytest.raises(ScheduleError) as caught:
        parse(expression, timezone)
    return caught.value.message, caught.value.hint or ""


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("2,9 * * *", "a cron has five fields, this has four: `2,9 * * *`", "did you mean `0 2,9 * * *`?"),
        ("0 0 12 * * ?", "a cron has five fields, this has six", "did you mean `0 12 * * *`?"),
        ("0 11 * * * python x.py", "a cron has five fields, this has seven", "as in `0 11 * * *`"),
        ("“0,7 1 * * *”", "the schedule has smart quotes", 'write "0,7 1 * * *" in straight quotes'),
        ("‘0 1 * * *’", "the schedule has smart quotes", 'write "0 1 * * *" in straight quotes'),
        ("1–5 * * * *", "characters that no cron has", "did you mean `1-5 * * * *`?"),
        ("'0 1 * * *'", "characters that no cron has", "did you mean `0 1 * * *`?"),
        ("午前 * * * *", "characters that no cron has", "write it in plain ASCII"),
        ("60 * * * *", "the minute `60` is not understood", "the minute goes from 0 to 59"),
        ("0 24 * * *", "the hour `24` is not understood", "the hour goes from 0 to 23"),
        ("0 0 0 * *", "the day of month `0` is not understood", "from 1 to 31"),
        ("0 0 * 13 *", "the month `13` is not understood", "from 1 to 12 or JAN to DEC"),
        ("0 0 * * 8", "the day of week `8` is not understood", "from 0 to 7 or SUN to SAT"),
        ("0 0 * * wednesday", "the day of week `wednesday` is not understood", "did you mean `WED`?"),
        ("0 0 * * Tus", "the day of week `Tus` is not understood", "did you mean `TUE`?"),
        ("0 0 * Sept *", "the month `Sept` is not understood", "did you mean `SEP`?"),
        ("0 0 * xyz *", "the month `xyz` is not understood", "from 1 to 12"),
        ("0 0 * * FRI-SUN", "the day of week `FRI-SUN` is not understood", "did you mean `5-7`?"),
        ("0 22-4 * * *", "the hour `22-4` is not understood", "did you mean `22-23,0-4`?"),
        ("*/0 * * * *", "the minute `*/0` is not understood", "a step is a number from 1"),
        ("*/ * * * *", "the minute `*/` is not understood", "a step is a number from 1"),
        ("1,,2 * * * *", "the minute `1,,2` is not understood", "from 0 to 59"),
        ("0 0 ? * MON", "the day of month `?` is not understood", "write `*` for any"),
        ("0 0 31 2 *", "the cron `0 0 31 2 *` never fires", "`0 0 L * *`"),
        ("0 0 31 4,6 *", "the cron `0 0 31 4,6 *` never fires", "`0 0 L * *`"),
        ("@dayly", "the schedule `@dayly` is not known", "did you mean `@daily`?"),
        ("@x", "the schedule `@x` is not known", "there are @hourly, @daily"),
        ("@reboot", "`@reboot` has no meaning here", "once when its project is deployed"),
        ("every fortnight", "the schedule `every fortnight` is not understood", "did you mean `every 14 days`?"),
        ("every 1.5 hours", "the schedule `every 1.5 hours` is not understood", "did you mean `every 90 minutes`?"),
        ("evry 5 minuts", "is not understood", "did you mean `every 5 minutes`?"),
        ("every 30s", "is not understood", "did you mean `every 30 seconds`?"),
        ("5 minutes", "is not understood", "did you mean `every 5 minutes`?"),
        ("daily 7:30", "is not understood", "did you mean `daily at 7:30`?"),
        ("daily at 7", "is not understood", "did you mean `daily at 07:00`?"),
        ("9am", "is not understood", "did you mean `daily at 9am`?"),
        ("daily 9am" + " 9am" * 30, "is not understood", "there are `every 90 seconds`"),  # Took for ever.
        ("weekly on mondy", "is not understood", "did you mean `weekly on monday`?"),
        ("mondays at 9am", "is not understood", "did you mean `every monday at 9am`?"),
        ("weekdays at 18:00", "is not understood", "did you mean `every weekday at 18:00`?"),
        ("every monday to friday", "is not understood", "did you mean `every weekday at 09:00`?"),
        ("monthly on 15 at 6:00", "is not understood", "did you mean `monthly on the 15th at 6:00`?"),
        ("twice a day", "is not understood", "did you mean `daily at 06:00 and 18:00`?"),
        ("weekly", "is not understood", "did you mean `weekly on monday at 09:00`?"),
        ("monthly", "is not understood", "did you mean `monthly on the 1st at 06:00`?"),
        ("every other day", "is not understood", "did you mean `every 2 days`?"),
        ("every sunday at 13pm", "is not understood", "`every weekday at 6pm`"),
        ("daily at 25:00", "is not understood", "`daily at 07:30`"),
        ("sometimes", "the schedule `sometimes` is not understood", "there are `every 90 seconds`, `hourly`"),
        ("every 0 seconds", "out of range", "from 1 second to 10 years"),
        ("every 99999999999 days", "out of range", "from 1 second to 10 years"),
        ("", "the schedule is empty", "write a cron such as `0 11 * * *`"),
        ("   ", "the schedule is empty", "write a cron such as `0 11 * * *`"),
        ("0 " * 1000, "characters long", "the longest is 200"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_what_was_probably_meant(expression: str, message: str, hint: str) -> None:
    said, advised = refusal(expression)
    assert message in said
    assert hint in advised


@pytest.mark.parametrize(
    ("timezone", "hint"),
    [
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Berlin", "did you mean Europe/Berlin?"),
        ("New York", "did you mean America/New_York?"),
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("Europe", "write it as an IANA name"),
        ("../../etc/passwd", "write it as an IANA name"),
        ("/etc/localtime", "write it as an IANA name"),
        ("", "write it as an IANA name"),
        ("a\0b", "write it as an IANA name"),
    ],
)
def test_a_zone_that_does_not_exist_is_refused(timezone: str, hint: str) -> None:
    said, advised = refusal("@daily", timezone)
    assert said == f"there is no time zone {timezone!r}"
    assert hint in advised


words = st.sampled_from(
    ["every", "daily", "weekly", "monthly", "on", "at", "the", "monday", "weekday", "1st", "7", "9am", "5m", ":", "and"]
)
cron_like = st.lists(st.text("0123456789*/,-LW#?SUNMOjan", min_size=1, max_size=6), min_size=5, max_size=5)
phrase_like = st.lists(words, max_size=8).map(" ".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=30), cron_like.map(" ".join), phrase_like))
def test_any_text_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        parsed = parse(text)
    except ScheduleError as refused:
        assert refused.hint
    else:
        assert parsed.describe()
