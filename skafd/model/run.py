"""Runs, their tasks and what set them off, as the engine holds them and the store keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from skafd.model.ids import DeploymentNumber, JobId, RunKey, TaskKey
from skafd.model.project import TriggerKind
from skafd.model.records import record
from skafd.model.states import RunState, TaskState


class CauseKind(StrEnum):
    """What sets off a run."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    DEPLOY = "deploy"
    BACKFILL = "backfill"
    RETRY = "retry"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class EventCause:
    """The event from outside that set off a run."""

    number: int
    kind: TriggerKind
    name: str
    facts: tuple[tuple[str, str], ...] = ()
    """Told to the tasks as `SKAFD_EVENT_<NAME>`."""
    chain: tuple[str, ...] = ()
    """The jobs, this run's among them, that set each other off up to here."""


@record(frozen=True, slots=True)
class Cause:
    """Why a run exists. `instant` is the occurrence's time, `detail` says who or what."""

    kind: CauseKind
    instant: datetime | None = None
    detail: str = ""
    event: EventCause | None = None
    user: str = ""
    """Who asked for it by hand; empty for what nobody asked for."""


@record(frozen=True, slots=True)
class Task:
    """One job inside a run, at one moment. `attempt` is 0 until the first start."""

    key: TaskKey
    state: TaskState
    reason: str = ""
    """Why it is in this state, for `skafd show`; the culprit's name where another task is to blame."""
    attempt: int = 0
    not_before: datetime | None = None
    """A retry waits until then."""
    changed_at: datetime | None = None
    item: str | None = None
    """What this instance of a `foreach` is for; None until it is known."""
    memory_bytes: int | None = None
    """The limit that grew after an out-of-memory kill."""
    gpus: tuple[int, ...] = ()
    """The devices that it holds while it is alive."""
    output: str | None = None
    """What its last attempt published, as JSON text."""
    part: str = ""
    """What it is called within its job, where that is a flow: `train`, `score[3]`."""
    token: str | None = None
    """Where in its flow it stands, as `skafd.model.flow` writes it."""
    excused: int = 0
    """Attempts of which nothing ran for want of room, or of their environment: `retry` does not count them."""

    @property
    def tries(self) -> int:
        """The attempts that `retry` counts, with the one that is alive."""
        return self.attempt - self.excused

    def because(self, reason: str) -> Task:
        """The same for another reason. As `dataclasses.replace`, which takes five times as long."""
        return Task(
            self.key,
            self.state,
            reason,
            self.attempt,
            self.not_before,
            self.changed_at,
            self.item,
            self.memory_bytes,
            self.gpus,
            self.output,
            self.part,
            self.token,
            self.excused,
        )


@record(frozen=True, slots=True)
class Run:
    """One triggering of a project's graph, at one moment."""

    key: RunKey
    deployment: DeploymentNumber
    cause: Cause
    state: RunState
    tasks: tuple[Task, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    created_at: datetime | None = None
    ended_at: datetime | None = None
    extended: timedelta = timedelta()
    """So much later its timeout passes: the wall clock was set, or the machine slept."""


@record(frozen=True, slots=True)
class JobHistory:
    """What earlier runs say of a job: the rule "since its own last start" is decided by it."""

    job: JobId
    last_started_at: datetime | None = None
    last_succeeded_at: datetime | None = None
    scheduled_runs: int = 0
    """Started by a schedule on the live deployment; held against `max_runs`."""

    def started(self, now: datetime) -> JobHistory:
        """It starts once more."""
        return JobHistory(self.job, now, self.last_succeeded_at, self.scheduled_runs)

    def scheduled(self) -> JobHistory:
        """Its schedule has set it off once more."""
        return JobHistory(self.job, self.last_started_at, self.last_succeeded_at, self.scheduled_runs + 1)

    def succeeded(self, now: datetime) -> JobHistory:
        """It has succeeded once more."""
        return JobHistory(self.job, self.last_started_at, now, self.scheduled_runs)
