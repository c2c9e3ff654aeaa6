"""What the store hands out besides the model's own types, and what it is told besides decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from skafd.model.ids import AttemptKey, DeploymentNumber, JobId, ProjectId, RunKey, TaskKey
from skafd.model.kept import Progress
from skafd.model.limits import Limits
from skafd.model.outcome import Outcome, Usage
from skafd.model.owner import Owner
from skafd.model.run import Cause
from skafd.model.states import RunState, TaskState


@dataclass(frozen=True, slots=True)
class ProjectRow:
    """A project as the machine knows it, deployed or not."""

    id: ProjectId
    slug: str
    name: str
    path: Path
    token: str | None
    live_deployment: DeploymentNumber | None
    forgotten: bool
    problem: dict[str, Any] | None
    """Why the last save is not live, as it was handed to `set_problem`."""
    added_at: datetime
    owner: Owner | None
    """Whose its folder was when it was last looked at; None where nobody needs to know."""


@dataclass(frozen=True, slots=True)
class DeploymentView:
    """A deployment in a list."""

    project: ProjectId
    number: DeploymentNumber
    snapshot_hash: str
    environment_key: str
    created_at: datetime
    went_live_at: datetime | None
    """The last time it was made live; None for one that never was."""
    is_live: bool
    job_count: int


@dataclass(frozen=True, slots=True)
class Launching:
    """What is recorded of an attempt when its task moves to STARTING."""

    directory: Path
    limits: Limits = Limits()
    boot_id: str | None = None
    """In which boot of the machine: an attempt of another boot that left no trace may have run."""


@dataclass(frozen=True, slots=True)
class AliveAttempt:
    """An attempt that the database does not know the end of."""

    key: AttemptKey
    state: TaskState
    slug: str
    directory: Path
    limits: Limits
    supervisor_pid: int | None
    supervisor_start_time: int | None
    boot_id: str | None
    launched_at: datetime
    kill_reason: str | None = None
    """Why it was asked to end, when it was."""


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One execution, with the evidence of its end."""

    number: int
    state: TaskState
    directory: Path
    limits: Limits
    launched_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome | None
    exit_code: int | None
    usage: Usage
    progress: Progress | None = None
    """How far it has said that it is."""


@dataclass(frozen=True, slots=True)
class EndedAttempt:
    """How one execution of a job ended, and when."""

    task: TaskKey
    number: int
    state: TaskState
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with its attempts, oldest first."""

    key: TaskKey
    state: TaskState
    reason: str
    attempt: int
    not_before: datetime | None
    changed_at: datetime
    attempts: tuple[AttemptView, ...] = ()
    part: str = ""
    """What it is called within its job, where that is a flow."""
    output: str | None = None
    """What its last attempt published, as JSON text."""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run in a list."""

    key: RunKey
    slug: str
    deployment: DeploymentNumber
    cause: Cause
    parameters: tuple[tuple[str, str], ...]
    state: RunState
    created_at: datetime
    ended_at: datetime | None
    task_count: int
    failed: tuple[tuple[JobId, int, str], ...]
    """Job, instance and part of the tasks that failed."""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunDetail:
    """A run with everything that is known of it."""

    run: RunView
    tasks: tuple[TaskView, ...]


@dataclass(frozen=True, slots=True)
class RunOutline:
    """A run with the tasks that say most of it, however many there are."""

    run: RunView
    tasks: tuple[TaskView, ...]
    """Of each job, and of each step of a flow, the most telling ones, and the first in each state."""
    counts: Mapping[tuple[JobId, str], Mapping[TaskState, int]]
    """How many tasks of each job, and of each step of a flow, are in which state; in the order of the run."""


@dataclass(frozen=True, slots=True)
class EventView:
    """One transition. `job` is None where the run itself began or ended; `old` is None where something began."""

    id: int
    at: datetime
    run: RunKey
    job: JobId | None
    instance: int | None
    attempt: int | None
    old: str | None
    new: str
    reason: str


@dataclass(frozen=True, slots=True)
class MissedOccurrence:
    """An occurrence that got no run, and why."""

    project: ProjectId
    job: JobId
    instant: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class EnvironmentUse:
    """A deployment that needs an environment."""

    slug: str
    deployment: DeploymentNumber
    is_live: bool
    snapshot_hash: str


@dataclass(frozen=True, slots=True)
class ExpiredRun:
    """A run that retention may remove: first its folders, then its rows."""

    key: RunKey
    directories: tuple[Path, ...]
