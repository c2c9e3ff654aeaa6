"""Open runs as a database would hold them, with counters so that a check costs what is new and no more."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from skafd.engine.timeouts import OVER_TIME
from skafd.model.decisions import Transition
from skafd.model.ids import JobId, TaskKey
from skafd.model.project import Job
from skafd.model.run import CauseKind, Run, Task
from skafd.model.states import RunState, TaskState

CAUGHT = frozenset({TaskState.FAILED, TaskState.LOST, TaskState.TIMED_OUT, TaskState.OOM_KILLED})
"""Ends that `catch` forgives."""
_ASKED = (CauseKind.MANUAL, CauseKind.BACKFILL, CauseKind.RETRY)
"""Runs in which nothing waits for other runs."""
PASSED_OVER = "passed over: "


if TYPE_CHECKING:
    from tests.support.simulated.holding import Held


@dataclass(slots=True)
class Share:
    """How many tasks of one job in a run there are, and how they have ended."""

    job: Job
    tasks: int = 0
    succeeded: int = 0
    caught: int = 0
    passed_over: int = 0
    upstream_failed: int = 0
    cancelled: int = 0
    ended: int = 0
    active: int = 0
    """Begun and not ended."""
    has_begun: bool = False
    is_over_time: bool = False
    needs: Held | None = None
    """What a task reserves whose memory has not grown, once that is known."""

    @property
    def has_share(self) -> bool:
        """As many as `need` asks for have succeeded."""
        return self.succeeded + self.passed_over >= math.ceil(self.job.need * self.tasks - 1e-9)

    @property
    def has_passed(self) -> bool:
        """Dependents may go on."""
        if self.succeeded == self.tasks or self.has_share:
            return True
        return self.job.catch and self.caught > 0 and self.ended == self.tasks

    @property
    def skipped(self) -> int:
        """Of those that keep dependents from beginning."""
        return self.ended - self.succeeded - self.caught - self.passed_over - self.upstream_failed - self.cancelled

    def count_end(self, task: TaskState, reason: str, is_by_hand: bool = False) -> None:
        """Counts a task that has ended; one that was skipped by hand keeps nobody from beginning."""
        self.ended += 1
        if task is TaskState.SUCCEEDED:
            self.succeeded += 1
        elif task is TaskState.UPSTREAM_FAILED:
            self.upstream_failed += 1
        elif task is TaskState.CANCELLED:
            self.cancelled += 1
            self.is_over_time |= OVER_TIME in reason
        elif task is TaskState.SKIPPED:
            self.passed_over += is_by_hand or reason.startswith(PASSED_OVER)
        else:
            self.caught += 1


@dataclass(slots=True)
class StoredRun:
    """A run: each task as it was at first, or its last move and when that was."""

    run: Run
    tasks: dict[TaskKey, Task | tuple[Transition, datetime]]
    shares: dict[JobId, Share]
    open: int
    open_before_end: int
    """Those of jobs that do not run at its end."""
    deadline: datetime | None = None
    items: dict[TaskKey, str] = field(default_factory=dict)
    memory_bytes: dict[TaskKey, int] = field(default_factory=dict)
    outputs: dict[TaskKey, str] = field(default_factory=dict)
    excused: dict[TaskKey, int] = field(default_factory=dict)

    def state_of(self, key: TaskKey) -> TaskState:
        """The state of a task now."""
        known = self.tasks[key]
        return known.state if isinstance(known, Task) else known[0].new

    def whole(self) -> Run:
        """The run as it would be read."""
        return replace(self.run, tasks=tuple(map(self._task, self.tasks.values())))

    def moves(self) -> Iterator[tuple[Transition, datetime]]:
        """The last move of each task that has made one."""
        return (known for known in self.tasks.values() if not isinstance(known, Task))

    def of(self, job: JobId) -> list[TaskKey]:
        """The tasks of a job."""
        return [key for key in self.tasks if key.job == job]

    def move_with_clock(self, stepped: timedelta, asleep: timedelta) -> None:
        """As the database moves retries, the order of the queue and the timeout."""
        self.run = replace(self.run, extended=self.run.extended + stepped + asleep)
        self.deadline = self.deadline and self.deadline + stepped + asleep
        for key, known in self.tasks.items():
            if isinstance(known, Task):
                continue
            move, at = known
            if move.not_before is not None:
                self.tasks[key] = replace(move, not_before=move.not_before + stepped), at
            elif move.new is TaskState.QUEUED:
                self.tasks[key] = move, at + stepped

    def distrust_future(self, now: datetime) -> None:
        """Nobody was queued later than now."""
        for key, known in self.tasks.items():
            if not isinstance(known, Task) and known[0].new is TaskState.QUEUED:
                self.tasks[key] = known[0], min(known[1], now)

    def recount(self) -> list[TaskKey]:
        """Its counters are what they are by counting, and nothing waits when what it depends on has ended.

        Returns the tasks that are alive.
        """
        states = {key: known.state if isinstance(known, Task) else known[0].new for key, known in self.tasks.items()}
        assert self.open == sum(not state.is_terminal for state in states.values())
        of_jobs: dict[JobId, list[TaskState]] = {job: [] for job in self.shares}
        for key, state in states.items():
            of_jobs[key.job].append(state)
        for job, share in self.shares.items():
            mine = of_jobs[job]
            assert share.tasks == len(mine)
            assert share.succeeded == mine.count(TaskState.SUCCEEDED)
            assert share.caught == sum(state in CAUGHT for state in mine)
            assert share.ended == sum(state.is_terminal for state in mine)
            is_new = set(mine) == {TaskState.WAITING} and not share.has_begun
            is_asked = share.job.foreach is not None and share.job.foreach.glob is not None
            if is_new and self.run.cause.kind in _ASKED and not is_asked:
                inside = [self.shares[one] for one in share.job.dependencies if one in self.shares]
                assert share.job.always or any(one.ended < one.tasks for one in inside), f"{job} of {self.run.key}"
        return [key for key, state in states.items() if state.is_alive]

    def is_due(self, job: Job) -> bool:
        """A schedule or an event is why the job is in it."""
        return self.run.cause.kind in (CauseKind.SCHEDULE, CauseKind.EVENT) and job.has_occasions

    def expected_end(self) -> RunState:
        """What it comes to: a failure outweighs a cancellation."""
        shares = self.shares.values()
        if any(share.is_over_time or _has_failed(share) for share in shares):
            return RunState.FAILED
        return RunState.CANCELLED if any(share.cancelled for share in shares) else RunState.SUCCEEDED

    def _task(self, known: Task | tuple[Transition, datetime]) -> Task:
        if isinstance(known, Task):
            return known
        move, at = known
        key = move.task
        return Task(
            key,
            move.new,
            move.reason,
            move.attempt,
            move.not_before,
            at,
            item=self.items.get(key),
            memory_bytes=self.memory_bytes.get(key),
            gpus=move.gpus,
            output=self.outputs.get(key),
            excused=self.excused.get(key, 0),
        )


def stored(run: Run, jobs: Mapping[JobId, Job], timeout_seconds: float | None) -> StoredRun:
    """A new run, with its counters."""
    shares: dict[JobId, Share] = {}
    open_tasks = before_end = 0
    for task in run.tasks:
        share = shares.get(task.key.job)
        if share is None:
            share = shares[task.key.job] = Share(jobs[task.key.job])
        share.tasks += 1
        if task.state.is_terminal:
            share.count_end(task.state, task.reason)
        else:
            open_tasks += 1
            before_end += not share.job.always
    deadline = None
    if timeout_seconds is not None and run.created_at is not None:
        deadline = run.created_at + timedelta(seconds=timeout_seconds)
    found = StoredRun(run, {task.key: task for task in run.tasks}, shares, open_tasks, before_end, deadline)
    for task in run.tasks:
        if task.item is not None:
            found.items[task.key] = task.item
        if task.output is not None:
            found.outputs[task.key] = task.output
        if task.memory_bytes is not None:
            found.memory_bytes[task.key] = task.memory_bytes
        if task.excused:
            found.excused[task.key] = task.excused
    return found


def _has_failed(share: Share) -> bool:
    if share.has_share:
        return False
    return share.upstream_failed == share.tasks or (share.caught + share.upstream_failed > 0 and not share.job.catch)
