"""What the engine is told and what it answers: events in, decisions out.

The daemon writes a `Decisions` in one transaction, and only then carries out its launches and kills.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from skafd.model.deployment import Deployment
from skafd.model.ids import AttemptKey, JobId, ProjectId, RunKey, TaskKey
from skafd.model.outcome import Outcome, Usage
from skafd.model.project import TriggerKind
from skafd.model.records import record
from skafd.model.run import Cause, Run, Task
from skafd.model.states import RunState, TaskState

# --- events ---------------------------------------------------------------------------------------------


@record(frozen=True, slots=True)
class RunRequested:
    """Somebody or something wants a run. Empty `jobs` means the whole graph."""

    project: ProjectId
    cause: Cause
    jobs: tuple[JobId, ...] = ()
    only: bool = False
    """The named jobs alone, without what depends on them."""
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment went live; the engine applies `update_policy` and `on_deploy`."""

    deployment: Deployment
    first_time: bool = True
    """False after a rollback: what runs once per deployment has run."""


@record(frozen=True, slots=True)
class AttemptStarted:
    """The supervisor says that the main process was exec'ed."""

    attempt: AttemptKey


@record(frozen=True, slots=True)
class AttemptEnded:
    """The attempt is over and its tree is gone."""

    attempt: AttemptKey
    outcome: Outcome
    usage: Usage = Usage()
    output: str | None = None
    """What it wrote to `$SKAFD_OUTPUT`."""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """End these tasks; tasks that have ended are left as they are."""

    tasks: tuple[TaskKey, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class RunAgain:
    """A new run in which everything stands as in an ended one, but these tasks and their dependents run again."""

    run: Run
    deployment: Deployment
    """The one to run on: that of the old run, or a newer one."""
    tasks: tuple[TaskKey, ...] = ()
    """None: all that did not succeed."""
    from_step: tuple[JobId, str] | None = None
    """A flow, and the step of it from which on all runs again, also what succeeded."""
    parameters: tuple[tuple[str, str], ...] = ()
    """Those that are other than in the old run."""


@dataclass(frozen=True, slots=True)
class RetryRequested:
    """A task that waits for its retry goes now."""

    task: TaskKey


@dataclass(frozen=True, slots=True)
class SkipRequested:
    """A task that has no process is passed over, and its dependents go on."""

    task: TaskKey


@dataclass(frozen=True, slots=True)
class ItemsFound:
    """The items of a job's `foreach`, or why there are none."""

    run: RunKey
    job: JobId
    items: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event from outside: whoever waits for it gets a run."""

    kind: TriggerKind
    name: str
    project: ProjectId | None = None
    """Whose files or webhook it concerns; None where every project may wait for it."""
    aliases: tuple[str, ...] = ()
    """Other names under which it may be waited for."""
    detail: str = ""
    """What happened, for people."""
    facts: tuple[tuple[str, str], ...] = ()
    """Told to the tasks as `SKAFD_EVENT_<NAME>`."""
    parameters: tuple[tuple[str, str], ...] = ()
    key: str | None = None
    """Whoever sends the same event twice gives it the same key."""
    chain: tuple[str, ...] = ()
    """The jobs that set each other off up to this event."""


@dataclass(frozen=True, slots=True)
class ProjectForgotten:
    """The project is no longer deployed; its running tasks go on, nothing new starts."""

    project: ProjectId


@dataclass(frozen=True, slots=True)
class ClockJumped:
    """The wall clock was set forward, or back where `stepped` is negative; or the machine slept, or both.

    Who was to wait for a while goes on waiting for just that while, and what was before something else stays so.
    """

    stepped: timedelta
    asleep: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """Nothing new is started as long as something is short: `shortage` says what; empty when there is room again."""

    shortage: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """Nothing happened but the time: retries that are due may go."""


Event = (
    RunRequested
    | RunAgain
    | Deployed
    | AttemptStarted
    | AttemptEnded
    | CancelRequested
    | RetryRequested
    | SkipRequested
    | ItemsFound
    | Happened
    | ProjectForgotten
    | ClockJumped
    | RoomChanged
    | TimePassed
)

# --- decisions ------------------------------------------------------------------------------------------


@record(frozen=True, slots=True)
class Transition:
    """One task moves from `old` to `new`; `attempt` is the number it has from then on."""

    task: TaskKey
    old: TaskState
    new: TaskState
    attempt: int
    reason: str = ""
    not_before: datetime | None = None
    outcome: Outcome | None = None
    """Set when an attempt ended with this move."""
    usage: Usage | None = None
    output: str | None = None
    memory_bytes: int | None = None
    gpus: tuple[int, ...] = ()
    excused: int = 0
    """Of its attempts, as the task has it from then on."""

    def because(self, reason: str) -> Transition:
        """The same for another reason. As `dataclasses.replace`, which takes five times as long."""
        return Transition(
            self.task,
            self.old,
            self.new,
            self.attempt,
            reason,
            self.not_before,
            self.outcome,
            self.usage,
            self.output,
            self.memory_bytes,
            self.gpus,
            self.excused,
        )


@dataclass(frozen=True, slots=True)
class Expanded:
    """The items of a job are known: these are its tasks from now on. The first of them was there before."""

    run: RunKey
    job: JobId
    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """Further tasks of a flow, which follow from one that ended."""

    tasks: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class ItemsWanted:
    """A job is ready, and its items are the paths that this pattern finds: answered by `ItemsFound`."""

    run: RunKey
    job: JobId
    pattern: str


@record(frozen=True, slots=True)
class RunEnded:
    """The last task of a run has ended."""

    run: RunKey
    state: RunState


@record(frozen=True, slots=True)
class Missed:
    """An occurrence that gets no run, with the cause that people are shown."""

    project: ProjectId
    job: JobId
    instant: datetime
    cause: str


@dataclass(frozen=True, slots=True)
class Heard:
    """An event from outside as it is kept. Numbers are never used again."""

    number: int
    event: Happened


@dataclass(frozen=True, slots=True)
class Unheeded:
    """A job that waited for an event and gets no run for it, with the cause that people are shown."""

    event: int
    project: ProjectId
    job: JobId
    cause: str
    together: str = ""
    """Of an event that was kept until others come: the set in which it is kept no more."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """An event that a job keeps until the others of a set have come, too."""

    heard: Heard
    project: ProjectId
    job: JobId
    together: str
    """The set, as `Trigger.together` names it."""
    member: str
    """Which of the set it is."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Completed:
    """One of each event of a set has come: these were kept, and have their run now."""

    events: tuple[int, ...]
    project: ProjectId
    job: JobId
    together: str
    run: RunKey


@record(frozen=True, slots=True)
class Kill:
    """End an attempt's process tree, gracefully and then by force."""

    attempt: AttemptKey
    reason: str


@record(frozen=True, slots=True)
class Decisions:
    """Everything that follows from one or more events, in the order in which it is to be written.

    `launches` are the attempts to hand to the launcher; `transitions` has their tasks' moves to STARTING.
    """

    new_runs: tuple[Run, ...] = ()
    transitions: tuple[Transition, ...] = ()
    ended_runs: tuple[RunEnded, ...] = ()
    missed: tuple[Missed, ...] = ()
    heard: tuple[Heard, ...] = ()
    """Events that are kept, in order; the causes of `new_runs` name them by their numbers."""
    gathered: tuple[Gathered, ...] = ()
    """Written before `unheeded` and `completed`, which may be about them."""
    unheeded: tuple[Unheeded, ...] = ()
    completed: tuple[Completed, ...] = ()
    launches: tuple[AttemptKey, ...] = ()
    kills: tuple[Kill, ...] = ()
    expanded: tuple[Expanded, ...] = ()
    """Written before the transitions."""
    added: tuple[Added, ...] = ()
    """Written before the transitions."""
    wanted: tuple[ItemsWanted, ...] = ()
    wake_at: datetime | None = None
    """The next instant at which TimePassed would change something."""
