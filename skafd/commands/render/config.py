"""A config as it is understood, and what is wrong with it."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from skafd.config import Reading, Severity, render
from skafd.looks.columns import joined, table
from skafd.looks.tree import job_tree
from skafd.looks.words import count
from skafd.model.project import Job, Project
from skafd.units import format_memory

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow"}


def render_reading(reading: Reading, width: int | None) -> Text:
    """The project with its jobs, then each problem with its line and a caret."""
    lines = _project(reading.project, reading.filename, width) if reading.project else []
    for problem in reading.problems:
        style = _STYLES[problem.severity]
        lines += [Text(line, style) for line in render(problem, reading.filename, reading.text).splitlines()]
    errors = sum(problem.severity is Severity.ERROR for problem in reading.problems)
    if errors:
        lines.append(Text(f"{count(errors, 'error')}: this would not be deployed", "bold red"))
    return joined(lines)


def _project(project: Project, filename: str, width: int | None) -> list[Text]:
    head = Text.assemble(("✓ ", "green"), f"{filename} is valid: ", (project.name, "bold"))
    head.append(f", {count(len(project.jobs), 'job')}")
    by_id = {str(job.id): job for job in project.jobs}
    rows = [_row(name, by_id[drawn["id"]]) for name, drawn in job_tree([_drawn(job) for job in project.jobs])]
    return [head, *table(("JOB", "ENTRYPOINT", "SCHEDULE", "LIMITS"), rows, width, "  ")]


def _drawn(job: Job) -> dict[str, Any]:
    return {"id": job.id, "name": job.name, "dependencies": list(job.dependencies), "instances": job.parallelism}


def _row(name: str, job: Job) -> list[Text | str]:
    schedules = "; ".join(f"{schedule.expression} {schedule.timezone}" for schedule in job.schedules)
    return [name, job.entrypoint, schedules, _limits(job)]


def _limits(job: Job) -> str:
    limits = job.resources.limits
    parts = [] if limits.cpu is None else [f"cpu {limits.cpu:g}"]
    parts += [] if limits.memory_bytes is None else [f"memory {format_memory(limits.memory_bytes)}"]
    return ", ".join([*parts, *([f"gpu {limits.gpu}"] if limits.gpu else [])])
