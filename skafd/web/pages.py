"""The status, a run and a log as pages. Pure."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from skafd.api.shapes import JobStatus, ProjectStatus, RunDetail, Status, TaskInfo
from skafd.looks.tree import job_tree
from skafd.looks.words import ago, cause_words, took, until
from skafd.units import format_memory
from skafd.web.markup import link, page, state, table, text

_JOBS = ("state", "job", "next", "run", "last", "took", "reason")
_TASKS = ("state", "task", "attempts", "took", "memory", "why")


def status_page(status: Status, base: str, now: datetime) -> str:
    """All projects; `base` is where the links of a page begin."""
    about = text(f"skafd {status.daemon.version}, started {ago(status.daemon.started_at, now)}", "quiet")
    trouble = f"<p>{text(f'nothing new is started: skafd {status.trouble}', 'bad')}</p>" if status.trouble else ""
    projects = "".join(_project(project, base, now) for project in status.projects)
    return page("skafd", f"<h1>skafd</h1><p>{about}</p>{trouble}{projects or '<p>No projects yet.</p>'}")


def _project(project: ProjectStatus, base: str, now: datetime) -> str:
    live = f"#{project.deployment.number}" if project.deployment else "not deployed"
    lines = [f"<h2>{text(project.project)} {text(live, 'quiet')}</h2>"]
    if project.activity:
        lines.append(f"<p>{text(project.activity, 'busy')}</p>")
    if project.problem:
        lines.append(f"<p>{text('the last save is not live', 'bad')}</p><pre>{text(project.problem.text)}</pre>")
    lines += [f"<p>{text(warning, 'quiet')}</p>" for warning in project.warnings]
    jobs = {job.id: job for job in project.jobs}
    rows = [
        _job(jobs[drawn["id"]], label, base, now) for label, drawn in job_tree([asdict(job) for job in project.jobs])
    ]
    return "".join(lines) + (table(_JOBS, rows) if rows else "")


def _job(job: JobStatus, label: str, base: str, now: datetime) -> list[str]:
    return [
        state(job.state),
        text(label, "drawn"),
        text("paused" if job.paused else until(job.next_at, now)),
        link(base, f"run/{job.run}", job.run) if job.run else "",
        text(ago(job.started_at, now)),
        text(took(job.started_at, job.ended_at, now)),
        text(job.reason),
    ]


def run_page(run: RunDetail, base: str, now: datetime) -> str:
    """A run with its tasks; loaded again while it goes on."""
    summary = run.summary
    about = [
        state(summary.state),
        text(f"deployment #{summary.deployment}, {cause_words(asdict(summary))},"),
        text(f"{ago(summary.created_at, now)}, took {took(summary.created_at, summary.ended_at, now)}", "quiet"),
        *(text(f"[{tag}]", "busy") for tag in summary.tags),
    ]
    tasks = table(_TASKS, (_task(task, base, now) for task in run.tasks))
    body = f"<p>{link(base, '', 'all projects')}</p><h1>{text(summary.run)}</h1><p>{' '.join(about)}</p>"
    body += f"<p>{text(run.why)}</p>{tasks}"
    return page(f"{summary.run} {summary.state}", body, refresh=summary.ended_at is None)


def _task(task: TaskInfo, base: str, now: datetime) -> list[str]:
    last = task.attempts[-1] if task.attempts else None
    name = task.task.split("/", 2)[2]
    peak = format_memory(last.peak_memory_bytes) if last and last.peak_memory_bytes is not None else ""
    limit = f" of {format_memory(last.limit_memory_bytes)}" if last and peak and last.limit_memory_bytes else ""
    return [
        state(task.state),
        link(base, f"log/{task.task}", name) if last else text(name),
        text(len(task.attempts)),
        text(took(last.started_at, last.ended_at, now) if last else ""),
        text(peak + limit),
        text(task.why or task.reason),
    ]


def log_page(target: str, log: str, base: str, is_over: bool) -> str:
    """The end of the log of a task; loaded again while more may come."""
    run = "/".join(target.split("/")[:2])
    ways = f"{link(base, '', 'all projects')} {link(base, f'run/{run}', run)}"
    return page(f"log of {target}", f"<p>{ways}</p><h1>{text(target)}</h1><pre>{text(log)}</pre>", refresh=not is_over)
