"""A flow's tasks on the board: those that follow from one that ended, and those that never will begin."""

from __future__ import annotations

from collections.abc import Iterable

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import move
from skafd.engine.open_run import OpenJob, is_unbegun
from skafd.engine.requests import flow_task
from skafd.model.decisions import Added
from skafd.model.flow import ON_ERROR, ON_SUCCESS, Token
from skafd.model.ids import TaskKey
from skafd.model.run import Task
from skafd.model.states import FAILURES, OWN_FAILURES, TaskState


def follow_flow(
    draft: Draft, open_job: OpenJob, task: Task, new: TaskState, reason: str, output: str | None
) -> tuple[TaskState, str]:
    """Adds what follows from the end of a task. Returns the state it ends in, and why: it fails where nothing can."""
    assert open_job.flow is not None, "only asked of a flow"
    if new is TaskState.SUCCEEDED:
        try:
            _add(draft, open_job, open_job.flow.follow(task.key.instance, output))
        except ValueError as error:
            new, reason = TaskState.FAILED, str(error)
    if open_job.open_tasks == 1 and new is not TaskState.CANCELLED and not open_job.ended[TaskState.CANCELLED]:
        has_failed = new in FAILURES or any(open_job.ended[state] for state in OWN_FAILURES)
        _add(draft, open_job, open_job.flow.closing(has_failed))
    return new, reason


def settle_flow(board: Board, draft: Draft, open_job: OpenJob, was_cancelled: bool) -> None:
    """After a failure nothing more begins but what is done at the end; what has begun goes on, with its retries."""
    if was_cancelled or open_job.ended[TaskState.CANCELLED]:
        _give_up(board, draft, open_job, TaskState.CANCELLED, "cancelled: another task of the flow was")
    elif any(open_job.ended[state] for state in OWN_FAILURES):
        culprit = next(task for task in open_job.tasks if task.state in OWN_FAILURES)
        _give_up(board, draft, open_job, TaskState.UPSTREAM_FAILED, f"'{culprit.part}' failed")
    if open_job.open_tasks:
        draft.to_release.append(open_job)


def _give_up(board: Board, draft: Draft, open_job: OpenJob, new: TaskState, reason: str) -> None:
    for instance, task in enumerate(open_job.tasks):
        if _is_given_up(open_job, task):
            move(board, draft, open_job, instance, new, reason)


def _is_given_up(open_job: OpenJob, task: Task) -> bool:
    assert open_job.flow is not None, "only asked of a flow"
    is_idle = not task.attempt and (is_unbegun(task) or task.state is TaskState.QUEUED)
    return is_idle and open_job.flow.tokens[task.key.instance].step not in (ON_SUCCESS, ON_ERROR)


def _add(draft: Draft, open_job: OpenJob, tokens: Iterable[Token]) -> None:
    assert open_job.flow is not None, "only asked of a flow"
    found = list(tokens)
    if not found:
        return
    first = len(open_job.tasks)
    names = open_job.flow.add(found)
    key = open_job.tasks[0].key
    tasks = tuple(
        flow_task(draft, TaskKey(key.run, key.job, first + number), name, token)
        for number, (name, token) in enumerate(zip(names, found, strict=True))
    )
    open_job.tasks.extend(tasks)
    open_job.open_tasks += len(tasks)
    draft.added.append(Added(tasks))
