"""Decisions in the making, and what is still to be looked at before they are complete."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from skafd.engine.open_run import OpenJob, OpenRun
from skafd.model.decisions import (
    Added,
    Completed,
    Decisions,
    Expanded,
    Gathered,
    Happened,
    Heard,
    ItemsWanted,
    Kill,
    Missed,
    RunEnded,
    Transition,
    Unheeded,
)
from skafd.model.ids import AttemptKey, TaskKey
from skafd.model.run import Run


class Draft:
    """One call of `Engine.handle`."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.new_runs: list[Run] = []
        self.transitions: list[Transition] = []
        self.ended_runs: list[RunEnded] = []
        self.missed: list[Missed] = []
        self.heard: list[Heard] = []
        self.gathered: list[Gathered] = []
        self.unheeded: list[Unheeded] = []
        self.completed: list[Completed] = []
        self.launches: list[AttemptKey] = []
        self.kills: list[Kill] = []
        self.expanded: list[Expanded] = []
        self.added: list[Added] = []
        self.wanted: list[ItemsWanted] = []
        self.closed: deque[OpenJob] = deque()
        """Jobs whose last task has ended and whose dependents do not know it."""
        self.enough: deque[OpenJob] = deque()
        """Jobs of which the declared share has succeeded, and whose dependents do not know it."""
        self.to_release: deque[OpenJob] = deque()
        """Jobs of which another instance may go."""
        self.to_check: deque[OpenJob] = deque()
        """Jobs that may be able to start."""
        self.happened: deque[Happened] = deque()
        """Events that follow from what was decided, and that nobody has been told of."""
        self.queued: dict[TaskKey, int] = {}
        """Tasks queued in this call, and where in `transitions` it says so."""

    def end_run(self, run: OpenRun) -> None:
        self.ended_runs.append(RunEnded(run.key, run.state))

    def explain_queued(self, task: TaskKey, reason: str) -> None:
        """Adds to the task's move to the queue why it is still there."""
        position = self.queued[task]
        self.transitions[position] = self.transitions[position].because(reason)

    def decisions(self, wake_at: datetime | None) -> Decisions:
        return Decisions(
            new_runs=tuple(self.new_runs),
            transitions=tuple(self.transitions),
            ended_runs=tuple(self.ended_runs),
            missed=tuple(self.missed),
            heard=tuple(self.heard),
            gathered=tuple(self.gathered),
            unheeded=tuple(self.unheeded),
            completed=tuple(self.completed),
            launches=tuple(self.launches),
            kills=tuple(self.kills),
            expanded=tuple(self.expanded),
            added=tuple(self.added),
            wanted=tuple(self.wanted),
            wake_at=wake_at,
        )
