"""One project as `skafd status` shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from skafd.api.shapes import BuildInfo, Problem, ProjectStatus
from skafd.daemon import present
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId
from skafd.model.states import RunState
from skafd.store import Reader, views

NextOf = Callable[[ProjectId, JobId], datetime | None]


@dataclass(frozen=True, slots=True)
class Notes:
    """What is known of a project's folder that is not in the database."""

    activity: str | None = None
    build: BuildInfo | None = None
    warnings: tuple[str, ...] = ()


def project_status(reader: Reader, row: views.ProjectRow, live: Deployment | None) -> ProjectStatus:
    """What is written: the live deployment, each job's newest task, what runs, what is wrong with the last save."""
    newest = {task.key.job: [task] for task in reader.latest_tasks(row.id)}
    counts = reader.latest_counts(row.id)
    jobs = live.config.jobs if live else ()
    paused = {job for project, job in reader.pauses() if project == row.id}
    return ProjectStatus(
        project=row.slug,
        id=row.id,
        name=row.name,
        path=str(row.path),
        token=row.token,
        deployment=present.live_deployment_info(live) if live else None,
        problem=Problem(**row.problem) if row.problem else None,
        activity=None,
        warnings=[],
        jobs=[
            present.job_status(
                row.slug,
                job,
                newest.get(job.id, []),
                counts.get(job.id, {}),
                job.has_occasions and not paused.isdisjoint((None, job.id)),
            )
            for job in jobs
        ],
        open_runs=[
            present.run_name(row.slug, run.key.number)
            for run in reader.runs(project=row.id, states=[RunState.RUNNING], limit=100)
        ],
    )
