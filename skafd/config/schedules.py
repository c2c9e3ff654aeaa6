"""`schedule:` in all its forms to the model's schedules."""

from __future__ import annotations

from typing import Any, cast

from skafd.config.nodes import Scalar
from skafd.config.problems import Code, Problems
from skafd.config.shapes import Entry
from skafd.errors import ScheduleError
from skafd.model.project import CatchUp, Overlap, Schedule
from skafd.schedule import parse


def build_schedules(entry: Entry | None, timezone: str, problems: Problems) -> tuple[Schedule, ...]:
    """The schedules of a job; those that cannot be understood are noted and left out."""
    found = (_build(item, timezone, problems) for item in _items(entry))
    return tuple(schedule for schedule in found if schedule)


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


def _build(item: Entry, timezone: str, problems: Problems) -> Schedule | None:
    expression = _expression(item)
    details = {name: detail.value for name, detail in item.value.items()} if isinstance(item.value, dict) else {}
    if "timezone" in details and not check_timezone(item.value["timezone"], problems):
        return None
    schedule = Schedule(
        expression.value,
        details.get("timezone", timezone),
        CatchUp(details.get("catch_up", CatchUp.LATEST)),
        details.get("within"),
        Overlap(details.get("overlap", Overlap.QUEUE)),
    )
    return schedule if _is_understood(schedule, expression, problems) else None


def _is_understood(schedule: Schedule, expression: Entry, problems: Problems) -> bool:
    try:
        parse(schedule.expression, schedule.timezone)
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
