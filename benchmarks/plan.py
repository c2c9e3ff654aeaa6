"""How long it takes to plan a day of 10,000 scheduled jobs: to list what is coming, and to decide all of it."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta

from skafd.model.ids import JobId, ProjectId
from skafd.model.project import Schedule
from skafd.schedule import Timetable

JOBS = 10_000
ALLOWED_SECONDS = 2.0
ROUNDS = 3
"""The best counts: others may be using the machine."""
DAY = datetime(2030, 3, 31, tzinfo=UTC)
"""A day on which Berlin's clock goes forward."""
_ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")


def expression(number: int) -> str:
    """Mostly daily, some several times a day, some on certain days: what people write."""
    minute, hour = number % 60, number % 24
    kinds = (
        f"{minute} {hour} * * *",
        f"{minute} {hour} * * 1-5",
        f"daily at {hour:02}:{minute:02}",
        f"{minute} */6 * * *",
        "every 8 hours",
    )
    return kinds[number % len(kinds)]


def timetable() -> Timetable:
    """10,000 jobs in 100 projects and four zones."""
    table = Timetable()
    for number in range(JOBS):
        schedule = Schedule(expression(number), _ZONES[number % len(_ZONES)])
        table.put(ProjectId(f"p{number % 100}"), JobId(f"j{number}"), [schedule], DAY)
    return table


def main() -> int:
    """Prints the figures as JSON; 1 where a day takes longer than it may."""
    list_seconds, plan_seconds, occurrences, decided = min((measure() for _ in range(ROUNDS)), key=lambda one: one[1])
    figures = {"jobs": JOBS, "occurrences": occurrences, "decided": decided, "list_seconds": round(list_seconds, 3)}
    print(json.dumps(figures | {"plan_seconds": round(plan_seconds, 3), "allowed_seconds": ALLOWED_SECONDS}))
    return int(max(list_seconds, plan_seconds) > ALLOWED_SECONDS)


def measure() -> tuple[float, float, int, int]:
    """Seconds to list the day and to decide it, and how many occurrences each has found."""
    table = timetable()
    begun = time.perf_counter()
    occurrences = len(table.upcoming(10_000_000, DAY + timedelta(days=1)))
    listed = time.perf_counter() - begun
    begun = time.perf_counter()
    decided = 0
    while (now := table.next_at()) is not None and now <= DAY + timedelta(days=1):
        decided += sum(len(due.jobs) for due in table.due(now).due)
    planned = time.perf_counter() - begun
    return listed, planned, occurrences, decided


if __name__ == "__main__":
    sys.exit(main())
