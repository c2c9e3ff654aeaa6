"""One sentence for whatever somebody asks about, made of what was recorded when it was decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from skafd.engine.board import Board
from skafd.engine.readiness import waiting_reason
from skafd.model.ids import TaskKey
from skafd.model.states import RunState, TaskState

_WORDS = {
    TaskState.WAITING: "waits",
    TaskState.QUEUED: "is queued",
    TaskState.STARTING: "is starting",
    TaskState.RUNNING: "is running",
    TaskState.SUCCEEDED: "succeeded",
    TaskState.FAILED: "failed",
    TaskState.TIMED_OUT: "was killed",
    TaskState.OOM_KILLED: "was killed",
    TaskState.CANCELLED: "was cancelled",
    TaskState.LOST: "was lost",
    TaskState.SKIPPED: "was skipped",
    TaskState.UPSTREAM_FAILED: "did not start",
}
_SAID_BY_THE_STATE = ("cancelled: ", "lost: ")
_MOST_TELLING = (
    (TaskState.FAILED, TaskState.OOM_KILLED, TaskState.TIMED_OUT, TaskState.LOST),
    (TaskState.UPSTREAM_FAILED,),
    (TaskState.CANCELLED,),
    (TaskState.SKIPPED,),
)
_MOST_URGENT = ((TaskState.RUNNING,), (TaskState.STARTING,), (TaskState.QUEUED,), (TaskState.WAITING,))


@dataclass(frozen=True, slots=True)
class Told:
    """A task as far as its sentence needs it; `reason` is what it waits for now where it has not begun."""

    name: str
    state: TaskState
    reason: str = ""
    attempt: int = 0
    not_before: datetime | None = None
    is_caught: bool = False
    """Its failure does not stop others."""


def explain_waiting(board: Board, key: TaskKey) -> str | None:
    """What a task that has not begun waits for at this moment; None when it has begun or is not open."""
    open_job = board.find_job(key)
    if open_job is None:
        return None
    task = open_job.tasks[key.instance]
    if task.state is TaskState.QUEUED:
        return board.admission.explain(key)
    if task.state is TaskState.WAITING:
        return task.reason if task.attempt else waiting_reason(board, open_job)
    return None


def task_sentence(task: Told) -> str:
    """Why a task is as it is."""
    if task.state is TaskState.WAITING:
        return f"{task.name} {_waiting(task)}"
    reason = _clean(task.reason)
    subject = f"{task.name} {_WORDS[task.state]}"
    after = f" on attempt {task.attempt}" if task.attempt > 1 else ""
    return f"{subject}{after}: {reason}" if reason else subject + after


def run_sentence(name: str, state: RunState, tasks: Sequence[Told]) -> str:
    """Why a run is as it is: the word for its state, and the task that says most about it."""
    heading = f"{name} {'is running' if state is RunState.RUNNING else _end_word(state)}"
    telling = None if state is RunState.SUCCEEDED else _find_telling(state, tasks)
    return f"{heading}: {task_sentence(telling)}" if telling else heading


def _waiting(task: Told) -> str:
    if task.not_before is not None:
        return f"is tried again at {task.not_before:%Y-%m-%d %H:%M:%S} UTC: {task.reason}"
    return task.reason or "waits for its turn"


def _clean(reason: str) -> str:
    for prefix in _SAID_BY_THE_STATE:
        reason = reason.removeprefix(prefix)
    return f"it {reason}" if reason.startswith("waits ") else reason


def _end_word(state: RunState) -> str:
    return "was cancelled" if state is RunState.CANCELLED else state.value


def _find_telling(state: RunState, tasks: Sequence[Told]) -> Told | None:
    order = _MOST_URGENT if state is RunState.RUNNING else _MOST_TELLING
    for caught in (False, True):
        for states in order:
            for task in tasks:
                if task.state in states and task.is_caught is caught:
                    return task
    return None
