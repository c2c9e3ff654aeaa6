"""`@schedule`: cron as EventBridge and Quartz write it, to cron as skafd reads it."""

from __future__ import annotations

import re

_WEEKDAY = re.compile(r"(?<![#\d])([1-7])(?=$|[-,#L/])")
_STEP = re.compile(r"/\d+")


def convert(expression: str) -> str:
    """Five fields, Sunday 0. Raises ValueError, with words for people, for what has no equivalent.

    Six fields are EventBridge's: the last is the year, `?` means any, and the days of the week begin with Sunday as 1.
    """
    fields = expression.split()
    if len(fields) == 5:
        return " ".join(field.replace("?", "*") for field in fields)
    if len(fields) != 6:
        raise ValueError(f"{expression!r} has {len(fields)} fields, and cron has 5, or 6 with the year")
    minute, hour, day, month, weekday, year = fields
    if year not in ("*", "?"):
        raise ValueError(f"{expression!r} names the year {year}: write `schedule:` with `start` and `end` instead")
    if "W" in day.upper():
        raise ValueError(f"{expression!r} asks for the nearest weekday (W), which skafd does not know")
    days = (_any(day), _any(month), _renumber(_any(weekday)))
    return " ".join((minute, hour, *days))


def _any(field: str) -> str:
    return "*" if field == "?" else field


def _renumber(field: str) -> str:
    """Days of the week from 1 to 7 to those from 0 to 6; names stay."""
    parts = []
    for part in field.split(","):
        steps = "".join(_STEP.findall(part))
        parts.append(_WEEKDAY.sub(_earlier, _STEP.sub("", part)) + steps)
    return ",".join(parts)


def _earlier(match: re.Match[str]) -> str:
    return str(int(match[1]) - 1)
