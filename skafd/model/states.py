"""The states of a task and of a run, and the only moves between them."""

from __future__ import annotations

from enum import StrEnum

from skafd.errors import IllegalTransition


class TaskState(StrEnum):
    """Where a task is in its life."""

    WAITING = "waiting"
    """For its dependencies, its turn after an earlier run, or the delay before a retry."""
    QUEUED = "queued"
    """Ready; the machine has no room for it yet."""
    STARTING = "starting"
    """Handed to the launcher; recorded before it is handed over."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    OOM_KILLED = "oom_killed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """It ended and nobody saw how: its supervisor or the machine went down."""
    SKIPPED = "skipped"
    UPSTREAM_FAILED = "upstream_failed"

    # That of Enum is a call of Python, and states are looked up at every step.
    __hash__ = str.__hash__

    is_terminal: bool
    """No move leads out of it."""
    is_alive: bool
    """A process of it exists, or may."""
    is_failure: bool
    """Terminal, and not what the user wanted."""


_ENDS = frozenset(
    {
        TaskState.SUCCEEDED,
        TaskState.FAILED,
        TaskState.TIMED_OUT,
        TaskState.OOM_KILLED,
        TaskState.CANCELLED,
        TaskState.LOST,
    }
)

FAILURES = frozenset(
    {
        TaskState.FAILED,
        TaskState.TIMED_OUT,
        TaskState.OOM_KILLED,
        TaskState.LOST,
        TaskState.UPSTREAM_FAILED,
    }
)
OWN_FAILURES = FAILURES - {TaskState.UPSTREAM_FAILED}
"""Those for which nobody else is to blame."""

TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    # FAILED: its list of items could not be made, or its condition could not be answered.
    TaskState.WAITING: frozenset(
        {
            TaskState.QUEUED,
            TaskState.CANCELLED,
            TaskState.SKIPPED,
            TaskState.UPSTREAM_FAILED,
            TaskState.FAILED,
        }
    ),
    # UPSTREAM_FAILED: another task of the same flow failed.
    TaskState.QUEUED: frozenset(
        {TaskState.STARTING, TaskState.CANCELLED, TaskState.SKIPPED, TaskState.UPSTREAM_FAILED}
    ),
    # A short job may end before its start was reported. WAITING: the attempt ended and a retry is due.
    TaskState.STARTING: _ENDS | {TaskState.RUNNING, TaskState.WAITING},
    TaskState.RUNNING: _ENDS | {TaskState.WAITING},
    TaskState.SUCCEEDED: frozenset(),
    TaskState.FAILED: frozenset(),
    TaskState.TIMED_OUT: frozenset(),
    TaskState.OOM_KILLED: frozenset(),
    TaskState.CANCELLED: frozenset(),
    TaskState.LOST: frozenset(),
    TaskState.SKIPPED: frozenset(),
    TaskState.UPSTREAM_FAILED: frozenset(),
}


for _state, _moves in TRANSITIONS.items():
    _state.is_terminal = not _moves
    _state.is_alive = _state in (TaskState.STARTING, TaskState.RUNNING)
    _state.is_failure = _state in FAILURES


def check_transition(old: TaskState, new: TaskState) -> None:
    """Raises IllegalTransition unless the table has the move."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"a task cannot go from {old} to {new}")


class RunState(StrEnum):
    """A run is open until each of its tasks has ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Nothing more happens in it."""
        return self is not RunState.RUNNING
