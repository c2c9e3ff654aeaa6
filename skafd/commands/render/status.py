"""The status of everything: a line for the daemon, then each project with its jobs as a tree."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rich.text import Text

from skafd.looks.columns import joined, natural_widths, plain_lines, table, total_width, wrapped
from skafd.looks.tree import job_tree
from skafd.looks.words import (
    FAILURES,
    activity_text,
    ago,
    format_span,
    progress_text,
    seconds_between,
    state_cell,
    took,
    until,
)
from skafd.units import format_memory

Json = dict[str, Any]
_HEADERS = ("STATE", "JOB", "SCHEDULE", "NEXT", "LAST RUN", "TOOK", "REASON")
_SERVICE_HEADERS = ("STATE", "SERVICE", "PID", "MEMORY", "RESTARTS", "SINCE", "LAST END")
_INDENT = "  "


def render_status(status: Json, width: int | None, now: datetime) -> Text:
    """Everything that `skafd status` shows; `width` None: nothing is cut or wrapped."""
    lines = [_daemon_line(status["daemon"], now)]
    if status["trouble"]:
        lines += wrapped(f"✗ nothing new is started: skafd {status['trouble']}", width, "", "red")
    for project in status["projects"]:
        lines += [Text(), *render_project(project, width, now)]
    if status["services"]:
        lines += [Text(), *_services(status["services"], width, now)]
    if not status["projects"]:
        lines += [Text(), Text("No projects yet. Hand a folder over: skafd up DIR")]
    if width is not None:
        for line in lines:
            line.truncate(width, overflow="ellipsis")
    return joined(lines)


def render_project(project: Json, width: int | None, now: datetime) -> list[Text]:
    """A project's heading, what is wrong or going on, and its jobs."""
    lines = [_heading(project, now)]
    if project["activity"]:
        lines.append(Text(f"{_INDENT}◐ {activity_text(project, now)}", "cyan"))
    if project["problem"]:
        lines += _problem(project, now)
    for warning in project["warnings"]:
        lines += wrapped(f"! {warning}", width, _INDENT, "yellow")
    if project["jobs"]:
        lines += _jobs(project["jobs"], width, now)
    return lines


def _daemon_line(daemon: Json, now: datetime) -> Text:
    age = format_span(seconds_between(daemon["started_at"], now))
    limits = "limits are NOT enforced" if daemon["enforcement"] == "none" else f"limits by {daemon['enforcement']}"
    text = f"skafd {daemon['version']}, up {age}, pid {daemon['pid']}, {limits}, {daemon['home']}"
    return Text(text, "dim" if daemon["enforcement"] != "none" else "yellow")


def _services(services: list[Json], width: int | None, now: datetime) -> list[Text]:
    rows = [
        [
            service["state"] if service["state"] == "running" else Text(service["state"], "yellow"),
            service["name"],
            str(service["pid"] or ""),
            format_memory(service["memory_bytes"]) if service["memory_bytes"] else "",
            str(service["restarts"]),
            ago(service["since"], now),
            service["reason"],
        ]
        for service in services
    ]
    links = [f"{_INDENT}{service['name']}: {service['url']}" for service in services if service.get("url")]
    return [Text("services", "bold"), *table(_SERVICE_HEADERS, rows, width, _INDENT), *map(Text, links)]


def _heading(project: Json, now: datetime) -> Text:
    line = Text(project["project"], "bold")
    deployment = project["deployment"]
    if deployment:
        age = format_span(seconds_between(deployment["created_at"], now))
        line.append(f"  #{deployment['number']} live, deployed {age} ago", "")
    else:
        line.append("  not deployed", "yellow")
    if project["open_runs"]:
        line.append(f"  running {', '.join(project['open_runs'])}", "cyan")
    return line.append(f"  {project['path']}", "dim")


def _problem(project: Json, now: datetime) -> list[Text]:
    problem = project["problem"]
    stays = f"#{project['deployment']['number']} stays live" if project["deployment"] else "nothing is live"
    head = f"{_INDENT}✗ the save {ago(problem['at'], now)} is not deployed ({problem['stage']}); {stays}"
    # Carets below a config line must stay where they are: never wrapped.
    return [Text(head, "bold red"), *wrapped(problem["text"], None, _INDENT * 2)]


def _jobs(jobs: list[Json], width: int | None, now: datetime) -> list[Text]:
    tree = job_tree(jobs)
    rows = [_row(name, job, now) for name, job in tree]
    headers: tuple[str, ...] = _HEADERS
    if not any(row[-1] for row in rows):
        headers, rows = _HEADERS[:-1], [row[:-1] for row in rows]
    if width is None:
        # One text for all of them: of thousands of jobs, making so many takes longer than all else.
        return [Text("\n".join(plain_lines(headers, rows, _INDENT)))]
    if len(headers) < len(_HEADERS):
        return table(headers, rows, width, _INDENT)
    if total_width(natural_widths([_HEADERS, *rows]), _INDENT) <= width:
        return table(_HEADERS, rows, width, _INDENT)
    head, *lines = table(_HEADERS[:-1], [row[:-1] for row in rows], width, _INDENT)
    narrow = [head]
    for line, row, (_, job) in zip(lines, rows, tree, strict=True):
        style = "red" if job["state"] in FAILURES else "dim"
        narrow += [line, *wrapped(str(row[-1]), width, _INDENT * 3, style)]
    return narrow


def _row(name: str, job: Json, now: datetime) -> list[Text | str]:
    last = ago(job["started_at"], now) if job["run"] else ""
    duration = took(job["started_at"], job["ended_at"], now)
    return [
        state_cell(job["state"]),
        name,
        job["schedule"] or "",
        "paused" if job["paused"] else until(job["next_at"], now),
        last,
        duration,
        _why(job),
    ]


def _why(job: Json) -> str:
    if job.get("progress"):
        return progress_text(job["progress"])
    if not job["reason"] or job["state"] == "succeeded":
        return f"waits for {job['waits_for']}" if job.get("waits_for") and job["state"] in (None, "succeeded") else ""
    return f"{job['run']}: {job['reason']}" if job["run"] and job["state"] in FAILURES else str(job["reason"])
