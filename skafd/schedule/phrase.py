"""Schedules in words: `daily at 07:30`, `every monday and thursday at 9am`. A small grammar, and never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import tzinfo

from skafd.schedule.days import Days, days_of
from skafd.schedule.wall_times import WallTimes

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_DAY = rf"(?:{'|'.join(WEEKDAYS)}|{'|'.join(name[:3] for name in WEEKDAYS)})s?"
_AND = r"(?:\s*,\s*and\s+|\s*,\s*|\s+and\s+)"
_DAY_LIST = rf"{_DAY}(?:{_AND}{_DAY})*"
_ORDINAL = r"(?:[12]?1st|2?2nd|2?3rd|(?:[4-9]|1[0-9]|2[04-9]|30)th|31st|last\s+day)"
_ORDINAL_LIST = rf"{_ORDINAL}(?:{_AND}(?:the\s+)?{_ORDINAL})*"
_TIME = r"(?:noon|midnight|[0-9]{1,2}(?::[0-9]{2})?\s?[ap]m|[0-9]{1,2}:[0-9]{2})"
_TIME_LIST = rf"{_TIME}(?:{_AND}{_TIME})*"
_PHRASE = re.compile(
    rf"""(?:
        (?P<daily>daily|every\ day)
        | every\ (?P<weekday>weekday)
        | (?:every|weekly\ on)\ (?P<days>{_DAY_LIST})
        | monthly\ on\ the\ (?P<dates>{_ORDINAL_LIST})
    )(?:\ at\ (?P<times>{_TIME_LIST}))?""".replace("\\ ", r"\s+"),
    re.VERBOSE,
)
_CLOCK = re.compile(r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?\s?(?P<half>[ap]m)?")
_NAMED_MINUTES = {"midnight": 0, "noon": 720}
_LAST = "L"


def parse(text: str, timezone: str, zone: tzinfo) -> WallTimes | None:
    """The wall times that a phrase means; None for what is none."""
    match = _PHRASE.fullmatch(text.casefold())
    if match is None:
        return None
    minutes = sorted({_minute_of(time) for time in re.findall(_TIME, match["times"] or "midnight")})
    if minutes[0] < 0:
        return None
    days, words = _days_and_words(match)
    times = _join([f"{minute // 60:02}:{minute % 60:02}" for minute in minutes])
    return WallTimes(days, tuple(minutes), zone, f"{words} at {times}, {timezone}")


def _days_and_words(match: re.Match[str]) -> tuple[Days, str]:
    if match["weekday"]:
        return days_of(day_of_week="1-5"), "every weekday"
    if match["days"]:
        numbers = sorted({_weekday(name) for name in re.findall(_DAY, match["days"])}, key=lambda one: (one - 1) % 7)
        names = [WEEKDAYS[number].capitalize() for number in numbers]
        return days_of(day_of_week=",".join(str(number) for number in numbers)), f"every {_join(names)}"
    if match["dates"]:
        dates = list(_dates(match["dates"]))
        names = ["last day" if one == _LAST else ordinal(int(one)) for one in dates]
        return days_of(day_of_month=",".join(dates)), f"monthly on the {_join(names)}"
    return days_of(), "every day"


def _weekday(name: str) -> int:
    return next(number for number, full in enumerate(WEEKDAYS) if full.startswith(name[:3]))


def _dates(text: str) -> Iterator[str]:
    numbers = sorted({int(number) for number in re.findall(r"[0-9]+", text)})
    yield from (str(number) for number in numbers)
    if "last" in text:
        yield _LAST


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    suffix = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number // 10 != 1 else "th"
    return f"{number}{suffix}"


def _minute_of(text: str) -> int:
    """The minute of the day; negative for a time that no clock shows."""
    if text in _NAMED_MINUTES:
        return _NAMED_MINUTES[text]
    match = _CLOCK.fullmatch(text)
    assert match, "the grammar has no other times"
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return -1
        hour = hour % 12 + (12 if match["half"] == "pm" else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else -1


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
