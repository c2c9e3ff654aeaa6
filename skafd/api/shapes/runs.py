"""Runs, and why they are as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from skafd.api.shapes.projects import ProgressInfo


@dataclass(frozen=True, slots=True)
class RunSummary:
    run: str
    project: str
    number: int
    deployment: int
    cause: str
    """`schedule`, `manual`, `deploy`, `backfill`, `retry` or `event`."""
    cause_detail: str
    instant: str | None
    state: str
    created_at: str
    ended_at: str | None
    tasks: int
    failed: list[str]
    """Names of the tasks that failed."""
    tags: list[str] = field(default_factory=list)
    user: str = ""
    """Who asked for it by hand; empty for what nobody asked for."""
    namespace: str = "production"
    """`user:NAME` of what somebody asked for by hand."""


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for; what is None does not narrow them down."""

    state: str | None = None
    """`running`, or how they ended."""
    tag: str | None = None
    namespace: str | None = None
    """`production`, or `user:NAME`."""


@dataclass(frozen=True, slots=True)
class AttemptInfo:
    number: int
    state: str
    outcome: str | None
    """A sentence."""
    evidence: dict[str, Any] | None
    """The outcome as data: `kind` and what is true of that kind."""
    started_at: str | None
    ended_at: str | None
    exit_code: int | None
    limit_memory_bytes: int | None
    limit_cpu: float | None
    peak_memory_bytes: int | None
    cpu_seconds: float | None
    folder: str
    """Its working folder and log are in there."""
    progress: ProgressInfo | None = None
    start: str = ""
    """Of a step of a flow: `warm`, or `cold: ` and why."""


@dataclass(frozen=True, slots=True)
class TaskInfo:
    task: str
    """`churn/42/train`, with `[3]` where there are several instances."""
    job: str
    name: str
    instance: int
    state: str
    reason: str
    dependencies: list[str]
    attempts: list[AttemptInfo]
    why: str = ""
    """One sentence that says why it is in its state; of a task that has not begun, what it waits for now."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One execution of a job that has ended."""

    task: str
    attempt: int
    state: str
    started_at: str
    ended_at: str
    seconds: float
    """How long it took."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something is as it is."""

    target: str
    sentence: str


@dataclass(frozen=True, slots=True)
class TaskGroup:
    """A job with so many instances that not all of them are listed."""

    job: str
    name: str
    instances: int
    shown: int
    counts: dict[str, int]
    """By state."""


@dataclass(frozen=True, slots=True)
class RunDetail:
    summary: RunSummary
    parameters: dict[str, str]
    tasks: list[TaskInfo]
    why: str = ""
    """One sentence that says why the run is in its state."""
    groups: list[TaskGroup] = field(default_factory=list)
    """Of these jobs only the instances are in `tasks` that say most: failures before what runs and what waits."""
    drift: list[str] = field(default_factory=list)
    """Packages that the deployment before had in another version: `pandas 1.5.3 -> 2.0.0`."""
    flows: dict[str, str] = field(default_factory=dict)
    """What Metaflow calls the run, for each job that is a flow: `TrainFlow/skafd-42-1f3a9c02`."""


@dataclass(frozen=True, slots=True)
class KillResult:
    tasks: list[str]
    """The tasks that are being ended; empty when nothing ran."""
