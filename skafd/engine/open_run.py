"""A run that has not ended, as the engine changes it: its jobs, with counters so that one end costs one step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from skafd.engine.graph import Graph
from skafd.model.deployment import Deployment
from skafd.model.ids import JobId, ProjectId, RunKey
from skafd.model.project import Job
from skafd.model.run import Cause, CauseKind, Run, Task
from skafd.model.states import RunState, TaskState


@dataclass(frozen=True, slots=True)
class Blame:
    """Why a dependent cannot start, and the state that it takes for it."""

    state: TaskState
    reason: str


@dataclass(slots=True, eq=False, repr=False)
class OpenJob:
    """One job of an open run, with all of its instances."""

    run: OpenRun
    job: Job
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
    ended: Counter[TaskState] = field(default_factory=Counter)
    is_released: bool = False
    """No task of it still waits for its first start."""
    must_restart: bool = False
    """It was killed to be run anew on a newer deployment."""

    @property
    def project(self) -> ProjectId:
        return self.run.key.project

    @property
    def was_due(self) -> bool:
        """A schedule named it; jobs with a schedule are in a scheduled run for no other reason."""
        return self.run.cause.kind is CauseKind.SCHEDULE and bool(self.job.schedules)

    def count(self) -> None:
        """Sets the counters from the tasks' states."""
        self.ended = Counter(task.state for task in self.tasks if task.state.is_terminal)
        self.open_tasks = len(self.tasks) - self.ended.total()
        self.is_released = all(task.attempt or task.state is not TaskState.WAITING for task in self.tasks)


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

    def add_jobs(self, tasks: Mapping[JobId, Sequence[Task]]) -> None:
        """Fills `jobs`, and links dependents to dependencies."""
        for job_id, ones in tasks.items():
            dependencies = self.graph.dependencies[job_id]
            inside = tuple(one for one in dependencies if one in tasks)
            outside = self._outside(dependencies, inside)
            job = self.graph.jobs[job_id]
            self.jobs[job_id] = OpenJob(self, job, list(ones), inside, outside, undecided=len(inside))
        for open_job in self.jobs.values():
            open_job.count()
            for dependency in open_job.inside:
                self.jobs[dependency].dependents.append(open_job)
        self.open_jobs = sum(1 for open_job in self.jobs.values() if open_job.open_tasks)

    def _outside(self, dependencies: Iterable[JobId], inside: tuple[JobId, ...]) -> tuple[JobId, ...]:
        if self.cause.kind not in (CauseKind.SCHEDULE, CauseKind.DEPLOY):
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
        return replace(self.outline(), tasks=tuple(task for open_job in self.jobs.values() for task in open_job.tasks))

    def outline(self) -> Run:
        """The run without its tasks."""
        number = self.deployment.number
        return Run(self.key, number, self.cause, self.state, (), self.parameters, self.created_at)
