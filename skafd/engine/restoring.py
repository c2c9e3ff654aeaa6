"""Filling the board from what is written, after a start of the daemon or a write that failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from skafd.engine.board import Board
from skafd.engine.closing import tell_dependents, tell_run
from skafd.engine.graph import Graph
from skafd.engine.moves import enqueue, needs_of
from skafd.engine.open_run import OpenJob, OpenRun
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.run import JobHistory, Run, Task
from skafd.model.states import TaskState

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def restore_projects(
    board: Board,
    live: Iterable[Deployment],
    histories: Mapping[ProjectId, Iterable[JobHistory]],
    deployed_jobs: Mapping[ProjectId, Iterable[JobId]],
) -> None:
    """Puts back what is live, and what earlier runs say of each job."""
    for deployment in live:
        board.put_live(deployment)
        board.live[deployment.project].deployed_jobs.update(deployed_jobs.get(deployment.project, ()))
    for project, jobs in histories.items():
        for history in jobs:
            board.put_history(project, history)


def restore_runs(board: Board, open_runs: Iterable[tuple[Run, Deployment]]) -> None:
    """Puts back runs with their tasks where they were: alive, in the queue in its order, or waiting."""
    graphs = {(one.deployment.project, one.deployment.number): one.graph for one in board.live.values()}
    for run, deployment in sorted(open_runs, key=_run_key):
        version = (deployment.project, deployment.number)
        if version not in graphs:
            graphs[version] = Graph(deployment.config, deployment.project)
        _restore_run(board, run, deployment, graphs[version])
    _restore_queue(board)


def _run_key(pair: tuple[Run, Deployment]) -> RunKey:
    return pair[0].key


def _restore_run(board: Board, run: Run, deployment: Deployment, graph: Graph) -> None:
    open_run = OpenRun(run.key, deployment, graph, run.cause, run.parameters, run.created_at)
    open_run.extended = run.extended
    tasks: dict[JobId, list[Task]] = {}
    for task in run.tasks:
        tasks.setdefault(task.key.job, []).append(task)
    open_run.add_jobs(tasks)
    board.add_run(open_run)
    for open_job in open_run.jobs.values():
        if open_job.open_tasks:
            _restore_open_job(board, open_job)
        else:
            tell_run(open_job)
            tell_dependents(open_job)


def _restore_open_job(board: Board, open_job: OpenJob) -> None:
    board.lines.join(open_job)
    board.unchecked.append(open_job)
    if open_job.has_share:
        tell_dependents(open_job)
    if open_job.is_released and (open_job.job.max_parallel is not None or open_job.flow is not None):
        board.unreleased.append(open_job)
    for task in open_job.tasks:
        if task.state.is_alive:
            board.admission.hold(task.key, needs_of(board, open_job, task), task.gpus)
        elif task.not_before is not None:
            board.put_retry(task.not_before, task.key)


def _restore_queue(board: Board) -> None:
    queued = [
        (task.changed_at or _LONG_AGO, task.key, open_job)
        for open_job in board.unchecked
        for task in open_job.tasks
        if task.state is TaskState.QUEUED
    ]
    for since, key, open_job in sorted(queued, key=lambda entry: entry[:2]):
        enqueue(board, open_job, open_job.tasks[key.instance], since)
