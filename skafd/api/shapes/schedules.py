"""Time: what is due, what was missed, backfills."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Coming:
    """An occurrence to come; paused ones will be missed."""

    project: str
    job: str
    at: str
    paused: bool


@dataclass(frozen=True, slots=True)
class MissedInfo:
    """An occurrence that got no run, and why."""

    project: str
    job: str
    instant: str
    cause: str


@dataclass(frozen=True, slots=True)
class ScheduleInfo:
    """What is coming, and what was missed as long ago."""

    hours: float
    coming: list[Coming]
    complete: bool
    """False where there is more than is listed."""
    missed: list[MissedInfo]
    """Newest first."""
    paused: list[str]
    """`churn` and `churn/train`."""


@dataclass(frozen=True, slots=True)
class ExplainedTime:
    utc: str
    local: str
    change: str | None
    """`gap` or `fold` where the clock changes on that local day."""
    note: str


@dataclass(frozen=True, slots=True)
class ScheduleExplanation:
    expression: str
    timezone: str
    words: str
    rule: str
    """What it follows where the clock changes."""
    times: list[ExplainedTime]
    details: list[str] = field(default_factory=list)
    """What a job's schedule says besides its expression, in words."""


@dataclass(frozen=True, slots=True)
class JobOccasions:
    """When a job is due, and what it waits for."""

    project: str
    job: str
    paused: bool
    schedules: list[ScheduleExplanation]
    events: list[str]
    """What sets it off besides time, each a way of its own, in words."""
    waits_for: str
    """What of events that must all come has come, and what is missing; empty where none has come."""


@dataclass(frozen=True, slots=True)
class BackfillRunInfo:
    run: str
    instant: str
    state: str


@dataclass(frozen=True, slots=True)
class BackfillInfo:
    number: int | None
    """Null for a preview, of which nothing is done."""
    project: str
    job: str
    only: bool
    state: str
    """Computed from its runs: `running`, `succeeded`, `failed` or `cancelled`."""
    parallel: int
    instants: list[str]
    runs: list[BackfillRunInfo]
    remaining: int
    """Instants that have no run yet and are to get one."""
