"""`schedule:` in all its forms to the model's schedules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from skafd.config.calendars import read_days, read_edge
from skafd.config.nodes import Scalar
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.config.tables import Entries
from skafd.errors import ScheduleError
from skafd.model.project import CatchUp, Overlap, Schedule
from skafd.schedule import parse
from skafd.schedule.calendar import check_calendar


def build_schedules(
    entry: Entry | None, timezone: str, folder: Path | None, problems: Problems
) -> tuple[Schedule, ...]:
    """The schedules of a job; those that cannot be understood are noted and left out.

    All have the longest jitter of any: an instant that two of them share is one occurrence, at one time.
    """
    built = [(item, _build(item, timezone, folder, problems)) for item in _items(entry)]
    jitter_seconds = max((schedule.jitter_seconds for _, schedule in built if schedule), default=0.0)
    spread = [(item, replace(schedule, jitter_seconds=jitter_seconds)) for item, schedule in built if schedule]
    return tuple(schedule for item, schedule in spread if _is_understood(schedule, _expression(item), problems))


def write_schedules(entry: Entry | None) -> str | list[Any] | None:
    """The expression as it was written, or a list of such, for the report."""
    written = [_expression(item) for item in _items(entry)]
    texts = [item.node.text for item in written if isinstance(item.node, Scalar)]
    if isinstance(entry and entry.value, tuple):
        return texts
    return texts[0] if texts else None


def _items(entry: Entry | None) -> tuple[Entry, ...]:
    if entry is None:
        return ()
    return entry.value if isinstance(entry.value, tuple) else (entry,)


def _expression(item: Entry) -> Entry:
    return cast(Entry, item.value["cron"]) if isinstance(item.value, dict) else item


def _build(item: Entry, timezone: str, folder: Path | None, problems: Problems) -> Schedule | None:
    expression = _expression(item)
    entries: Entries = item.value if isinstance(item.value, dict) else {}
    details = {name: detail.value for name, detail in entries.items()}
    if "timezone" in details and not check_timezone(entries["timezone"], problems):
        return None
    return Schedule(
        expression.value,
        details.get("timezone", timezone),
        CatchUp(details.get("catch_up", CatchUp.LATEST)),
        details.get("within"),
        Overlap(details.get("overlap", Overlap.QUEUE)),
        read_days(entries.get("except"), folder, problems),
        read_edge(entries.get("start"), problems),
        read_edge(entries.get("end"), problems),
        details.get("jitter", 0.0),
        tuple((name, given.value) for name, given in details.get("params", {}).items()),
    )


def _is_understood(schedule: Schedule, expression: Entry, problems: Problems) -> bool:
    try:
        check_calendar(schedule)
    except ScheduleError as error:
        problems.error(Code.SCHEDULE, expression.node, error.message, error.hint)
        return False
    return True


def check_timezone(entry: Entry, problems: Problems) -> bool:
    """Whether there is such a zone; notes it when there is none."""
    try:
        parse("@hourly", entry.value)
    except ScheduleError as error:
        problems.error(Code.TIMEZONE, entry.node, error.message, error.hint)
        return False
    return True
