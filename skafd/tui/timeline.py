"""The tasks of a run on a line of time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.words import state_text, took
from skafd.units import format_memory

Json = dict[str, Any]
_STATE, _NAME_SHARE, _TOOK = 20, 3, 10
_STYLES = {"succeeded": "green", "running": "cyan", "starting": "cyan", "cancelled": "yellow", "skipped": "dim"}


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task of a run that lasted, or lasts, from `start` to `end`."""

    task: Json
    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        """`churn/42/train[3]`."""
        return str(self.task["task"])


def task_lines(run: Json, now: datetime) -> list[TaskLine]:
    """The tasks in order, each with the whole run's span of time."""
    attempts = [attempt for task in run["tasks"] for attempt in task["attempts"]]
    starts = [datetime.fromisoformat(each["started_at"]) for each in attempts if each["started_at"]]
    ends = [datetime.fromisoformat(each["ended_at"]) if each["ended_at"] else now for each in attempts]
    start, end = min(starts, default=now), max(ends, default=now)
    return [TaskLine(task, start, max(start, end)) for task in run["tasks"]]


def draw_task(line: TaskLine, width: int, now: datetime) -> Text:
    """State, name, a bar for each attempt where it lies in time, and how long the last took."""
    task, attempts = line.task, line.task["attempts"]
    name_columns = max(10, (width - _STATE - _TOOK) // _NAME_SHARE)
    text = Text(" ").append_text(state_text(task["state"]))
    text.truncate(_STATE, pad=True)
    name = Text(task["task"].split("/", 2)[-1])
    name.truncate(name_columns - 1, overflow="ellipsis", pad=True)
    text.append_text(name).append(" ")
    text.append_text(_bars(line, attempts, max(4, width - _STATE - name_columns - _TOOK - 1), now))
    last = took(attempts[-1]["started_at"], attempts[-1]["ended_at"], now) if attempts else ""
    return text.append(last.rjust(_TOOK))


def _bars(line: TaskLine, attempts: Sequence[Json], columns: int, now: datetime) -> Text:
    whole = max((line.end - line.start).total_seconds(), 1e-6)
    cells = [(" ", "")] * columns
    for attempt in attempts:
        if not attempt["started_at"]:
            continue
        begin = datetime.fromisoformat(attempt["started_at"])
        end = datetime.fromisoformat(attempt["ended_at"]) if attempt["ended_at"] else now
        first = min(columns - 1, int((begin - line.start).total_seconds() / whole * columns))
        last = min(columns - 1, int((end - line.start).total_seconds() / whole * columns))
        style = _STYLES.get(attempt["state"], "red")
        cells[first : last + 1] = [("━", style)] * (last + 1 - first)
    return Text.assemble(*cells)


def draw_task_detail(task: Json) -> Text:
    """Everything that is known of a task."""
    text = Text(task["task"] + "\n", "bold")
    if task["why"]:
        text.append(f"{task['why']}\n", "not bold italic")
    for attempt in task["attempts"]:
        text.append(f"\nattempt {attempt['number']}: ", "not bold").append_text(state_text(attempt["state"]))
        for name, value in _facts(attempt):
            text.append(f"\n  {name:<8}{value}", "not bold")
    return text


def _facts(attempt: Json) -> list[tuple[str, str]]:
    facts = []
    if attempt["outcome"]:
        facts.append(("end", attempt["outcome"]))
    if attempt["peak_memory_bytes"] is not None:
        limit = attempt["limit_memory_bytes"]
        facts.append(
            ("memory", format_memory(attempt["peak_memory_bytes"]) + (f" of {format_memory(limit)}" if limit else ""))
        )
    if attempt["cpu_seconds"] is not None:
        limit = attempt["limit_cpu"]
        facts.append(("cpu", f"{attempt['cpu_seconds']:.1f} s" + (f", at most {limit:g} cores" if limit else "")))
    return [*facts, ("folder", attempt["folder"])]
