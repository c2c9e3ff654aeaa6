"""What sets off jobs: their schedules with the next times, and the events that they wait for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table, wrapped

Json = dict[str, Any]
_INDENT = "  "


def render_occasions(jobs: list[Json], width: int | None) -> Text:
    """One paragraph for each job."""
    if not jobs:
        return Text("Neither time nor an event sets off a job of it.")
    lines: list[Text] = []
    for job in jobs:
        lines += [Text()] * bool(lines) + list(_job(job, width))
    return joined(lines)


def _job(job: Json, width: int | None) -> Iterator[Text]:
    yield Text(f"{job['project']}/{job['job']}", "bold")
    if job["paused"]:
        yield Text("It is paused: what comes is missed.", "yellow")
    for schedule in job["schedules"]:
        yield from _schedule(schedule, width)
    for event in job["events"]:
        yield from wrapped(f"It runs after {event}.", width, "")
    if job["waits_for"]:
        yield from wrapped(f"It waits for {job['waits_for']}.", width, "", "dim")


def _schedule(schedule: Json, width: int | None) -> Iterator[Text]:
    yield from wrapped(f"It is due {schedule['words']} ({schedule['expression']}).", width, "")
    for detail in schedule["details"]:
        yield from wrapped(detail, width, _INDENT)
    if schedule["times"]:
        yield from table((schedule["timezone"].upper(), "UTC", ""), list(map(_time, schedule["times"])), width, _INDENT)
    else:
        yield Text(f"{_INDENT}It is never due again.")
    yield from wrapped(schedule["rule"], width, _INDENT, "dim")


def _time(time: Json) -> list[Text | str]:
    local, utc = datetime.fromisoformat(time["local"]), datetime.fromisoformat(time["utc"])
    change = Text(f"{time['change']}: {time['note']}", "yellow") if time["change"] else ""
    return [f"{local:%a %Y-%m-%d %H:%M:%S %z}", f"{utc:%Y-%m-%d %H:%M:%S}Z", change]
