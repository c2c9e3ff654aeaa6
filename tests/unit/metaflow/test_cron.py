"""Cron as Metaflow's users write it."""

from __future__ import annotations

import pytest

from skafd.metaflow.cron import convert
from skafd.schedule.expression import parse


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0 * * * ? *", "0 * * * *"),
        ("0 0 * * ? *", "0 0 * * *"),
        ("0 0 ? * SUN *", "0 0 * * SUN"),
        ("*/10 * * * *", "*/10 * * * *"),
        ("0 6 ? * 2-6 *", "0 6 * * 1-5"),
        ("0 6 ? * 1,7 *", "0 6 * * 0,6"),
        ("0 6 ? * 2#1 *", "0 6 * * 1#1"),
        ("0 6 L * ? *", "0 6 L * *"),
        ("0 6 ? * 1-7/2 *", "0 6 * * 0-6/2"),
    ],
)
def test_the_days_of_the_week_begin_with_sunday_as_zero(written: str, read: str) -> None:
    assert convert(written) == read
    parse(convert(written))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("0 0 * *", "has 4 fields"),
        ("0 0 * * ? 2030", "names the year 2030"),
        ("0 0 15W * ? *", "nearest weekday"),
    ],
)
def test_what_has_no_equivalent_is_refused(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        convert(written)
