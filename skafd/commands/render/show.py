"""One run: its tasks, how each attempt ended, and what it used of its limits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, wrapped
from skafd.looks.words import cause_words, clock_time, progress_text, state_text, took
from skafd.units import format_memory

Json = dict[str, Any]


def render_run(run: Json, width: int | None, now: datetime) -> Text:
    """The run's heading, then each task with its attempts."""
    lines = _heading(run, now)
    names = {task["job"]: task["name"] for task in run["tasks"]}
    for group in run["groups"]:
        lines += ["", *wrapped(_group(group), width, "")]
    for task in run["tasks"]:
        lines += ["", *_task(task, names, width, now)]
    return joined([line if isinstance(line, Text) else Text(line) for line in lines])


def task_name(task: Json) -> str:
    """`train`, `train[3]` where there are several: the task without its run."""
    return str(task["task"]).split("/", 2)[-1]


def _group(group: Json) -> str:
    counts = ", ".join(f"{count:,} {state}" for state, count in group["counts"].items())
    return f"{group['name']}: {group['instances']:,} instances, {counts}; the {group['shown']} that say most are below"


def _heading(run: Json, now: datetime) -> list[Text | str]:
    summary = run["summary"]
    cause = cause_words(summary)
    due = f", due {clock_time(summary['instant'])}" if summary["instant"] else ""
    title = Text.assemble((summary["run"], "bold"), "  ", state_text(summary["state"]))
    title.append(f"  {took(summary['created_at'], summary['ended_at'], now)}")
    lines: list[Text | str] = [
        title,
        f"  cause       {cause}{due}",
        f"  deployment  #{summary['deployment']}",
        f"  created     {clock_time(summary['created_at'])}",
    ]
    if summary["tags"]:
        lines.append(f"  tags        {', '.join(summary['tags'])}")
    if run["parameters"]:
        lines.append("  parameters  " + " ".join(f"{key}={value}" for key, value in run["parameters"].items()))
    if run["drift"]:
        since = "since the deployment before" + (", which may explain a failure" if summary["failed"] else "")
        lines += [f"  packages    {since}:", *(f"    {line}" for line in run["drift"])]
    return lines


def _task(task: Json, names: dict[str, str], width: int | None, now: datetime) -> list[Text | str]:
    before = [names.get(dependency, dependency) for dependency in task["dependencies"]]
    after = f"  after {', '.join(before)}" if before else ""
    lines: list[Text | str] = [
        Text.assemble(state_text(task["state"]), "  ", (task_name(task), "bold"), (after, "dim"))
    ]
    attempts = task["attempts"]
    if task["reason"] and not (attempts and attempts[-1]["outcome"] == task["reason"]):
        lines += wrapped(task["why"] or task["reason"], width, "    ")
    for attempt in attempts:
        lines += _attempt(attempt, len(attempts) > 1, width, now)
    return lines


def _attempt(attempt: Json, numbered: bool, width: int | None, now: datetime) -> list[Text | str]:
    facts = [fact for fact in (_times(attempt, now), _memory(attempt), _cpu(attempt), _start(attempt)) if fact]
    head = f"attempt {attempt['number']}: " if numbered else ""
    style = "" if attempt["state"] in ("succeeded", "running", "starting") else "red"
    lines: list[Text | str] = [*wrapped(head + (attempt["outcome"] or attempt["state"]), width, "    ", style)]
    if facts:
        lines += wrapped(", ".join(facts), width, "    ")
    if attempt.get("progress") and not attempt["ended_at"]:
        lines += wrapped(progress_text(attempt["progress"]), width, "    ")
    lines.append(Text(f"    {attempt['folder']}", "dim"))
    return lines


def _times(attempt: Json, now: datetime) -> str:
    if not attempt["started_at"]:
        return ""
    return f"started {clock_time(attempt['started_at'])}, took {took(attempt['started_at'], attempt['ended_at'], now)}"


def _memory(attempt: Json) -> str:
    return _used("memory", _amount(attempt["peak_memory_bytes"]), _amount(attempt["limit_memory_bytes"]))


def _cpu(attempt: Json) -> str:
    seconds, limit = attempt["cpu_seconds"], attempt["limit_cpu"]
    used = None if seconds is None else f"{seconds:.{2 if seconds < 10 else 1}f}s"
    return _used("cpu", used, None if limit is None else f"{limit:g} core{'' if limit == 1 else 's'}", "with")


def _start(attempt: Json) -> str:
    """Of a step of a flow: as a warm start is what is to be expected, why it was none."""
    return f"{attempt['start']} start" if attempt["start"] == "warm" else attempt["start"].replace(":", " start:", 1)


def _amount(amount_bytes: int | None) -> str | None:
    return None if amount_bytes is None else format_memory(amount_bytes)


def _used(what: str, used: str | None, limit: str | None, joint: str = "of") -> str:
    if used is None:
        return "" if limit is None else f"{what} limit {limit}"
    return f"{what} {used} {joint} {limit}" if limit else f"{what} {used}"
