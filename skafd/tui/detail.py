"""What is said of the project or job under the cursor. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.words import FAILURES, ago, clock_time, count, format_span, seconds_between, state_text, took, until
from skafd.tui.rows import Row
from skafd.tui.sparkline import bar, sparkline
from skafd.units import format_duration

Json = dict[str, Any]
_BAR_COLUMNS = 20


@dataclass(frozen=True, slots=True)
class More:
    """What the daemon was asked about the line, and may not have answered yet."""

    why: str = ""
    history: Sequence[Json] = ()
    """Ended attempts of the job, oldest first: run, state, seconds."""
    usage: Mapping[str, float] | None = None
    """Of what runs: cpu cores, cpu_limit, memory_bytes, memory_limit_bytes."""


def draw_detail(row: Row, more: More, now: datetime) -> Text:
    """Paragraphs, to be wrapped by whoever shows them."""
    lines = _of_project(row.project, now) if row.job is None else _of_job(row, row.job, more, now)
    if more.why:
        lines.insert(1, Text(more.why, "italic"))
    return Text("\n").join(lines)


def _of_project(project: Json, now: datetime) -> list[Text]:
    lines = [Text(project["project"], "bold")]
    if project["problem"]:
        problem = project["problem"]
        lines += [Text(f"✗ the save {ago(problem['at'], now)} is not deployed ({problem['stage']})", "bold red")]
        lines += [Text(problem["text"])]
    if project["activity"]:
        lines.append(Text(f"◐ {project['activity']}", "cyan"))
    lines += [Text(f"! {warning}", "yellow") for warning in project["warnings"]]
    deployment = project["deployment"]
    if deployment:
        age = format_span(seconds_between(deployment["created_at"], now))
        lines.append(Text(f"#{deployment['number']} live, deployed {age} ago"))
    lines.append(Text(_counts(project["jobs"])))
    return [*lines, Text(project["path"], "dim")]


def _counts(jobs: Sequence[Json]) -> str:
    failed = sum(job["state"] in FAILURES for job in jobs)
    running = sum(job["state"] in ("running", "starting") for job in jobs)
    said = [
        count(len(jobs), "job"),
        *([f"{running} running"] if running else []),
        *([f"{failed} failed"] if failed else []),
    ]
    return ", ".join(said)


def _of_job(row: Row, job: Json, more: More, now: datetime) -> list[Text]:
    lines = [Text(row.key, "bold"), _last(job, now)]
    if more.usage:
        lines += _usage(more.usage)
    if job["schedule"]:
        following = "paused" if job["paused"] else _next(job["next_at"], now)
        lines.append(Text(f"due {job['schedule']}; next {following}"))
    if more.history:
        lines += _history(more.history)
    if job["instances"] > 1:
        lines.append(
            Text(
                ", ".join(f"{number:,} {state}" for state, number in job["counts"].items())
                or count(job["instances"], "instance")
            )
        )
    return lines


def _last(job: Json, now: datetime) -> Text:
    line = state_text(job["state"])
    if job["run"]:
        line.append(f" {ago(job['started_at'], now)} in {job['run']}", "")
    if job["started_at"]:
        line.append(f", took {took(job['started_at'], job['ended_at'], now)}", "")
    return line


def _next(instant: str | None, now: datetime) -> str:
    return f"{clock_time(instant)} ({until(instant, now)})" if instant else "never again"


def _history(history: Sequence[Json]) -> list[Text]:
    bars = sparkline([each["seconds"] for each in history])
    line = Text("took ")
    for drawn, each in zip(bars, history, strict=True):
        line.append(drawn, "red" if each["state"] in FAILURES else "green")
    seconds = sorted(each["seconds"] for each in history)
    middle = format_duration(seconds[len(seconds) // 2])
    return [
        line.append(f" {count(len(history), 'run')}, median {middle}, longest {format_duration(seconds[-1])}", "dim")
    ]


def _usage(usage: Mapping[str, float]) -> list[Text]:
    lines = []
    for name, unit in (("cpu", 1.0), ("memory", 2.0**20)):
        used, limit = usage[name] / unit, usage.get(f"{name}_limit", 0.0) / unit
        amount = f"{used:.2f} of {limit:g} cores" if name == "cpu" else f"{used:,.0f} of {limit:,.0f} MiB"
        style = "red" if limit and used / limit > 0.9 else "cyan"
        lines.append(
            Text(f"{name:<7}").append(bar(used / limit if limit else 0.0, _BAR_COLUMNS), style).append(f" {amount}")
        )
    return lines
