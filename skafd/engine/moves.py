"""The one way by which a task changes its state: table, counters, indexes and decisions stay in step."""

from __future__ import annotations

from datetime import datetime

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.open_run import OpenJob
from skafd.model.decisions import Kill, Transition
from skafd.model.ids import AttemptKey
from skafd.model.outcome import Cancelled, Outcome, Usage, describe
from skafd.model.run import Task
from skafd.model.states import TaskState, check_transition


def move(
    board: Board,
    draft: Draft,
    open_job: OpenJob,
    instance: int,
    new: TaskState,
    reason: str = "",
    *,
    not_before: datetime | None = None,
    outcome: Outcome | None = None,
    usage: Usage | None = None,
) -> None:
    """Takes one task to `new`. Raises IllegalTransition."""
    task = open_job.tasks[instance]
    check_transition(task.state, new)
    attempt = task.attempt + (new is TaskState.STARTING)
    open_job.tasks[instance] = Task(task.key, new, reason, attempt, not_before, draft.now)
    _leave(board, task, new)
    _enter(board, draft, open_job, open_job.tasks[instance])
    draft.transitions.append(
        Transition(task.key, task.state, new, attempt, reason, not_before, outcome=outcome, usage=usage)
    )


def move_all(board: Board, draft: Draft, open_job: OpenJob, new: TaskState, reason: str = "") -> None:
    """Takes all instances of a job that has not begun to `new`."""
    open_job.is_released = True
    for instance, task in enumerate(open_job.tasks):
        if task.state is TaskState.WAITING:
            move(board, draft, open_job, instance, new, reason)


def end_by_request(board: Board, draft: Draft, open_job: OpenJob, instance: int, reason: str) -> None:
    """Cancels a task that has no process at once; asks for the end of one that has."""
    task = open_job.tasks[instance]
    if task.state.is_alive:
        board.cancelling[task.key] = reason
        draft.kills.append(Kill(AttemptKey(task.key, task.attempt), reason))
    elif not task.state.is_terminal:
        move(board, draft, open_job, instance, TaskState.CANCELLED, describe(Cancelled(reason)))


def _leave(board: Board, task: Task, new: TaskState) -> None:
    if task.state.is_alive and not new.is_alive:
        board.admission.release(task.key)
        board.cancelling.pop(task.key, None)
    elif task.state is TaskState.QUEUED and new is not TaskState.STARTING:
        board.admission.withdraw(task.key)


def _enter(board: Board, draft: Draft, open_job: OpenJob, task: Task) -> None:
    if task.state is TaskState.QUEUED:
        needs = board.admission.needs(open_job.job.resources.reserved())
        board.admission.enqueue(task.key, needs, draft.now)
        draft.queued[task.key] = len(draft.transitions)
    elif task.not_before is not None:
        board.put_retry(task.not_before, task.key)
    elif task.state.is_terminal:
        open_job.ended[task.state] += 1
        open_job.open_tasks -= 1
        if not open_job.open_tasks:
            draft.closed.append(open_job)
