"""What becomes of a task when its attempt starts or ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.moves import move
from skafd.engine.open_run import OpenJob
from skafd.engine.requests import RESTARTED
from skafd.model.decisions import AttemptEnded, AttemptStarted
from skafd.model.ids import AttemptKey
from skafd.model.outcome import Cancelled, Outcome, describe, state_of
from skafd.model.project import Retry
from skafd.model.run import Task
from skafd.model.states import TaskState

_RETRIED = frozenset({TaskState.FAILED, TaskState.TIMED_OUT, TaskState.LOST})
_LONGEST_DELAY_SECONDS = 30 * 86400.0


def start_attempt(board: Board, draft: Draft, event: AttemptStarted) -> None:
    """STARTING to RUNNING; what is not news is ignored."""
    open_job = _find_alive(board, event.attempt)
    instance = event.attempt.task.instance
    if open_job is not None and open_job.tasks[instance].state is TaskState.STARTING:
        move(board, draft, open_job, instance, TaskState.RUNNING)


def end_attempt(board: Board, draft: Draft, event: AttemptEnded) -> None:
    """To the state that the outcome says, or back to waiting for a retry; what is not news is ignored."""
    open_job = _find_alive(board, event.attempt)
    if open_job is None:
        return
    task = open_job.tasks[event.attempt.task.instance]
    open_job.must_restart |= _end_reason(board, task, event.outcome).startswith(RESTARTED)
    new, reason, not_before = state_of(event.outcome), describe(event.outcome), None
    if _is_retried(board, open_job, task, event.outcome):
        retry = open_job.job.retry
        not_before = _retry_at(retry, task.attempt, draft.now)
        new, reason = TaskState.WAITING, f"retry {task.attempt} of {retry.times} after {reason}"
    instance = task.key.instance
    move(board, draft, open_job, instance, new, reason, not_before=not_before, outcome=event.outcome, usage=event.usage)


def queue_retries(board: Board, draft: Draft) -> None:
    """Queues the tasks whose delay is over."""
    for key in board.take_retries(draft.now):
        open_job = board.find_job(key)
        if open_job is not None:
            move(board, draft, open_job, key.instance, TaskState.QUEUED)


def _find_alive(board: Board, attempt: AttemptKey) -> OpenJob | None:
    open_job = board.find_job(attempt.task)
    if open_job is None:
        return None
    task = open_job.tasks[attempt.task.instance]
    return open_job if task.state.is_alive and task.attempt == attempt.number else None


def _end_reason(board: Board, task: Task, outcome: Outcome) -> str:
    """Why its end was asked for; after a restart of the daemon only the outcome knows."""
    return board.cancelling.get(task.key) or (outcome.reason if isinstance(outcome, Cancelled) else "")


def _is_retried(board: Board, open_job: OpenJob, task: Task, outcome: Outcome) -> bool:
    return (
        state_of(outcome) in _RETRIED
        and task.attempt <= open_job.job.retry.times
        and task.key not in board.cancelling
        and open_job.project in board.live
    )


def _retry_at(retry: Retry, attempt: int, now: datetime) -> datetime:
    try:
        delay_seconds = retry.delay_seconds * retry.backoff ** (attempt - 1)
    except OverflowError:
        delay_seconds = _LONGEST_DELAY_SECONDS
    return now + timedelta(seconds=min(delay_seconds, _LONGEST_DELAY_SECONDS))
