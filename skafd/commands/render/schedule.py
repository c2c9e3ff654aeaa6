"""What is coming and what was missed, and expressions explained."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, table, wrapped
from skafd.looks.words import ago, clock_time, count, until
from skafd.schedule.explain import ClockChange, Explanation

Json = dict[str, Any]
_MARKS = {ClockChange.GAP: "gap", ClockChange.FOLD: "fold"}


def render_schedule(schedule: Json, width: int | None, now: datetime) -> Text:
    """What is due in the next hours, what was missed in the last and why, and what is paused."""
    lines = [Text(f"The next {schedule['hours']:g} hours", "bold"), *_coming(schedule, width, now)]
    if schedule["missed"]:
        rows = [
            [clock_time(one["instant"]), ago(one["instant"], now), f"{one['project']}/{one['job']}", one["cause"]]
            for one in schedule["missed"]
        ]
        lines += [Text(), Text(f"Missed in the last {schedule['hours']:g} hours", "bold yellow")]
        lines += table(("WAS DUE", "", "JOB", "CAUSE"), rows, width)
    if schedule["paused"]:
        lines += [Text(), Text(f"Paused: {', '.join(schedule['paused'])}", "yellow")]
    return joined(lines)


def _coming(schedule: Json, width: int | None, now: datetime) -> list[Text]:
    if not schedule["coming"]:
        return [Text("Nothing is due.")]
    rows = [
        [
            clock_time(one["at"]),
            until(one["at"], now),
            f"{one['project']}/{one['job']}",
            Text("paused: will be missed", "yellow") if one["paused"] else "",
        ]
        for one in schedule["coming"]
    ]
    more = [] if schedule["complete"] else [Text("...and more; a shorter time or one project shows less", "dim")]
    return table(("AT", "", "JOB", ""), rows, width) + more


def render_explanation(explanation: Explanation, width: int | None) -> Text:
    """The expression in words, its next times, and its rule."""
    rows = [
        [
            f"{time.local:%a %Y-%m-%d %H:%M:%S %z}",
            f"{time.instant:%Y-%m-%d %H:%M:%S}Z",
            Text(f"{_MARKS[time.change]}: {time.note}", "yellow") if time.change else "",
        ]
        for time in explanation.times
    ]
    lines = [Text(explanation.words, "bold")]
    lines += table((explanation.timezone.upper(), "UTC", ""), rows, width) if rows else [Text("It is never due again.")]
    return joined([*lines, Text(), *wrapped(explanation.rule, width, "", "dim")])


def render_backfills(backfills: list[Json], width: int | None) -> Text:
    """One line per backfill, newest first."""
    if not backfills:
        return Text("No backfills yet.")
    rows = [
        [
            str(one["number"]),
            one["state"],
            f"{one['project']}/{one['job']}",
            f"{len(one['runs'])} of {count(len(one['instants']), 'run')}",
            _failed(one),
        ]
        for one in backfills
    ]
    return joined(table(("BACKFILL", "STATE", "JOB", "MADE", "FAILED"), rows, width))


def describe_backfill(backfill: Json) -> str:
    """`3 runs of churn/ingest, 2 at a time, for 2026-02-01 11:00 to 2026-02-03 11:00 UTC`."""
    instants = [datetime.fromisoformat(text) for text in backfill["instants"]]
    what = f"{count(len(instants), 'run')} of {backfill['project']}/{backfill['job']}"
    dependents = "alone" if backfill["only"] else "with what depends on it"
    span = f"{instants[0]:%Y-%m-%d %H:%M} to {instants[-1]:%Y-%m-%d %H:%M} UTC"
    return f"{what} {dependents}, {backfill['parallel']} at a time, for {span}"


def _failed(backfill: Json) -> str:
    return ", ".join(run["run"] for run in backfill["runs"] if run["state"] == "failed")
