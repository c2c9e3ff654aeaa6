"""What is said of the project or job under the cursor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.words import (
    FAILURES,
    ago,
    clock_time,
    count,
    format_span,
    seconds_between,
    state_text,
    took,
    until,
)
from skafd.tui.building import draw_activity
from skafd.tui.rows import Row
from skafd.tui.sparkline import bar, sparkline
from skafd.units import format_duration, format_memory

Json = dict[str, Any]
_BAR_COLUMNS = 20
_NEARLY_FULL = 0.9


@dataclass(frozen=True, slots=True)
class More:
    """What the daemon was asked about the line, and may not have answered yet."""

    why: str = ""
    history: Sequence[Json] = ()
    """Ended attempts of the job, oldest first: run, state, seconds."""
    usage: Json | None = None
    """Of what runs: its limits, and points of cores and memory over time."""


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
        lines.append(draw_activity(project, "\n", now))
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
    if job["progress"]:
        lines.append(_progress(job["progress"]))
    if more.usage and more.usage["points"]:
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


def _usage(usage: Json) -> list[Text]:
    """What it uses now against its limit as a bar, and over time as a line of bars."""
    points = usage["points"][-_BAR_COLUMNS:]
    cores, memory = points[-1]["cores"], points[-1]["memory_bytes"]
    limit_cores, limit_memory = usage["limit_cores"], usage["limit_memory_bytes"]
    of_cores = f" of {limit_cores:g}" if limit_cores else ""
    of_memory = f" of {format_memory(limit_memory)}" if limit_memory else ""
    return [
        _bar("cpu", cores, limit_cores, f"{cores:.2f}{of_cores} cores"),
        Text("       ").append(sparkline([point["cores"] for point in points]), "cyan"),
        _bar("memory", memory, limit_memory, f"{format_memory(memory)}{of_memory}"),
        Text("       ").append(sparkline([point["memory_bytes"] for point in points]), "cyan"),
    ]


def _bar(name: str, used: float, limit: float | None, amount: str) -> Text:
    share = used / limit if limit else 0.0
    line = Text(f"{name:<7}")
    if limit:
        line.append(bar(share, _BAR_COLUMNS), "red" if share > _NEARLY_FULL else "cyan").append(" ")
    return line.append(amount)


def _progress(progress: Json) -> Text:
    done, total = progress["done"], progress["total"]
    line = Text("done   ")
    if total:
        line.append(bar(done / total, _BAR_COLUMNS), "green").append(" ")
    said = [f"{done:g}", *([f"of {total:g}"] if total else []), *([progress["text"]] if progress["text"] else [])]
    return line.append(" ".join(said))
