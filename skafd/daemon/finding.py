"""Finds what people name, in the database."""

from __future__ import annotations

from pathlib import Path

from skafd.daemon.targets import Target, parse_target
from skafd.errors import NotFound
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, RunKey
from skafd.model.project import Project
from skafd.model.states import RunState
from skafd.nearest import hint_for
from skafd.store import Reader, views

_MOST_OPEN_RUNS = 10_000


def find_project(reader: Reader, text: str) -> views.ProjectRow:
    """By slug, token, name or folder. Raises NotFound."""
    folder = Path(text)
    if "/" in text and folder.is_dir():
        return reader.find_project(str(folder.resolve()))
    return reader.find_project(text)


def find_run(reader: Reader, text: str) -> tuple[views.ProjectRow, RunKey]:
    """`churn/42`. Raises NotFound."""
    target = parse_target(text)
    if target.run is None:
        raise NotFound(f"{text} does not name a run", "write it as project/number, for example churn/42")
    project = find_project(reader, target.project)
    return project, RunKey(project.id, target.run)


def find_job(config: Project, text: str) -> JobId:
    """By id or name. Raises NotFound, also where several jobs have the name."""
    jobs = config.find_jobs(text)
    if len(jobs) == 1:
        return jobs[0].id
    if jobs:
        ids = ", ".join(job.id for job in jobs)
        raise NotFound(f"{len(jobs)} jobs are named {text}", f"say which by its id: {ids}")
    names = [job.name.strip() for job in config.jobs]
    raise NotFound(f"no job {text} in {config.name}", hint_for(text, names, "its jobs"))


def find_named(config: Project, text: str) -> tuple[JobId, str]:
    """The job, and the step of it where it is a flow: `train`, `train/fit`. Raises NotFound."""
    head, _, step = text.rpartition("/")
    if step and not config.find_jobs(text):
        flows = [job for job in config.find_jobs(head) if job.flow is not None]
        if len(flows) == 1:
            return flows[0].id, step
    return find_job(config, text), ""


def live_deployment(reader: Reader, project: views.ProjectRow) -> Deployment:
    """The live deployment. Raises NotFound."""
    if project.live_deployment is None:
        raise NotFound(f"{project.slug} has no live deployment", "`skafd status` says why")
    return reader.deployment(project.id, project.live_deployment)


def find_tasks(reader: Reader, target: Target) -> list[tuple[views.RunView, views.TaskView]]:
    """The tasks that a name means: of that run, else of the newest run that has the job, else of the newest run."""
    project = find_project(reader, target.project)
    key, job, step = find_run_of(reader, project, target)
    detail = reader.run(key, job, None if step else target.instance)
    tasks = [(detail.run, task) for task in detail.tasks if _matches(task, job, step, target.instance)]
    if not tasks:
        name = f"{project.slug}/{key.number}"
        raise NotFound(f"run {name} has no task {target.job}", f"`skafd show {name}`")
    return tasks


def find_run_of(reader: Reader, project: views.ProjectRow, target: Target) -> tuple[RunKey, JobId | None, str]:
    """The run that a name means, and the job and the step of a flow in it. Raises NotFound."""
    job, step = _job_of(reader, project, target)
    if target.run is not None:
        return reader.run_view(RunKey(project.id, target.run)).key, job, step
    newest = reader.runs(project=project.id, job=job, limit=1)
    if not newest:
        what = f"{project.slug}/{target.job}" if target.job else project.slug
        raise NotFound(f"{what} has never run", f"`skafd run {project.slug}` starts it")
    return newest[0].key, job, step


def open_tasks(reader: Reader, target: Target) -> list[tuple[views.RunView, views.TaskView]]:
    """The tasks that a name means and that have not ended, in every open run unless one is named. Raises NotFound."""
    project = find_project(reader, target.project)
    if target.run is not None:
        found = find_tasks(reader, target)
    else:
        job, step = _job_of(reader, project, target)
        runs = reader.runs(project=project.id, states=[RunState.RUNNING], limit=_MOST_OPEN_RUNS)
        details = [reader.run(run.key) for run in runs]
        found = [
            (detail.run, task)
            for detail in details
            for task in detail.tasks
            if _matches(task, job, step, target.instance)
        ]
    return [(run, task) for run, task in found if not task.state.is_terminal]


def _job_of(reader: Reader, project: views.ProjectRow, target: Target) -> tuple[JobId | None, str]:
    if target.job is None:
        return None, ""
    if target.run is not None:
        version = reader.run_view(RunKey(project.id, target.run)).deployment
        return find_named(reader.deployment(project.id, version).config, target.job)
    return find_named(live_deployment(reader, project).config, target.job)


def _matches(task: views.TaskView, job: JobId | None, step: str, instance: int | None) -> bool:
    if job is not None and task.key.job != job:
        return False
    if step and instance is None:
        return task.part.partition("[")[0] == step
    return task.part == f"{step}[{instance}]" if step else instance in (None, task.key.instance)
