"""From what the store and the engine hold to the shapes that the api answers with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from types import MappingProxyType

from skafd.api.shapes import (
    AttemptInfo,
    DeploymentInfo,
    HistoryEntry,
    JobStatus,
    ProgressInfo,
    RunDetail,
    RunSummary,
    TaskGroup,
    TaskInfo,
)
from skafd.engine.why import Told, run_sentence, task_sentence
from skafd.model.deployment import Deployment
from skafd.model.flow import SETUP, flow_run_id
from skafd.model.ids import JobId, TaskKey
from skafd.model.outcome import OomKilled, Outcome, describe, suggested_limit_bytes
from skafd.model.project import Job, Project
from skafd.model.states import TaskState
from skafd.store import views

MOST_SHOWN = 50
"""Instances of one job."""
PRODUCTION = "production"
"""The namespace of runs that nobody asked for by hand."""
Waits = Mapping[TaskKey, str]


def iso(instant: datetime | None) -> str | None:
    """ISO 8601, or None for None."""
    return None if instant is None else instant.isoformat()


def run_name(slug: str, number: int) -> str:
    """`churn/42`."""
    return f"{slug}/{number}"


def task_name(slug: str, number: int, job: Job | None, job_id: JobId, instance: int, part: str = "") -> str:
    """`churn/42/train`, with `[3]` where the job has several instances, `/train[3]` where it is a flow."""
    name = f"{run_name(slug, number)}/{job.name.strip() if job else job_id}"
    if part:
        return f"{name}/{part}"
    return f"{name}[{instance}]" if job is not None and job.has_instances else name


def history_entry(slug: str, job: Job, ended: views.EndedAttempt) -> HistoryEntry:
    """One execution, for a history of a job."""
    return HistoryEntry(
        task=task_name(slug, ended.task.run.number, job, job.id, ended.task.instance),
        attempt=ended.number,
        state=ended.state.value,
        started_at=ended.started_at.isoformat(),
        ended_at=ended.ended_at.isoformat(),
        seconds=max(0.0, (ended.ended_at - ended.started_at).total_seconds()),
    )


def deployment_info(view: views.DeploymentView) -> DeploymentInfo:
    """One line of `skafd deployments`."""
    return DeploymentInfo(
        number=view.number,
        snapshot_hash=view.snapshot_hash,
        environment_key=view.environment_key,
        created_at=view.created_at.isoformat(),
        live=view.is_live,
        jobs=view.job_count,
    )


def live_deployment_info(deployment: Deployment) -> DeploymentInfo:
    """The line of the deployment that is live."""
    return DeploymentInfo(
        number=deployment.number,
        snapshot_hash=deployment.snapshot_hash,
        environment_key=deployment.environment_key,
        created_at=deployment.created_at.isoformat(),
        live=True,
        jobs=len(deployment.config.jobs),
    )


def run_summary(view: views.RunView, config: Project) -> RunSummary:
    """One line of `skafd runs`."""
    names = {job.id: job for job in config.jobs}
    failed = [
        task_name(view.slug, view.key.number, names.get(job), job, instance, part).split("/", 2)[2]
        for job, instance, part in view.failed
    ]
    return RunSummary(
        run=run_name(view.slug, view.key.number),
        project=view.slug,
        number=view.key.number,
        deployment=view.deployment,
        cause=view.cause.kind.value,
        cause_detail=view.cause.detail,
        instant=iso(view.cause.instant),
        state=view.state.value,
        created_at=view.created_at.isoformat(),
        ended_at=iso(view.ended_at),
        tasks=view.task_count,
        failed=failed,
        tags=list(view.tags),
        user=view.cause.user,
        namespace=f"user:{view.cause.user}" if view.cause.user else PRODUCTION,
    )


def run_detail(detail: views.RunOutline, config: Project, waits: Waits = MappingProxyType({})) -> RunDetail:
    """What `skafd show` shows; `waits` says what tasks that have not begun wait for now.

    Of a job with very many instances only those are in it that say most, and how many there are in each state.
    """
    jobs = {job.id: job for job in config.jobs}
    alike: dict[tuple[JobId, str], list[views.TaskView]] = {kind: [] for kind in detail.counts}
    for task in detail.tasks:
        alike[task.key.job, task.part.partition("[")[0]].append(task)
    shown = [task for tasks in alike.values() for task in _most_telling(tasks)]
    return RunDetail(
        summary=run_summary(detail.run, config),
        parameters=dict(detail.run.parameters),
        tasks=[_task_info(detail.run, task, jobs.get(task.key.job), waits) for task in shown],
        groups=[
            _group(job, jobs.get(job), step, counts)
            for (job, step), counts in detail.counts.items()
            if sum(counts.values()) > MOST_SHOWN
        ],
        why=why_run(detail, config, waits),
        flows={
            job.name.strip(): f"{job.flow.name}/{flow_run_id(detail.run.key, detail.run.created_at)}"
            for job in config.jobs
            if job.flow is not None and any(job.id == ran for ran, _ in alike)
        },
    )


def _most_telling(tasks: list[views.TaskView]) -> list[views.TaskView]:
    if len(tasks) <= MOST_SHOWN:
        return tasks
    first = sorted(tasks, key=lambda task: (-weight(task)[0], task.key.instance))[:MOST_SHOWN]
    return sorted(first, key=lambda task: task.key.instance)


def _group(job_id: JobId, job: Job | None, step: str, counts: Mapping[TaskState, int]) -> TaskGroup:
    name = job.name if job else job_id
    called = {state.value: count for state, count in sorted(counts.items())}
    return TaskGroup(job_id, f"{name}/{step}" if step else name, sum(counts.values()), MOST_SHOWN, called)


def why_run(detail: views.RunOutline, config: Project, waits: Waits = MappingProxyType({})) -> str:
    """One sentence on a run."""
    jobs = {job.id: job for job in config.jobs}
    told = [tell(detail.run, task, jobs.get(task.key.job), waits) for task in detail.tasks]
    return run_sentence(run_name(detail.run.slug, detail.run.key.number), detail.run.state, told)


def tell(run: views.RunView, task: views.TaskView, job: Job | None, waits: Waits = MappingProxyType({})) -> Told:
    """A task as its sentence needs it."""
    return Told(
        name=task_name(run.slug, run.key.number, job, task.key.job, task.key.instance, task.part),
        state=task.state,
        reason=waits.get(task.key, task.reason),
        attempt=task.attempt,
        not_before=task.not_before,
        is_caught=job is not None and job.catch,
    )


def job_status(
    slug: str,
    job: Job,
    tasks: Iterable[views.TaskView],
    counts: Mapping[TaskState, int] = MappingProxyType({}),
    paused: bool = False,
) -> JobStatus:
    """One line of `skafd status`: of several instances the one that says most, and how many there are of each.

    When it is due next is written nowhere, and not in it.
    """
    newest = max(tasks, key=weight, default=None)
    attempt = newest.attempts[-1] if newest and newest.attempts else None
    return JobStatus(
        id=job.id,
        name=job.name,
        schedule=", ".join(schedule.expression for schedule in job.schedules) or None,
        dependencies=list(job.dependencies),
        next_at=None,
        state=newest.state.value if newest else None,
        reason=_with_counts(_reason(newest), counts) if newest else "",
        run=run_name(slug, newest.key.run.number) if newest else None,
        started_at=iso(attempt.started_at) if attempt else None,
        ended_at=iso(attempt.ended_at) if attempt else None,
        instances=sum(counts.values()) or job.parallelism,
        counts={state.value: count for state, count in sorted(counts.items())},
        paused=paused,
        progress=_progress(attempt) if attempt and attempt.ended_at is None else None,
    )


def _progress(attempt: views.AttemptView) -> ProgressInfo | None:
    return None if attempt.progress is None else ProgressInfo(**asdict(attempt.progress))


def _with_counts(reason: str, counts: Mapping[TaskState, int]) -> str:
    """Where instances differ, how many are in which state comes first."""
    if len(counts) <= 1:
        return reason
    said = ", ".join(f"{count:,} {state.value.replace('_', ' ')}" for state, count in sorted(counts.items()))
    return f"{said}: {reason}" if reason else said


def weight(task: views.TaskView) -> tuple[int, int]:
    """Failures before what runs, what runs before what waits, the last of equals by its instance."""
    order = [task.state.is_failure, task.state.is_alive, not task.state.is_terminal]
    return next((3 - index for index, holds in enumerate(order) if holds), 0), task.key.instance


def _reason(task: views.TaskView) -> str:
    return "" if task.state is TaskState.SUCCEEDED else task.reason


def _task_info(run: views.RunView, task: views.TaskView, job: Job | None, waits: Waits) -> TaskInfo:
    key = task.key
    return TaskInfo(
        task=task_name(run.slug, run.key.number, job, key.job, key.instance, task.part),
        job=key.job,
        name=job.name if job else key.job,
        instance=key.instance,
        state=task.state.value,
        reason=_reason(task),
        dependencies=list(job.dependencies) if job and task.part in ("", SETUP) else [],
        attempts=[_attempt_info(attempt) for attempt in task.attempts],
        why=task_sentence(tell(run, task, job, waits)),
    )


def _attempt_info(attempt: views.AttemptView) -> AttemptInfo:
    return AttemptInfo(
        number=attempt.number,
        state=attempt.state.value,
        outcome=describe(attempt.outcome) if attempt.outcome else None,
        evidence=evidence(attempt.outcome) if attempt.outcome else None,
        started_at=iso(attempt.started_at),
        ended_at=iso(attempt.ended_at),
        exit_code=attempt.exit_code,
        limit_memory_bytes=attempt.limits.memory_bytes,
        limit_cpu=attempt.limits.cpu,
        peak_memory_bytes=attempt.usage.peak_memory_bytes,
        cpu_seconds=attempt.usage.cpu_seconds,
        folder=str(attempt.directory),
        progress=_progress(attempt),
        start=attempt.usage.start,
    )


def evidence(outcome: Outcome) -> dict[str, object]:
    """The outcome as data, with its kind and, after an out-of-memory kill, a limit to try."""
    values: dict[str, object] = {"kind": type(outcome).__name__, **asdict(outcome)}
    if isinstance(outcome, OomKilled):
        values["suggested_limit_bytes"] = suggested_limit_bytes(outcome)
    return values
