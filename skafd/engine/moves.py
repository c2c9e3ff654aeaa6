"""The one way by which a task changes its state: table, counters, indexes and decisions stay in step."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from skafd.engine.admission import Needs
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
    output: str | None = None,
    memory_bytes: int | None = None,
    gpus: tuple[int, ...] = (),
    is_excused: bool = False,
) -> None:
    """Takes one task to `new`; `is_excused` says that `retry` does not count the attempt that ended.

    Raises IllegalTransition.
    """
    task = open_job.tasks[instance]
    check_transition(task.state, new)
    attempt, excused = task.attempt + (new is TaskState.STARTING), task.excused + is_excused
    published = None if new is TaskState.STARTING else task.output if output is None else output
    # By their places: by their names it takes a third longer, at every step of every task.
    moved = open_job.tasks[instance] = Task(
        task.key,
        new,
        reason,
        attempt,
        not_before,
        draft.now,
        task.item,
        memory_bytes or task.memory_bytes,
        gpus,
        published,
        task.part,
        task.token,
        excused,
    )
    _leave(board, task, new)
    _enter(board, draft, open_job, task, moved)
    draft.transitions.append(
        Transition(
            task.key,
            task.state,
            new,
            attempt,
            reason,
            not_before,
            outcome,
            usage,
            output,
            memory_bytes,
            gpus,
            excused,
        )
    )


def end_all(board: Board, draft: Draft, open_job: OpenJob, new: TaskState, reason: str = "") -> None:
    """Ends all instances of a job that has not begun."""
    open_job.is_released = True
    for instance, task in enumerate(open_job.tasks):
        if task.state is TaskState.WAITING:
            move(board, draft, open_job, instance, new, reason)


def release(board: Board, draft: Draft, open_job: OpenJob) -> None:
    """Queues the instances of a job that may start, as many as `max_parallel` leaves room for."""
    open_job.is_released = True
    while open_job.has_room and (instance := open_job.take_unbegun()) is not None:
        move(board, draft, open_job, instance, TaskState.QUEUED)


def end_by_request(board: Board, draft: Draft, open_job: OpenJob, instance: int, reason: str) -> None:
    """Cancels a task that has no process at once; asks for the end of one that has."""
    task = open_job.tasks[instance]
    if task.state.is_alive:
        board.cancelling[task.key] = reason
        draft.kills.append(Kill(AttemptKey(task.key, task.attempt), reason))
    elif not task.state.is_terminal:
        move(board, draft, open_job, instance, TaskState.CANCELLED, describe(Cancelled(reason)))


def enqueue(board: Board, open_job: OpenJob, task: Task, since: datetime) -> None:
    """Puts a task into the queue of the machine."""
    board.admission.enqueue(task.key, needs_of(board, open_job, task), since, open_job.job.priority)


def needs_of(board: Board, open_job: OpenJob, task: Task) -> Needs:
    """What the task reserves: what its job asks for, with the memory that grew after an out-of-memory kill."""
    known = open_job.run.graph.needs
    if task.memory_bytes is None and open_job.job.id in known:
        return known[open_job.job.id]
    reserved = open_job.job_of(task).resources.reserved()
    if task.memory_bytes is not None:
        reserved = replace(reserved, memory_bytes=max(reserved.memory_bytes or 0, task.memory_bytes))
        return board.admission.needs(reserved, open_job.pools)
    needs = board.admission.needs(reserved, open_job.pools)
    if open_job.flow is None:
        known[open_job.job.id] = needs
    return needs


def _leave(board: Board, task: Task, new: TaskState) -> None:
    if task.state.is_alive and not new.is_alive:
        board.admission.release(task.key)
        board.cancelling.pop(task.key, None)
    elif task.state is TaskState.QUEUED and new is not TaskState.STARTING:
        board.admission.withdraw(task.key)


def _enter(board: Board, draft: Draft, open_job: OpenJob, old: Task, task: Task) -> None:
    if task.state is TaskState.QUEUED:
        open_job.active += not old.attempt
        enqueue(board, open_job, task, draft.now)
        draft.queued[task.key] = len(draft.transitions)
    elif task.not_before is not None:
        board.put_retry(task.not_before, task.key)
    elif task.state.is_terminal:
        open_job.note_end(old, task)
        if not open_job.open_tasks:
            draft.closed.append(open_job)
            return
        if open_job.job.need < 1 and not open_job.has_told and open_job.has_share:
            draft.enough.append(open_job)
        if open_job.is_released and open_job.job.max_parallel is not None:
            draft.to_release.append(open_job)
