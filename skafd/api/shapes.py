"""What the api answers, documented and stable. Times are ISO 8601 in UTC, amounts are in bytes, cores and seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class DaemonInfo:
    pid: int
    version: str
    started_at: str
    home: str
    enforcement: str
    """`cgroup v2`, `cgroup v1` or `none`: by what limits are enforced."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the last save of a project is not live."""

    stage: str
    """`snapshot`, `config`, `environment` or `release`."""
    at: str
    text: str
    """For people, several lines; a config problem shows file:line:column, the line and a caret."""
    details: list[dict[str, Any]] = field(default_factory=list)
    """Config problems as `skafd validate --json` gives them."""


@dataclass(frozen=True, slots=True)
class ProgressInfo:
    """How far an attempt has said that it is."""

    done: float
    total: float | None
    text: str
    at: str


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A job with what its newest task did."""

    id: str
    name: str
    schedule: str | None
    dependencies: list[str]
    """Ids."""
    next_at: str | None
    state: str | None
    """Of the newest task, by the state table; null when it never ran."""
    reason: str
    run: str | None
    """`churn/42`."""
    started_at: str | None
    ended_at: str | None
    instances: int = 1
    counts: dict[str, int] = field(default_factory=dict)
    """How many instances of the newest run are in which state."""
    paused: bool = False
    """Its occurrences are missed until it, or its project, is resumed."""
    progress: ProgressInfo | None = None
    """Of an attempt that runs."""
    waits_for: str = ""
    """The events that start it, and what of those that must all come has come; empty where none do."""


@dataclass(frozen=True, slots=True)
class DeploymentInfo:
    number: int
    snapshot_hash: str
    environment_key: str
    created_at: str
    live: bool
    jobs: int


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """How far the copy of a project's files, or the build of its environment, is."""

    what: str
    """The step, or the last that a tool said."""
    since: str
    done: int | None = None
    total: int | None = None
    """Of the step, where it can be told."""
    unit: str | None = None
    """`bytes`, `packages` or `files`."""
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    project: str
    """The short name that every command takes (the slug)."""
    name: str
    path: str
    token: str | None
    deployment: DeploymentInfo | None
    problem: Problem | None
    activity: str | None
    """What is being done to it now, for example `building environment: installing, 12 of 40 packages`."""
    warnings: list[str]
    jobs: list[JobStatus]
    open_runs: list[str]
    id: str = ""
    """The token, else what skafd knows its folder by."""
    build: BuildInfo | None = None
    """While an environment is made for it."""


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """A long-lived process that skafd keeps running."""

    name: str
    state: str
    """`stopped`, `starting`, `running`, `stopping`, or `waiting` to be started again."""
    since: str
    restarts: int
    """How often it was started again because it had ended by itself."""
    start_at: str | None
    """When it is `waiting`: until when."""
    reason: str
    """Why it ended the last time."""
    pid: int | None
    memory_bytes: int | None
    log: str
    """The file with its output."""
    url: str | None = None
    """Where a browser on this machine shows it."""


@dataclass(frozen=True, slots=True)
class Status:
    daemon: DaemonInfo
    projects: list[ProjectStatus]
    """All, or those that changed after the number that was asked with."""
    services: list[ServiceInfo] = field(default_factory=list)
    """All but those that are stopped."""
    number: int = 0
    """Of the last change that this is sure to show: ask again with it, for what changed after."""
    names: list[str] = field(default_factory=list)
    """The short names of all projects, in order, also of those that did not change."""
    trouble: str = ""
    """Why nothing new is started at all, for example for want of room on the disk; empty when all is well."""


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
class JobTokenInfo:
    """With what a program that skafd does not run can use the SDK."""

    token: str
    socket: str
    """Where the daemon answers jobs."""


@dataclass(frozen=True, slots=True)
class Variable:
    key: str
    value: str
    """Masked as `***` unless it was asked for."""


@dataclass(frozen=True, slots=True)
class FolderResult:
    """What became of one folder handed to `skafd up`."""

    folder: str
    project: str | None
    outcome: str
    """`deployed`, `unchanged`, `refused` or `no project`."""
    deployment: int | None
    text: str
    """Why it was refused, for people."""
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class KillResult:
    tasks: list[str]
    """The tasks that are being ended; empty when nothing ran."""


@dataclass(frozen=True, slots=True)
class LogSource:
    """Where the log of one attempt is, for the server to stream."""

    task: str
    path: str
    finished: bool


@dataclass(frozen=True, slots=True)
class UsagePoint:
    """Of the time since the point before."""

    seconds: float
    """Since the attempt started."""
    cores: float
    """On average."""
    memory_bytes: int
    """At its most, as it was looked at."""


@dataclass(frozen=True, slots=True)
class TaskUsage:
    """What the newest attempt of a task uses or used."""

    task: str
    attempt: int
    ended: bool
    limit_cores: float | None
    limit_memory_bytes: int | None
    peak_memory_bytes: int | None
    """The kernel's own, once the attempt has ended; the most of the points until then."""
    points: list[UsagePoint]
    """At most 120; none of an attempt that is younger than a second."""


@dataclass(frozen=True, slots=True)
class NotebookPage:
    """An executed notebook: HTML, or the JSON that it is."""

    task: str
    name: str
    """Of the file in the project, without its folder."""
    content: str


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


@dataclass(frozen=True, slots=True)
class EventRunInfo:
    run: str
    state: str


@dataclass(frozen=True, slots=True)
class UnheededInfo:
    """A job that waited for an event and got no run for it."""

    project: str
    job: str
    cause: str


@dataclass(frozen=True, slots=True)
class KeptEventInfo:
    """A job that keeps an event until one of each of a set has come."""

    project: str
    job: str
    together: str
    """The set: `event a, project other`."""


@dataclass(frozen=True, slots=True)
class EventInfo:
    """An event from outside, and what followed from it."""

    number: int
    at: str
    kind: str
    """`file`, `project`, `webhook` or `event`."""
    name: str
    project: str | None
    """Whose file or webhook it was; null where every project may wait for it."""
    detail: str
    facts: dict[str, str]
    """What its runs are told in `SKAFD_EVENT_<NAME>`."""
    parameters: dict[str, str]
    key: str | None
    """With the same key it is the same event, however often it is sent."""
    runs: list[EventRunInfo]
    unheeded: list[UnheededInfo]
    kept: list[KeptEventInfo] = field(default_factory=list)
    """The jobs that keep it until others have come."""


@dataclass(frozen=True, slots=True)
class DataTokenInfo:
    """A token of the Data Endpoint."""

    number: int
    project: str
    name: str
    """What its owner wants to know it by."""
    created_at: str
    last_used_at: str | None
    """To the minute."""
    token: str | None = None
    """In the answer that makes it, and never again."""


@dataclass(frozen=True, slots=True)
class DataPage:
    """A page of a table, as it is sent."""

    body: bytes
    media_type: str
    next: str | None
    """With CSV: the offset of the next page."""


@dataclass(frozen=True, slots=True)
class WebhookTokenInfo:
    """A token of a webhook."""

    number: int
    project: str
    webhook: str
    created_at: str
    last_used_at: str | None
    token: str | None = None
    """In the answer that makes it, and never again."""
