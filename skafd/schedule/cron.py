"""Five-field cron with Debian's semantics: cronsim reads the fields, the instants are our own.

cronsim's own walk loses or moves minutes where a clock changes by half an hour (Lord Howe, Caracas, Pyongyang);
the published rules are in `rule.py`.
"""

from __future__ import annotations

from datetime import date, tzinfo

from cronsim import CronSimError
from cronsim.explain import Expression as Explanation

from skafd.schedule.clock_minutes import ClockMinutes
from skafd.schedule.cron_hints import explain_refusal, explain_unknown_macro
from skafd.schedule.days import Days, read_cron
from skafd.schedule.wall_times import WallTimes

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ANY_DAY = date(2000, 1, 1)


def parse(text: str, timezone: str, zone: tzinfo) -> WallTimes | ClockMinutes:
    """Reads five fields. Raises ScheduleError that says which is wrong and what was probably meant."""
    fields = " ".join(text.split())
    if fields.count(" ") != 4 or not _fires(fields):
        raise explain_refusal(fields, _fires)
    cron = read_cron(fields)
    minutes = tuple(sorted(60 * hour + minute for hour in cron.hours for minute in cron.minutes))
    kind = ClockMinutes if any(field.startswith("*") for field in fields.split(" ")[:2]) else WallTimes
    return kind(Days(cron), minutes, zone, f"{_words(cron.parts)}, {timezone}")


def parse_macro(text: str, timezone: str, zone: tzinfo) -> WallTimes | ClockMinutes:
    """Reads `@daily` and its like. Raises ScheduleError."""
    fields = MACROS.get(text.casefold())
    if fields is None:
        raise explain_unknown_macro(text, MACROS)
    return parse(fields, timezone, zone)


def _words(parts: list[str]) -> str:
    words = Explanation(parts).explain()
    return f"{words[:1].lower()}{words[1:]}"


def _fires(fields: str) -> bool:
    try:
        days = Days(read_cron(fields))
    except CronSimError:
        return False
    return next(days.starting(_ANY_DAY), None) is not None
