"""What becomes of a task when its attempt starts or ends."""

from __future__ import annotations

import zlib
from datetime import timedelta

from skafd.engine.board import Board
from skafd.engine.draft import Draft
from skafd.engine.flows import follow_flow, settle_flow
from skafd.engine.moves import move
from skafd.engine.open_run import OpenJob
from skafd.engine.requests import RESTARTED
from skafd.engine.services import is_started_again, pause_of
from skafd.model.decisions import AttemptEnded, AttemptStarted
from skafd.model.ids import AttemptKey
from skafd.model.outcome import Cancelled, Exited, NotStarted, OomKilled, Outcome, describe, state_of
from skafd.model.project import Retry
from skafd.model.run import Task
from skafd.model.states import TaskState
from skafd.units import format_memory

_LONGEST_DELAY_SECONDS = 30 * 86400.0
_AWAITED_SECONDS, _LONGEST_AWAITED_SECONDS = 2.0, 300.0
"""Between attempts that found no room or no environment, doubled each time: what is there may not be enough yet."""


def start_attempt(board: Board, draft: Draft, event: AttemptStarted) -> None:
    """STARTING to RUNNING; what is not news is ignored."""
    open_job = _find_alive(board, event.attempt)
    if open_job is None:
        return
    task = open_job.tasks[event.attempt.task.instance]
    if task.state is TaskState.STARTING:
        move(board, draft, open_job, task.key.instance, TaskState.RUNNING, gpus=task.gpus)


def end_attempt(board: Board, draft: Draft, event: AttemptEnded) -> None:
    """To the state that the outcome says, or back to waiting for a retry; what is not news is ignored."""
    open_job = _find_alive(board, event.attempt)
    if open_job is None:
        return
    task = open_job.tasks[event.attempt.task.instance]
    open_job.must_restart |= _end_reason(board, task, event.outcome).startswith(RESTARTED)
    new, reason, not_before = state_of(event.outcome), describe(event.outcome), None
    memory_bytes = _grown_memory(board, open_job, task, event.outcome)
    awaited = _awaited(board, open_job, task, event.outcome)
    if awaited is not None:
        not_before = draft.now + _until_it_may_start(task)
        new, reason = TaskState.WAITING, f"it is tried again when {awaited}: {reason}"
    elif is_started_again(open_job, task, event.outcome) and _may_go_on(board, open_job, task):
        not_before = draft.now + pause_of(draft, task)
        new, reason = TaskState.WAITING, f"it is started again: {reason or 'it ended'}"
    elif _is_retried(board, open_job, task, event.outcome, memory_bytes):
        retry = open_job.job_of(task).retry
        not_before = draft.now + delay_of(retry, task)
        new, reason = TaskState.WAITING, f"retry {task.tries} of {retry.times} after {reason}"
        if memory_bytes is not None:
            reason += f"; it gets {format_memory(memory_bytes)}"
    was_cancelled = task.key in board.cancelling
    if open_job.flow is not None and new.is_terminal:
        new, reason = follow_flow(draft, open_job, task, new, reason, event.output)
    move(
        board,
        draft,
        open_job,
        task.key.instance,
        new,
        reason,
        not_before=not_before,
        outcome=event.outcome,
        usage=event.usage,
        output=event.output,
        memory_bytes=memory_bytes,
        is_excused=awaited is not None,
    )
    if open_job.flow is not None and new.is_terminal:
        settle_flow(board, draft, open_job, was_cancelled)


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


def _awaited(board: Board, open_job: OpenJob, task: Task, outcome: Outcome) -> str | None:
    """What has to come true where the job is not to blame, so that its `retry` has no say; None where it has."""
    if not isinstance(outcome, NotStarted) or not _may_go_on(board, open_job, task):
        return None
    if outcome.for_want_of_room:
        return "there is room"
    return "its environment is whole again" if outcome.for_want_of_environment else None


def _until_it_may_start(task: Task) -> timedelta:
    return timedelta(seconds=min(_AWAITED_SECONDS * 2 ** min(task.excused, 16), _LONGEST_AWAITED_SECONDS))


def _may_go_on(board: Board, open_job: OpenJob, task: Task) -> bool:
    return task.key not in board.cancelling and open_job.project in board.live and not open_job.run.is_over_time


def _is_retried(board: Board, open_job: OpenJob, task: Task, outcome: Outcome, memory_bytes: int | None) -> bool:
    retry = open_job.job_of(task).retry
    return (
        task.tries <= retry.times
        and state_of(outcome) in retry.outcomes
        and not (isinstance(outcome, Exited) and outcome.code in retry.final_codes)
        and _may_go_on(board, open_job, task)
        # Who is to get more memory, and has all there is, would only be killed again.
        and not (_asks_for_more(outcome) and retry.memory_factor > 1 and memory_bytes is None)
    )


def _grown_memory(board: Board, open_job: OpenJob, task: Task, outcome: Outcome) -> int | None:
    """The limit of the next attempt; None where it stays, or is all of the machine already."""
    job = open_job.job_of(task)
    factor = job.retry.memory_factor
    if not isinstance(outcome, OomKilled) or not outcome.limit_bytes or not _asks_for_more(outcome) or factor <= 1:
        return None
    had = task.memory_bytes or job.resources.limits.memory_bytes or outcome.limit_bytes
    grown = min(int(had * factor), board.admission.memory_bytes)
    return grown if grown > had else None


def _asks_for_more(outcome: Outcome) -> bool:
    """More memory would help: it had reached its own limit."""
    return isinstance(outcome, OomKilled) and outcome.is_for_own_limit


def longest_wait(retry: Retry, task: Task) -> timedelta:
    """How long a task may wait for its next attempt, whatever it waits for."""
    return max(delay_of(retry, task), _until_it_may_start(task))


def delay_of(retry: Retry, task: Task) -> timedelta:
    """How long the task waits for its next attempt."""
    try:
        seconds = retry.delay_seconds * retry.backoff ** (task.tries - 1)
    except OverflowError:
        seconds = _LONGEST_DELAY_SECONDS
    jitter_seconds = retry.jitter_seconds * _fraction(task)
    return timedelta(seconds=min(seconds, _LONGEST_DELAY_SECONDS) + jitter_seconds)


def _fraction(task: Task) -> float:
    """From 0 to 1: always the same for an attempt, and different for its neighbours."""
    key = task.key
    name = f"{key.run.project}/{key.run.number}/{key.job}/{key.instance}/{task.attempt}"
    return zlib.crc32(name.encode("utf-8", "surrogateescape")) / 0xFFFFFFFF
