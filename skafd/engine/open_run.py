"""A run that has not ended, as the engine changes it: its jobs, with counters so that one end costs one step."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from skafd.engine.graph import Graph
from skafd.engine.steps import OpenFlow
from skafd.model.deployment import Deployment
from skafd.model.flow import decode_token
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.project import Job
from skafd.model.run import Cause, CauseKind, Run, Task
from skafd.model.states import FAILURES, RunState, TaskState


@dataclass(frozen=True, slots=True)
class Blame:
    """Why a dependent cannot start, and the state that it takes for it."""

    state: TaskState
    reason: str


_NO_ENDS = {state: 0 for state in TaskState if state.is_terminal}
PASSED_OVER = "passed over: "
"""How the reason of a skip begins that does not keep dependents from starting."""
_ROUNDING = 1e-9


def is_passed_over(task: Task) -> bool:
    """Skipped, and as good as a success for those that depend on it."""
    return task.state is TaskState.SKIPPED and task.reason.startswith(PASSED_OVER)


def is_unbegun(task: Task) -> bool:
    """It waits for its first place in the queue."""
    return task.state is TaskState.WAITING and not task.attempt


@dataclass(slots=True, eq=False, repr=False)
class OpenJob:
    """One job of an open run, with all of its instances."""

    run: OpenRun
    job: Job
    project: ProjectId
    tasks: list[Task]
    inside: tuple[JobId, ...]
    """Dependencies that are in this run."""
    outside: tuple[JobId, ...]
    """Dependencies that must have succeeded in other runs since this job's last start."""
    dependents: list[OpenJob] = field(default_factory=list)
    undecided: int = 0
    """Dependencies inside that have not ended."""
    passed: int = 0
    """Dependencies inside that ended in a way that lets this job start."""
    blame: Blame | None = None
    """The first dependency inside that ended otherwise."""
    open_tasks: int = 0
    ended: dict[TaskState, int] = field(default_factory=lambda: dict(_NO_ENDS))
    """How many tasks ended in each state in which one can end."""
    failed: int = 0
    """Of those, the ones that nobody wanted."""
    passed_over: int = 0
    """Of those that were skipped, the ones that do not keep dependents from starting."""
    active: int = 0
    """Tasks that have begun and not ended, those that wait for a retry among them."""
    is_released: bool = False
    """Nothing but `max_parallel` keeps its tasks from being queued."""
    is_asked: bool = False
    """Somebody is looking up its items."""
    has_told: bool = False
    """Its dependents know that enough of it succeeded."""
    pools: tuple[tuple[str, int], ...] = ()
    _next_unbegun: int = 0
    must_restart: bool = False
    """It was killed to be run anew on a newer deployment."""
    flow: OpenFlow | None = None
    """How it goes on, where it is a flow."""

    @property
    def was_due(self) -> bool:
        """A schedule or an event named it; jobs that have either are in such a run for no other reason."""
        kind = self.run.cause.kind
        return self.job.has_occasions and kind in (CauseKind.SCHEDULE, CauseKind.EVENT)

    @property
    def wants_items(self) -> bool:
        """Its only task stands for those that there will be once the items are known."""
        foreach = self.job.foreach
        return foreach is not None and not foreach.is_known and self.tasks[0].item is None

    @property
    def has_share(self) -> bool:
        """Enough instances have succeeded, or were passed over, for dependents to go on."""
        needed = len(self.tasks)
        if self.job.need < 1:
            needed = math.ceil(self.job.need * needed - _ROUNDING)
        return self.ended[TaskState.SUCCEEDED] + self.passed_over >= needed

    @property
    def has_room(self) -> bool:
        """Another instance may begin."""
        if self.is_set_up_first and not is_unbegun(self.tasks[0]):
            return False
        return self.job.max_parallel is None or self.active < self.job.max_parallel

    @property
    def is_set_up_first(self) -> bool:
        """All other tasks of a flow wait for its first one."""
        return self.flow is not None and self.tasks[0].state is not TaskState.SUCCEEDED

    def job_of(self, task: Task) -> Job:
        """What counts for one task: in a flow, what its step says."""
        if self.flow is None or self.job.flow is None:
            return self.job
        token = self.flow.tokens[task.key.instance]
        if token.gang is not None and token.gang.size > 1:
            return self.job.for_step(self.job.flow.step(token.step), token.gang.size)
        return self.run.graph.steps[self.job.id].get(token.step, self.job)

    def open_flow(self) -> None:
        """Takes up a flow where its tasks say that it is."""
        if self.job.flow is None or any(task.token is None for task in self.tasks):
            return
        self.flow = OpenFlow(self.job.flow)
        self.flow.add(decode_token(task.token) for task in self.tasks if task.token is not None)
        for task in self.tasks:
            if task.state is TaskState.SUCCEEDED:
                self.flow.follow(task.key.instance, task.output)

    def take_unbegun(self) -> int | None:
        """The first instance that has not begun; the next call gives the next."""
        while self._next_unbegun < len(self.tasks):
            instance = self._next_unbegun
            self._next_unbegun += 1
            if is_unbegun(self.tasks[instance]):
                return instance
        return None

    def note_end(self, old: Task, new: Task) -> None:
        """Counts a task that has ended."""
        self.ended[new.state] += 1
        self.failed += new.state in FAILURES
        self.passed_over += is_passed_over(new)
        self.active -= not is_unbegun(old)
        self.open_tasks -= 1

    def count(self) -> None:
        """Sets the counters from the tasks' states."""
        self.ended = dict(_NO_ENDS)
        self.failed = self.passed_over = self.open_tasks = self.active = 0
        has_begun = False
        for task in self.tasks:
            if task.state.is_terminal:
                self.ended[task.state] += 1
                self.failed += task.state in FAILURES
                self.passed_over += is_passed_over(task)
            else:
                self.open_tasks += 1
                self.active += not is_unbegun(task)
            has_begun |= task.attempt > 0 or task.state is TaskState.QUEUED
        self.is_released = has_begun or not self.open_tasks


@dataclass(slots=True, eq=False, repr=False)
class OpenRun:
    """One run; `jobs` is in the config's order."""

    key: RunKey
    deployment: Deployment
    graph: Graph
    cause: Cause
    parameters: tuple[tuple[str, str], ...]
    created_at: datetime | None
    jobs: dict[JobId, OpenJob] = field(default_factory=dict)
    open_jobs: int = 0
    has_failed: bool = False
    has_cancelled: bool = False
    extended: timedelta = timedelta()
    """So much later its timeout passes: the wall clock was set, or the machine slept."""
    is_over_time: bool = False
    """Its timeout has passed, and its tasks were asked to end."""

    @property
    def deadline(self) -> datetime | None:
        """When the run's timeout passes; services have none."""
        seconds = self.deployment.config.timeout_seconds
        if self.jobs and all(one.job.is_service for one in self.jobs.values()):
            return None
        if seconds is None or self.created_at is None:
            return None
        return self.created_at + timedelta(seconds=seconds) + self.extended

    def add_jobs(self, tasks: Mapping[JobId, Sequence[Task]]) -> None:
        """Fills `jobs`, and links dependents to dependencies."""
        for job_id, ones in tasks.items():
            job = self.graph.jobs[job_id]
            inside, outside = self._dependencies(job, tasks)
            open_job = OpenJob(self, job, self.key.project, list(ones), inside, outside, undecided=len(inside))
            open_job.pools = self.graph.pools_of(job)
            self.jobs[job_id] = open_job
        for open_job in self.jobs.values():
            open_job.open_flow()
            open_job.count()
            for dependency in open_job.inside:
                self.jobs[dependency].dependents.append(open_job)
        self.open_jobs = sum(1 for open_job in self.jobs.values() if open_job.open_tasks)

    def _dependencies(self, job: Job, present: Container[JobId]) -> tuple[tuple[JobId, ...], tuple[JobId, ...]]:
        """Those in this run, and those that must have succeeded in others."""
        dependencies = self.graph.dependencies[job.id]
        if job.always:
            return tuple(one for one in self.graph.before_end(job) if one in present), ()
        inside = tuple(one for one in dependencies if one in present)
        return inside, self._outside(dependencies, inside)

    def _outside(self, dependencies: Iterable[JobId], inside: tuple[JobId, ...]) -> tuple[JobId, ...]:
        if self.cause.kind not in (CauseKind.SCHEDULE, CauseKind.EVENT, CauseKind.DEPLOY):
            return ()
        if self.cause.kind is CauseKind.DEPLOY and not inside:
            return ()  # The deployment itself is what this job was waiting for.
        return tuple(one for one in dependencies if one not in inside)

    @property
    def state(self) -> RunState:
        """What the run comes to: a failure outweighs a cancellation; skipped tasks are no blemish."""
        if self.open_jobs:
            return RunState.RUNNING
        if self.has_failed:
            return RunState.FAILED
        return RunState.CANCELLED if self.has_cancelled else RunState.SUCCEEDED

    def snapshot(self) -> Run:
        """The run at this moment."""
        return self._with(tuple(task for open_job in self.jobs.values() for task in open_job.tasks))

    def outline(self) -> Run:
        """The run without its tasks."""
        return self._with(())

    def _with(self, tasks: tuple[Task, ...]) -> Run:
        number = self.deployment.number
        return Run(
            self.key, number, self.cause, self.state, tasks, self.parameters, self.created_at, extended=self.extended
        )
