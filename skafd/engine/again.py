"""A new run of an old one: what succeeded is kept, the rest and what depends on it runs again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from skafd.engine import resumed_flow
from skafd.engine.board import Board
from skafd.engine.closing import tell_dependents, tell_run
from skafd.engine.draft import Draft
from skafd.engine.graph import Graph
from skafd.engine.open_run import OpenRun
from skafd.engine.requests import new_tasks, open_run
from skafd.model.decisions import RunAgain
from skafd.model.ids import JobId, RunKey, TaskKey
from skafd.model.project import Job
from skafd.model.run import Cause, CauseKind, Run, Task
from skafd.model.states import TaskState

_KEPT_FROM = "kept from run "


def kept_from(task_reason: str) -> int | None:
    """The number of the run that a task of a resumed one was taken from; None for one that is its run's own."""
    number = task_reason.removeprefix(_KEPT_FROM)
    return int(number) if number != task_reason and number.isdigit() else None


def run_again(board: Board, draft: Draft, event: RunAgain) -> None:
    """Makes the new run; none where nothing of the old one is left to run, or the project is not live."""
    live = board.live.get(event.run.key.project)
    if live is None:
        return
    is_live = live.deployment.number == event.deployment.number
    graph = live.graph if is_live else Graph(event.deployment.config, event.deployment.project)
    chosen = _choose(graph, event)
    if not chosen or any(task.job not in graph.jobs for task in event.tasks):
        return
    key = board.next_run_key(event.run.key.project)
    number = event.run.key.number
    what = f"'{graph.jobs[event.tasks[0].job].name}' of run {number} again" if event.tasks else f"run {number} resumed"
    cause = Cause(CauseKind.RETRY, event.run.cause.instant, what, event.run.cause.event, event.run.cause.user)
    parameters = tuple({**dict(event.run.parameters), **dict(event.parameters)}.items())
    run = OpenRun(key, event.deployment, graph, cause, parameters, draft.now)
    run.add_jobs(_tasks(draft, graph, event, key, chosen))
    for open_job in run.jobs.values():
        if not open_job.open_tasks:
            tell_run(open_job)
            tell_dependents(open_job)
    open_run(board, draft, run)


def _choose(graph: Graph, event: RunAgain) -> set[TaskKey]:
    """The tasks to run again, by their keys in the old run."""
    known = [task for task in event.run.tasks if task.key.job in graph.jobs]
    named = {task.key for task in known if _is_named(task, event)}
    unfit = _unfit(graph, event.run)
    named |= {task.key for task in known if task.key.job in unfit} if named else set()
    inside = {task.key.job for task in known}
    # A job that the run does not have passes nothing on: what depends on it alone used nothing that runs again.
    after = set(graph.with_dependents({key.job for key in named}, lambda job: job.id in inside))
    after -= {key.job for key in named}
    closing = {job for job in inside if graph.jobs[job].always} if named else set()
    again = named | {task.key for task in known if task.key.job in after | closing}
    return again | _with_own_dependents(graph, again, known)


def _is_named(task: Task, event: RunAgain) -> bool:
    if event.from_step is not None and task.key.job == event.from_step[0]:
        return True
    return task.key in event.tasks if event.tasks else task.state is not TaskState.SUCCEEDED


def _with_own_dependents(graph: Graph, again: set[TaskKey], known: Iterable[Task]) -> set[TaskKey]:
    """All instances of jobs that depend on one that runs again, even where only some of them were named."""
    jobs = {key.job for key in again}
    stale = {job for job in jobs if any(one in jobs for one in graph.dependencies[job])}
    return {task.key for task in known if task.key.job in stale}


def _tasks(draft: Draft, graph: Graph, event: RunAgain, key: RunKey, chosen: set[TaskKey]) -> dict[JobId, list[Task]]:
    old = event.run
    steps = dict([event.from_step]) if event.from_step is not None else {}
    tasks: dict[JobId, list[Task]] = {}
    again = {task.job for task in chosen}
    anew = _unfit(graph, old) | {
        job for job, before in graph.dependencies.items() if any(one in again for one in before)
    }
    for task in old.tasks:
        job = graph.jobs.get(task.key.job)
        if job is None:
            continue
        if job.id in anew:
            tasks.setdefault(job.id, new_tasks(draft, key, job))
        elif job.flow is not None and job.id in again:
            if job.id not in tasks:
                whole = [one for one in old.tasks if one.key.job == job.id]
                tasks[job.id] = resumed_flow.resume(job.flow, old, whole, key, draft.now, steps.get(job.id))
        else:
            tasks.setdefault(job.id, []).append(_copy(draft, old, task, key, task.key in chosen))
    return {job: tasks[job] for job in graph.jobs if job in tasks}


def _unfit(graph: Graph, old: Run) -> set[JobId]:
    """Jobs whose instances are no longer those that they had in the old run."""
    tasks: dict[JobId, list[Task]] = {}
    for task in old.tasks:
        tasks.setdefault(task.key.job, []).append(task)
    return {job for job, ones in tasks.items() if job in graph.jobs and not _fits(graph.jobs[job], ones)}


def _fits(job: Job, tasks: list[Task]) -> bool:
    if job.flow is not None:
        return resumed_flow.fits(job.flow, tasks)
    items = [task.item for task in tasks]
    if job.foreach is None:
        return items == [None] * job.parallelism
    if job.foreach.items is not None:
        return tuple(items) == job.foreach.items
    return items == [None] or None not in items


def _copy(draft: Draft, old: Run, task: Task, key: RunKey, runs_again: bool) -> Task:
    copied = replace(task, key=task.key._replace(run=key), attempt=0, not_before=None, changed_at=draft.now, gpus=())
    if runs_again:
        return replace(copied, state=TaskState.WAITING, reason="", output=None, memory_bytes=None)
    is_kept = task.state is TaskState.SUCCEEDED
    return replace(copied, reason=f"{_KEPT_FROM}{old.key.number}" if is_kept else task.reason)
