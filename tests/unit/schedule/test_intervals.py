"""Intervals, and how expressions describe themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from skafd.schedule import parse

NOON = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("every 90 seconds", 90),
        ("every second", 1),
        ("every 2 mins", 120),
        ("Every 5 Minutes", 300),
        ("every   1   hour", 3600),
        ("every 2 hrs", 7200),
        ("every 3 days", 3 * 86400),
    ],
)
def test_an_interval_has_one_distance_whenever_one_asks(expression: str, seconds: int) -> None:
    parsed = parse(expression)
    first = parsed.next_after(NOON + timedelta(seconds=0.5))
    assert first is not None
    assert first.timestamp() % seconds == 0
    assert parsed.next_after(first) == first + timedelta(seconds=seconds)
    assert parsed.next_after(first - timedelta(microseconds=1)) == first


def test_an_interval_is_the_same_in_every_zone() -> None:
    assert parse("every 7 hours", "Asia/Kolkata").next_after(NOON) == parse("every 7 hours").next_after(NOON)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("every 1 minute", "every minute"),
        ("every 90 secs", "every 90 seconds"),
        ("0 11 * * *", "at 11:00 every day, Europe/Berlin"),
        ("0 8 * * Wed,Sun", "at 08:00 on Wednesday and Sunday, Europe/Berlin"),
        ("@hourly", "at the start of every hour, Europe/Berlin"),
    ],
)
def test_an_expression_says_its_rule_in_words(expression: str, words: str) -> None:
    assert parse(expression, "Europe/Berlin").describe() == words
