"""What people do to single tasks of an open run."""

from __future__ import annotations

from collections.abc import Iterable

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import end_by_request, move
from skafd.engine.open_run import PASSED_OVER, is_unbegun
from skafd.model.decisions import CancelRequested, RetryRequested, SkipRequested
from skafd.model.ids import RunKey, TaskKey
from skafd.model.states import TaskState

BY_HAND = f"{PASSED_OVER}skipped by hand"


def cancel(board: Board, draft: Draft, event: CancelRequested) -> None:
    """Ends tasks. Jobs that run at the end of their run are left to do so, unless nothing else of it was named."""
    spared = _with_others(board, event.tasks)
    for key in event.tasks:
        open_job = board.find_job(key)
        if open_job is None or (open_job.job.always and key.run in spared and is_unbegun(open_job.tasks[key.instance])):
            continue
        end_by_request(board, draft, open_job, key.instance, event.reason)


def retry_now(board: Board, draft: Draft, event: RetryRequested) -> None:
    """Queues a task that waits for its retry; no news for any other."""
    open_job = board.find_job(event.task)
    if open_job is not None and open_job.tasks[event.task.instance].not_before is not None:
        move(board, draft, open_job, event.task.instance, TaskState.QUEUED)


def skip(board: Board, draft: Draft, event: SkipRequested) -> None:
    """Passes over a task that has no process; no news for any other."""
    open_job = board.find_job(event.task)
    if open_job is None or (open_job.flow is not None and not is_unbegun(open_job.tasks[0])):
        return  # What comes after a step of a flow needs what it leaves.
    if open_job.tasks[event.task.instance].state in (TaskState.WAITING, TaskState.QUEUED):
        move(board, draft, open_job, event.task.instance, TaskState.SKIPPED, BY_HAND)


def _with_others(board: Board, tasks: Iterable[TaskKey]) -> set[RunKey]:
    """The runs of which a task was named that has not ended and does not run at the end."""
    found = set()
    for key in tasks:
        open_job = board.find_job(key)
        if open_job and not open_job.job.always and not open_job.tasks[key.instance].state.is_terminal:
            found.add(key.run)
    return found
